//! `progy logout`: forgets the login on this device.

use crate::context::Context;
use crate::failure::{Exit, Failure};

pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let server = context.server()?;
    if context.home()?.forget_token(&server)? {
        say!(context, "logged-out", server = server.as_str());
    } else {
        say!(context, "was-not-logged-in", server = server.as_str());
    }
    if context.variables.get("PROGY_TOKEN").is_some() {
        note!(context, "token-from-environment");
    }
    Ok(Exit::Done)
}
