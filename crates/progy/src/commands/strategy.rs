//! `progy strategy [S]`: how the workspace is carried.

use progy_client::Error;
use progy_client::engine::{Engine, Intent};
use progy_core::Strategy;
use serde::Serialize;

use crate::cli::StrategyArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::outcome::{self, Before};
use crate::workspace::Workspace;

#[derive(Serialize)]
struct Answer {
    strategy: Strategy,
}

pub(crate) async fn run(context: &Context, args: &StrategyArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    let engine = workspace.engine()?;
    if let Some(wanted) = args.strategy {
        refuse(wanted)?;
        return change(context, &workspace, engine, wanted, args.json).await;
    }
    let strategy = engine.strategy();
    if args.json {
        context.terminal.json(&Answer { strategy })?;
    } else {
        say!(context, "strategy-is", strategy = strategy);
    }
    Ok(Exit::Done)
}

/// Has the workspace carried another way, on every device.
async fn change(
    context: &Context,
    workspace: &Workspace,
    mut engine: Engine<'_>,
    wanted: Strategy,
    json: bool,
) -> Result<Exit, Failure> {
    let remote = workspace.remote(&engine)?;
    let intent = Intent::new(text!(context, "message-sync"));
    let before = Before::of(&engine);
    let changed = {
        let _working = context.terminal.working(text!(context, "changing-strategy"));
        engine.change_strategy(remote.as_ref(), wanted, &intent).await
    };
    if json {
        changed?;
        context.terminal.json(&Answer { strategy: engine.strategy() })?;
        return Ok(Exit::Done);
    }
    if let Err(Error::Unreachable(why)) = changed {
        return Err(fail!(Exit::Unreachable, "strategy-offline", reason = why));
    }
    outcome::tell(context, &mut engine, &before, changed, false)
}

/// Refuses a strategy that this version does not know yet.
pub(crate) fn refuse(strategy: Strategy) -> Result<(), Failure> {
    match strategy {
        Strategy::Patch | Strategy::Snapshot | Strategy::Git => Ok(()),
        other @ Strategy::Container => Err(fail!(Exit::Failed, "strategy-later", strategy = other)),
    }
}
