//! Where things stand in `.progy/`.
//!
//! ```text
//! .progy/
//!   lock             held by the one process that works here
//!   state            what this device and the server last agreed on, saves that wait, progress
//!   journal          what is being done to the learner's files right now
//!   index            sizes and times of files whose hash is known; only a cache
//!   packs/           contents of saved files that are not in the template: see [`crate::store`]
//!   templates/       packages of the course versions in use, and their trees
//!   trash/BATCH/     what Progy replaced on this device
//!   tmp/             being written
//!   settling         there while `progy.toml` may not know yet of a change of the strategy
//! ```

use progy_core::HashKind;
use semver::Version;

/// The device's own folder.
pub const FOLDER: &str = ".progy";
/// Held while a process works here.
pub const LOCK: &str = ".progy/lock";
/// See [`crate::state`].
pub const STATE: &str = ".progy/state";
/// See [`crate::apply`].
pub const JOURNAL: &str = ".progy/journal";
/// See [`crate::index`].
pub const INDEX: &str = ".progy/index";
/// See [`crate::store`].
pub const PACKS: &str = ".progy/packs";
/// Course packages by version.
pub const TEMPLATES: &str = ".progy/templates";
/// See [`crate::trash`].
pub const TRASH: &str = ".progy/trash";
/// Files that are being written; nothing in it is needed after a crash.
pub const TMP: &str = ".progy/tmp";
/// There while [`SETTINGS`] may still name the strategy from before a change.
pub const SETTLING: &str = ".progy/settling";
/// The workspace's own settings, for people to read.
pub const SETTINGS: &str = "progy.toml";

/// Where the package of `version` stands.
pub fn package(version: &Version) -> String {
    format!("{TEMPLATES}/{version}.progy")
}

/// Where the tree of the package of `version` is remembered, with contents named as `kind` says.
pub fn template_tree(version: &Version, kind: HashKind) -> String {
    match kind {
        HashKind::Blake3 => format!("{TEMPLATES}/{version}.tree"),
        HashKind::GitBlob => format!("{TEMPLATES}/{version}.git-tree"),
    }
}
