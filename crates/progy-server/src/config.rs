//! How a server is set up: a TOML file, and what the command line puts over it.

mod forgejo;
mod git;
mod github;
mod proxy;
mod public_url;
mod secret;
mod snapshots;
mod tls;
mod vault;
mod warnings;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::secret::Secret;
pub(crate) use forgejo::Checked as CheckedForgejo;
pub use forgejo::{Forgejo, TOKEN as FORGEJO_TOKEN};
pub use git::{Git, GitHost};
pub use github::{CLIENT_SECRET, Checked as CheckedGitHub, GitHub};
pub use proxy::{ForwardedBy, Network, Proxy};
pub use public_url::PublicUrl;
use public_url::{is_here, web_address};
pub use snapshots::Snapshots;
pub use tls::Tls;
pub use vault::{KEYS as VAULT_KEYS, Vault};

/// Everything that can be set. What a file leaves out has the value of [`Config::default`].
///
/// ```toml
/// listen = "127.0.0.1:7764"
/// data = "/var/lib/progy"
///
/// [log]
/// format = "json"
///
/// [timeouts]            # seconds
/// request = 30
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on; port 0 picks a free one.
    pub listen: String,
    /// The folder that holds everything the server keeps. In a file, relative to that file.
    pub data: PathBuf,
    /// What the server says about its work.
    pub log: Log,
    /// How long it waits.
    pub timeouts: Timeouts,
    /// How much it takes.
    pub limits: Limits,
    /// Which snapshots are kept.
    pub snapshots: Snapshots,
    /// Learners' Git repositories.
    pub git: Git,
    /// Signing in with GitHub; not offered without.
    pub github: Option<GitHub>,
    /// What tokens of other services are encrypted with.
    pub vault: Vault,
    /// The server's address as its users see it, `https://progy.example.org`: for links, cookies,
    /// and to know its own pages by. Without it, what each request says in `Host`.
    pub url: Option<String>,
    /// The certificate to show; without it the server speaks plain HTTP.
    pub tls: Option<Tls>,
    /// The proxies before the server, and what is believed of them.
    pub proxy: Proxy,
    /// Who may have an account.
    pub accounts: Accounts,
    /// What is written down of what happens to accounts.
    pub audit: Audit,
}

/// What is written down of what happens to accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// How long a line is kept, in days.
    pub keep_days: u32,
}

/// Who may have an account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// Who may register.
    pub registration: Registration,
    /// Other sites whose pages may use a browser's session here: `https://learn.example.org`.
    pub trusted_origins: Vec<String>,
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Who sits at this machine; everybody else with an invitation.
    #[default]
    Local,
    /// Everybody.
    Open,
    /// Who has an invitation.
    Invited,
}

/// What the server says about its work, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// One JSON document a line, or text for people.
    pub format: LogFormat,
    /// What to log, as `tracing-subscriber` writes filters: `info`, or
    /// `warn,progy_server=debug`. The variable `PROGY_LOG` replaces it.
    pub filter: String,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// How long the server waits; in a file, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// For the first or the next request of a connection, its headers included.
    #[serde(deserialize_with = "seconds")]
    pub idle: Duration,
    /// For an answer to begin.
    #[serde(deserialize_with = "seconds")]
    pub request: Duration,
    /// For an answer to begin, at most, when the request has a long body.
    #[serde(deserialize_with = "seconds")]
    pub upload: Duration,
    /// For the next piece of a request's body.
    #[serde(deserialize_with = "seconds")]
    pub stalled_body: Duration,
    /// For a peer to take the next piece of an answer.
    #[serde(deserialize_with = "seconds")]
    pub stalled_write: Duration,
    /// For requests in flight to finish when the server stops.
    #[serde(deserialize_with = "seconds")]
    pub shutdown: Duration,
}

/// How much the server takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at once; further ones wait in the system's queue.
    pub connections: usize,
    /// What one learner's workspaces may hold together, in stored bytes.
    pub quota: u64,
    /// How many times as often as usual somebody may try to sign in, to register and the like. For
    /// many people behind one address.
    pub attempts: u32,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file has a mistake, which `source` names with its line.
    #[error("the configuration {} has a mistake: {source}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The mistake.
        source: Box<toml::de::Error>,
    },
    /// A value makes no sense.
    #[error("the configuration has a mistake: {0}")]
    Senseless(&'static str),
    /// A value cannot be used; the text names it, and what to do.
    #[error("the configuration has a mistake: {0}")]
    Wrong(String),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:7764".to_owned(),
            data: default_data(),
            log: Log::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            snapshots: Snapshots::default(),
            git: Git::default(),
            github: None,
            vault: Vault::default(),
            url: None,
            tls: None,
            proxy: Proxy::default(),
            accounts: Accounts::default(),
            audit: Audit::default(),
        }
    }
}

