//! A course's runner is someone else's code: it runs when the learner has said so, once for each
//! version of the course.

use progy_client::runner::Run;

use super::{Subject, cannot_run};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::messages::printable;

/// Fails unless the learner allows this version of the course to run code on this device.
pub(super) fn require(
    context: &Context,
    run: &Run<'_>,
    subject: &Subject,
    trusted: bool,
) -> Result<(), Failure> {
    let home = context.home()?;
    let (course, version) = (&subject.course, &subject.manifest.version);
    if home.may_run(course, version, &subject.package)? {
        return Ok(());
    }
    note!(context, "trust-explained", course = course, version = version);
    for command in run.shown().map_err(|error| cannot_run(context, error))? {
        context.terminal.note(&format!("  {}", printable(&command)));
    }
    if !trusted {
        let options = [text!(context, "no"), text!(context, "yes")];
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        match context.terminal.choose(&text!(context, "trust-question"), &options) {
            Some(1) => {}
            Some(_) => return Err(fail!(Exit::Failed, "trust-refused")),
            None => return Err(fail!(Exit::Failed, "trust-needed")),
        }
    }
    Ok(home.allow_run(course, version, &subject.package)?)
}
