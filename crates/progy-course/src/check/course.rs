//! What `course.json` says, compared with what is there.

use std::collections::BTreeSet;

use progy_core::RelPath;
use progy_core::course::{CommandError, Environment, Manifest, Placeholders, Runner, RunnerKind};
use progy_core::rules::{RuleError, Rules};

use super::FindingLevel::{Error, Warning};
use super::{Findings, lessons};
use crate::source::CourseFiles;

/// Looks at everything that `manifest` speaks of.
pub(super) fn check(manifest: &Manifest, files: &mut impl CourseFiles, findings: &mut Findings) {
    let there: BTreeSet<RelPath> = files.paths().into_iter().collect();
    if manifest.runners.is_empty() {
        let message = "expected a runner; without one no lesson can be passed".to_owned();
        findings.manifest(Warning, "runners", message);
    }
    for (at, runner) in manifest.runners.iter().enumerate() {
        let field = |name: &str| format!("runners[{at}].{name}");
        check_runner(runner, &there, &field, findings);
    }
    if let Some(guide) = &manifest.setup.guide {
        must_be_there(guide, &there, "setup.guide", findings);
    }
    match &manifest.environment {
        Some(Environment::Dockerfile(path)) => {
            must_be_there(path, &there, "environment.dockerfile", findings);
        }
        Some(Environment::Devcontainer(path)) => {
            must_be_there(path, &there, "environment.devcontainer", findings);
        }
        Some(Environment::Image(_)) | None => {}
    }
    if let Err(error) = Rules::new(&manifest.sync.rules) {
        let (RuleError::Glob { setting, .. } | RuleError::TooMuch { setting }) = &error;
        let message = error.to_string();
        let message = message.strip_prefix(&format!("{setting}: ")).unwrap_or(&message);
        findings.manifest(Error, setting, message.to_owned());
    }
    if let Some(unknown) = &manifest.sync.retention.unknown {
        // Elsewhere such a field does no harm; here the author would learn of a slip of the pen when
        // what should have been kept is gone.
        let message = "expected no other field than `keep_all_days`, `keep_hourly_days` and \
                       `keep_daily_days`";
        findings.manifest(Error, &format!("sync.retention.{unknown}"), message.to_owned());
    }
    for path in there.iter().filter(|path| is_environment(path)) {
        let message = "expected no secrets in a course; every learner receives this file";
        findings.warning(path, message.to_owned());
    }
    lessons::check(manifest, &there, files, findings);
}

fn check_runner(
    runner: &Runner,
    there: &BTreeSet<RelPath>,
    field: &impl Fn(&str) -> String,
    findings: &mut Findings,
) {
    match &runner.kind {
        RunnerKind::Process => {}
        RunnerKind::DockerFile { dockerfile, image_tag: None, .. } => {
            must_be_there(dockerfile, there, &field("dockerfile"), findings);
        }
        RunnerKind::DockerFile { dockerfile, image_tag: Some(image), .. } => {
            if !there.contains(dockerfile) {
                let message = format!("there is no {dockerfile}; {image} must be a ready image");
                findings.manifest(Warning, &field("dockerfile"), message);
            }
        }
        RunnerKind::DockerCompose { compose_file, .. } => {
            must_be_there(compose_file, there, &field("compose_file"), findings);
        }
    }
    for text in std::iter::once(&runner.command).chain(&runner.args).chain([&runner.cwd]) {
        if let Some(unknown) = unknown_placeholder(text) {
            let message = format!(
                "expected {{{{id}}}}, {{{{exercise}}}}, {{{{module}}}}, {{{{dir}}}} or \
                 {{{{file}}}}, found {{{{{unknown}}}}}, which stays as it is"
            );
            findings.manifest(Warning, &field("command"), message);
        }
    }
    if runner.kind != RunnerKind::Process {
        return;
    }
    match runner.command_line(&Placeholders::default()) {
        Err(error @ (CommandError::Empty | CommandError::Quotes(_))) => {
            findings.manifest(Error, &field("command"), error.to_string());
        }
        Ok(words) => {
            let program = words.first().and_then(|word| word.strip_prefix("./"));
            let program = program.and_then(|word| RelPath::new(word).ok());
            if let Some(program) = program
                && runner.cwd == "."
                && !there.contains(&program)
            {
                let message = format!("there is no {program}; the setup must build it");
                findings.manifest(Warning, &field("command"), message);
            }
        }
    }
}

fn must_be_there(path: &RelPath, there: &BTreeSet<RelPath>, field: &str, findings: &mut Findings) {
    if !there.contains(path) {
        let message = format!("expected a file of the course, but there is no {path}");
        findings.manifest(Error, field, message);
    }
}

/// `{{word}}` that stands for nothing.
fn unknown_placeholder(text: &str) -> Option<&str> {
    const KNOWN: [&str; 5] = ["id", "exercise", "module", "dir", "file"];
    text.split("{{").skip(1).find_map(|rest| {
        let (word, _) = rest.split_once("}}")?;
        let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        (is_word && !KNOWN.contains(&word)).then_some(word)
    })
}

/// `.env` and `.env.local`, but not `.env.example`.
fn is_environment(path: &RelPath) -> bool {
    match path.name().strip_prefix(".env") {
        Some("") => true,
        Some(rest) => {
            rest.starts_with('.') && ![".example", ".sample", ".template"].contains(&rest)
        }
        None => false,
    }
}