impl Default for Audit {
    /// A little more than a year, so that two of the same season can be compared.
    fn default() -> Self {
        Self { keep_days: 400 }
    }
}

impl Audit {
    /// How long a line is kept, in milliseconds.
    pub(crate) fn keep(self) -> i64 {
        i64::from(self.keep_days) * 24 * 60 * 60 * 1_000
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(1),
            request: Duration::from_secs(30),
            upload: Duration::from_mins(10),
            stalled_body: Duration::from_secs(15),
            stalled_write: Duration::from_mins(1),
            shutdown: Duration::from_secs(30),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let crate::services::Limits { quota, attempts, .. } = crate::services::Limits::default();
        Self { connections: 10_000, quota, attempts }
    }
}

impl Limits {
    /// What the services refuse.
    pub(crate) fn services(&self) -> crate::services::Limits {
        crate::services::Limits { quota: self.quota, attempts: self.attempts, ..Default::default() }
    }
}

impl Config {
    /// Reads the file at `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let mut config: Self = toml::from_str(&text).map_err(|source| ConfigError::Invalid {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        if let Some(folder) = path.parent() {
            config.data = folder.join(config.data);
            config.git.relative_to(folder);
            if let Some(github) = &mut config.github {
                github.relative_to(folder);
            }
            if let Some(tls) = &mut config.tls {
                tls.relative_to(folder);
            }
        }
        Ok(config)
    }

    /// Refuses values with which a server could not work.
    pub fn check(&self) -> Result<(), ConfigError> {
        crate::logging::check(&self.log)?;
        if self.listen.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            return Err(ConfigError::Senseless(
                "`listen` is an address with a port such as `127.0.0.1:7764`; port 0 picks one",
            ));
        }
        for origin in self.url.iter().chain(&self.accounts.trusted_origins) {
            if !is_origin(origin) {
                return Err(ConfigError::Senseless(
                    "`url` and `accounts.trusted_origins` are addresses such as \
                     `https://progy.example.org`, without a path",
                ));
            }
        }
        if self.audit.keep_days == 0 {
            return Err(ConfigError::Senseless("`audit.keep_days` must be at least 1"));
        }
        if self.limits.connections == 0 {
            return Err(ConfigError::Senseless("`limits.connections` must be at least 1"));
        }
        if self.limits.attempts == 0 {
            return Err(ConfigError::Senseless("`limits.attempts` must be at least 1"));
        }
        let Timeouts { idle, request, upload, stalled_body, stalled_write, shutdown: _ } =
            self.timeouts;
        if [idle, request, upload, stalled_body, stalled_write].contains(&Duration::ZERO) {
            return Err(ConfigError::Senseless("a timeout must be more than 0 seconds"));
        }
        self.snapshots.policy()?;
        self.git.check()?;
        self.checked_forgejo()?;
        if self.git.host == GitHost::GitHub && self.github.is_none() {
            return Err(ConfigError::Senseless(
                "`git.host` is `github`, so learners have to sign in there: add `[github]`",
            ));
        }
        self.vault.check(variable(VAULT_KEYS).as_ref())?;
        if let Some(tls) = &self.tls {
            tls.load()?;
            if self.url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
                return Err(ConfigError::Senseless(
                    "with `[tls]` the server speaks HTTPS only: begin `url` with https://",
                ));
            }
        }
        // The port that a free one will have does not matter here.
        self.checked_github(self.listen.parse().ok()).map(drop)
    }

    /// Where browsers find a server that listens on `address`.
    pub fn public_url(&self, address: Option<SocketAddr>) -> Result<PublicUrl, ConfigError> {
        match (&self.url, address) {
            (Some(text), _) => PublicUrl::parse(text),
            (None, Some(address)) if address.ip().is_loopback() => {
                Ok(PublicUrl::of(address, self.tls.is_some()))
            }
            (None, _) => Err(ConfigError::Wrong(
                "`url` is missing: set it to the address that browsers use for this server, \
                 for instance https://progy.example"
                    .to_owned(),
            )),
        }
    }

    /// What signing in with GitHub needs, for a server that listens on `address`; `None` if it is
    /// not configured.
    pub fn checked_github(
        &self,
        address: Option<SocketAddr>,
    ) -> Result<Option<CheckedGitHub>, ConfigError> {
        let Some(github) = &self.github else { return Ok(None) };
        github.checked(&self.public_url(address)?, variable(CLIENT_SECRET).as_ref()).map(Some)
    }

    /// What the Forgejo needs that keeps the repositories; `None` if none does.
    pub(crate) fn checked_forgejo(&self) -> Result<Option<CheckedForgejo>, ConfigError> {
        if self.git.host != GitHost::Forgejo {
            return Ok(None);
        }
        let forgejo = self.git.forgejo.as_ref().ok_or(ConfigError::Senseless(
            "`git.host` is `forgejo`: say where it is, in `[git.forgejo]`",
        ))?;
        forgejo.checked(variable(FORGEJO_TOKEN).as_ref()).map(Some)
    }

    /// Opens the vault that is configured. The data folder exists.
    pub fn open_vault(&self) -> Result<crate::vault::Vault, crate::vault::VaultError> {
        self.vault.open(variable(VAULT_KEYS).as_ref(), &self.data)
    }
}

