//! The tokens that stand in for passwords, one for each server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ConfigError, Home};
use crate::api::http::ServerUrl;

const FILE: &str = "credentials.toml";

#[derive(Default, Serialize, Deserialize)]
struct Credentials {
    #[serde(default)]
    servers: BTreeMap<String, Login>,
}

#[derive(Serialize, Deserialize)]
struct Login {
    token: String,
}

impl Home {
    /// The token for `server`: `PROGY_TOKEN`, else that of the last login.
    pub fn token(&self, server: &ServerUrl) -> Result<Option<String>, ConfigError> {
        if let Some(token) = self.variables.get("PROGY_TOKEN").map(str::trim)
            && !token.is_empty()
        {
            return Ok(Some(token.to_owned()));
        }
        self.saved_token(server)
    }

    /// The token of the last login, whatever `PROGY_TOKEN` says.
    pub fn saved_token(&self, server: &ServerUrl) -> Result<Option<String>, ConfigError> {
        Ok(self.credentials()?.servers.remove(server.as_str()).map(|login| login.token))
    }

    /// Remembers a login.
    pub fn save_token(&self, server: &ServerUrl, token: &str) -> Result<(), ConfigError> {
        let _lock = self.lock()?;
        let mut credentials = self.credentials()?;
        let login = Login { token: token.trim().to_owned() };
        credentials.servers.insert(server.as_str().to_owned(), login);
        self.write_credentials(&credentials)
    }

    /// Forgets a login; false if there was none.
    pub fn forget_token(&self, server: &ServerUrl) -> Result<bool, ConfigError> {
        let _lock = self.lock()?;
        let mut credentials = self.credentials()?;
        let known = credentials.servers.remove(server.as_str()).is_some();
        if known {
            self.write_credentials(&credentials)?;
        }
        Ok(known)
    }

    fn credentials(&self) -> Result<Credentials, ConfigError> {
        let Some(text) = self.read(FILE)? else { return Ok(Credentials::default()) };
        toml::from_str(&text).map_err(|error| {
            // The parser's own message quotes the line, and with it a token.
            let start = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
            self.damaged(FILE, format!("line {line} is not what progy wrote"))
        })
    }

    fn write_credentials(&self, credentials: &Credentials) -> Result<(), ConfigError> {
        match toml::to_string(credentials) {
            Ok(text) => self.write(FILE, &text),
            Err(error) => Err(self.damaged(FILE, error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Variables;

    fn url(text: &str) -> ServerUrl {
        ServerUrl::parse(text).unwrap()
    }

    #[test]
    fn one_token_for_each_server() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path().join("new"), Variables::default());
        let (one, other) = (url("http://one:1"), url("https://other"));
        assert_eq!(home.token(&one).unwrap(), None);
        assert!(!home.forget_token(&one).unwrap());
        home.save_token(&one, "first\n").unwrap();
        home.save_token(&other, "second").unwrap();
        assert_eq!(home.token(&url("HTTP://ONE:1/")).unwrap().as_deref(), Some("first"));
        assert!(home.forget_token(&one).unwrap());
        assert_eq!(home.token(&one).unwrap(), None);
        assert_eq!(home.token(&other).unwrap().as_deref(), Some("second"));

        let variables = Variables::from_iter([("PROGY_TOKEN", "third")]);
        let home = Home::with_variables(home.dir(), variables);
        assert_eq!(home.token(&other).unwrap().as_deref(), Some("third"));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path().join("a/b"), Variables::default());
        home.save_token(&url("http://one"), "secret").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(home.dir().to_owned()), 0o700);
        assert_eq!(mode(home.file(FILE)), 0o600);
        // A file that was opened to others is closed again when it is written.
        fs::set_permissions(home.file(FILE), fs::Permissions::from_mode(0o644)).unwrap();
        home.save_token(&url("http://one"), "secret").unwrap();
        assert_eq!(mode(home.file(FILE)), 0o600);
    }

    #[test]
    fn a_damaged_file_is_not_quoted() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path(), Variables::default());
        for text in ["[servers.\"http://one\"]\ntoken = secret", "servers = \"secret\"", "secret"] {
            fs::write(home.file(FILE), text).unwrap();
            let error = home.save_token(&url("http://one"), "x").unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(FILE) && !shown.contains("secret"), "{shown}");
            assert_eq!(fs::read_to_string(home.file(FILE)).unwrap(), text);
        }
    }

    #[test]
    fn logins_at_the_same_time_are_all_kept() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path(), Variables::default());
        std::thread::scope(|scope| {
            for n in 0..8 {
                let home = &home;
                scope.spawn(move || home.save_token(&url(&format!("http://s{n}")), "t").unwrap());
            }
        });
        assert_eq!(home.credentials().unwrap().servers.len(), 8);
    }
}
