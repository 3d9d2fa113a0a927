//! `[git.forgejo]`: a Forgejo or Gitea that keeps learners' repositories.

use std::path::{Path, PathBuf};

use reqwest::Url;
use serde::Deserialize;

use super::ConfigError;
use super::github::address;
use super::secret::Places;
use crate::secret::Secret;

/// The variable that replaces `token`.
pub const TOKEN: &str = "PROGY_FORGEJO_TOKEN";

/// A Forgejo or Gitea, and the token of one of its administrators.
///
/// ```toml
/// [git.forgejo]
/// url = "https://git.example.org"
/// token_file = "forgejo-token"    # or `token`, or PROGY_FORGEJO_TOKEN
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgejo {
    /// Where this server finds it.
    pub url: String,
    /// Where learners find it, if that is elsewhere.
    pub public_url: Option<String>,
    /// The token itself.
    pub token: Option<Secret>,
    /// A file that holds the token. In a file, relative to that file.
    pub token_file: Option<PathBuf>,
}

/// [`Forgejo`], checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) root: Url,
    pub(crate) public: Url,
    pub(crate) token: Secret,
}

impl Forgejo {
    /// What a file beside the configuration is relative to.
    pub(super) fn relative_to(&mut self, folder: &Path) {
        self.token_file = self.token_file.take().map(|file| folder.join(file));
    }

    /// Checks all that can be checked without asking it; `token` is what [`TOKEN`] says.
    pub(crate) fn checked(&self, token: Option<&Secret>) -> Result<Checked, ConfigError> {
        let root = address("git.forgejo.url", &self.url)?;
        let public = self.public_url.as_deref().map(|url| address("git.forgejo.public_url", url));
        let places = Places {
            table: "git.forgejo",
            key: "token",
            variable: TOKEN,
            hint: "an administrator makes one there under Settings, Applications",
        };
        let token = places.find(token, self.token.as_ref(), self.token_file.as_deref())?;
        Ok(Checked { public: public.transpose()?.unwrap_or_else(|| root.clone()), root, token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<Checked, String> {
        let forgejo: Forgejo = toml::from_str(text).unwrap();
        forgejo.checked(None).map_err(|error| error.to_string())
    }

    #[test]
    fn an_address_and_a_token_are_enough() {
        let found = checked("url = 'https://git.example/'\ntoken = 's3cret'").unwrap();
        assert_eq!(found.public, found.root);
        let two = "url = 'http://127.0.0.1:3000'\npublic_url = 'https://git.example'";
        let found = checked(&format!("{two}\ntoken = 's3cret'")).unwrap();
        assert_eq!(found.public.as_str(), "https://git.example/");
    }

    #[test]
    fn mistakes_say_what_to_do_and_nothing_of_the_token() {
        for (text, word) in [
            ("url = 'http://git.example'\ntoken = 's3cret'", "https://"),
            ("url = 'https://git.example'", TOKEN),
            ("url = 'https://git.example'\ntoken = ''", "empty"),
            ("url = 'https://git.example'\ntoken = 's3cret'\ntoken_file = 'x'", "keep one"),
            ("url = 'https://git.example'\ntoken_file = '/nowhere'", "/nowhere"),
        ] {
            let said = checked(text).unwrap_err();
            assert!(said.contains(word) && !said.contains("s3cret"), "{said}");
        }
    }
}
