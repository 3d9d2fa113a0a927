//! `progy login`: lets this device in, by a code that is confirmed in a browser, or by a token.

mod browser;
mod device;

use std::io::Read;

use progy_api::account::User;
use progy_client::api::http::{HttpApi, ServerUrl};
use progy_client::api::{AccountApi, ApiError};
use progy_client::config::Setting;

use super::logout;
use crate::cli::LoginArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// No token is longer than this.
const TOKEN: u64 = 4096;

pub(crate) async fn run(context: &Context, args: &LoginArgs) -> Result<Exit, Failure> {
    let server = match &args.server {
        Some(text) => ServerUrl::parse(text)
            .map_err(|error| fail!(Exit::Usage, "bad-server", reason = error))?,
        None => context.server()?,
    };
    if !server.is_encrypted() && !server.is_here() {
        note!(context, "not-encrypted", server = server.as_str());
    }
    let token = match args.token.as_deref() {
        Some(given) => read(given)?,
        None => device::token(context, &server).await?,
    };
    let user = owner(context, &server, &token).await?;
    keep(context, args, &server, &token).await?;
    match user {
        Some(user) => say!(context, "welcome", name = user.name, server = server.as_str()),
        None => say!(context, "token-kept", server = server.as_str()),
    }
    Ok(Exit::Done)
}

/// Whose token it is; `None` if the server cannot be asked.
async fn owner(
    context: &Context,
    server: &ServerUrl,
    token: &str,
) -> Result<Option<User>, Failure> {
    let api = HttpApi::new(server.as_str(), Some(token.to_owned()))?;
    match api.whoami().await {
        Ok(user) => Ok(Some(user)),
        Err(ApiError::Unreachable(why)) => {
            note!(context, "token-not-checked", reason = why);
            Ok(None)
        }
        Err(ApiError::Unauthorized) => {
            Err(fail!(Exit::NotLoggedIn, "token-refused", server = server.as_str()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Remembers the token, and ends the session that it replaces: nobody has that any more.
async fn keep(
    context: &Context,
    args: &LoginArgs,
    server: &ServerUrl,
    token: &str,
) -> Result<(), Failure> {
    let home = context.home()?;
    // One that a keyring does not give out cannot be ended.
    let before = home.saved_login(server)?.and_then(|before| before.token().ok()?);
    let before = before.filter(|before| before != token);
    home.save_token(server, token)?;
    // A device that knew no server knows one now.
    if args.server.is_some() || home.settings()?.server.is_none() {
        home.set(Setting::Server, Some(server.as_str()))?;
    }
    if let Some(before) = before {
        // If it cannot be ended now, it ends by itself, and can be ended on the web.
        let _ = logout::end(server, before).await;
    }
    Ok(())
}

/// The token that was given, or that stands on standard input.
fn read(given: &str) -> Result<String, Failure> {
    let mut token = given.to_owned();
    if given == "-" {
        token.clear();
        let read = std::io::stdin().lock().take(TOKEN).read_to_string(&mut token);
        read.map_err(|_| fail!(Exit::Usage, "login-empty-token"))?;
    }
    match token.trim() {
        "" => Err(fail!(Exit::Usage, "login-empty-token")),
        token => Ok(token.to_owned()),
    }
}
