//! What happens in one run, as data.
//!
//! A script is drawn from a seed, and then is all that there is: each action carries a seed of its
//! own for what it leaves open, so that the others stay as they are when one is dropped. That is
//! what lets a failing run shrink to a few lines, and be kept as a test.

mod draw;
mod shrink;

use progy_core::Strategy;
use serde::{Deserialize, Serialize};

pub use shrink::shrink;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// What is there when it begins.
    pub setup: Setup,
    /// What happens, in order.
    pub actions: Vec<Action>,
}

/// What is there when a run begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// For what the setup leaves open.
    pub seed: u64,
    /// How many devices.
    pub devices: u8,
    /// How finely the file systems tell the time, in milliseconds.
    pub tick: i64,
    /// Whether the course names the files that travel.
    pub names_files: bool,
    /// The learner uses one device after the other, and goes on only when it has synced: then every
    /// device must get exactly what the last one left, and nothing can conflict.
    pub relay: bool,
    /// The workspace is carried by `git`, not by `patch`; at first, if that changes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub git: bool,
    /// It is carried by `snapshot`; if it changes, by that as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub snapshot: bool,
    /// The strategy may change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changes: bool,
    /// Snapshots are looked after: at the end nothing may be left that nobody needs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub upkeep: bool,
}

/// Something happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// For what the action leaves open.
    pub seed: u64,
    /// For how many steps the devices that are at work go on before the next action.
    pub steps: u8,
    /// What.
    pub act: Act,
}

/// What happens. A device is named by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The learner changes files.
    Edit {
        /// The device.
        on: u8,
    },
    /// A command runs; the workspace begins with it if there is none.
    Run {
        /// The device.
        on: u8,
        /// The command.
        command: Command,
        /// What goes wrong meanwhile.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mishaps: Vec<Mishap>,
    },
    /// The device loses or finds its connection.
    Network {
        /// The device.
        on: u8,
        /// Whether it has one now.
        up: bool,
    },
    /// The device's clock is set.
    Clock {
        /// The device.
        on: u8,
        /// How far it is off now, in hours.
        off: i32,
    },
    /// Some file or folder is closed to Progy.
    Deny {
        /// The device.
        on: u8,
    },
    /// It is open again.
    Allow {
        /// The device.
        on: u8,
    },
    /// `.progy` is deleted.
    Forget {
        /// The device.
        on: u8,
    },
    /// A workspace is copied over another device's.
    Copy {
        /// The device that is copied.
        from: u8,
        /// The one that is written over.
        to: u8,
        /// With the files; otherwise `.progy` alone.
        whole: bool,
    },
    /// The author publishes the next version of the course.
    NewVersion,
    /// The server's database is copied.
    Backup,
    /// A copy takes the database's place.
    RestoreBackup,
    /// The server starts anew.
    Restart,
    /// Time passes. Who is at work goes on afterwards.
    Later {
        /// How much, in hours.
        hours: u32,
    },
    /// Another server begins to look after the snapshots, unless it is at it.
    Upkeep {
        /// Which of the others.
        on: u8,
        /// It is killed before this call of a port, counted from 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dies: Option<u32>,
    },
}

/// What a learner runs. Which lesson, revision or conflict is meant follows from the action's seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// `progy save`
    Save,
    /// `progy sync`
    Sync,
    /// `progy test`, with a solution that passes or fails
    Test,
    /// `progy reset`
    Reset,
    /// `progy restore`
    Restore,
    /// `progy init --fresh`
    StartOver,
    /// `progy upgrade`
    Upgrade,
    /// `progy resolve`
    Resolve,
    /// `progy trash restore`
    TrashRestore,
    /// `progy strategy`, with the other one
    Change,
}

/// What goes wrong while a command runs. Calls of the disk and requests are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mishap {
    /// The learner changes files just before this call of the disk.
    Edit(u32),
    /// The process is killed at this call.
    Kill(u32),
    /// The process is killed when this request is on its way.
    KillAtRequest(u32),
    /// The power goes at this call.
    PowerLoss(u32),
    /// From this call on the disk is full, for 40 calls.
    DiskFull(u32),
    /// This call fails.
    IoError(u32),
    /// This request is lost.
    LoseRequest(u32),
    /// The answer to this request is lost.
    LoseAnswer(u32),
    /// This request comes late, when nobody waits for it any more.
    Late(u32),
    /// This request comes twice.
    Twice(u32),
    /// The server stops at the second call of its database during this request, before it.
    CrashBefore(u32, u32),
    /// The server stops at the second call of its database during this request, after it.
    CrashAfter(u32, u32),
    /// The server has too much to do for this request.
    Busy(u32),
    /// The answer to this request is cut off.
    Cut(u32),
}

/// How a server carries a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    /// By `patch` alone.
    Patch,
    /// By `snapshot` alone.
    Snapshot,
    /// By `git` alone. The server's record of the repository, which devices do not need, is left out.
    Git,
    /// By one of them, and then by the other.
    Either,
}

impl Setup {
    /// How the server carries the workspace.
    pub(crate) fn carried(&self) -> Carried {
        match self.strategy() {
            _ if self.changes => Carried::Either,
            Strategy::Git => Carried::Git,
            Strategy::Snapshot => Carried::Snapshot,
            _ => Carried::Patch,
        }
    }

    /// How the workspace is carried at first.
    pub(crate) fn strategy(&self) -> Strategy {
        match (self.git, self.snapshot) {
            (true, _) => Strategy::Git,
            (false, true) if !self.changes || self.seed % 3 == 2 => Strategy::Snapshot,
            _ => Strategy::Patch,
        }
    }
}

impl Script {
    /// The script that a seed stands for.
    pub fn from_seed(seed: u64) -> Self {
        draw::script(seed)
    }

    /// The same, with the workspace carried by `strategy`. Snapshots are looked after.
    #[must_use]
    pub fn carried_by(mut self, strategy: Strategy) -> Self {
        self.setup.git = strategy == Strategy::Git;
        self.setup.snapshot = strategy == Strategy::Snapshot;
        if self.setup.snapshot && !self.setup.upkeep {
            draw::upkeep(&mut self);
        }
        self
    }

    /// The same, with a workspace whose strategy changes: some of the commands do that.
    #[must_use]
    pub fn changing(mut self) -> Self {
        self.setup.changes = true;
        self.setup.snapshot = true;
        self.setup.git = self.setup.seed.is_multiple_of(3);
        // Files that do not travel by one strategy travel by the other.
        self.setup.names_files = false;
        for action in &mut self.actions {
            if let Act::Run { command, .. } = &mut action.act
                && !self.setup.relay
                && action.seed.is_multiple_of(6)
            {
                *command = Command::Change;
            }
        }
        self
    }

    /// Whether a command of it may reset a lesson; starting over resets all.
    pub(crate) fn resets(&self) -> bool {
        self.actions.iter().any(|action| match &action.act {
            Act::Run { command, .. } => matches!(command, Command::Reset | Command::StartOver),
            _ => false,
        })
    }

    /// The script in `text`, as [`std::fmt::Display`] writes it.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut lines =
            text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let setup = serde_json::from_str(lines.next().unwrap_or_default())?;
        let actions = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Self { setup, actions })
    }
}

/// One line of JSON for the setup, and one for each action.
impl std::fmt::Display for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = |value: serde_json::Result<String>| value.map_err(|_| std::fmt::Error);
        writeln!(f, "{}", line(serde_json::to_string(&self.setup))?)?;
        for action in &self.actions {
            writeln!(f, "{}", line(serde_json::to_string(action))?)?;
        }
        Ok(())
    }
}
