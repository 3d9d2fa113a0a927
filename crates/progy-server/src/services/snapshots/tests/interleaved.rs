//! Blobs go while learners save: every order of steps, where a step is one call of a port.
//!
//! Devices, readers and sweeping servers are futures, and this file polls one of them at a time, as a
//! seed says; their ports wait before each call. Dropping a future is a server that was killed, or a
//! device that hung up.

mod people;
mod ports;

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};

use progy_api::account::Role;
use progy_snapshot::retention::{Policy, Tier};

use self::people::{Log, Shared, Tree};
use self::ports::{Guard, Stepped};
use super::laptop::{Laptop, Model};
use super::sweeping::Dice;
use super::*;
use crate::ports::database::Snapshots;
use crate::ports::database::snapshots::{Needed, PackNumber, PackRow, PackState};
use crate::ports::{Database, ObjectStore};
use crate::services::Limits;
use crate::services::snapshots::packs::key;
use crate::services::testing::{Counting, TEMPLATE, World, course, noise, run, version};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// In each run.
const STEPS: u32 = 2_000;
/// So many do something at once.
const AT_ONCE: usize = 5;

type Fault = String;

/// Somebody at work, on one of the servers.
struct Task {
    server: usize,
    /// How often it is passed over before it goes on; some are slow, so that much happens meanwhile.
    patience: u64,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

struct Stage<'a> {
    world: &'a World,
    ports: Arc<Stepped>,
    servers: [Rc<Services>; 2],
    tasks: Vec<Task>,
    shared: Rc<Shared>,
    /// Whether everybody is as fast as everybody else, and days go by quickly.
    even: bool,
    dice: Dice,
}

/// All for six hours, one of each half day for three days: most of what is saved expires soon.
fn limits() -> Limits {
    let tier = |up_to, every| Tier { up_to, every };
    let tiers = vec![tier(6 * HOUR, 0), tier(3 * DAY, 12 * HOUR)];
    Limits { retention: Policy::new(tiers, true).unwrap(), ..Limits::default() }
}

impl<'a> Stage<'a> {
    fn new(world: &'a World, seed: u64, off: Option<Guard>) -> Self {
        let user = world.user("ana", Role::Learner);
        let mut laptop = Laptop::of(world, user.clone());
        // A few contents come back again and again, so that what is dead is wanted anew; some come
        // with the course.
        let contents: Vec<Vec<u8>> = (0..10).map(|n| noise(1000 + n, 3_000)).collect();
        let models: Vec<Model<'_>> = (0..14)
            .map(|n| {
                let pick = |k: usize| &contents[(n * 3 + k * 7) % 10][..];
                let mut model = Model::from([("a", pick(0)), ("b/c", pick(1)), ("b/d", pick(2))]);
                if n % 3 == 0 {
                    model.insert("README.md", TEMPLATE[0].1.as_bytes());
                }
                model
            })
            .collect();
        let roots: Vec<BlobId> = models.iter().map(|model| laptop.tree(model)).collect();
        let tree = |(model, root): (&Model<'_>, &BlobId)| Tree::of(model, *root, &laptop.blobs);
        let trees = models.iter().zip(&roots).map(tree).collect();
        let ports = Arc::new(Stepped::new(world.db.clone(), world.objects.clone(), off));
        let shared = Shared {
            store: run(world.services.own_store(&UserId(user.id.clone()))).unwrap().id,
            user,
            trees,
            blobs: laptop.blobs,
            clock: world.clock.clone(),
            db: world.db.clone(),
            log: Log::default().into(),
        };
        let server = || Rc::new(server(world, &ports));
        Self {
            world,
            servers: [server(), server()],
            ports,
            tasks: Vec::new(),
            shared: Rc::new(shared),
            even: seed.is_multiple_of(2),
            dice: Dice(seed.wrapping_mul(7919) + 1),
        }
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.dice.below(most as u64)).unwrap()
    }

    /// Somebody begins something.
    fn begin(&mut self) {
        let server = self.below(self.servers.len());
        let number = self.below(self.shared.trees.len());
        let any = self.below(1_000);
        let (shared, services) = (Rc::clone(&self.shared), Rc::clone(&self.servers[server]));
        let future: Pin<Box<dyn Future<Output = ()>>> = match self.below(8) {
            0..3 => Box::pin(people::save(shared, services, number)),
            3 => Box::pin(people::send_again(shared, services, any)),
            4 => Box::pin(people::archive(shared, services, any)),
            5 => Box::pin(people::restore(shared, services, any)),
            _ => Box::pin(people::sweep(shared, services)),
        };
        let patience = if self.even { 1 } else { [1, 1, 4, 40][self.below(4)] };
        self.tasks.push(Task { server, patience, future });
    }

