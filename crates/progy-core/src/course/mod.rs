//! The form of a course: its manifest, its modules and lessons, and what its runner prints.
//!
//! Everything here is read from text that a stranger wrote. Parsing never fails for a field that
//! nobody knows, and an error names the field and what was expected there.

mod fields;
mod info;
mod lessons;
mod manifest;
mod retention;
mod runner;
pub mod srp;

pub use fields::FormatError;
pub use info::{Difficulty, LessonInfo, ModuleInfo};
pub use lessons::{Lesson, Module, Outline, OutlineError};
pub use manifest::{Content, Environment, Manifest, Progression, Setup, SetupCheck, SyncSettings};
pub use retention::Retention;
pub use runner::{CommandError, Placeholders, Runner, RunnerKind};

use crate::RelPath;

/// The file that makes a folder a course.
pub const MANIFEST: &str = "course.json";

/// The file that describes a module.
pub const MODULE_INFO: &str = "info.toml";

/// Files and folders, wherever they are, that a packed course never holds.
const LEFT_OUT: [&str; 6] = ["target", "node_modules", ".git", ".DS_Store", ".next", "dist"];

/// Whether packing leaves `path` out: what tools make again by themselves, and the packed courses
/// (`*.progy`) that older versions of Progy left inside the folder.
pub fn is_left_out(path: &RelPath) -> bool {
    path.parts().any(|part| LEFT_OUT.contains(&part))
        || path.name().strip_suffix(".progy").is_some_and(|stem| !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_package_does_not_hold() {
        let left_out = |text: &str| is_left_out(&RelPath::new(text).unwrap());
        for path in ["target/x", "runner/target/debug/x", ".git", "a/.DS_Store", "old.progy"] {
            assert!(left_out(path), "{path}");
        }
        for path in ["targets/x", "content/01_a/dist.rs", ".progy", "a.progy.md"] {
            assert!(!left_out(path), "{path}");
        }
    }
}
