//! `progy whoami`: who is logged in, and where.

use progy_api::account::User;
use progy_client::api::AccountApi;
use serde::Serialize;

use crate::cli::JsonArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    user: &'a User,
    server: &'a str,
}

pub(crate) async fn run(context: &Context, args: &JsonArgs) -> Result<Exit, Failure> {
    let api = context.api()?;
    let user = api.whoami().await?;
    let server = api.server().as_str();
    if args.json {
        context.terminal.json(&Answer { user: &user, server })?;
    } else {
        say!(context, "you-are", name = user.name, server = server);
    }
    Ok(Exit::Done)
}
