//! What an administrator does on the server's machine, also while the server runs.

use progy_api::account::{Role, User};

use crate::ServiceError;
use crate::config::Config;
use crate::serve::{ServerError, open};
use crate::services::keys::Rotation;

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

/// Encrypts the tokens of GitHub and other services under a new key, and removes the old one once
/// nothing needs it. Servers may go on, and it may be killed and called again.
pub async fn rotate_keys(config: &Config) -> Result<Rotation, ServerError> {
    config.check()?;
    let services = open(config)?;
    let vault = config.open_vault().map_err(ServiceError::from)?;
    Ok(services.rotate_keys(&vault).await?)
}
