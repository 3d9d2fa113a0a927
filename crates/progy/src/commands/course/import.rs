//! `progy course import`: a course of exercises that exist elsewhere.

use std::path::Path;

use progy_course::import::rustlings;
use semver::Version;

use crate::context::Context;
use crate::failure::{Exit, Failure};

pub(super) fn rustlings(
    context: &Context,
    checkout: &Path,
    out: &Path,
    version: Option<Version>,
) -> Result<Exit, Failure> {
    let imported = rustlings::import(checkout, out, version)
        .map_err(|error| fail!(Exit::Failed, "cannot-import", reason = error))?;
    let (count, folder) = (imported.lessons, out.display());
    say!(context, "imported", count = count, version = imported.version, folder = folder);
    if !imported.licence {
        note!(context, "imported-without-licence");
    }
    Ok(Exit::Done)
}
