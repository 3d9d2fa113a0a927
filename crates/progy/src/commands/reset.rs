//! `progy reset LESSON|PATH`: back to how the course has it.

use std::path::Path;

use crate::cli::ResetArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::outcome::{self, Before};

pub(crate) async fn run(context: &Context, args: &ResetArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    let template = engine.template()?;
    let outline = template.outline()?;
    let typed = args.what.trim_end_matches('/');
    let is_lesson = outline.lessons().any(|lesson| lesson.id.as_str() == typed);
    let what = if is_lesson { typed.to_owned() } else { workspace.name_of(Path::new(typed))? };
    let before = Before::of(&engine);
    let reset = {
        let _working = context.terminal.working(text!(context, "resetting"));
        engine.reset(remote.as_ref(), &what).await
    };
    outcome::tell(context, &mut engine, &before, reset, args.json)
}
