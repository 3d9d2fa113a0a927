//! `progy doctor`: checks what Progy needs, and says how to fix what is missing.

mod course;
mod place;
mod server;
mod tools;

use serde::Serialize;

use crate::cli::JsonArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::messages::printable;
use crate::terminal::Colour;

/// The result of one check.
#[derive(Debug, Serialize)]
struct Check {
    /// Stable, for programs.
    name: &'static str,
    status: Status,
    /// What was found.
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    /// Progy works without it, but not everything does.
    Warning,
    /// Progy does not work without it.
    Failed,
    /// It was not looked at.
    Skipped,
}

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    checks: &'a [Check],
}

impl Check {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, detail: detail.into(), fix: None }
    }

    fn new(name: &'static str, status: Status, detail: String, fix: String) -> Self {
        Self { name, status, detail, fix: Some(fix) }
    }
}

pub(crate) async fn run(context: &Context, args: &JsonArgs) -> Result<Exit, Failure> {
    let checks = {
        let _working = context.terminal.working(text!(context, "checking"));
        checks(context).await
    };
    let ok = checks.iter().all(|check| check.status != Status::Failed);
    if args.json {
        context.terminal.json(&Document { ok, checks: &checks })?;
    } else {
        show(context, &checks);
    }
    if !ok {
        note!(context, "doctor-not-fine");
        return Ok(Exit::Failed);
    }
    if !args.json {
        say!(context, "doctor-fine");
    }
    Ok(Exit::Done)
}

async fn checks(context: &Context) -> Vec<Check> {
    let mut checks = server::check(context).await;
    checks.extend(place::check(context));
    let course = course::Course::here(context);
    let needs_docker = course.as_ref().is_some_and(course::Course::needs_docker);
    checks.extend(tools::check(context, needs_docker).await);
    if let Some(course) = course {
        checks.extend(course.check(context).await);
    }
    checks
}

fn show(context: &Context, checks: &[Check]) {
    let terminal = &context.terminal;
    for check in checks {
        let sign = match check.status {
            Status::Ok => terminal.paint(Colour::Green, "✓"),
            Status::Warning => terminal.paint(Colour::Yellow, "!"),
            Status::Failed => terminal.paint(Colour::Red, "✗"),
            Status::Skipped => terminal.paint(Colour::Dim, "-"),
        };
        terminal.line(&format!("{sign} {}", printable(&check.detail)));
        if let Some(fix) = &check.fix {
            terminal.line(&format!("    → {}", printable(fix)));
        }
    }
}
