//! All devices and the server, and who goes on next.

mod acts;
mod settle;

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use progy_client::disk::Disk;
use progy_client::engine::Device;
use progy_client::state::State;
use progy_client::{Error, Result};
use progy_core::rules::Rules;
use progy_core::{ContentHash, DeviceId, DeviceName, RelPath, Strategy, Tree};
use tempfile::TempDir;

use crate::check;
use crate::client::Client;
use crate::course;
use crate::cut;
use crate::disk::SimDisk;
use crate::env::SimEnv;
use crate::ledger;
use crate::line::Line;
use crate::machine::{Fortune, Machine, Shared};
use crate::network::{Network, Wire};
use crate::process::{self, Job, Running, Told};
use crate::rng::Rng;
use crate::sabotage::{Sabotage, SabotagedDisk};
use crate::script::{Command, Mishap, Script, Setup};
use crate::server::{Server, repo};
use crate::trace::locked;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What must never happen and did; the first is what matters.
    pub wrong: Vec<String>,
    /// What happened, if it was asked for.
    pub trace: Vec<String>,
}

/// A device.
struct Station {
    machine: Arc<Mutex<Machine>>,
    device: Device,
    online: Rc<Cell<bool>>,
    running: Option<(Command, Running)>,
    /// Whether a command has made a workspace here.
    begun: bool,
    /// How the last command ended.
    ended_well: bool,
    /// Holds the repository, if the workspace is carried by Git: libgit2 wants real files.
    git: Option<TempDir>,
}

pub(crate) struct World {
    setup: Setup,
    sabotage: Option<Sabotage>,
    shared: Arc<Shared>,
    stations: Vec<Station>,
    network: Network,
    server: Server,
}

/// What can happen next.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// A device's command goes on.
    Device(usize),
    /// A device's request arrives.
    Arrival(usize),
    /// A request arrives that nobody waits for.
    Late(usize),
    /// Another server goes on with what it does for the snapshots.
    Upkeep(usize),
}

/// Runs a script to its end and checks all that must hold.
pub fn run(script: &Script, sabotage: Option<Sabotage>, traced: bool) -> Outcome {
    let shared = Arc::new(Shared::new(traced));
    match World::new(&script.setup, sabotage, &shared) {
        Ok(mut world) => {
            if script.setup.upkeep {
                world.server.begin_upkeep(sabotage, script.resets());
            }
            for action in &script.actions {
                if !shared.wrongs().is_empty() {
                    break;
                }
                world.act(action);
            }
            if shared.wrongs().is_empty() {
                world.settle();
            }
            if shared.wrongs().is_empty() {
                check::at_the_end(&world, script);
            }
            if shared.wrongs().is_empty() && script.setup.upkeep {
                world.tidy();
                check::at_the_end(&world, script);
            }
        }
        Err(error) => shared.wrong(format!("the run cannot begin: {error}")),
    }
    Outcome { wrong: shared.wrongs(), trace: shared.trace.take() }
}

