//! What can be typed: every command with its arguments.

mod server;
mod workspace;

use clap::{Args, Parser, Subcommand};

pub(crate) use server::{
    AdminArgs, AdminCommand, CourseArgs, CourseCommand, ImportCommand, KeysCommand, PackArgs,
    RoleArg, ServeArgs, ServerPlace, TokenCommand, UserCommand,
};
pub(crate) use workspace::{
    DevArgs, DiffArgs, InitArgs, LogArgs, OpenArgs, ResetArgs, ResolveArgs, ResolveHow,
    RestoreArgs, SaveArgs, StrategyArgs, TestArgs, TrashArgs, TrashCommand,
};

/// Learn programming on your own machine, on all of your machines.
#[derive(Debug, Parser)]
#[command(
    name = "progy",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 done, but conflict copies are \
                  waiting; 4 not logged in; 5 server not reachable (local work is safe and queued)."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a course, or go on where you left off.
    Init(InitArgs),
    /// Record your files as they are, and publish them.
    Save(SaveArgs),
    /// Bring in what your other devices saved, then publish what is unsaved here.
    Sync(JsonArgs),
    /// Stay open: save when files settle, show what arrives from your other devices.
    Dev(DevArgs),
    /// Open the workspace in your editor, and go on as `dev`.
    Open(OpenArgs),
    /// Check your solution of a lesson; a pass completes the lesson and saves.
    Test(TestArgs),
    /// Show what has changed, and where you stand.
    Status(JsonArgs),
    /// List the revisions, newest first.
    Log(LogArgs),
    /// Show what you have changed since the last save, or since a revision.
    Diff(DiffArgs),
    /// Bring back a revision, or some files of it. The restore is a new revision.
    Restore(RestoreArgs),
    /// List the conflict copies that are waiting.
    Conflicts(JsonArgs),
    /// Settle the conflict of a file.
    Resolve(ResolveArgs),
    /// Take a lesson or a file back to how the course has it. What you had stays in a revision.
    Reset(ResetArgs),
    /// Go to the newest version of the course, keeping your work.
    Upgrade(JsonArgs),
    /// Show or change how the workspace is carried.
    Strategy(StrategyArgs),
    /// Show or bring back what progy replaced on this device.
    Trash(TrashArgs),
    /// Log in to a server: shows a code that you confirm in a browser.
    Login(LoginArgs),
    /// Forget the login on this device, and end it on the server.
    Logout,
    /// Show who is logged in.
    Whoami(JsonArgs),
    /// For course authors: check, pack, publish, list and import courses.
    Course(CourseArgs),
    /// Run the server.
    Serve(ServeArgs),
    /// Manage the people of a server, on its own machine.
    Admin(AdminArgs),
    /// See it work: a server and two devices in temporary folders, and a real course.
    Demo,
    /// Check server, login, clock, disk, git and Docker, and say how to fix each.
    Doctor(JsonArgs),
    /// Let stock Git into your repository; Git runs it by itself.
    #[command(hide = true)]
    GitCredential(GitCredentialArgs),
    /// Print the completions for a shell.
    Completions(CompletionsArgs),
}

/// A command that has no other choice.
#[derive(Debug, Clone, Args)]
pub(crate) struct JsonArgs {
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LoginArgs {
    /// Log in with a token instead, as the administrator of the server makes one for scripts; `-`
    /// reads it from standard input, where no other program sees it.
    #[arg(long, value_name = "T")]
    pub(crate) token: Option<String>,
    /// The address of the server; it is remembered on this device.
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
}

/// As Git calls its helpers.
#[derive(Debug, Clone, Args)]
pub(crate) struct GitCredentialArgs {
    /// What Git wants: `get`, `store` or `erase`.
    pub(crate) operation: String,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn every_argument_is_sound() {
        super::Cli::command().debug_assert();
    }
}
