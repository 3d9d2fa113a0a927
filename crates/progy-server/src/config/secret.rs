//! Secrets of other services: in the file, in a file of their own, or in a variable.

use std::fs;
use std::path::Path;

use super::ConfigError;
use crate::secret::Secret;

/// Where a secret may be.
pub(super) struct Places<'a> {
    /// The table, as in messages: `github`.
    pub(super) table: &'a str,
    /// The key in it: `client_secret`; with `_file` after it, the one of the file.
    pub(super) key: &'a str,
    /// The variable that replaces both.
    pub(super) variable: &'a str,
    /// Where one gets it.
    pub(super) hint: &'a str,
}

impl Places<'_> {
    /// The secret, from the one place that has it; the variable comes first.
    pub(super) fn find(
        &self,
        from_variable: Option<&Secret>,
        inline: Option<&Secret>,
        file: Option<&Path>,
    ) -> Result<Secret, ConfigError> {
        let Self { table, key, variable, hint } = self;
        let wrong = |what: String| Err(ConfigError::Wrong(what));
        let secret = match (from_variable, inline, file) {
            (Some(secret), _, _) | (None, Some(secret), None) => secret.clone(),
            (None, None, Some(file)) => match fs::read_to_string(file) {
                Ok(text) => Secret::new(text.trim()),
                Err(error) => {
                    let file = file.display();
                    return wrong(format!("cannot read `{table}.{key}_file` {file}: {error}"));
                }
            },
            (None, Some(_), Some(_)) => {
                return wrong(format!("`{table}` has both a `{key}` and a `{key}_file`; keep one"));
            }
            (None, None, None) => {
                return wrong(format!(
                    "`{table}` has no secret: set `{key}_file`, `{key}` or the variable \
                     {variable}; {hint}"
                ));
            }
        };
        if secret.is_empty() {
            return wrong(format!("the secret of `{table}` is empty"));
        }
        Ok(secret)
    }
}
