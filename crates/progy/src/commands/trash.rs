//! `progy trash`: what progy replaced on this device.

use progy_client::trash::{self, Item};
use serde::Serialize;

use crate::cli::{TrashArgs, TrashCommand};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::human;
use crate::terminal::Colour;

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    path: &'a str,
    /// Milliseconds since 1970.
    at: i64,
    /// In bytes.
    size: u64,
}

#[derive(Serialize)]
struct Restored<'a> {
    path: &'a str,
}

pub(crate) async fn run(context: &Context, args: TrashArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace().await?;
    // What a crash has interrupted may be in there.
    drop(workspace.engine()?);
    match args.command.unwrap_or(TrashCommand::List) {
        TrashCommand::List => list(context, &trash::list(&workspace.disk)?, args.json)?,
        TrashCommand::Restore { id } => {
            let path = trash::restore(&workspace.disk, &id)?;
            if args.json {
                context.terminal.json(&Restored { path: path.as_str() })?;
            } else {
                say!(context, "trash-restored", path = path);
            }
        }
    }
    Ok(Exit::Done)
}

fn list(context: &Context, items: &[Item], json: bool) -> Result<(), Failure> {
    if json {
        let listed = items.iter().map(|item| Listed {
            id: &item.id,
            path: item.path.as_str(),
            at: item.at.millis(),
            size: item.size,
        });
        return context.terminal.json(&listed.collect::<Vec<_>>());
    }
    if items.is_empty() {
        say!(context, "trash-empty");
    }
    for item in items {
        let id = context.terminal.paint(Colour::Cyan, &item.id);
        let (when, size) = (human::ago(context, item.at), human::size(item.size));
        context.terminal.line(&format!("{id}  {}  {size}  {when}", item.path));
    }
    Ok(())
}
