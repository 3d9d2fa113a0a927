//! Which files travel.
//!
//! From the strongest to the weakest word on one path:
//!
//! 1. `.progy` and the `progy.toml` at the top are this device's own: never.
//! 2. The learner's `.progyignore`, the innermost first. A line that ignores is final; a negation
//!    includes.
//! 3. The course's `sync.include`.
//! 4. Names that are never synced, and files that hold secrets. Only a negation or an include that
//!    *names* them lifts this: `!dist` does, `!*` and `content/**` do not.
//! 5. The course's `sync.ignore`.
//! 6. `.gitignore`, the innermost first. Its negations lift only lines of `.gitignore`.
//!
//! Nothing below a folder that does not travel does, except where `sync.include` names the folder
//! on its way to something inside: `target/keep.txt` opens `target` for `keep.txt` alone.

mod lines;
mod names;
mod scope;
mod settings;

use std::sync::Arc;

pub(crate) use names::is_dot_git;
pub use names::{is_private, never_synced};
pub use scope::{Scope, Verdict};
pub use settings::{RuleError, SyncRules};

use crate::RelPath;
use settings::Settings;

/// The rules of one course, compiled. Cheap to clone and to share between threads.
#[derive(Debug, Clone, Default)]
pub struct Rules(Arc<Settings>);

impl Rules {
    /// Compiles a course's settings. A glob that cannot be read is an error that names it.
    pub fn new(course: &SyncRules) -> Result<Self, RuleError> {
        Settings::new(course).map(|settings| Self(Arc::new(settings)))
    }

    /// The scope of the workspace's root, before its own ignore files.
    pub fn root(&self) -> Scope {
        Scope::root(self.clone())
    }

    /// Whether `sync.files` lets a change of the file at `path` be published: always, if the course
    /// names no files. A conflict copy travels if its original does.
    pub fn travels(&self, path: &RelPath) -> bool {
        self.0.travels(names::original(path.as_str()))
    }

    fn settings(&self) -> &Settings {
        &self.0
    }
}