impl World {
    fn new(
        setup: &Setup,
        sabotage: Option<Sabotage>,
        shared: &Arc<Shared>,
    ) -> std::result::Result<Self, String> {
        let server = Server::new(Arc::clone(shared), setup.names_files, setup.carried(), sabotage)?;
        let mut rng = Rng::new(setup.seed);
        let stations = ('a'..='z')
            .take(usize::from(setup.devices))
            .map(|name| Station::new(name, setup, shared, &mut rng))
            .collect::<std::result::Result<_, _>>()?;
        Ok(Self {
            setup: setup.clone(),
            sabotage,
            shared: Arc::clone(shared),
            stations,
            network: Rc::new(RefCell::new(Wire::default())),
            server,
        })
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn wrong(&self, what: String) {
        self.shared.wrong(what);
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    pub(crate) fn devices(&self) -> usize {
        self.stations.len()
    }

    pub(crate) fn machine(&self, n: usize) -> &Arc<Mutex<Machine>> {
        &self.stations[n].machine
    }

    /// The files of the course version that device `n` has.
    pub(crate) fn template(&self, n: usize) -> Option<Tree> {
        let state = self.state(n).ok()??;
        let (version, kind) = (course::number(state.version()), state.strategy.hash_kind());
        Some(course::tree(self.setup.names_files, version, kind))
    }

    /// Whether the workspace is carried by Git, or may be.
    pub(crate) fn is_git(&self) -> bool {
        self.setup.git || self.setup.changes
    }

    /// Whether a change of the file at `path` is saved.
    pub(crate) fn travels(&self, path: &RelPath) -> bool {
        self.setup.strategy() != Strategy::Patch || self.rules().travels(path)
    }

    /// Which files travel.
    pub(crate) fn rules(&self) -> Rules {
        course::rules(self.setup.names_files)
    }

    /// Where the repository of device `n` is, if it may have one.
    pub(crate) fn repository(&self, n: usize) -> Option<&Path> {
        self.stations[n].git.as_ref().map(TempDir::path)
    }

    /// The name of device `n`.
    pub(crate) fn name(&self, n: usize) -> char {
        locked(&self.stations[n].machine).name
    }

    fn disk(&self, n: usize) -> Box<dyn Disk> {
        let disk = SimDisk(Arc::clone(&self.stations[n].machine));
        match self.sabotage {
            Some(sabotage) => Box::new(SabotagedDisk::new(disk, sabotage)),
            None => Box::new(disk),
        }
    }

    /// What device `n` remembers, if it has a workspace.
    pub(crate) fn state(&self, n: usize) -> Result<Option<State>> {
        match State::load(&SimDisk(Arc::clone(&self.stations[n].machine))) {
            Ok(state) => Ok(Some(state)),
            Err(Error::NoWorkspace) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins a command on device `n`, which does nothing else.
    fn begin(&mut self, n: usize, command: Command, seed: u64, mishaps: Vec<Mishap>) {
        let station = &self.stations[n];
        let name = self.name(n);
        self.shared.trace.say(|| format!("{name} runs {command:?}"));
        if process::takes_away(command) {
            self.let_all_go();
        }
        locked(&station.machine).fortune = Some(Fortune::new(seed, mishaps));
        let job = Job {
            command,
            device: station.device.clone(),
            course: self.server.course(),
            disk: self.disk(n),
            env: SimEnv::new(Arc::clone(&station.machine), seed),
            api: Client(Line {
                device: n,
                machine: Arc::clone(&station.machine),
                network: Rc::clone(&self.network),
                online: Rc::clone(&station.online),
            }),
            rng: Rng::of(seed, 3),
            git: station.git.as_ref().map(|git| git.path().to_owned()),
            changes: self.setup.changes,
            snapshot: self.setup.snapshot,
            first: self.setup.strategy(),
        };
        self.stations[n].running = Some((command, process::run(job)));
    }

    /// Something may take any line out of the files now.
    fn let_all_go(&self) {
        let mut ledger = locked(&self.shared.ledger);
        let all = ledger.known();
        ledger.may_be_gone(&all);
    }

    /// Something happens next, if anything can.
    fn step(&mut self, rng: &mut Rng) -> bool {
        let mut next = Vec::new();
        {
            let wire = self.network.borrow();
            let at_work = self.stations.iter().enumerate().filter(|(_, s)| s.running.is_some());
            next.extend(
                at_work.filter(|(n, _)| wire.is_answered(*n)).map(|(n, _)| Next::Device(n)),
            );
            next.extend(wire.on_their_way().into_iter().map(Next::Arrival));
            if wire.adrift() > 0 && rng.percent(10) {
                next.push(Next::Late(rng.below(wire.adrift())));
            }
            next.extend(self.server.at_work().into_iter().map(Next::Upkeep));
        }
        let Some(next) = rng.pick(&next).copied() else { return false };
        self.shared.pass(i64::from(rng.between(100_000, 30_000_000)));
        match next {
            Next::Device(n) => self.poll(n),
            Next::Arrival(n) => {
                let name = self.name(n);
                self.shared.trace.say(|| format!("the request of {name} arrives"));
                self.network.borrow_mut().deliver(&mut self.server, n, rng);
            }
            Next::Late(n) => {
                let shared = Arc::clone(&self.shared);
                let late = self.network.borrow_mut().wash_ashore(&mut self.server, n);
                shared.trace.say(|| format!("late: {:?}", late.map(|(device, _)| device)));
            }
            Next::Upkeep(n) => {
                if let Some(upkeep) = self.server.upkeep() {
                    upkeep.go_on(n);
                }
            }
        }
        if self.server.upkeep().is_some_and(|upkeep| upkeep.watch.take_changed()) {
            self.tell_running(|fortune| fortune.swept = true);
        }
        true
    }

    /// Notes something of every command that is at work.
    fn tell_running(&self, note: impl Fn(&mut Fortune)) {
        for station in &self.stations {
            locked(&station.machine).fortune.as_mut().into_iter().for_each(&note);
        }
    }

    fn poll(&mut self, n: usize) {
        let station = &mut self.stations[n];
        let Some((command, mut running)) = station.running.take() else { return };
        let polled = running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let mut machine = locked(&station.machine);
        let dead = machine.fortune.as_ref().is_some_and(|fortune| fortune.dead);
        if dead {
            machine.settle_power();
            let calls = machine.fortune.take().map_or(0, |fortune| fortune.calls());
            station.ended_well = false;
            drop(machine);
            drop(running);
            self.network.borrow_mut().hang_up(n);
            self.cut_short(n, calls);
            self.after(command);
            return;
        }
        drop(machine);
        match polled {
            Poll::Pending => station.running = Some((command, running)),
            Poll::Ready((told, result)) => self.end(n, command, told, result),
        }
    }

    /// The kill came within an act on the repository. None begins once another strategy carries
    /// the workspace.
    fn cut_short(&self, n: usize, calls: u32) {
        let is_git = |state: State| state.strategy == Strategy::Git;
        if let Some(root) = self.repository(n)
            && self.state(n).ok().flatten().is_some_and(is_git)
            && let Err(error) = cut::leave(root, calls)
        {
            self.shared.wrong(format!("a kill cannot leave what it leaves: {error}"));
        }
    }

    fn after(&self, command: Command) {
        if process::takes_away(command) {
            self.let_all_go();
        }
    }

    /// A command came to its end by itself.
    fn end(&mut self, n: usize, command: Command, told: Told, result: Result<()>) {
        self.after(command);
        let name = self.name(n);
        let fortune = locked(&self.stations[n].machine).fortune.take();
        let calls = fortune.as_ref().map_or(0, Fortune::calls);
        self.shared
            .trace
            .say(|| format!("{name} ends {command:?} after {calls} calls: {result:?}"));
        self.stations[n].ended_well = result.is_ok();
        if let (Err(error), Some(fortune)) = (&result, &fortune)
            && !is_expected(error, fortune, command)
            && !(matches!(error, Error::NoRevision(_)) && self.had_a_disaster())
            && !(matches!(error, Error::NoRevision(_)) && fortune.swept)
        {
            self.shared.wrong(format!("{name}: {command:?} fails: {error} ({error:?})"));
            return;
        }
        if matches!(result, Ok(()) | Err(Error::Unreachable(_))) {
            self.record(n, told);
        }
        match self.state(n) {
            Ok(Some(_)) => self.stations[n].begun = true,
            Ok(None) if self.stations[n].begun => {
                self.shared.wrong(format!("{name} has lost its workspace"));
            }
            Ok(None) => {}
            Err(error) => self.shared.wrong(format!("{name}: {error}")),
        }
        check::agreement(self, n);
    }

    /// Whether the server may have lost a revision that a command wanted.
    fn had_a_disaster(&self) -> bool {
        locked(&self.shared.ledger).disasters > 0
    }

    /// What device `n` was told is safe has to be found again.
    fn record(&self, n: usize, told: Told) {
        let Ok(Some(state)) = self.state(n) else { return };
        let machine = locked(&self.stations[n].machine);
        let contents = machine.volume.contents();
        let mut ledger = locked(&self.shared.ledger);
        if let Some(progress) = told.progress {
            ledger.progress.join(&progress);
        }
        let overlays = state.queue.iter().map(|save| &save.overlay).chain([&state.base.overlay]);
        let named: std::collections::BTreeSet<ContentHash> = process::named(overlays).collect();
        for bytes in contents {
            if ledger::names(&named, &bytes) {
                for token in ledger::tokens(&bytes) {
                    ledger.recorded(token);
                }
            }
        }
    }
}

impl Station {
    fn new(
        name: char,
        setup: &Setup,
        shared: &Arc<Shared>,
        rng: &mut Rng,
    ) -> std::result::Result<Self, String> {
        let digits: String = rng.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let id = DeviceId::new(&digits).map_err(|error| error.to_string())?;
        let device_name = DeviceName::new(&format!("device-{name}"));
        let device = Device { id, name: device_name.map_err(|error| error.to_string())? };
        let machine = Machine::new(name, setup.tick, setup.relay, Arc::clone(shared));
        Ok(Self {
            machine: Arc::new(Mutex::new(machine)),
            device,
            online: Rc::new(Cell::new(true)),
            running: None,
            begun: false,
            ended_well: false,
            git: (setup.git || setup.changes).then(repo::folder).transpose()?,
        })
    }
}

/// Whether what went wrong explains the error.
fn is_expected(error: &Error, fortune: &Fortune, command: Command) -> bool {
    match error {
        Error::Unreachable(_) => fortune.net_failed,
        Error::Disk { .. } if command == Command::Resolve => fortune.disk_failed || fortune.edited,
        // What cannot be read is as good as not there.
        Error::Disk { .. } | Error::BadPackage(_) | Error::MissingContent(_) => fortune.disk_failed,
        Error::KeepsChanging(_) => fortune.edited,
        Error::NoSuchPath(_) | Error::KeepsMarkers(_) => {
            use Command::{Reset, Resolve, Restore, TrashRestore};
            matches!(command, Resolve | TrashRestore | Reset | Restore)
        }
        _ => false,
    }
}
