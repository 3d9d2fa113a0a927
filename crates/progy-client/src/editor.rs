//! The learner's editor: which one, and how to start it in a workspace.

mod tasks;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use tasks::{TASKS_FILE, TasksError, vscode_task};

use crate::config::Variables;
use crate::platform::programs;

/// Looked for in this order if nobody has said which.
const KNOWN: [&str; 10] =
    ["code", "cursor", "zed", "windsurf", "codium", "subl", "nvim", "vim", "hx", "nano"];

/// An editor that can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editor {
    /// What the learner calls it.
    pub name: String,
    /// Whether it takes the terminal.
    pub place: Place,
    program: PathBuf,
    args: Vec<String>,
}

/// Where an editor shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a window of its own: it is started and left alone.
    Window,
    /// In the terminal, which is its own until it ends.
    Terminal,
}

/// Why there is no editor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditorError {
    /// The one that was asked for is not there.
    #[error(
        "the editor `{name}` (from {from}) is not on the PATH; install it, or name another with --editor"
    )]
    NotFound {
        /// The program.
        name: String,
        /// Who asked for it.
        from: &'static str,
    },
    /// None was asked for, and no known one is there.
    #[error("no editor found; name one with --editor, or set EDITOR")]
    NoneFound,
    /// A quotation mark is not closed.
    #[error("the editor command {0:?} cannot be understood")]
    Command(String),
}

impl Editor {
    /// The first that is named: by the flag, the setting, `VISUAL`, `EDITOR`; else the first known
    /// one on the PATH. One that is named but not there is an error, not a reason to take another.
    pub fn choose(
        flag: Option<&str>,
        setting: Option<&str>,
        variables: &Variables,
    ) -> Result<Self, EditorError> {
        let named = [
            (flag, "--editor"),
            (setting, "the setting `editor`"),
            (variables.get("VISUAL"), "VISUAL"),
            (variables.get("EDITOR"), "EDITOR"),
        ];
        let named = named.into_iter().find_map(|(command, from)| {
            command.filter(|command| !command.trim().is_empty()).map(|command| (command, from))
        });
        if let Some((command, from)) = named {
            return Self::of(command, from, variables);
        }
        KNOWN
            .iter()
            .find_map(|name| Self::of(name, "", variables).ok())
            .ok_or(EditorError::NoneFound)
    }

    fn of(command: &str, from: &'static str, variables: &Variables) -> Result<Self, EditorError> {
        let words = shlex::split(command).unwrap_or_default();
        let Some((name, args)) = words.split_first() else {
            return Err(EditorError::Command(command.to_owned()));
        };
        let name = if name == "vscode" { "code" } else { name.as_str() };
        let program = programs::find(name, Path::new("."), variables)
            .ok_or_else(|| EditorError::NotFound { name: name.to_owned(), from })?;
        let place = place(&program, args);
        Ok(Self { name: name.to_owned(), place, program, args: args.to_vec() })
    }

    /// How to start it in `workspace`, showing `file` if it can.
    pub fn command(&self, workspace: &Path, file: Option<&Path>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(workspace);
        match self.place {
            Place::Window => {
                command.arg(workspace).args(file);
            }
            Place::Terminal => match file {
                Some(file) => drop(command.arg(file)),
                None if shows_folders(&stem(&self.program)) => drop(command.arg(".")),
                None => {}
            },
        }
        command
    }
}

fn stem(program: &Path) -> String {
    program.file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

fn place(program: &Path, args: &[String]) -> Place {
    let terminal = match stem(program).as_str() {
        "vi" | "vim" | "nvim" | "nano" | "pico" | "hx" | "helix" | "kak" | "micro" | "joe"
        | "ne" | "mg" | "jed" | "mcedit" | "ed" => true,
        "emacs" | "emacsclient" => args
            .iter()
            .any(|arg| matches!(arg.as_str(), "-nw" | "-t" | "--no-window-system" | "--tty")),
        _ => false,
    };
    if terminal { Place::Terminal } else { Place::Window }
}

/// Whether a terminal editor that is given a folder shows what is in it.
fn shows_folders(stem: &str) -> bool {
    matches!(stem, "vi" | "vim" | "nvim" | "hx" | "helix" | "emacs" | "emacsclient")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A PATH with programs of these names.
    fn installed(names: &[&str]) -> (tempfile::TempDir, String) {
        let at = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(at.path().join(name), "").unwrap();
            let executable = fs::Permissions::from_mode(0o755);
            fs::set_permissions(at.path().join(name), executable).unwrap();
        }
        let path = at.path().display().to_string();
        (at, path)
    }

    #[test]
    fn the_first_that_is_named_counts() {
        let (_at, path) = installed(&["code", "vim", "nano", "zed", "my-edit"]);
        let name = |flag, setting, visual: &str, editor: &str| {
            let variables = [("PATH", path.as_str()), ("VISUAL", visual), ("EDITOR", editor)];
            Editor::choose(flag, setting, &Variables::from_iter(variables)).unwrap().name
        };
        assert_eq!(name(Some("vscode"), Some("zed"), "vim", "nano"), "code");
        assert_eq!(name(None, Some("zed"), "vim", "nano"), "zed");
        assert_eq!(name(None, Some(" "), "vim", "nano"), "vim");
        assert_eq!(name(None, None, "", "nano -l"), "nano");
        assert_eq!(name(None, None, "", "my-edit"), "my-edit");
        assert_eq!(name(None, None, "", ""), "code");
    }

    #[test]
    fn one_that_is_not_there_is_an_error() {
        let (_at, path) = installed(&["vim"]);
        let variables = Variables::from_iter([("PATH", path.as_str()), ("EDITOR", "vim")]);
        let error = Editor::choose(Some("cursor"), None, &variables).unwrap_err();
        assert_eq!(error, EditorError::NotFound { name: "cursor".into(), from: "--editor" });
        let error = Editor::choose(Some("'vim"), None, &variables).unwrap_err();
        assert_eq!(error, EditorError::Command("'vim".into()));
        let nothing = Variables::default();
        assert_eq!(Editor::choose(None, None, &nothing), Err(EditorError::NoneFound));
    }

    #[test]
    fn windows_get_the_folder_and_terminals_are_in_it() {
        let (_at, path) = installed(&["code", "vim", "nano", "emacs"]);
        let variables = Variables::from_iter([("PATH", path.as_str())]);
        let workspace = Path::new("/w");
        let start = |editor: &str, file: Option<&str>| {
            let editor = Editor::choose(Some(editor), None, &variables).unwrap();
            let command = editor.command(workspace, file.map(Path::new));
            assert_eq!(command.get_current_dir(), Some(workspace));
            let args: Vec<String> =
                command.get_args().map(OsStr::to_string_lossy).map(Into::into).collect();
            (editor.place, args.join(" "))
        };
        assert_eq!(start("code --wait", None), (Place::Window, "--wait /w".into()));
        assert_eq!(start("code", Some("/w/a.rs")), (Place::Window, "/w /w/a.rs".into()));
        assert_eq!(start("vim", None), (Place::Terminal, ".".into()));
        assert_eq!(start("vim", Some("/w/a.rs")), (Place::Terminal, "/w/a.rs".into()));
        assert_eq!(start("nano", None), (Place::Terminal, String::new()));
        assert_eq!(start("emacs", None), (Place::Window, "/w".into()));
        assert_eq!(start("emacs -nw", None), (Place::Terminal, "-nw .".into()));
    }
}
