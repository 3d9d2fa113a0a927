//! Everything that is wrong with a course, in words for its author.

mod course;
mod lessons;

use std::fs::File;
use std::path::Path;

use progy_core::RelPath;
use progy_core::course::{FormatError, MANIFEST, Manifest};
use serde::Serialize;

use crate::folder::Folder;
use crate::package::{Limits, Package};
use crate::source::CourseFiles;

/// The longest manifest or quiz that is looked into, in bytes.
const MAX_JSON: u64 = 1 << 20;

/// One thing that is wrong with a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: FindingLevel,
    /// The file or folder, from the course folder; the package itself if it cannot be opened.
    pub file: String,
    /// The field in it, if it is one field.
    pub field: Option<String>,
    /// What was expected, and what was found.
    pub message: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingLevel {
    /// The course cannot be published.
    Error,
    /// A learner may stumble over it.
    Warning,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{}: `{field}`: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// Checks the course at `path`, a folder or a `.progy` file. It can be published if no finding is
/// an error.
pub fn check(path: &Path) -> Vec<Finding> {
    let mut findings = Findings::default();
    if path.is_dir() {
        match Folder::scan(path, Limits::default()) {
            Ok(mut folder) => check_folder(&mut folder, &mut findings),
            Err(error) => findings.error(&path.display(), error.to_string()),
        }
        return findings.list;
    }
    let opened = File::open(path)
        .map_err(|error| error.to_string())
        .and_then(|file| Package::open(file, Limits::default()).map_err(|error| error.to_string()));
    match opened {
        Ok(mut package) => {
            let manifest = package.manifest().clone();
            course::check(&manifest, package.files(), &mut findings);
            // Every byte, since the sizes and checksums of a package are only claims.
            if let Err(error) = package.tree() {
                findings.error(&path.display(), error.to_string());
            }
        }
        Err(error) => findings.error(&path.display(), error),
    }
    findings.list
}

fn check_folder(folder: &mut Folder, findings: &mut Findings) {
    for problem in &folder.problems {
        let (file, message) = problem.for_author();
        findings.error(&file, message);
    }
    let unpacked: u64 = folder.files.values().map(|file| file.size).sum();
    let packed = Limits::default().packed;
    if unpacked > packed {
        let message = format!(
            "expected at most {packed} bytes when packed; the files have {unpacked} unpacked, \
             `progy course pack` shows whether it fits"
        );
        findings.warning(&"(all files)", message);
    }
    let Some(path) = folder.files.keys().find(|path| path.as_str() == MANIFEST).cloned() else {
        findings.error(&MANIFEST, "expected this file at the top of the course".to_owned());
        return;
    };
    match folder.read(&path, MAX_JSON) {
        Err(error) => findings.error(&path, error),
        Ok(bytes) => match Manifest::parse(&bytes) {
            Err(error) => findings.format(&path, &error),
            Ok(manifest) => course::check(&manifest, folder, findings),
        },
    }
}

/// The findings so far.
#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    fn error(&mut self, file: &impl ToString, message: String) {
        self.add(FindingLevel::Error, file, None, message);
    }

    fn warning(&mut self, file: &impl ToString, message: String) {
        self.add(FindingLevel::Warning, file, None, message);
    }

    fn field(&mut self, level: FindingLevel, file: &RelPath, field: &str, message: String) {
        self.add(level, file, Some(field.to_owned()), message);
    }

    fn manifest(&mut self, level: FindingLevel, field: &str, message: String) {
        self.add(level, &MANIFEST, Some(field.to_owned()), message);
    }

    fn format(&mut self, file: &RelPath, error: &FormatError) {
        match error {
            FormatError::Field { field, expected, found } => {
                let message = format!("expected {expected}, found {found}");
                self.field(FindingLevel::Error, file, field, message);
            }
            other => self.error(file, other.to_string()),
        }
    }

    fn add(
        &mut self,
        level: FindingLevel,
        file: &impl ToString,
        field: Option<String>,
        message: String,
    ) {
        self.list.push(Finding { level, file: file.to_string(), field, message });
    }
}

#[cfg(test)]
mod tests;
