//! `progy course publish`: a course goes to the server.

use std::fs::File;
use std::path::Path;

use progy_api::problem::code;
use progy_api::registry::CourseVersion;
use progy_client::api::{AccountApi, ApiError};
use progy_core::CourseId;
use progy_course::{Limits, Package};
use semver::Version;
use serde::Serialize;

use super::{check, pack};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::human;
use crate::terminal::Colour;

#[derive(Serialize)]
struct Document<'a> {
    course: &'a CourseId,
    #[serde(flatten)]
    version: &'a CourseVersion,
    /// False if the same package was there already.
    created: bool,
}

pub(super) async fn run(context: &Context, path: &Path, json: bool) -> Result<Exit, Failure> {
    let api = context.api()?;
    check::require(context, path)?;
    // Packed to a place of its own: nothing is left in the author's folder.
    let temporary = std::env::temp_dir();
    let packed = if path.is_dir() { Some(pack::pack(context, path, &temporary)?.0) } else { None };
    let file = packed.as_ref().map_or(path, |packed| packed.path());
    let (course, number) = identity(file)?;
    let published = {
        let _working = context.terminal.working(text!(context, "publishing"));
        api.publish(&course, &number, file).await
    };
    let (version, created) = published.map_err(|error| failure(error, &course, &number))?;
    if json {
        context.terminal.json(&Document { course: &course, version: &version, created })?;
        return Ok(Exit::Done);
    }
    if created {
        let text = text!(
            context,
            "course-published",
            course = course,
            version = number,
            count = version.files,
            size = human::size(version.size)
        );
        context.terminal.line(&context.terminal.paint(Colour::Green, &text));
    } else {
        say!(context, "course-there", course = course, version = number);
    }
    Ok(Exit::Done)
}

/// The course and the version that a package says it is.
fn identity(file: &Path) -> Result<(CourseId, Version), Failure> {
    let failed = |reason: String| fail!(Exit::Failed, "bad-package", reason = reason);
    let opened = File::open(file).map_err(|error| failed(error.to_string()))?;
    let package =
        Package::open(opened, Limits::default()).map_err(|error| failed(error.to_string()))?;
    Ok((package.manifest().id.clone(), package.manifest().version.clone()))
}

fn failure(error: ApiError, course: &CourseId, version: &Version) -> Failure {
    if error.is(code::VERSION_EXISTS) {
        return fail!(Exit::Failed, "version-exists", course = course, version = version);
    }
    if error.is(code::FORBIDDEN) {
        return fail!(Exit::Failed, "may-not-publish", course = course, reason = error);
    }
    error.into()
}