/// What a variable says, unless it is empty.
fn variable(name: &str) -> Option<Secret> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(Secret::new)
}

/// Whether `text` is a scheme, a host and perhaps a port, as the header `Origin` writes them.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let authority: Result<axum::http::uri::Authority, _> = rest.parse();
        authority.is_ok_and(|authority| authority == rest && !rest.contains('@'))
            && rest.chars().all(|c| !c.is_uppercase())
    })
}

/// `$XDG_DATA_HOME/progy-server`, or what stands in for it on other systems.
fn default_data() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    variable("XDG_DATA_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/share")))
        .or_else(|| variable("LOCALAPPDATA"))
        .unwrap_or_default()
        .join("progy-server")
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path)
    }

    #[test]
    fn a_file_changes_what_it_names() {
        let config = load("listen = \"[::1]:0\"\n[timeouts]\nrequest = 2.5\nupload = 7").unwrap();
        assert_eq!(config.listen, "[::1]:0");
        assert_eq!(config.timeouts.request, Duration::from_millis(2500));
        assert_eq!(config.timeouts.upload, Duration::from_secs(7));
        assert_eq!(config.limits, Limits::default());
        assert!(config.check().is_ok());
    }

    #[test]
    fn unknown_keys_are_named() {
        for (text, key) in [("lisen = \"x\"", "lisen"), ("[timeouts]\nrequests = 3", "requests")] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(key) && error.contains("server.toml"), "{error}");
        }
    }

    #[test]
    fn the_data_folder_is_relative_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.toml");
        std::fs::write(&path, "data = \"store\"").unwrap();
        assert_eq!(Config::load(&path).unwrap().data, folder.path().join("store"));
        std::fs::write(&path, "data = \"/elsewhere\"").unwrap();
        assert_eq!(Config::load(&path).unwrap().data, Path::new("/elsewhere"));
    }

    #[test]
    fn senseless_values_are_refused() {
        for text in [
            "[limits]\nconnections = 0",
            "[timeouts]\nrequest = 0",
            "[limits]\nattempts = 0",
            "[audit]\nkeep_days = 0",
            "[git]\nprocesses = 0",
            "[git]\ntime = 0",
            "[git]\npush = 1000",
            "[log]\nfilter = \"=[\"",
            "listen = \"127.0.0.1\"",
            "url = \"progy.example.org\"",
            "url = \"https://progy.example.org/\"",
            "url = \"https://ana@progy.example.org\"",
            "[accounts]\ntrusted_origins = [\"*\"]",
        ] {
            assert!(load(text).unwrap().check().is_err(), "{text}");
        }
        assert!(load("[timeouts]\nrequest = -1").is_err());
        assert!(load("[accounts]\nregistration = \"maybe\"").is_err());
        let sound = "url = \"https://progy.example.org:8443\"\n[proxy]\ntrusted = [\"::1\"]";
        assert!(load(sound).unwrap().check().is_ok());
    }
}