    /// One call of a port, somebody's.
    fn poll(&mut self, at: usize) {
        let mut context = Context::from_waker(Waker::noop());
        if self.tasks[at].future.as_mut().poll(&mut context).is_ready() {
            drop(self.tasks.swap_remove(at));
        }
    }

    /// Up to forty of these spans, in milliseconds.
    fn pass(&mut self, span: i64) {
        let spans = i64::try_from(self.dice.below(40)).unwrap();
        self.world.clock.pass(spans * span);
    }

    fn step(&mut self) {
        let chances = if self.even { 40 } else { 80 };
        match (self.below(chances), self.tasks.len()) {
            (0, _) => self.pass(30 * MINUTE),
            (1, _) => self.pass(MINUTE),
            (2, 1..) => {
                let at = self.below(self.tasks.len());
                drop(self.tasks.swap_remove(at));
            }
            (3, _) if self.below(4) == 0 => {
                let at = self.below(self.servers.len());
                self.tasks.retain(|task| task.server != at);
                self.servers[at] = Rc::new(server(self.world, &self.ports));
            }
            (_, 0) | (4..9, ..AT_ONCE) => self.begin(),
            (_, there) => {
                let at = self.below(there);
                let patience = self.tasks[at].patience;
                if self.dice.below(patience) == 0 {
                    self.poll(at);
                }
            }
        }
    }

    /// All who are at work come to their end.
    fn finish(&mut self) -> Result<(), Fault> {
        for _ in 0..100_000 {
            match self.tasks.len() {
                0 => return self.check(),
                there => {
                    let at = self.below(there);
                    self.poll(at);
                }
            }
        }
        Err("somebody waits for ever".to_owned())
    }

    fn rows(&self) -> BTreeMap<PackNumber, PackRow> {
        let rows = run(self.world.services.rows(self.shared.store)).unwrap();
        rows.into_iter().map(|row| (row.number, row)).collect()
    }

    /// The stores in which a learner's blobs may be.
    fn stores(&self) -> Vec<StoreId> {
        let published = run(self.world.db.version(&course(), &version("1.0.0"))).unwrap().unwrap();
        let owner = crate::ports::database::snapshots::Owner::Template(published.package);
        vec![self.shared.store, run(self.world.db.store_of(&owner)).unwrap().id]
    }

    /// What must hold after every step.
    fn check(&self) -> Result<(), Fault> {
        if let Some(fault) = &self.shared.log.borrow().fault {
            return Err(fault.clone());
        }
        let Needed { revisions, .. } = run(self.world.db.needed(self.shared.store)).unwrap();
        if let Some(last) = revisions.last()
            && !last.is_head
        {
            return Err("the head expired".to_owned());
        }
        let mut trees = HashSet::new();
        for revision in revisions.iter().filter(|revision| trees.insert(revision.root)) {
            let tree = self.shared.trees.iter().find(|tree| tree.root == revision.root).unwrap();
            let what = || format!("revision {}", revision.revision);
            self.readable(&tree.blobs, &what)?;
        }
        let (log, now) = (self.shared.log.borrow(), self.shared.now());
        for (at, blobs) in log.sent.iter().filter(|(at, _)| now.0 - at.0 <= DAY) {
            self.readable(blobs, &|| format!("what was sent at {}", at.0))?;
        }
        Ok(())
    }

    /// Whether all of these are found, and where they are found there are the bytes of a whole pack.
    fn readable(&self, blobs: &[BlobId], what: &dyn Fn() -> String) -> Result<(), Fault> {
        let places = run(self.world.db.find_blobs(&self.stores(), blobs)).unwrap();
        for (blob, place) in blobs.iter().zip(places) {
            let Some(place) = place else {
                return Err(format!("{} needs {blob}, which is not found", what()));
            };
            let row = run(self.world.db.pack(place.pack)).unwrap();
            let object = key(place.store, place.pack).unwrap();
            let size = run(self.world.objects.size(&object)).unwrap();
            let whole =
                row.is_some_and(|row| row.state == PackState::There && Some(row.size) == size);
            if !whole {
                return Err(format!("{} needs {blob}, whose pack is not whole", what()));
            }
        }
        Ok(())
    }

