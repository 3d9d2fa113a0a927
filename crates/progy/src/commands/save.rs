//! `progy save`: records the files as they are, and publishes.

use progy_client::engine::Intent;

use crate::cli::SaveArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::outcome::{self, Before};

pub(crate) async fn run(context: &Context, args: SaveArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    let message = args.message.filter(|message| !message.trim().is_empty());
    let message = message.unwrap_or_else(|| text!(context, "message-save"));
    let intent = Intent { lesson: args.lesson, ..Intent::new(message) };
    let before = Before::of(&engine);
    let saved = {
        let _working = context.terminal.working(text!(context, "saving"));
        engine.save(remote.as_ref(), &intent).await
    };
    outcome::tell(context, &mut engine, &before, saved, args.json)
}
