//! Whether the learner has what a course needs.

use std::path::Path;
use std::time::Duration;

use progy_core::course::{Setup, SetupCheck};

use super::job::{Ended, Job};
use crate::config::Variables;
use crate::platform::programs;

/// How long one check may take.
const LIMIT: Duration = Duration::from_secs(15);
/// How much of a check's output is shown, in characters.
const SHOWN: usize = 200;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The name that the course gives to what is needed.
    pub name: String,
    /// Whether it is there.
    pub finding: Finding,
}

/// Whether something that a course needs is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is; with the first line that it printed, a version perhaps.
    Found(String),
    /// There is no such program.
    Missing(String),
    /// The program is there, but says no; with the first line that it printed.
    Failed(String),
    /// The command of the check is none.
    Invalid,
}

impl Finding {
    /// Whether it is there.
    pub fn is_found(&self) -> bool {
        matches!(self, Self::Found(_))
    }
}

/// Runs the checks of a course, one after the other, in the workspace. They are the course's code
/// as much as its runners are: the learner must have allowed it.
pub async fn check_setup(setup: &Setup, workspace: &Path, variables: &Variables) -> Vec<Checked> {
    let mut results = Vec::new();
    for check in &setup.checks {
        let finding = find(check, workspace, variables).await;
        results.push(Checked { name: check.name.clone(), finding });
    }
    results
}

async fn find(check: &SetupCheck, workspace: &Path, variables: &Variables) -> Finding {
    let words = shlex::split(&check.command).unwrap_or_default();
    let Some((name, args)) = words.split_first() else { return Finding::Invalid };
    let Some(program) = programs::find(name, workspace, variables) else {
        return Finding::Missing(name.clone());
    };
    let job = Job { program: &program, args, folder: workspace, variables, limit: LIMIT };
    match job.run(&mut |_, _| {}).await {
        Ok(finished) => {
            let text = finished.both.text();
            let line = text.lines().map(str::trim).find(|line| !line.is_empty());
            let shown: String =
                line.unwrap_or_default().chars().filter(|c| !c.is_control()).take(SHOWN).collect();
            match finished.ended {
                Ended::Exit(0) => Finding::Found(shown),
                _ => Finding::Failed(shown),
            }
        }
        Err(error) => Finding::Failed(error.to_string()),
    }
}
