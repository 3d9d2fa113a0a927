//! Faults put in on purpose, to see that the simulation finds them.
//!
//! Each is a wrapper at the boundary of a trait: the code that ships holds none of this.

mod disk;

use std::fmt;
use std::str::FromStr;

use progy_core::Strategy;

pub(crate) use disk::SabotagedDisk;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Disk: a file is replaced without a look at whether it is still what the plan saw.
    BlindReplace,
    /// Disk: flushing does nothing.
    NoFlush,
    /// Disk: a file that was written in this tick of the clock looks as if it was written before.
    HiddenRacyMtime,
    /// Disk: replacing one of Progy's own files is two steps.
    TornRename,
    /// Disk: conflict copies are not written.
    DroppedCopies,
    /// Server: a save is acknowledged when it is in memory, and written with the next one.
    AckBeforeCommit,
    /// Server: whoever publishes last wins; the parent is not looked at.
    IgnoredParent,
    /// Server: of two saves with one parent the one with the later clock wins.
    LaterClockWins,
    /// Server: saves are not known again when they are sent twice.
    ForgottenSaves,
    /// Server: progress that comes replaces what was there.
    ReplacedProgress,
    /// Server: contents of older revisions are thrown away.
    EagerCleanup,
    /// Upkeep: what was sent and is not in a revision yet is swept.
    HastySweep,
    /// Upkeep: what is swept is deleted at once, whoever reads it.
    HastyDeletion,
    /// Upkeep: revisions that were committed meanwhile are not counted.
    BlindSweep,
    /// Upkeep: revisions that completed a lesson expire as others do.
    ForgottenLessons,
    /// Upkeep: objects are not deleted.
    KeptObjects,
}

impl Sabotage {
    /// Every fault.
    pub const ALL: [Self; 16] = [
        Self::BlindReplace,
        Self::NoFlush,
        Self::HiddenRacyMtime,
        Self::TornRename,
        Self::DroppedCopies,
        Self::AckBeforeCommit,
        Self::IgnoredParent,
        Self::LaterClockWins,
        Self::ForgottenSaves,
        Self::ReplacedProgress,
        Self::EagerCleanup,
        Self::HastySweep,
        Self::HastyDeletion,
        Self::BlindSweep,
        Self::ForgottenLessons,
        Self::KeptObjects,
    ];

    /// The strategy by which a workspace has to be carried for the fault to matter.
    pub fn strategy(self) -> Strategy {
        match self {
            Self::HastySweep
            | Self::HastyDeletion
            | Self::BlindSweep
            | Self::ForgottenLessons
            | Self::KeptObjects => Strategy::Snapshot,
            _ => Strategy::Patch,
        }
    }

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::BlindReplace => "blind-replace",
            Self::NoFlush => "no-flush",
            Self::HiddenRacyMtime => "hidden-racy-mtime",
            Self::TornRename => "torn-rename",
            Self::DroppedCopies => "dropped-copies",
            Self::AckBeforeCommit => "ack-before-commit",
            Self::IgnoredParent => "ignored-parent",
            Self::LaterClockWins => "later-clock-wins",
            Self::ForgottenSaves => "forgotten-saves",
            Self::ReplacedProgress => "replaced-progress",
            Self::EagerCleanup => "eager-cleanup",
            Self::HastySweep => "hasty-sweep",
            Self::HastyDeletion => "hasty-deletion",
            Self::BlindSweep => "blind-sweep",
            Self::ForgottenLessons => "forgotten-lessons",
            Self::KeptObjects => "kept-objects",
        }
    }
}

impl fmt::Display for Sabotage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Sabotage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|fault| fault.name() == text)
            .ok_or_else(|| format!("no fault is called {text:?}; there are: {}", names()))
    }
}
