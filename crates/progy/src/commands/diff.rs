//! `progy diff [REV]`: what has changed since the last save, or since a revision.

use progy_client::engine::Engine;
use progy_client::remote::Remote;
use progy_core::diff::diff;
use progy_core::{Change, Entry, RelPath};
use serde::Serialize;

use crate::cli::DiffArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::messages::printable;
use crate::outcome::Changed;
use crate::terminal::Colour;

/// One file, for programs. `patch` is absent if a side is not text.
#[derive(Serialize)]
struct Difference<'a> {
    #[serde(flatten)]
    changed: Changed<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
}

pub(crate) async fn run(context: &Context, args: &DiffArgs) -> Result<Exit, Failure> {
    if args.revision.is_some() {
        context.api()?;
    }
    let workspace = context.workspace().await?;
    let mut engine = workspace.engine()?;
    let remote = workspace.remote(&engine)?;
    let unsaved = engine.unsaved()?;
    context.tell(engine.notices());
    let changes = match &args.revision {
        None => unsaved.changes,
        Some(revision) => {
            let recorded = engine.find_revision(remote.as_ref(), revision).await?;
            let then = engine.revision_tree(remote.as_ref(), &recorded).await?;
            diff(&then, &unsaved.tree)
        }
    };
    let mut differences = Vec::new();
    for change in &changes {
        let patch = patch(&mut engine, remote.as_ref(), change).await?;
        if args.json {
            differences.push(Difference { changed: change.into(), patch });
        } else {
            show(context, &change.path, patch.as_deref());
        }
        if context.terminal.has_had_enough() {
            break;
        }
    }
    if args.json {
        context.terminal.json(&differences)?;
    } else if changes.is_empty() {
        note!(context, "no-difference");
    }
    Ok(Exit::Done)
}

/// The change in the unified format; `None` if a side is not text.
async fn patch(
    engine: &mut Engine<'_>,
    remote: &dyn Remote,
    change: &Change,
) -> Result<Option<String>, Failure> {
    let path = &change.path;
    let before = match &change.before {
        Some(Entry::File(file)) => match engine.local_content(&file.hash) {
            Some(bytes) => bytes,
            None => engine.content(remote, path, &Entry::File(*file)).await?,
        },
        other => link(other.as_ref()),
    };
    let after = match &change.after {
        Some(Entry::File(_)) => engine.file(path)?,
        other => link(other.as_ref()),
    };
    let (Some(before), Some(after)) = (as_text(before), as_text(after)) else { return Ok(None) };
    let name = |side: &str, entry: &Option<Entry>| match entry {
        Some(_) => format!("{side}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let body = diffy::create_patch(&before, &after).to_string();
    // The library writes its own two lines of names first.
    let hunks = body.split_inclusive('\n').skip(2).collect::<String>();
    let (old, new) = (name("a", &change.before), name("b", &change.after));
    Ok(Some(format!("{}--- {old}\n+++ {new}\n{hunks}", modes(change))))
}

/// What a symbolic link holds.
fn link(entry: Option<&Entry>) -> Vec<u8> {
    match entry {
        Some(Entry::Symlink(target)) => format!("{}\n", target.as_str()).into_bytes(),
        _ => Vec::new(),
    }
}

fn as_text(bytes: Vec<u8>) -> Option<String> {
    if bytes.contains(&0) { None } else { String::from_utf8(bytes).ok() }
}

/// The lines that Git writes where the executable bit changes.
fn modes(change: &Change) -> String {
    let mode = |entry: &Option<Entry>| {
        let file = entry.as_ref().and_then(Entry::as_file)?;
        Some(if file.executable { "100755" } else { "100644" })
    };
    match (mode(&change.before), mode(&change.after)) {
        (Some(before), Some(after)) if before != after => {
            format!("old mode {before}\nnew mode {after}\n")
        }
        _ => String::new(),
    }
}

fn show(context: &Context, path: &RelPath, patch: Option<&str>) {
    let terminal = &context.terminal;
    let Some(patch) = patch else {
        say!(context, "binary-differs", path = path);
        return;
    };
    if !terminal.is_read_by_a_person() {
        return terminal.bytes(patch.as_bytes());
    }
    for line in patch.lines() {
        let colour = match line.as_bytes().first() {
            _ if line.starts_with("--- ") || line.starts_with("+++ ") => Some(Colour::Bold),
            Some(b'+') => Some(Colour::Green),
            Some(b'-') => Some(Colour::Red),
            Some(b'@') => Some(Colour::Cyan),
            _ => None,
        };
        let line = line.split('\t').map(printable).collect::<Vec<_>>().join("\t");
        terminal.line(&colour.map_or(line.clone(), |colour| terminal.paint(colour, &line)));
    }
}
