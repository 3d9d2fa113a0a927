//! `progy admin`: what an administrator does on the server's machine.

use progy_api::account::Role;
use progy_server::admin;

use super::serve;
use crate::cli::{AdminArgs, AdminCommand, KeysCommand, RoleArg, TokenCommand, UserCommand};
use crate::context::Context;
use crate::failure::{Exit, Failure};

pub(crate) async fn run(context: &Context, args: AdminArgs) -> Result<Exit, Failure> {
    let config = serve::config(args.place)?;
    match args.command {
        AdminCommand::User(UserCommand::Add { name, email, role }) => {
            let user = admin::add_user(&config, &name, email.as_deref(), role_of(role)).await;
            let user = user.map_err(serve::failure)?;
            say!(context, "user-added", name = user.name);
        }
        AdminCommand::Token(TokenCommand::Create { name }) => {
            let token = admin::create_token(&config, &name).await.map_err(serve::failure)?;
            // Alone on standard output, for programs to take.
            context.terminal.line(&token);
        }
        AdminCommand::Keys(KeysCommand::Rotate) => {
            let done = admin::rotate_keys(&config).await.map_err(serve::failure)?;
            say!(context, "keys-rotated", key = done.writing, count = done.links);
            for key in done.to_remove {
                say!(context, "key-to-remove", key = key);
            }
            if let Some(key) = done.kept.first() {
                return Err(fail!(Exit::Failed, "key-kept", key = key));
            }
        }
    }
    Ok(Exit::Done)
}

fn role_of(role: RoleArg) -> Role {
    match role {
        RoleArg::Learner => Role::Learner,
        RoleArg::Author => Role::Author,
        RoleArg::Admin => Role::Admin,
    }
}
