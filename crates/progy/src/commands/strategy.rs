//! `progy strategy [S]`: how the workspace is carried.

use progy_core::Strategy;
use serde::Serialize;

use crate::cli::StrategyArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};

#[derive(Serialize)]
struct Answer {
    strategy: Strategy,
}

pub(crate) async fn run(context: &Context, args: &StrategyArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    let engine = workspace.engine()?;
    if let Some(wanted) = args.strategy {
        refuse(wanted)?;
    }
    let strategy = engine.strategy();
    if args.json {
        context.terminal.json(&Answer { strategy })?;
    } else {
        say!(context, "strategy-is", strategy = strategy);
    }
    Ok(Exit::Done)
}

/// Refuses a strategy that this version does not know yet.
pub(crate) fn refuse(strategy: Strategy) -> Result<(), Failure> {
    match strategy {
        Strategy::Patch | Strategy::Git => Ok(()),
        other => Err(fail!(Exit::Failed, "strategy-later", strategy = other)),
    }
}
