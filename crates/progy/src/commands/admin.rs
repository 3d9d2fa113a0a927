//! `progy admin`: what an administrator does on the server's machine.

mod fsck;
mod token;

use std::io::Read;

use progy_api::account::Role;
use progy_server::admin;

use super::serve;
use crate::cli::{AdminArgs, AdminCommand, KeysCommand, RoleArg, UserCommand};
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// No password is longer than this, in bytes.
const PASSWORD: u64 = 4096;

pub(crate) async fn run(context: &Context, args: AdminArgs) -> Result<Exit, Failure> {
    let config = serve::config(args.place)?;
    match args.command {
        AdminCommand::User(UserCommand::Add { name, email, role, password_stdin }) => {
            let password = if password_stdin { Some(password()?) } else { None };
            let (email, password) = (email.as_deref(), password.as_deref());
            let role = role_of(role);
            let user = admin::add_user_with_password(&config, &name, email, role, password).await;
            let user = user.map_err(serve::failure)?;
            say!(context, "user-added", name = user.username);
        }
        AdminCommand::Invite { role, email, expires } => {
            let lifetime = expires.map(|lifetime| lifetime.0);
            let code = admin::invite(&config, role_of(role), email.as_deref(), lifetime).await;
            let code = code.map_err(serve::failure)?;
            // Alone on standard output, for programs to take.
            context.terminal.line(&code);
            let server = config.url.as_deref().unwrap_or_default();
            note!(context, "invite-link", link = format!("{server}/sign-up?invited"));
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
        AdminCommand::Fsck { repair, json } => fsck::run(context, &config, repair, json).await?,
        AdminCommand::Token(command) => token::run(context, &config, command).await?,
    }
    Ok(Exit::Done)
}

/// The first line of standard input.
fn password() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(PASSWORD).read_to_string(&mut text);
    let line = text.lines().next().unwrap_or_default();
    if read.is_err() || line.is_empty() {
        return Err(fail!(Exit::Usage, "no-password"));
    }
    Ok(line.to_owned())
}

fn role_of(role: RoleArg) -> Role {
    match role {
        RoleArg::Learner => Role::Learner,
        RoleArg::Author => Role::Author,
        RoleArg::Admin => Role::Admin,
    }
}
