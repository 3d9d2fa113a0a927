//! `progy admin fsck`: whether all snapshots can be read.

use progy_server::services::snapshots::{Damage, Findings};
use progy_server::{Config, admin};
use serde::Serialize;

use crate::commands::serve;
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// What was found, for programs.
#[derive(Serialize)]
struct Report<'a> {
    packs: usize,
    blobs: usize,
    revisions: usize,
    repaired: usize,
    damage: Vec<Damaged<'a>>,
}

/// One thing that is wrong.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Damaged<'a> {
    Pack { object: &'a str, what: &'a str, repaired: bool },
    Blob { blob: &'a str, revision: &'a str, course: &'a str, learner: &'a str },
}

impl<'a> From<&'a Damage> for Damaged<'a> {
    fn from(damage: &'a Damage) -> Self {
        match damage {
            Damage::Pack { object, what, repaired } => {
                Self::Pack { object, what, repaired: *repaired }
            }
            Damage::Blob { blob, revision, course, learner } => {
                Self::Blob { blob, revision: revision.as_str(), course: course.as_str(), learner }
            }
        }
    }
}

pub(super) async fn run(
    context: &Context,
    config: &Config,
    repair: bool,
    json: bool,
) -> Result<(), Failure> {
    let found = admin::fsck(config, repair).await.map_err(serve::failure)?;
    if json {
        let Findings { packs, blobs, revisions, repaired, .. } = found;
        let damage = found.damage.iter().map(Damaged::from).collect();
        context.terminal.json(&Report { packs, blobs, revisions, repaired, damage })?;
    } else {
        tell(context, &found);
    }
    match found.left() {
        0 => Ok(()),
        count if repair => Err(fail!(Exit::Failed, "fsck-left", count = count)),
        count => Err(fail!(Exit::Failed, "fsck-damaged", count = count)),
    }
}

fn tell(context: &Context, found: &Findings) {
    for damage in &found.damage {
        match damage {
            Damage::Pack { object, what, repaired: false } => {
                say!(context, "fsck-pack", object = object, what = what);
            }
            Damage::Pack { object, what, repaired: true } => {
                say!(context, "fsck-pack-repaired", object = object, what = what);
            }
            Damage::Blob { blob, revision, course, learner } => {
                say!(
                    context,
                    "fsck-blob",
                    blob = blob,
                    revision = revision,
                    course = course,
                    learner = learner
                );
            }
        }
    }
    if found.left() == 0 {
        say!(
            context,
            "fsck-fine",
            packs = found.packs,
            blobs = found.blobs,
            revisions = found.revisions
        );
    }
}
