//! `config.toml`: what the learner has chosen.

use progy_core::DeviceName;
use serde::Deserialize;
use toml_edit::DocumentMut;

use super::{ConfigError, Home};

const FILE: &str = "config.toml";

/// What `config.toml` says. Keys that Progy does not know are left alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Settings {
    /// The address of the server.
    pub server: Option<String>,
    /// The language of messages: `en` or `pt-BR`.
    pub language: Option<String>,
    /// What the learner calls this device.
    pub device_name: Option<DeviceName>,
    /// The command of the editor.
    pub editor: Option<String>,
    /// Where logins are kept; without it in the system's keyring, if there is one.
    pub credentials: Option<CredentialStore>,
}

/// Where logins are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialStore {
    /// In a file that only its owner may read.
    File,
    /// In the system's keyring; in the file where there is none.
    Keyring,
}

/// The name of one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// `server`.
    Server,
    /// `language`.
    Language,
    /// `device_name`.
    DeviceName,
    /// `editor`.
    Editor,
}

impl Setting {
    /// The key in the file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Language => "language",
            Self::DeviceName => "device_name",
            Self::Editor => "editor",
        }
    }
}

impl Home {
    /// What `config.toml` says; nothing if it is not there.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        let Some(text) = self.read(FILE)? else { return Ok(Settings::default()) };
        self.parse_settings(&text)
    }

    fn parse_settings(&self, text: &str) -> Result<Settings, ConfigError> {
        toml::from_str(text).map_err(|error| self.damaged(FILE, error.to_string().trim_end()))
    }

    /// Where logins are kept: `PROGY_CREDENTIALS`, else as set, else in the keyring.
    pub(super) fn credential_store(&self) -> Result<CredentialStore, ConfigError> {
        match self.variables.get("PROGY_CREDENTIALS") {
            Some("file") => Ok(CredentialStore::File),
            Some("keyring") => Ok(CredentialStore::Keyring),
            _ => Ok(self.settings()?.credentials.unwrap_or(CredentialStore::Keyring)),
        }
    }

    /// Changes or, without a `value`, removes one setting; comments and all else stay as they are.
    ///
    /// Fails without a change if the file, or what would become of it, cannot be understood.
    pub fn set(&self, setting: Setting, value: Option<&str>) -> Result<(), ConfigError> {
        let _lock = self.lock()?;
        let text = self.read(FILE)?.unwrap_or_default();
        let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            self.damaged(FILE, error.to_string().trim_end())
        })?;
        match value {
            Some(value) => document[setting.key()] = toml_edit::value(value),
            None => drop(document.remove(setting.key())),
        }
        let text = document.to_string();
        self.parse_settings(&text)?;
        self.write(FILE, &text)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Variables;

    #[test]
    fn what_others_wrote_stays() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path(), Variables::default());
        let text = "# mine\ncolour = \"blue\" # nice\nserver = \"http://old\"\n\n[own]\nx = 1\n";
        fs::write(at.path().join(FILE), text).unwrap();
        home.set(Setting::Server, Some("http://new")).unwrap();
        home.set(Setting::Editor, Some("code")).unwrap();
        home.set(Setting::Editor, None).unwrap();
        let now = fs::read_to_string(at.path().join(FILE)).unwrap();
        assert_eq!(now, text.replace("old", "new"));
        assert_eq!(home.settings().unwrap().server.as_deref(), Some("http://new"));
    }

    #[test]
    fn a_damaged_file_is_named_and_left_alone() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path(), Variables::default());
        let large = "#".repeat(2 << 20);
        for text in [
            "server = ",
            "server = 7\n",
            "device_name = \"../x\"\n",
            "credentials = \"x\"",
            "\u{0}",
            &large,
        ] {
            fs::write(at.path().join(FILE), text).unwrap();
            for error in
                [home.settings().unwrap_err(), home.set(Setting::Editor, Some("vi")).unwrap_err()]
            {
                assert!(matches!(error, ConfigError::Damaged { .. }), "{error}");
                assert!(error.to_string().contains(FILE), "{error}");
            }
            assert_eq!(fs::read_to_string(at.path().join(FILE)).unwrap(), text);
        }
        fs::write(at.path().join(FILE), b"\xff").unwrap();
        assert!(matches!(home.settings(), Err(ConfigError::Damaged { .. })));
    }

    #[test]
    fn a_wrong_value_is_not_written() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path(), Variables::default());
        assert!(home.set(Setting::DeviceName, Some("a/b")).is_err());
        assert!(!at.path().join(FILE).exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_linked_file_stays_a_link() {
        let at = tempfile::tempdir().unwrap();
        let real = at.path().join("dotfiles.toml");
        fs::write(&real, "").unwrap();
        let home = Home::with_variables(at.path().join("progy"), Variables::default());
        fs::create_dir(home.dir()).unwrap();
        std::os::unix::fs::symlink(&real, home.dir().join(FILE)).unwrap();
        home.set(Setting::Editor, Some("vi")).unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "editor = \"vi\"\n");
        assert!(home.dir().join(FILE).is_symlink());
    }
}
