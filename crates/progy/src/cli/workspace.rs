//! Arguments of the commands of learners.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use progy_core::{CourseId, LessonId, Strategy};

#[derive(Debug, Clone, Args)]
pub(crate) struct InitArgs {
    /// The course: `slug` or `@scope/slug`.
    #[arg(short, long, value_name = "COURSE")]
    pub(crate) course: CourseId,
    /// The folder of the workspace; made if it is not there. The current one by default.
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// How the work is carried: `patch`.
    #[arg(long, value_name = "S")]
    pub(crate) strategy: Option<Strategy>,
    /// Go on where you left off.
    #[arg(long, conflicts_with = "fresh")]
    pub(crate) resume: bool,
    /// Start over. What you had stays in the history.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Ask nothing: go on where you left off.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Write what this editor needs to run `progy dev` when the folder is opened: `vscode`.
    #[arg(long, value_name = "EDITOR", value_parser = ["vscode"])]
    pub(crate) editor: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SaveArgs {
    /// What this save is.
    #[arg(short, long, value_name = "MSG")]
    pub(crate) message: Option<String>,
    /// The lesson that it is about: `01_intro/01_hello`.
    #[arg(long, value_name = "ID")]
    pub(crate) lesson: Option<LessonId>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TestArgs {
    /// The lesson, `01_intro/01_hello` or a folder. By default the one of the current folder, else
    /// the first that is not done.
    #[arg(value_name = "LESSON")]
    pub(crate) lesson: Option<String>,
    /// Run the course's code without asking whether you trust it.
    #[arg(long)]
    pub(crate) trust: bool,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DevArgs {}

#[derive(Debug, Clone, Args)]
pub(crate) struct OpenArgs {
    /// The command of the editor: `code`, `cursor`, `zed`, `vim`, …
    #[arg(long, value_name = "EDITOR")]
    pub(crate) editor: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// Show at most so many.
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub(crate) limit: Option<usize>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DiffArgs {
    /// The revision to compare with: its id, or how it begins. The last save by default.
    #[arg(value_name = "REV")]
    pub(crate) revision: Option<String>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RestoreArgs {
    /// The revision: its id, or how it begins.
    #[arg(value_name = "REV")]
    pub(crate) revision: String,
    /// Only these files or folders.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ResolveArgs {
    /// The file, or one of its conflict copies.
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) how: ResolveHow,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
#[allow(clippy::struct_excessive_bools, reason = "clap takes exactly one of these flags")]
pub(crate) struct ResolveHow {
    /// The file stays as it is.
    #[arg(long)]
    pub(crate) mine: bool,
    /// The conflict copy takes the place of the file.
    #[arg(long)]
    pub(crate) theirs: bool,
    /// You have put both together in the file.
    #[arg(long)]
    pub(crate) merged: bool,
    /// Write both into the file, with markers where they differ; `--merged` afterwards.
    #[arg(long)]
    pub(crate) markers: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ResetArgs {
    /// The lesson, file or folder.
    #[arg(value_name = "LESSON|PATH")]
    pub(crate) what: String,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct StrategyArgs {
    /// The strategy to change to.
    #[arg(value_name = "S")]
    pub(crate) strategy: Option<Strategy>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TrashArgs {
    #[command(subcommand)]
    pub(crate) command: Option<TrashCommand>,
    /// Print one JSON document.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TrashCommand {
    /// List what progy replaced on this device in the last 30 days.
    List,
    /// Bring something back, beside the file if its place is taken.
    Restore {
        /// Its id, as `progy trash` shows it, or how it begins.
        #[arg(value_name = "ID")]
        id: String,
    },
}
