//! Whether there is room, and permission, to write.

use std::io;
use std::path::Path;

use progy_client::platform::files;

use super::{Check, Status};
use crate::context::Context;
use crate::human;

/// Less free space than this is too little for anything, in bytes.
const FULL: u64 = 20 << 20;
/// Less than this is worth a word.
const TIGHT: u64 = 500 << 20;
/// What holds the login; see `progy_client::config`.
const CREDENTIALS: &str = "credentials.toml";

pub(super) fn check(context: &Context) -> Vec<Check> {
    let mut checks = Vec::new();
    match context.home() {
        Ok(home) => {
            let made = files::make_private_folder(home.dir());
            checks.push(folder(context, "settings", home.dir(), made));
            checks.extend(secrets(context, home.dir()));
        }
        Err(failure) => {
            let (detail, fix) = (failure.text(&context.messages), text!(context, "fix-home"));
            checks.push(Check::new("settings", Status::Failed, detail, fix));
        }
    }
    match context.find_workspace() {
        Ok(root) => checks.push(folder(context, "workspace", &root, Ok(()))),
        Err(_) => checks.push(Check {
            name: "workspace",
            status: Status::Skipped,
            detail: text!(context, "doctor-no-workspace"),
            fix: None,
        }),
    }
    checks
}

/// Whether a folder can be written to, and how much.
fn folder(context: &Context, name: &'static str, folder: &Path, made: io::Result<()>) -> Check {
    let shown = folder.display();
    let written = made.and_then(|()| tempfile::tempfile_in(folder));
    if let Err(error) = written {
        let detail = text!(context, "doctor-read-only", folder = shown, reason = error);
        return Check::new(name, Status::Failed, detail, text!(context, "fix-read-only"));
    }
    match files::free_space(folder) {
        Ok(Some(free)) => {
            let size = human::size(free);
            let detail = text!(context, "doctor-space", folder = shown, size = size);
            let status = match free {
                ..FULL => Status::Failed,
                FULL..TIGHT => Status::Warning,
                TIGHT.. => return Check::ok(name, detail),
            };
            Check::new(name, status, detail, text!(context, "fix-space"))
        }
        _ => Check::ok(name, text!(context, "doctor-writable", folder = shown)),
    }
}

/// Whether others may read the login.
fn secrets(context: &Context, dir: &Path) -> Option<Check> {
    let file = dir.join(CREDENTIALS);
    if !files::is_open_to_others(&file).unwrap_or(false) {
        return None;
    }
    let detail = text!(context, "doctor-open", file = file.display());
    let fix = text!(context, "fix-open", file = file.display());
    Some(Check::new("permissions", Status::Warning, detail, fix))
}
