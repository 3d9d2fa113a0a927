//! From a seed to a script.

use super::{Act, Action, Command, Mishap, Script, Setup};
use crate::rng::Rng;

/// What may go wrong in one run.
#[derive(Debug, Clone, Copy)]
struct Trouble {
    network: bool,
    kills: bool,
    power: bool,
    disk: bool,
    /// The learner writes while Progy works.
    meanwhile: bool,
    clocks: bool,
    server: bool,
    /// `.progy` deleted or copied, backups restored.
    havoc: bool,
    versions: bool,
}

pub(super) fn script(seed: u64) -> Script {
    let mut rng = Rng::new(seed);
    let relay = rng.percent(15);
    let setup = Setup {
        seed: rng.draw(),
        devices: rng.weighted(&[(6, 2), (3, 3), (1, 4)]),
        tick: rng.weighted(&[(2, 1), (3, 10), (3, 100), (2, 1000)]),
        names_files: rng.percent(10),
        relay,
        git: false,
        snapshot: false,
        changes: false,
        upkeep: false,
    };
    let trouble = Trouble {
        network: rng.percent(60),
        kills: rng.percent(35),
        power: rng.percent(25),
        disk: rng.percent(20),
        meanwhile: rng.percent(50),
        clocks: rng.percent(20),
        server: rng.percent(30),
        havoc: rng.percent(15),
        versions: rng.percent(25),
    };
    let actions =
        if relay { turns(&mut rng, &setup, trouble) } else { mix(&mut rng, &setup, trouble) };
    Script { setup, actions }
}

/// Anything, in any order.
fn mix(rng: &mut Rng, setup: &Setup, trouble: Trouble) -> Vec<Action> {
    let count = rng.between(6, 36);
    (0..count)
        .map(|_| {
            let seed = rng.draw();
            let steps = u8::try_from(rng.below(12)).unwrap_or(0);
            Action { seed, steps, act: any(rng, setup, trouble) }
        })
        .collect()
}

fn any(rng: &mut Rng, setup: &Setup, trouble: Trouble) -> Act {
    let on = device(rng, setup);
    let special = rng.below(100);
    match special {
        0..=39 => Act::Edit { on },
        40..=84 => {
            let command = command(rng);
            Act::Run { on, command, mishaps: mishaps(rng, trouble) }
        }
        85..=87 if trouble.network => Act::Network { on, up: rng.percent(60) },
        88..=89 if trouble.clocks => Act::Clock { on, off: clock(rng) },
        90..=91 if trouble.disk => Act::Deny { on },
        92 if trouble.disk => Act::Allow { on },
        93 if trouble.havoc => Act::Forget { on },
        94 if trouble.havoc => {
            Act::Copy { from: device(rng, setup), to: on, whole: rng.percent(50) }
        }
        95 if trouble.havoc => Act::Backup,
        96 if trouble.havoc => Act::RestoreBackup,
        97 if trouble.versions => Act::NewVersion,
        98 if trouble.server => Act::Restart,
        _ => Act::Run { on, command: Command::Sync, mishaps: mishaps(rng, trouble) },
    }
}

/// Time passes in the script, and servers look after the snapshots.
pub(super) fn upkeep(script: &mut Script) {
    let mut rng = Rng::of(script.setup.seed, 11);
    script.setup.upkeep = true;
    let (passes, begins) = (rng.between(5, 40), rng.between(5, 60));
    let kills = rng.percent(40);
    for action in std::mem::take(&mut script.actions) {
        let mut push = |rng: &mut Rng, act| {
            let most = if script.setup.relay { 1 } else { 6 };
            let steps = u8::try_from(rng.below(most)).unwrap_or(0);
            script.actions.push(Action { seed: rng.draw(), steps, act });
        };
        if rng.percent(passes) {
            let hours = hours(&mut rng);
            push(&mut rng, Act::Later { hours });
        }
        if rng.percent(begins) {
            let on = u8::try_from(rng.below(2)).unwrap_or(0);
            let dies = (kills && rng.percent(50)).then(|| port_call(&mut rng));
            push(&mut rng, Act::Upkeep { on, dies });
        }
        script.actions.push(action);
    }
}

