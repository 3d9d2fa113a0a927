//! What the course of the workspace asks for.

use std::path::PathBuf;

use progy_client::disk::RealDisk;
use progy_client::runner::{Finding, check_setup};
use progy_client::state::State;
use progy_client::template::Template;
use progy_core::CourseId;
use progy_core::course::{Manifest, RunnerKind};

use super::{Check, Status};
use crate::context::Context;

/// The course of the workspace that the current folder is in.
pub(super) struct Course {
    root: PathBuf,
    id: CourseId,
    manifest: Manifest,
    package: String,
}

impl Course {
    /// `None` outside of a workspace, or where the course is not on this device.
    pub(super) fn here(context: &Context) -> Option<Self> {
        let root = context.find_workspace().ok()?;
        let disk = RealDisk::new(&root);
        let state = State::load(&disk).ok()?;
        let template =
            Template::load(&disk, state.version(), state.strategy.hash_kind()).ok()??;
        let package = template.package_hash(&disk).ok()?;
        Some(Self { root, id: state.course, manifest: template.manifest().clone(), package })
    }

    /// Whether its lessons are checked in containers.
    pub(super) fn needs_docker(&self) -> bool {
        self.manifest.runners.iter().any(|runner| runner.kind != RunnerKind::Process)
    }

    /// Runs the course's own checks, if the learner lets it run code.
    pub(super) async fn check(&self, context: &Context) -> Vec<Check> {
        let setup = &self.manifest.setup;
        if setup.checks.is_empty() {
            return Vec::new();
        }
        let home = context.home();
        let version = &self.manifest.version;
        let allowed = home
            .is_ok_and(|home| home.may_run(&self.id, version, &self.package).unwrap_or_default());
        if !allowed {
            let detail = text!(context, "doctor-not-trusted", course = self.id);
            let fix = text!(context, "fix-not-trusted");
            return vec![Check::new("course", Status::Skipped, detail, fix)];
        }
        let found = check_setup(setup, &self.root, &context.variables).await;
        found
            .iter()
            .map(|found| {
                let name = &found.name;
                let detail = match &found.finding {
                    Finding::Found(version) if version.is_empty() => {
                        return Check::ok("course", name.clone());
                    }
                    Finding::Found(version) => {
                        return Check::ok("course", format!("{name}: {version}"));
                    }
                    Finding::Missing(program) => {
                        text!(context, "doctor-missing", name = name, program = program)
                    }
                    Finding::Failed(reason) => {
                        text!(context, "doctor-check-failed", name = name, reason = reason)
                    }
                    Finding::Invalid => text!(context, "doctor-check-invalid", name = name),
                };
                let fix = match &setup.guide {
                    Some(guide) => text!(context, "fix-course-guide", guide = guide),
                    None => text!(context, "fix-course"),
                };
                Check::new("course", Status::Failed, detail, fix)
            })
            .collect()
    }
}
