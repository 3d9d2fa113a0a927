//! Courses as folders and as packages.
//!
//! A course comes from a stranger: [`package`] looks at everything that a package claims before
//! anything of it is unpacked. [`mod@pack`] makes one, always the same of the same folder; [`mod@check`]
//! tells an author what is wrong; [`import`] makes courses of exercises that exist elsewhere.

pub mod check;
mod folder;
pub mod import;
mod names;
pub mod pack;
pub mod package;
mod source;

pub use check::{Finding, FindingLevel, check};
pub use folder::FolderError;
pub use names::NameError;
pub use pack::{PackError, PackSummary, pack};
pub use package::{Limits, Package, PackageEntry, PackageError};

/// The ending of a packed course's file name, with its dot.
pub const PACKAGE_ENDING: &str = ".progy";
