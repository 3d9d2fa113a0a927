//! `progy sync`: brings in what other devices saved, then publishes what is unsaved here.

use progy_client::engine::{Engine, Intent};
use progy_client::remote::Remote;

use crate::cli::JsonArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::outcome::{self, Before};

pub(crate) async fn run(context: &Context, args: &JsonArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    sync(context, &mut engine, remote.as_ref(), args.json).await
}

/// Syncs an open workspace, and says what came of it.
pub(crate) async fn sync(
    context: &Context,
    engine: &mut Engine<'_>,
    remote: &dyn Remote,
    json: bool,
) -> Result<Exit, Failure> {
    let intent = Intent::new(text!(context, "message-sync"));
    let before = Before::of(engine);
    let synced = {
        let _working = context.terminal.working(text!(context, "syncing"));
        engine.sync(remote, &intent).await
    };
    outcome::tell(context, engine, &before, synced, json)
}
