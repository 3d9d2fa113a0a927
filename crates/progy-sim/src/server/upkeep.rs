//! Other servers on the same database, which look after the snapshots, one call of a port at a time.

mod watch;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use progy_server::ports::database::UserId;
use progy_server::ports::database::sqlite::Sqlite;
use progy_server::ports::objects::memory::MemoryObjects;
use progy_server::services::snapshots::Swept;
use progy_server::{ServiceError, Services};

use super::gate::Gate;
use super::services;
use crate::machine::Shared;
use crate::rng::Rng;
use crate::sabotage::Sabotage;
pub(crate) use watch::Watch;

/// How many there are.
const SERVERS: usize = 2;
/// More calls than it takes to look after everything.
const ENOUGH: usize = 20_000;
/// Within so many days all is swept: what is a week old may expire once more.
const DAYS: usize = 20;
/// A day and a bit, in nanoseconds: what was sent is on its way for a day.
const DAY: i64 = 25 * 60 * 60 * 1_000_000_000;

/// What all of them stand on.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) shared: Arc<Shared>,
    pub(crate) database: Arc<Sqlite>,
    pub(crate) objects: Arc<MemoryObjects>,
    pub(crate) learner: UserId,
    pub(crate) sabotage: Option<Sabotage>,
}

/// The other servers, and who watches what they do.
pub(crate) struct Upkeep {
    ground: Ground,
    servers: Vec<Replica>,
    pub(crate) watch: Watch,
    /// How often in a row nothing was left to do.
    idle: u32,
}

struct Replica {
    gate: Arc<Gate>,
    services: Arc<Services>,
    work: Option<Work>,
}

struct Work {
    future: Pin<Box<dyn Future<Output = Result<Swept, ServiceError>>>>,
    /// How often it was polled: each time but the first it makes one call.
    polls: u32,
    dies: Option<u32>,
    /// So many calls are made at once.
    pace: u32,
    rng: Rng,
}

impl Replica {
    fn new(ground: &Ground) -> Self {
        let Ground { shared, database, objects, sabotage, .. } = ground;
        let gate = Arc::new(Gate::of_upkeep(Arc::clone(database), *sabotage));
        let services = Arc::new(services(&gate, objects, shared, None));
        Self { gate, services, work: None }
    }
}

impl Upkeep {
    pub(crate) fn new(ground: Ground) -> Self {
        let servers = (0..SERVERS).map(|_| Replica::new(&ground)).collect();
        let watch = Watch::new(ground.clone());
        Self { ground, servers, watch, idle: 0 }
    }

    /// All of them stop; what was done to the database meanwhile is not their work.
    pub(crate) fn begin_anew(&mut self) {
        self.servers = (0..SERVERS).map(|_| Replica::new(&self.ground)).collect();
        self.watch.begin_anew();
    }

    /// One of them looks after everything, unless it does already.
    pub(crate) fn begin(&mut self, on: u8, dies: Option<u32>, seed: u64) {
        let at = usize::from(on) % self.servers.len();
        let server = &mut self.servers[at];
        if server.work.is_some() {
            return;
        }
        let services = Arc::clone(&server.services);
        let future = Box::pin(async move { services.keep_snapshots_up().await });
        let mut rng = Rng::of(seed, 5);
        let pace = rng.weighted(&[(3, 1), (3, 4), (2, 20), (1, 1_000)]);
        server.work = Some(Work { future, polls: 0, dies, pace, rng });
    }

    /// Those that are at work.
    pub(crate) fn at_work(&self) -> Vec<usize> {
        let servers = self.servers.iter().enumerate();
        servers.filter(|(_, server)| server.work.is_some()).map(|(at, _)| at).collect()
    }

    /// One of them goes on.
    pub(crate) fn go_on(&mut self, at: usize) {
        let Some(mut work) = self.servers[at].work.take() else { return };
        for _ in 0..work.pace {
            if work.dies.is_some_and(|call| work.polls > call) {
                self.ground.shared.trace.say(|| format!("upkeep {at} is killed"));
                drop(work);
                self.servers[at] = Replica::new(&self.ground);
                return self.watch.look(true);
            }
            work.polls += 1;
            let polled = work.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(result) = polled {
                self.ground.shared.trace.say(|| format!("upkeep {at} ends: {result:?}"));
                match result {
                    Ok(Swept { expired: 0, taken_out: 0, rewritten: 0, deleted: 0, .. }) => {
                        self.idle += 1;
                    }
                    Ok(_) => self.idle = 0,
                    Err(error) => {
                        let shared = &self.ground.shared;
                        shared.wrong(format!("snapshots cannot be looked after: {error}"));
                    }
                }
                return self.watch.look(true);
            }
            if self.servers[at].gate.take_changed() {
                self.watch.look(false);
            }
        }
        self.servers[at].work = Some(work);
    }

    /// Between two calls of a request the others may go on.
    pub(crate) fn go_on_meanwhile(&mut self) {
        for at in self.at_work() {
            let work = self.servers[at].work.as_mut();
            if work.is_some_and(|work| work.rng.percent(30)) {
                self.go_on(at);
            }
        }
    }

    /// Days pass, in each of which everything is looked after, until there is nothing left to do.
    pub(crate) fn come_to_rest(&mut self, rng: &mut Rng) {
        self.finish();
        self.idle = 0;
        for _ in 0..DAYS {
            if self.idle > 1 {
                return self.watch.nothing_left();
            }
            self.ground.shared.pass(DAY);
            self.begin(u8::from(rng.percent(50)), None, rng.draw());
            self.finish();
        }
        self.ground.shared.wrong("there always is something left to sweep");
    }

    /// All come to their end.
    pub(crate) fn finish(&mut self) {
        for _ in 0..ENOUGH {
            let Some(at) = self.at_work().first().copied() else { return };
            self.go_on(at);
        }
        self.ground.shared.wrong("looking after snapshots does not come to an end");
    }
}
