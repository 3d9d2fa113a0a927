//! The task that runs `progy dev` when VS Code opens the folder.

use std::fs;
use std::io;
use std::path::Path;

use progy_client::editor::{TASKS_FILE, vscode_task};

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// Adds the task to `.vscode/tasks.json`. What is in the file stays.
pub(super) fn write_task(context: &Context, root: &Path) -> Result<(), Failure> {
    let path = root.join(TASKS_FILE);
    let fails =
        |error: io::Error| fail!(Exit::Failed, "disk-failed", path = TASKS_FILE, reason = error);
    let existing = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(fails(error)),
    };
    let Ok(text) = vscode_task(existing.as_deref()) else {
        note!(context, "vscode-by-hand", path = TASKS_FILE);
        context.terminal.note(vscode_task(None).unwrap_or_default().trim_end());
        return Ok(());
    };
    if existing.as_ref() != Some(&text) {
        let folder = path.parent().unwrap_or(root);
        fs::create_dir_all(folder).map_err(fails)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fails)?;
        io::Write::write_all(&mut file, text.as_bytes()).map_err(fails)?;
        file.persist(&path).map_err(|error| fails(error.error))?;
    }
    say!(context, "vscode-task", path = TASKS_FILE);
    Ok(())
}
