//! `progy restore REV [PATH…]`: brings back a revision, or some files of it.

use crate::cli::RestoreArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::outcome::{self, Before};

pub(crate) async fn run(context: &Context, args: &RestoreArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    let names = args.paths.iter().map(|path| workspace.name_of(path));
    let names: Vec<String> = names.collect::<Result<_, Failure>>()?;
    // Without a server nothing is brought back, and a typing error costs no revision.
    engine.find_revision(remote.as_ref(), &args.revision).await?;
    let before = Before::of(&engine);
    let restored = {
        let _working = context.terminal.working(text!(context, "restoring"));
        engine.restore(remote.as_ref(), &args.revision, &names).await
    };
    outcome::tell_restored(context, &mut engine, &before, restored, args.json)
}