fn hours(rng: &mut Rng) -> u32 {
    match rng.below(8) {
        0..2 => rng.between(1, 3),
        2..6 => rng.between(20, 30),
        6 => rng.between(48, 200),
        _ => rng.between(200, 2_600),
    }
}

/// Some call of a port. A sweep of little makes about thirty, one of much some hundred.
fn port_call(rng: &mut Rng) -> u32 {
    let most = rng.weighted(&[(2, 15), (3, 50), (1, 200)]);
    rng.between(0, most)
}

/// One device after the other.
fn turns(rng: &mut Rng, setup: &Setup, trouble: Trouble) -> Vec<Action> {
    let mut actions = Vec::new();
    // A learner who writes while files arrive makes a change that this device did not have before.
    let arriving = Trouble { meanwhile: false, ..trouble };
    for _ in 0..rng.between(2, 8) {
        let on = device(rng, setup);
        let mut push =
            |rng: &mut Rng, act| actions.push(Action { seed: rng.draw(), steps: 0, act });
        let mishaps_of_sync = mishaps(rng, arriving);
        push(rng, Act::Run { on, command: Command::Sync, mishaps: mishaps_of_sync });
        for _ in 0..rng.below(4) {
            push(rng, Act::Edit { on });
        }
        let command = rng.weighted(&[(4, Command::Save), (1, Command::Test)]);
        let mishaps_of_save = mishaps(rng, trouble);
        push(rng, Act::Run { on, command, mishaps: mishaps_of_save });
        if rng.percent(20) {
            push(rng, Act::Run { on, command: Command::Save, mishaps: Vec::new() });
        }
    }
    actions
}

fn device(rng: &mut Rng, setup: &Setup) -> u8 {
    u8::try_from(rng.below(usize::from(setup.devices))).unwrap_or(0)
}

fn command(rng: &mut Rng) -> Command {
    rng.weighted(&[
        (36, Command::Save),
        (36, Command::Sync),
        (9, Command::Test),
        (3, Command::Reset),
        (4, Command::Restore),
        (1, Command::StartOver),
        (3, Command::Upgrade),
        (6, Command::Resolve),
        (1, Command::TrashRestore),
    ])
}

/// Always another range of days, so that no file gets a time that an older one had.
fn clock(rng: &mut Rng) -> i32 {
    let far = i32::try_from(rng.between(1, 40)).unwrap_or(1) * 24 * 11;
    match rng.below(3) {
        0 => 0,
        1 => far,
        _ => -far,
    }
}

fn mishaps(rng: &mut Rng, trouble: Trouble) -> Vec<Mishap> {
    let mut mishaps = Vec::new();
    if trouble.meanwhile && rng.percent(40) {
        for _ in 0..=rng.below(3) {
            mishaps.push(Mishap::Edit(call(rng)));
        }
    }
    if trouble.kills && rng.percent(30) {
        mishaps.push(if rng.percent(80) {
            Mishap::Kill(call(rng))
        } else {
            Mishap::KillAtRequest(request(rng))
        });
    }
    if trouble.power && rng.percent(25) {
        mishaps.push(Mishap::PowerLoss(call(rng)));
    }
    if trouble.disk && rng.percent(25) {
        let call = call(rng);
        mishaps.push(if rng.percent(50) { Mishap::IoError(call) } else { Mishap::DiskFull(call) });
    }
    if trouble.network && rng.percent(40) {
        let n = request(rng);
        let faults = [
            Mishap::LoseRequest(n),
            Mishap::LoseAnswer(n),
            Mishap::Late(n),
            Mishap::Twice(n),
            Mishap::Cut(n),
        ];
        mishaps.extend(rng.pick(&faults));
    }
    if trouble.server && rng.percent(30) {
        let (n, at) = (request(rng), rng.between(0, 4));
        let faults = [Mishap::CrashBefore(n, at), Mishap::CrashAfter(n, at), Mishap::Busy(n)];
        mishaps.extend(rng.pick(&faults));
    }
    mishaps
}

/// Some call of the disk. A short command makes about sixty, a long one some hundred.
fn call(rng: &mut Rng) -> u32 {
    let most = rng.weighted(&[(1, 40), (3, 120), (1, 300)]);
    rng.between(0, most)
}

fn request(rng: &mut Rng) -> u32 {
    rng.weighted(&[(5, 0), (4, 1), (2, 2), (1, 3)])
}
