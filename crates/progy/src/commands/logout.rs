//! `progy logout`: forgets the login on this device, and ends its session on the server.

use std::time::Duration;

use progy_client::api::ApiError;
use progy_client::api::http::{HttpApi, ServerUrl, Timeouts};

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// How long the server may take: the device has forgotten the login by then.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let server = context.server()?;
    let home = context.home()?;
    match home.saved_login(&server)? {
        None => say!(context, "was-not-logged-in", server = server.as_str()),
        Some(login) => {
            let token = login.token();
            home.forget_token(&server)?;
            let ended = match token {
                Ok(Some(token)) => end(&server, token).await,
                // A keyring that has lost it has nothing left to end.
                Ok(None) => Ok(()),
                Err(error) => Err(ApiError::Keyring(error.to_string())),
            };
            match ended {
                Ok(()) => say!(context, "logged-out", server = server.as_str()),
                Err(error) => {
                    say!(context, "logged-out-here", server = server.as_str());
                    note!(context, "session-stays", reason = error);
                }
            }
        }
    }
    if context.variables.get("PROGY_TOKEN").is_some() {
        note!(context, "token-from-environment");
    }
    Ok(Exit::Done)
}

/// Ends the session that `token` belongs to, if it is one's.
pub(super) async fn end(server: &ServerUrl, token: String) -> Result<(), ApiError> {
    let api = HttpApi::new(server.as_str(), Some(token));
    // A token that cannot be sent opens nothing.
    let Ok(api) = api else { return Ok(()) };
    let timeouts = Timeouts { connect: PATIENCE, silence: PATIENCE, ..Timeouts::default() };
    match api.with_timeouts(timeouts).sign_out().await {
        // It has ended already.
        Err(ApiError::Unauthorized) => Ok(()),
        ended => ended,
    }
}
