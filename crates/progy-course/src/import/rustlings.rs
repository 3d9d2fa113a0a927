//! `progy course import rustlings`: the exercises of [rustlings] as a course.
//!
//! Reads everything, makes the course in memory, and only then writes. Nothing of rustlings is part
//! of Progy itself: texts and exercises come from the learner's checkout, with their licence.
//!
//! [rustlings]: https://github.com/rust-lang/rustlings

mod course;
mod upstream;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use progy_core::RelPath;
use semver::Version;

use self::upstream::Checkout;

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportSummary {
    /// The version of the course.
    pub version: Version,
    /// How many modules.
    pub modules: usize,
    /// How many lessons.
    pub lessons: usize,
    /// Whether there was a licence to bring along.
    pub licence: bool,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The folder is no checkout of rustlings.
    #[error("{0} is no checkout of rustlings: expected {1}")]
    NotACheckout(PathBuf, &'static str),
    /// `info.toml` is not as expected.
    #[error("{path}: {message}")]
    Info {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// An exercise or its folder has a name that a course cannot have.
    #[error("the exercise {name:?} cannot be imported: {message}")]
    Exercise {
        /// What `info.toml` calls it.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// The place for the course is not empty.
    #[error("{0} is not empty; name a folder that does not exist yet")]
    NotEmpty(PathBuf),
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Makes a course in the new folder `out` of the rustlings checkout in `checkout`.
///
/// The course has the given version, else that of the checkout's `Cargo.toml`, else 1.0.0. Fails
/// before it writes anything if the checkout is not as expected; if writing fails, `out` may be
/// left with a part of the course.
pub fn import(
    checkout: &Path,
    out: &Path,
    version: Option<Version>,
) -> Result<ImportSummary, ImportError> {
    if fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(ImportError::NotEmpty(out.to_owned()));
    }
    let checkout = Checkout::read(checkout)?;
    let version = version.or_else(|| checkout.version.clone()).unwrap_or(Version::new(1, 0, 0));
    let course = course::Course::of(&checkout, &version)?;
    for (path, content) in &course.files {
        write(out, path, content)?;
    }
    Ok(ImportSummary {
        version,
        modules: course.modules,
        lessons: course.lessons,
        licence: checkout.licence.is_some(),
    })
}

fn write(out: &Path, path: &RelPath, content: &str) -> Result<(), ImportError> {
    let path = out.join(path.as_str());
    let folder = path.parent().unwrap_or(out);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, content))
        .map_err(|error| ImportError::Io { path, error })
}

#[cfg(test)]
mod tests;
