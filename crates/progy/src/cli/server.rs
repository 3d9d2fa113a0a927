//! Arguments of the commands of course authors and of those who run a server.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use semver::Version;

#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    #[command(flatten)]
    pub(crate) place: ServerPlace,
}

/// Where a server keeps its data.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerPlace {
    /// The folder that holds everything the server keeps.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// The server's configuration.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AdminArgs {
    #[command(flatten)]
    pub(crate) place: ServerPlace,
    #[command(subcommand)]
    pub(crate) command: AdminCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum AdminCommand {
    /// The people of the server.
    #[command(subcommand)]
    User(UserCommand),
    /// What they log in with.
    #[command(subcommand)]
    Token(TokenCommand),
    /// The keys that tokens of GitHub and other services are encrypted with.
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a new key, encrypt everything under it, and remove the old one. The server may go on.
    Rotate,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a person.
    Add {
        /// The name to log in with.
        name: String,
        /// An address to write to.
        #[arg(long)]
        email: Option<String>,
        /// What the person may do.
        #[arg(long, value_enum, default_value_t = RoleArg::Learner)]
        role: RoleArg,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it: it cannot be shown again.
    Create {
        /// The person's name.
        name: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Takes courses.
    Learner,
    /// Also publishes courses in their own scope.
    Author,
    /// Also publishes unscoped courses.
    Admin,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CourseArgs {
    #[command(subcommand)]
    pub(crate) command: CourseCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum CourseCommand {
    /// Say whether a course is sound, and what is wrong with it.
    Check {
        /// The folder of the course, or its package.
        #[arg(value_name = "DIR|FILE")]
        dir: PathBuf,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Make a package of a course.
    Pack(PackArgs),
    /// Publish a course, from its folder or its package.
    Publish {
        /// The folder or the package.
        #[arg(value_name = "DIR|FILE")]
        path: PathBuf,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// List the courses of the server.
    List {
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Make a course of something else.
    #[command(subcommand)]
    Import(ImportCommand),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PackArgs {
    /// The folder of the course.
    pub(crate) dir: PathBuf,
    /// The package to write; `NAME-VERSION.progy` in the current folder by default.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ImportCommand {
    /// Of a checkout of rustlings, with its `info.toml` and `exercises/`.
    Rustlings {
        /// The checkout.
        dir: PathBuf,
        /// The folder of the course to write.
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
        /// The version of the course; that of the checkout by default.
        #[arg(long, value_name = "VERSION")]
        course_version: Option<Version>,
    },
}
