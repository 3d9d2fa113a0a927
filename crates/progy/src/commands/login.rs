//! `progy login --token T`: checks a token and keeps it.

use std::io::Read;

use progy_client::api::http::{HttpApi, ServerUrl};
use progy_client::api::{AccountApi, ApiError};
use progy_client::config::Setting;

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
    let token = token(args.token.as_deref())?;
    let api = HttpApi::new(server.as_str(), Some(token.clone()))?;
    let user = match api.whoami().await {
        Ok(user) => Some(user),
        Err(ApiError::Unreachable(why)) => {
            note!(context, "token-not-checked", reason = why);
            None
        }
        Err(ApiError::Unauthorized) => {
            return Err(fail!(Exit::NotLoggedIn, "token-refused", server = server.as_str()));
        }
        Err(error) => return Err(error.into()),
    };
    let home = context.home()?;
    home.save_token(&server, &token)?;
    // A device that knew no server knows one now.
    if args.server.is_some() || home.settings()?.server.is_none() {
        home.set(Setting::Server, Some(server.as_str()))?;
    }
    if !server.is_encrypted() && !server.is_here() {
        note!(context, "not-encrypted", server = server.as_str());
    }
    match user {
        Some(user) => say!(context, "welcome", name = user.name, server = server.as_str()),
        None => say!(context, "token-kept", server = server.as_str()),
    }
    Ok(Exit::Done)
}

fn token(given: Option<&str>) -> Result<String, Failure> {
    let token = match given {
        None => return Err(fail!(Exit::Usage, "login-needs-token")),
        Some("-") => {
            let mut text = String::new();
            let read = std::io::stdin().lock().take(TOKEN).read_to_string(&mut text);
            read.map_err(|_| fail!(Exit::Usage, "login-needs-token"))?;
            text
        }
        Some(token) => token.to_owned(),
    };
    match token.trim() {
        "" => Err(fail!(Exit::Usage, "login-needs-token")),
        token => Ok(token.to_owned()),
    }
}