    /// When nobody does anything any more: what is there is needed, and counted.
    fn tidy(&mut self) -> Result<(), Fault> {
        for _ in 0..8 {
            self.world.clock.pass(2 * DAY);
            let (shared, services) = (Rc::clone(&self.shared), Rc::clone(&self.servers[0]));
            let future = Box::pin(people::sweep(shared, services));
            self.tasks.push(Task { server: 0, patience: 1, future });
            self.finish()?;
        }
        let needed = run(self.world.db.needed(self.shared.store)).unwrap().revisions;
        let Some(head) = needed.last() else { return Ok(()) };
        if needed.len() > 1 {
            return Err(format!("{} revisions stay", needed.len()));
        }
        let number = self.shared.log.borrow().committed.get(&head.revision).copied();
        let tree = self.shared.trees.iter().find(|tree| tree.root == head.root).unwrap();
        if let Some(number) = number {
            assert_eq!(self.shared.trees[number].root, head.root);
        }
        let (rows, mut bytes) = (self.rows(), 0);
        for row in rows.values() {
            let whole = run(self.world.db.pack(row.number)).unwrap().unwrap();
            if row.state != PackState::There {
                return Err(format!("the row of pack {} stays", row.number.0));
            }
            let file = packs::PackFile::of(&whole).unwrap();
            let is_needed = |blob: &progy_snapshot::Blob| tree.blobs.contains(&blob.id);
            if !file.index.blobs().iter().any(is_needed) {
                return Err(format!("nobody needs pack {}", row.number.0));
            }
            bytes += row.size;
        }
        let folder = format!("snapshots/{}/", self.shared.store.0);
        let objects = run(self.world.objects.list(&folder)).unwrap();
        if objects.len() != rows.len() {
            return Err(format!("{} objects of {} packs", objects.len(), rows.len()));
        }
        let user = UserId(self.shared.user.id.clone());
        let packed = run(self.world.db.packed(&user)).unwrap();
        if packed != bytes {
            return Err(format!("{packed} bytes are counted, {bytes} are there"));
        }
        Ok(())
    }
}

fn server(world: &World, ports: &Arc<Stepped>) -> Services {
    let (db, clock) = (world.db.clone(), world.clock.clone());
    Services::new(ports.clone(), db, ports.clone(), clock, Arc::new(Counting::default()), limits())
}

/// What happened in one run, or what must not have.
fn play(seed: u64, off: Option<Guard>) -> Result<Log, Fault> {
    let world = World::with(limits());
    let mut stage = Stage::new(&world, seed, off);
    for _ in 0..STEPS {
        stage.step();
        if stage.ports.take_changed() || stage.shared.log.borrow().fault.is_some() {
            stage.check()?;
        }
    }
    stage.finish()?;
    stage.tidy()?;
    drop(stage.servers);
    Ok(std::mem::take(&mut *stage.shared.log.borrow_mut()))
}

#[test]
fn every_order_of_calls_keeps_what_is_needed() {
    let (mut all, mut faults) = (Log::default(), Vec::new());
    let seeds = std::env::var("PROGY_SWEEP_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    for seed in 0..seeds.unwrap_or(16) {
        match play(seed, None) {
            Ok(log) => {
                all.unknown += log.unknown;
                all.moved += log.moved;
                all.read += log.read;
                all.taken_out += log.taken_out;
                all.rewritten += log.rewritten;
                all.committed.extend(log.committed);
            }
            Err(fault) => faults.push(format!("seed {seed}: {fault}")),
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    // It did happen.
    let counts = (all.committed.len(), all.unknown, all.moved, all.read);
    assert!(counts.0 > 100 && counts.1 > 5 && counts.2 > 5 && counts.3 > 50, "{counts:?}");
    assert!(all.taken_out > 20 && all.rewritten > 5, "{} {}", all.taken_out, all.rewritten);
}

/// What would not notice that a guard is missing would prove nothing about it.
fn is_missed(guard: Guard) {
    let found = (0..200).find_map(|seed| play(seed, Some(guard)).err().map(|why| (seed, why)));
    let (seed, why) = found.unwrap_or_else(|| panic!("nobody misses {guard:?}"));
    println!("without {guard:?} seed {seed}: {why}");
}

#[test]
fn the_count_of_commits_is_missed() {
    is_missed(Guard::CountOfCommits);
}

#[test]
fn the_count_of_sweeps_is_missed() {
    is_missed(Guard::CountOfSweeps);
}

#[test]
fn what_was_asked_for_is_missed() {
    is_missed(Guard::Asked);
}

#[test]
fn the_row_before_the_object_is_missed() {
    is_missed(Guard::Numbers);
}
