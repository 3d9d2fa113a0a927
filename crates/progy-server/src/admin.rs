//! What an administrator does on the server's machine, also while the server runs.

use progy_api::account::{Role, User};

use crate::config::Config;
use crate::serve::{ServerError, open};

/// Adds a person to the data that `config` names. A name that is taken is an error.
pub async fn add_user(
    config: &Config,
    name: &str,
    email: Option<&str>,
    role: Role,
) -> Result<User, ServerError> {
    Ok(open(config)?.add_user(name, email, role).await?)
}

/// A new token of the person called `name`. It is kept hashed: nobody can show it again.
pub async fn create_token(config: &Config, name: &str) -> Result<String, ServerError> {
    Ok(open(config)?.create_token(name).await?)
}
