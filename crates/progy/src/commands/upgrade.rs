//! `progy upgrade`: to the newest version of the course, merging.

use progy_client::engine::Report;

use crate::cli::JsonArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::outcome::{self, Before};

pub(crate) async fn run(context: &Context, args: &JsonArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    // Without a server there is no upgrade.
    remote.newest_version().await?;
    let before = Before::of(&engine);
    let upgraded = {
        let _working = context.terminal.working(text!(context, "upgrading"));
        engine.upgrade(remote.as_ref()).await
    };
    let ended = match upgraded {
        Ok(Some((_, report))) => Ok(report),
        Ok(None) => {
            if !args.json {
                say!(context, "newest-already", version = engine.state().version());
            }
            Ok(Report::default())
        }
        Err(error) => Err(error),
    };
    outcome::tell(context, &mut engine, &before, ended, args.json)
}
