//! What Progy knows, without I/O, async, clock or randomness.
//!
//! The modules, in the order in which a newcomer reads them:
//!
//! - [`path`], [`content`], [`entry`], [`tree`]: what a workspace holds;
//! - [`diff`], [`mod@plan`], [`merge`], [`folders`], [`conflict`]: what happened to it, and what to do;
//! - [`rules`]: which files travel;
//! - [`dependencies`]: what does not travel, and how it comes back;
//! - [`ids`], [`time`]: names for the rest;
//! - [`progress`]: what the learner achieved, mergeable;
//! - [`git`]: Git's formats;
//! - [`course`]: the manifest of a course, and what a runner prints.

pub mod conflict;
pub mod content;
pub mod course;
pub mod dependencies;
pub mod diff;
pub mod entry;
pub mod folders;
pub mod git;
pub mod ids;
pub mod merge;
pub mod path;
pub mod plan;
pub mod progress;
pub mod rules;
pub mod time;
pub mod tree;

pub use conflict::ConflictName;
pub use content::{ContentHash, ContentHasher, HashKind};
pub use diff::{Change, Diff};
pub use entry::{Entry, FileEntry, LinkTarget};
pub use ids::{CourseId, DeviceId, DeviceName, LessonId, RevisionId, SaveId, Strategy};
pub use path::RelPath;
pub use plan::{Names, Plan, Planned};
pub use time::Timestamp;
pub use tree::Tree;
