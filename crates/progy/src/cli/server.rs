//! Arguments of the commands of course authors and of those who run a server.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use progy_api::account::Scopes;
use semver::Version;

#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Say what is wrong with the configuration and what to do, and do not run.
    #[arg(long)]
    pub(crate) check_config: bool,
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
    /// Read all snapshots, and name what is damaged. The server may go on.
    Fsck {
        /// Pack anew what is whole, and take out what is damaged.
        #[arg(long)]
        repair: bool,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Make an invitation to register, and print its code: it cannot be shown again.
    Invite {
        /// What the person will be.
        #[arg(long, value_enum, default_value_t = RoleArg::Learner)]
        role: RoleArg,
        /// The only address that can register with it.
        #[arg(long)]
        email: Option<String>,
        /// How long it is good: `12h`, `7d`, `4w`. A week by default.
        #[arg(long, value_name = "TIME")]
        expires: Option<Lifetime>,
    },
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
        /// Read a password from standard input, to sign in with on the web; needs --email.
        #[arg(long, requires = "email")]
        password_stdin: bool,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it: it cannot be shown again.
    Create {
        /// The person's name.
        name: String,
        /// What it may be used for: `sync`, `publish`, `admin`, with commas between them.
        /// Everything by default.
        #[arg(long, value_name = "SCOPES")]
        scopes: Option<Scopes>,
        /// How long it is good: `12h`, `30d`, `52w`. For ever by default.
        #[arg(long, value_name = "TIME")]
        expires: Option<Lifetime>,
        /// What to call it in lists.
        #[arg(long)]
        label: Option<String>,
    },
    /// List the tokens of a person.
    List {
        /// The person's name.
        name: String,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token: nobody can log in with it any more.
    Revoke {
        /// The person's name.
        name: String,
        /// The token's id, or how it begins, as `list` shows it.
        id: String,
    },
}

/// A length of time, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime(pub(crate) i64);

impl FromStr for Lifetime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const HOUR: i64 = 60 * 60 * 1_000;
        const EXPECTED: &str = "expected a number and `h`, `d` or `w`, such as 30d";
        let number = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = match text.get(number.len()..) {
            Some("h") => HOUR,
            Some("d") => 24 * HOUR,
            Some("w") => 7 * 24 * HOUR,
            _ => return Err(EXPECTED),
        };
        let count: u32 = number.parse().map_err(|_| EXPECTED)?;
        if count == 0 { Err(EXPECTED) } else { Ok(Self(i64::from(count) * unit)) }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes() {
        assert_eq!("12h".parse(), Ok(Lifetime(43_200_000)));
        assert_eq!("30d".parse(), Ok(Lifetime(2_592_000_000)));
        assert_eq!("1w".parse(), Ok(Lifetime(604_800_000)));
        for bad in ["", "7", "d", "0d", "-1d", "1.5d", "7 d", "7days", "99999999999w"] {
            assert!(bad.parse::<Lifetime>().is_err(), "{bad}");
        }
    }
}
