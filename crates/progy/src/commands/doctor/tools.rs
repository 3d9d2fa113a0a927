//! Programs that some things need.

use std::path::Path;

use progy_client::runner::{Finding, check_setup};
use progy_core::course::{Setup, SetupCheck};

use super::{Check, Status};
use crate::context::Context;

pub(super) async fn check(context: &Context, needs_docker: bool) -> Vec<Check> {
    let tool = |name: &str, command: &str| SetupCheck {
        name: name.to_owned(),
        command: command.to_owned(),
    };
    let checks = vec![
        tool("git", "git --version"),
        // Asks the daemon, not only the program.
        tool("docker", "docker version --format {{.Server.Version}}"),
    ];
    let setup = Setup { checks, guide: None };
    let found = check_setup(&setup, Path::new("."), &context.variables).await;
    found
        .iter()
        .map(|found| match found.name.as_str() {
            "git" => git(context, &found.finding),
            _ => docker(context, &found.finding, needs_docker),
        })
        .collect()
}

fn git(context: &Context, finding: &Finding) -> Check {
    if let Finding::Found(version) = finding {
        return Check::ok("git", version.clone());
    }
    let (detail, fix) = (text!(context, "doctor-no-git"), text!(context, "fix-git"));
    Check::new("git", Status::Warning, detail, fix)
}

fn docker(context: &Context, finding: &Finding, is_needed: bool) -> Check {
    let detail = match finding {
        Finding::Found(version) => return Check::ok("docker", format!("Docker {version}")),
        Finding::Missing(_) | Finding::Invalid => text!(context, "doctor-no-docker"),
        Finding::Failed(reason) => text!(context, "doctor-docker-silent", reason = reason),
    };
    let status = if is_needed { Status::Failed } else { Status::Warning };
    Check::new("docker", status, detail, text!(context, "fix-docker"))
}
