//! What this device knows beside its workspaces: settings, login, its name, and which courses may
//! run code on it.
//!
//! Everything lies in one folder that only its owner may enter. Files are written beside their name
//! and renamed; a file that cannot be read is named in the error and never overwritten.

mod credentials;
mod device;
mod files;
mod language;
mod settings;
mod trust;
mod variables;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use credentials::{KeptLogin, Login};
pub use language::Language;
pub use settings::{CredentialStore, Setting, Settings};
pub use variables::Variables;

use crate::api::http::{AddressError, ServerUrl};
use crate::platform;
use crate::platform::keyring::{Keyring, KeyringError};

/// The folder in which this device keeps what it knows, and the variables that overrule it.
#[derive(Debug, Clone)]
pub struct Home {
    dir: PathBuf,
    variables: Variables,
    keyring: Option<Arc<dyn Keyring>>,
}

/// Why a setting cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Someone else wrote what Progy cannot read.
    #[error(
        "{} cannot be understood: {message}. Correct it, or move it away; progy has not changed it",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, without any secret that the file holds.
        message: String,
    },
    /// Neither `PROGY_CONFIG_DIR` nor a home folder is set.
    #[error("no folder for settings: set PROGY_CONFIG_DIR or HOME")]
    NoHome,
    /// The address of the server is none.
    #[error("{0}")]
    Server(#[from] AddressError),
    /// The login is in the system's keyring, which does not give it out.
    #[error("the system's keyring does not give out the login: {0}")]
    Keyring(#[from] KeyringError),
}

impl Home {
    /// The settings in `dir`, overruled by the variables of this process, with the system's
    /// keyring. Touches no file.
    pub fn open(dir: impl Into<PathBuf>) -> Self {
        let variables = Variables::of_process();
        let keyring = platform::keyring::of_system(&variables);
        Self { keyring, ..Self::with_variables(dir, variables) }
    }

    /// The settings in `dir`, overruled by `variables`, without a keyring. Touches no file.
    pub fn with_variables(dir: impl Into<PathBuf>, variables: Variables) -> Self {
        Self { dir: dir.into(), variables, keyring: None }
    }

    /// The settings in `$PROGY_CONFIG_DIR`, else in `progy` in the user's folder for settings.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let variables = Variables::of_process();
        Ok(Self::open(Self::default_dir(&variables).ok_or(ConfigError::NoHome)?))
    }

    fn default_dir(variables: &Variables) -> Option<PathBuf> {
        match variables.os("PROGY_CONFIG_DIR") {
            Some(dir) => std::path::absolute(dir).ok(),
            None => platform::settings_folder(variables).map(|folder| folder.join("progy")),
        }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The variables that overrule the files.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The server: `PROGY_API_URL`, else as set; `None` if neither is there.
    pub fn server(&self) -> Result<Option<ServerUrl>, ConfigError> {
        if let Some(url) = self.variables.get("PROGY_API_URL") {
            return Ok(Some(ServerUrl::parse(url)?));
        }
        Ok(self.settings()?.server.as_deref().map(ServerUrl::parse).transpose()?)
    }

    /// The language of messages: `PROGY_LANG`, else as set, else that of the system.
    ///
    /// Never fails: an error about the settings must be told in some language, too.
    pub fn language(&self) -> Language {
        let set = || self.settings().ok().and_then(|settings| settings.language);
        let own = self.variables.get("PROGY_LANG").map(str::to_owned).or_else(set);
        match own {
            Some(own) => Language::of(&own),
            None => Language::of_system(&self.variables),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(variables: &[(&str, &str)]) -> Option<String> {
        let variables = variables.iter().copied().collect();
        Home::default_dir(&variables).map(|dir| dir.to_string_lossy().into_owned())
    }

    #[cfg(unix)]
    #[test]
    fn where_the_settings_are() {
        let home = ("HOME", "/home/ana");
        assert_eq!(dir(&[home]).unwrap(), "/home/ana/.config/progy");
        assert_eq!(dir(&[home, ("XDG_CONFIG_HOME", "/x")]).unwrap(), "/x/progy");
        assert_eq!(dir(&[home, ("XDG_CONFIG_HOME", "x")]).unwrap(), "/home/ana/.config/progy");
        assert_eq!(dir(&[home, ("PROGY_CONFIG_DIR", "/p")]).unwrap(), "/p");
        assert_eq!(dir(&[home, ("PROGY_CONFIG_DIR", "")]).unwrap(), "/home/ana/.config/progy");
        assert_eq!(dir(&[]), None);
    }

    #[test]
    fn variables_overrule_the_file() {
        let at = tempfile::tempdir().unwrap();
        let bare = Home::with_variables(at.path(), Variables::default());
        assert_eq!(bare.server().unwrap(), None);
        assert_eq!(bare.language(), Language::English);
        bare.set(Setting::Server, Some("https://progy.example/")).unwrap();
        bare.set(Setting::Language, Some("pt-BR")).unwrap();
        assert_eq!(bare.server().unwrap().unwrap().as_str(), "https://progy.example");
        assert_eq!(bare.language(), Language::Portuguese);

        let variables = [("PROGY_API_URL", "http://127.0.0.1:1"), ("PROGY_LANG", "en")];
        let home = Home::with_variables(at.path(), Variables::from_iter(variables));
        assert_eq!(home.server().unwrap().unwrap().as_str(), "http://127.0.0.1:1");
        assert_eq!(home.language(), Language::English);

        std::fs::write(at.path().join("config.toml"), "language = ").unwrap();
        assert!(matches!(bare.server(), Err(ConfigError::Damaged { .. })));
        assert_eq!(bare.language(), Language::English);
        assert!(home.server().unwrap().is_some(), "a variable needs no file");
    }
}
