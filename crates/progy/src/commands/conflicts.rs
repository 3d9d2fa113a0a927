//! `progy conflicts`: the conflict copies that are waiting.

use serde::Serialize;

use crate::cli::JsonArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::terminal::Colour;

#[derive(Serialize)]
struct Conflict<'a> {
    path: &'a str,
    copy: &'a str,
    device: &'a str,
}

pub(crate) async fn run(context: &Context, args: &JsonArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    let mut engine = workspace.engine()?;
    let waiting = engine.conflicts()?;
    context.tell(engine.notices());
    if args.json {
        let conflicts = waiting.iter().map(|waiting| Conflict {
            path: waiting.original.as_str(),
            copy: waiting.copy.as_str(),
            device: &waiting.device,
        });
        context.terminal.json(&conflicts.collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    if waiting.is_empty() {
        say!(context, "no-conflicts");
        return Ok(Exit::Done);
    }
    for conflict in &waiting {
        let path = conflict.original.as_str();
        context.terminal.line(&context.terminal.paint(Colour::Bold, path));
        let device = &conflict.device;
        say!(context, "conflict-copy", copy = conflict.copy, device = device);
    }
    say!(context, "how-to-resolve");
    Ok(Exit::Done)
}
