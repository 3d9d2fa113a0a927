//! `[github]`: signing in with GitHub.

use std::path::{Path, PathBuf};

use reqwest::Url;
use serde::Deserialize;

use super::secret::Places;
use super::{ConfigError, PublicUrl};
use crate::ports::github::http::Settings;
use crate::ports::github::{AppKind, Scopes};
use crate::secret::Secret;

/// The variable that replaces `client_secret`.
pub const CLIENT_SECRET: &str = "PROGY_GITHUB_CLIENT_SECRET";
/// What an OAuth app asks learners for: who they are, and to keep their work in repositories.
const SCOPES: &str = "user:email repo";
/// Where GitHub comes back to, below the server's public address.
const CALLBACK: &str = "/api/auth/callback/github";

/// An application that is registered at GitHub, or at a GitHub Enterprise server.
///
/// ```toml
/// [github]
/// client_id = "Ov23li…"
/// client_secret_file = "github-secret"    # or `client_secret`, or PROGY_GITHUB_CLIENT_SECRET
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitHub {
    /// As GitHub shows it where the application is registered.
    pub client_id: String,
    /// The secret itself.
    pub client_secret: Option<Secret>,
    /// A file that holds the secret. In a file, relative to that file.
    pub client_secret_file: Option<PathBuf>,
    /// Whether it is an OAuth app or a GitHub App.
    #[serde(default)]
    pub kind: AppKind,
    /// What learners are asked for, in names that spaces separate; of an OAuth app.
    #[serde(default = "scopes")]
    pub scopes: String,
    /// Where browsers go.
    #[serde(default = "base_url")]
    pub base_url: String,
    /// Where the API is; found from `base_url` without it.
    pub api_url: Option<String>,
}

/// [`GitHub`], checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// For the port.
    pub settings: Settings,
    /// What learners are asked for.
    pub scopes: Scopes,
    /// Where GitHub comes back to.
    pub redirect_uri: String,
}

fn scopes() -> String {
    SCOPES.to_owned()
}

fn base_url() -> String {
    "https://github.com".to_owned()
}

impl GitHub {
    /// What a file beside the configuration is relative to.
    pub(super) fn relative_to(&mut self, folder: &Path) {
        if let Some(file) = &mut self.client_secret_file {
            *file = folder.join(&file);
        }
    }

    /// The origin of the page on which learners agree.
    pub fn origin(&self) -> Option<String> {
        let base = address("github.base_url", &self.base_url).ok()?;
        Some(base.origin().ascii_serialization())
    }

    /// Checks everything that can be checked without GitHub. `secret` is what the variable
    /// [`CLIENT_SECRET`] says.
    pub fn checked(
        &self,
        public_url: &PublicUrl,
        secret: Option<&Secret>,
    ) -> Result<Checked, ConfigError> {
        if self.client_id.trim().is_empty() {
            return Err(ConfigError::Wrong(
                "`github.client_id` is empty; GitHub shows it where the application is registered"
                    .to_owned(),
            ));
        }
        let base = address("github.base_url", &self.base_url)?;
        let api = match &self.api_url {
            Some(api) => address("github.api_url", api)?,
            None if base.host_str() == Some("github.com") => {
                address("github.api_url", "https://api.github.com")?
            }
            None => address("github.api_url", &format!("{}/api/v3", trimmed(&base)))?,
        };
        let settings = Settings {
            client_id: self.client_id.trim().to_owned(),
            client_secret: self.secret(secret)?,
            kind: self.kind,
            base,
            api,
        };
        let redirect_uri = format!("{public_url}{CALLBACK}");
        Ok(Checked { settings, scopes: Scopes::parse(&self.scopes), redirect_uri })
    }

    fn secret(&self, from_variable: Option<&Secret>) -> Result<Secret, ConfigError> {
        let places = Places {
            table: "github",
            key: "client_secret",
            variable: CLIENT_SECRET,
            hint: "GitHub shows it once, where the application is registered",
        };
        let file = self.client_secret_file.as_deref();
        places.find(from_variable, self.client_secret.as_ref(), file)
    }
}

fn trimmed(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// An address that secrets may be sent to: encrypted, or on this machine.
pub(super) fn address(key: &str, text: &str) -> Result<Url, ConfigError> {
    let url = super::web_address(key, text)?;
    if url.scheme() == "https" || super::is_here(&url) {
        return Ok(url);
    }
    Err(ConfigError::Wrong(format!(
        "`{key}` is not encrypted: tokens would travel in the open; write it with https://"
    )))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn parse(text: &str) -> GitHub {
        toml::from_str(text).unwrap()
    }

    fn checked(text: &str) -> Result<Checked, String> {
        let public = PublicUrl::parse("https://progy.example/").unwrap();
        parse(text).checked(&public, None).map_err(|error| error.to_string())
    }

    const LEAST: &str = "client_id = 'Ov23'\nclient_secret = 's3cret'\n";

    #[test]
    fn little_is_enough() {
        let checked = checked(LEAST).unwrap();
        assert_eq!(checked.redirect_uri, "https://progy.example/api/auth/callback/github");
        assert_eq!(checked.scopes, Scopes::parse("repo user:email"));
        assert_eq!(checked.settings.base.as_str(), "https://github.com/");
        assert_eq!(checked.settings.api.as_str(), "https://api.github.com/");
        assert_eq!(checked.settings.kind, AppKind::OAuth);
    }

    #[test]
    fn an_enterprise_has_its_api_below() {
        let of = |more: &str| checked(&format!("{LEAST}{more}")).unwrap().settings;
        let ours = of("base_url = 'https://git.example/'\nkind = 'app'");
        assert_eq!(ours.api.as_str(), "https://git.example/api/v3");
        assert_eq!(ours.kind, AppKind::App);
        let here = of("base_url = 'http://127.0.0.1:9'\napi_url = 'http://localhost:9/v3'");
        assert_eq!(here.api.as_str(), "http://localhost:9/v3");
    }

    #[test]
    fn mistakes_say_what_to_do_and_nothing_of_the_secret() {
        let with = |more: &str| checked(&format!("{LEAST}{more}")).unwrap_err();
        for (said, word) in [
            (with("base_url = 'http://git.example'"), "https://"),
            (with("base_url = 'git.example'"), "github.base_url"),
            (with("api_url = 'https://a:b@git.example'"), "github.api_url"),
            (with("client_secret_file = 'x'"), "keep one"),
            (checked("client_id = 'x'").unwrap_err(), CLIENT_SECRET),
            (checked("client_id = 'x'\nclient_secret = ''").unwrap_err(), "empty"),
            (checked("client_id = ' '\nclient_secret = 's3cret'").unwrap_err(), "client_id"),
            (checked("client_id = 'x'\nclient_secret_file = '/nowhere'").unwrap_err(), "/nowhere"),
        ] {
            assert!(said.contains(word) && !said.contains("s3cret"), "{said}");
        }
        assert!(!format!("{:?}", parse(LEAST)).contains("s3cret"));
    }

    #[test]
    fn the_secret_may_come_from_a_file_or_from_outside() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "from-file\n").unwrap();
        let mut github = parse("client_id = 'x'\nclient_secret_file = 'secret'");
        github.relative_to(folder.path());
        let public = PublicUrl::parse("https://progy.example").unwrap();
        let secret = |variable: Option<Secret>| {
            let checked = github.checked(&public, variable.as_ref()).unwrap();
            checked.settings.client_secret.expose().to_owned()
        };
        assert_eq!(secret(None), "from-file");
        assert_eq!(secret(Some(Secret::new("from-variable"))), "from-variable");
    }
}
