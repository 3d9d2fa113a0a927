//! `progy course pack`: a folder becomes a package.

use std::io;
use std::path::{Path, PathBuf};

use progy_client::platform;
use progy_core::CourseId;
use progy_course::{PACKAGE_ENDING, PackError, PackSummary};
use semver::Version;
use serde::Serialize;
use tempfile::NamedTempFile;

use super::check;
use crate::cli::PackArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::human;

#[derive(Serialize)]
struct Document<'a> {
    course: &'a CourseId,
    version: &'a Version,
    file: String,
    files: usize,
    bytes: u64,
}

pub(super) fn run(context: &Context, args: &PackArgs) -> Result<Exit, Failure> {
    check::require(context, &args.dir)?;
    let folder = args.output.as_deref().and_then(Path::parent);
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let (packed, summary) = pack(context, &args.dir, folder.unwrap_or(Path::new(".")))?;
    let (id, version) = (&summary.manifest.id, &summary.manifest.version);
    let by_default = || PathBuf::from(format!("{}-{version}{PACKAGE_ENDING}", id.slug()));
    let file = args.output.clone().unwrap_or_else(by_default);
    packed.persist(&file).map_err(|error| cannot_write(&file, &error.error))?;
    if args.json {
        context.terminal.json(&Document {
            course: id,
            version,
            file: file.display().to_string(),
            files: summary.files,
            bytes: summary.packed,
        })?;
    } else {
        say!(
            context,
            "packed",
            course = id,
            version = version,
            file = file.display(),
            count = summary.files,
            size = human::size(summary.packed)
        );
    }
    Ok(Exit::Done)
}

/// Packs the course in `dir` into a temporary file in `folder`.
pub(super) fn pack(
    context: &Context,
    dir: &Path,
    folder: &Path,
) -> Result<(NamedTempFile, PackSummary), Failure> {
    let _working = context.terminal.working(text!(context, "packing"));
    // Its ending keeps it out of the package when the folder is that of the course.
    let mut file = platform::files::temporary(folder, PACKAGE_ENDING)
        .map_err(|error| cannot_write(folder, &error))?;
    let summary = progy_course::pack(dir, file.as_file_mut()).map_err(|error| failure(&error))?;
    Ok((file, summary))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    fail!(Exit::Failed, "cannot-write", path = path.display(), reason = error)
}

fn failure(error: &PackError) -> Failure {
    fail!(Exit::Failed, "cannot-pack", reason = error)
}
