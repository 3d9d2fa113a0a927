//! What a folder and a package have in common: files by name.

use std::cell::RefCell;

use progy_core::RelPath;
use progy_core::course::{MODULE_INFO, Manifest, Outline, OutlineError};

/// The files of a course, wherever they are.
pub(crate) trait CourseFiles {
    /// Every file, in order.
    fn paths(&self) -> Vec<RelPath>;

    /// The bytes of a file. Fails with a text for the author, also if there are more than `limit`.
    fn read(&mut self, path: &RelPath, limit: u64) -> Result<Vec<u8>, String>;
}

/// The longest text of a module that is read, in bytes.
pub(crate) const MAX_INFO: u64 = 256 << 10;

/// The outline of the course whose files these are. An `info.toml` that cannot be read counts as
/// absent, one that cannot be understood is an error.
pub(crate) fn outline(
    manifest: &Manifest,
    files: &mut impl CourseFiles,
) -> Result<Outline, OutlineError> {
    let paths = files.paths();
    let files = RefCell::new(files);
    Outline::build(manifest, paths.iter(), |path| {
        debug_assert_eq!(path.name(), MODULE_INFO);
        let bytes = files.borrow_mut().read(path, MAX_INFO + 1).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    })
}
