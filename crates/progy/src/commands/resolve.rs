//! `progy resolve PATH --mine|--theirs|--merged|--markers`: settles a conflict.

use progy_client::Error;
use progy_client::engine::Engine;
use progy_client::engine::conflicts::Resolution;

use crate::cli::{ResolveArgs, ResolveHow};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::outcome::{self, Before};

pub(crate) async fn run(context: &Context, args: &ResolveArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    let path = workspace.name_of(&args.path)?;
    let how = resolution(&args.how);
    check(&mut engine, &path, how)?;
    let before = Before::of(&engine);
    let resolved = engine.resolve(remote.as_ref(), &path, how).await;
    let written = matches!(resolved, Ok(_) | Err(Error::Unreachable(_)));
    if how == Resolution::Markers && written && !args.json {
        say!(context, "markers-written", path = path);
    }
    outcome::tell(context, &mut engine, &before, resolved, args.json)
}

fn resolution(how: &ResolveHow) -> Resolution {
    match how {
        ResolveHow { mine: true, .. } => Resolution::Mine,
        ResolveHow { theirs: true, .. } => Resolution::Theirs,
        ResolveHow { merged: true, .. } => Resolution::Merged,
        _ => Resolution::Markers,
    }
}

/// Refuses a path that has no conflict, or several versions to choose from.
fn check(engine: &mut Engine<'_>, path: &str, how: Resolution) -> Result<(), Failure> {
    let waiting = engine.conflicts()?;
    let fitting: Vec<&str> = waiting
        .iter()
        .filter(|it| it.copy.as_str() == path || it.original.as_str() == path)
        .map(|it| it.copy.as_str())
        .collect();
    let takes_one = matches!(how, Resolution::Theirs | Resolution::Markers);
    match fitting.len() {
        0 => Err(fail!(Exit::Failed, "no-conflict", path = path)),
        2.. if takes_one => {
            Err(fail!(Exit::Failed, "several-copies", path = path, copies = fitting.join(", ")))
        }
        _ => Ok(()),
    }
}
