//! Learners' Git repositories.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::{ConfigError, Forgejo};
use crate::ports::git_host::embedded::Settings;
use crate::ports::git_host::embedded::program::Program;
use crate::ports::git_host::mirror;

/// The least that a push may be limited to, in bytes: less would refuse courses as they are.
const LEAST: u64 = 1 << 20;
/// The most, in bytes: what the route reads.
const MOST: u64 = crate::routes::smart_http::PUSH - (1 << 20);

/// Who keeps the repositories of the strategy `git`, and what is taken.
///
/// ```toml
/// [git]
/// host = "embedded"
/// push = 104857600      # bytes
/// processes = 8
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Git {
    /// Who keeps them.
    pub host: GitHost,
    /// The largest pack that may be pushed, in bytes.
    pub push: u64,
    /// Processes that serve clones, fetches and pushes at once; others wait.
    pub processes: usize,
    /// How long one of them may take; in a file, in seconds.
    #[serde(deserialize_with = "time")]
    pub time: Duration,
    /// The program `git`; without it, the first in the search path. In a file, relative to that file.
    pub program: Option<PathBuf>,
    /// What copies of repositories that another host keeps may take together, in bytes.
    pub copies: u64,
    /// How often another host is asked whether somebody pushed to a repository that was in use
    /// within a day; in a file, in seconds.
    #[serde(deserialize_with = "time")]
    pub poll: Duration,
    /// The Forgejo or Gitea, if that is who keeps them.
    pub forgejo: Option<Forgejo>,
}

/// Who keeps the repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GitHost {
    /// This server, in the data folder.
    #[default]
    Embedded,
    /// A Forgejo or Gitea, in accounts that are made for it.
    Forgejo,
    /// GitHub, in learners' own accounts.
    GitHub,
    /// Nobody: the strategy is not offered.
    None,
}

impl Default for Git {
    fn default() -> Self {
        let Settings { push, processes, time, program } = Settings::default();
        let copies = mirror::Settings::default().room;
        let (host, poll, forgejo) = (GitHost::Embedded, Duration::from_mins(5), None);
        Self { host, push, processes, time, program, copies, poll, forgejo }
    }
}

impl Git {
    /// What the embedded host takes.
    pub(crate) fn settings(&self) -> Settings {
        let Self { push, processes, time, program, .. } = self.clone();
        Settings { push, processes, time, program }
    }

    /// What copies of repositories that another host keeps may take.
    pub(crate) fn mirror(&self) -> mirror::Settings {
        let Self { processes, time, program, copies: room, .. } = self.clone();
        mirror::Settings { room, time, processes, program, ..mirror::Settings::default() }
    }

    /// A relative path is seen from the configuration's folder.
    pub(super) fn relative_to(&mut self, folder: &Path) {
        self.program = self.program.take().map(|program| folder.join(program));
        if let Some(forgejo) = &mut self.forgejo {
            forgejo.relative_to(folder);
        }
    }

    /// Why the strategy would not be offered, though it is configured.
    pub(super) fn warning(&self) -> Option<String> {
        let missing = match self.host {
            GitHost::None => None,
            GitHost::Embedded | GitHost::Forgejo | GitHost::GitHub => {
                Program::find(self.program.as_deref()).err()
            }
        };
        missing.map(|why| format!("the strategy `git` cannot be used: {why}"))
    }

    /// Refuses values with which it could not work.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !(LEAST..=MOST).contains(&self.push) {
            return Err(ConfigError::Wrong(format!(
                "`git.push` is a number of bytes from {LEAST} to {MOST}"
            )));
        }
        if self.processes == 0 {
            return Err(ConfigError::Senseless("`git.processes` must be at least 1"));
        }
        if self.poll < Duration::from_secs(1) {
            return Err(ConfigError::Senseless("`git.poll` must be at least 1 second"));
        }
        if self.time.is_zero() {
            return Err(ConfigError::Senseless("`git.time` must be more than 0 seconds"));
        }
        Ok(())
    }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    super::seconds(deserializer)
}
