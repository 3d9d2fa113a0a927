//! What an administrator does on the server's machine, also while the server runs.

use progy_api::account::{Role, User};

use crate::ServiceError;
use crate::config::Config;
use crate::ports::database::accounts::Token;
use crate::serve::{ServerError, open};
use crate::services::accounts::people::INVITE_LIFETIME;
use crate::services::accounts::tokens::TokenWish;
use crate::services::keys::Rotation;
use crate::services::snapshots::Findings;

/// Adds a person to the data that `config` names. A name that is taken is an error.
pub async fn add_user(
    config: &Config,
    name: &str,
    email: Option<&str>,
    role: Role,
) -> Result<User, ServerError> {
    add_user_with_password(config, name, email, role, None).await
}

/// As [`add_user`]. With a password, which needs an address, the person can sign in on the web.
pub async fn add_user_with_password(
    config: &Config,
    name: &str,
    email: Option<&str>,
    role: Role,
    password: Option<&str>,
) -> Result<User, ServerError> {
    Ok(open(config)?.add_user_with_password(name, email, role, password).await?)
}

/// The code of an invitation to register as `role`, for `email` alone if it is given, good for
/// `lifetime` milliseconds or else a week. It is kept hashed: nobody can show it again.
pub async fn invite(
    config: &Config,
    role: Role,
    email: Option<&str>,
    lifetime: Option<i64>,
) -> Result<String, ServerError> {
    let lifetime = lifetime.unwrap_or(INVITE_LIFETIME);
    Ok(open(config)?.invite(role, email, lifetime).await?.into_string())
}

/// A new token of the person called `name`. It is kept hashed: nobody can show it again.
pub async fn create_token(config: &Config, name: &str) -> Result<String, ServerError> {
    create_token_for(config, name, &TokenWish::default()).await
}

/// As [`create_token`], for what is wished.
pub async fn create_token_for(
    config: &Config,
    name: &str,
    wish: &TokenWish,
) -> Result<String, ServerError> {
    Ok(open(config)?.create_token_for(name, wish).await?.into_string())
}

/// All tokens of the person called `name`, the newest first.
pub async fn tokens(config: &Config, name: &str) -> Result<Vec<Token>, ServerError> {
    Ok(open(config)?.tokens(name).await?)
}

/// Revokes the token of the person called `name` whose id begins with `id`.
pub async fn revoke_token(config: &Config, name: &str, id: &str) -> Result<(), ServerError> {
    Ok(open(config)?.revoke_token(name, id).await?)
}

/// Reads everything that is stored and names what is damaged; with `repair`, what is damaged in one place
/// and whole in another is stored anew. Servers may go on.
pub async fn fsck(config: &Config, repair: bool) -> Result<Findings, ServerError> {
    config.check()?;
    Ok(open(config)?.fsck(repair).await?)
}

/// Encrypts the tokens of GitHub and other services under a new key, and removes the old one once
/// nothing needs it. Servers may go on, and it may be killed and called again.
pub async fn rotate_keys(config: &Config) -> Result<Rotation, ServerError> {
    config.check()?;
    let services = open(config)?;
    let vault = config.open_vault().map_err(ServiceError::from)?;
    Ok(services.rotate_keys(&vault).await?)
}
