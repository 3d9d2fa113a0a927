//! `progy course check`: what is wrong with a course.

use std::path::Path;

use progy_course::{Finding, FindingLevel};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::messages::printable;
use crate::terminal::Colour;

#[derive(Serialize)]
struct Document<'a> {
    /// Whether it can be published.
    ok: bool,
    findings: &'a [Finding],
}

pub(super) fn run(context: &Context, path: &Path, json: bool) -> Result<Exit, Failure> {
    let findings = {
        let _working = context.terminal.working(text!(context, "checking"));
        progy_course::check(path)
    };
    let errors = errors(&findings);
    let warnings = findings.len() - errors;
    if json {
        context.terminal.json(&Document { ok: errors == 0, findings: &findings })?;
    } else {
        for finding in &findings {
            context.terminal.line(&line(context, finding));
        }
    }
    if errors > 0 {
        note!(context, "check-errors", count = errors, total = warnings);
        return Ok(Exit::Failed);
    }
    if !json {
        let text = text!(context, "check-fine", count = warnings);
        context.terminal.line(&context.terminal.paint(Colour::Green, &text));
    }
    Ok(Exit::Done)
}

/// Refuses a course that has errors, showing them.
pub(super) fn require(context: &Context, path: &Path) -> Result<(), Failure> {
    let findings = {
        let _working = context.terminal.working(text!(context, "checking"));
        progy_course::check(path)
    };
    for finding in &findings {
        context.terminal.note(&line(context, finding));
    }
    match errors(&findings) {
        0 => Ok(()),
        count => Err(fail!(Exit::Failed, "course-has-errors", count = count)),
    }
}

fn errors(findings: &[Finding]) -> usize {
    findings.iter().filter(|finding| finding.level == FindingLevel::Error).count()
}

fn line(context: &Context, finding: &Finding) -> String {
    let (colour, label) = match finding.level {
        FindingLevel::Error => (Colour::Red, text!(context, "level-error")),
        FindingLevel::Warning => (Colour::Yellow, text!(context, "level-warning")),
    };
    format!("{} {}", context.terminal.paint(colour, &label), printable(&finding.to_string()))
}
