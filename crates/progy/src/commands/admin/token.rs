//! `progy admin token`: what people log in with from scripts.

use progy_api::account::Scopes;
use progy_server::ports::database::accounts::Token;
use progy_server::services::accounts::tokens::TokenWish;
use progy_server::{Config, admin};
use serde::Serialize;

use crate::cli::TokenCommand;
use crate::commands::serve;
use crate::context::Context;
use crate::failure::Failure;
use crate::human;

/// How much of an id is shown: enough to name one of a person's tokens.
const SHOWN: usize = 12;

/// One token, for programs. Times are RFC 3339.
#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    label: Option<&'a str>,
    scopes: &'a Scopes,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
}

pub(super) async fn run(
    context: &Context,
    config: &Config,
    command: TokenCommand,
) -> Result<(), Failure> {
    match command {
        TokenCommand::Create { name, scopes, expires, label } => {
            let lifetime = expires.map(|lifetime| lifetime.0);
            let wish =
                TokenWish { name: label, scopes: scopes.unwrap_or_else(Scopes::all), lifetime };
            let token = admin::create_token_for(config, &name, &wish).await;
            // Alone on standard output, for programs to take.
            context.terminal.line(&token.map_err(serve::failure)?);
        }
        TokenCommand::List { name, json } => {
            let tokens = admin::tokens(config, &name).await.map_err(serve::failure)?;
            if json {
                let listed: Vec<Listed<'_>> = tokens.iter().map(listed).collect();
                context.terminal.json(&listed)?;
            } else {
                list(context, &name, &tokens);
            }
        }
        TokenCommand::Revoke { name, id } => {
            admin::revoke_token(config, &name, &id).await.map_err(serve::failure)?;
            say!(context, "token-revoked", id = id, name = name);
        }
    }
    Ok(())
}

fn listed(token: &Token) -> Listed<'_> {
    use progy_core::progress::rfc3339;
    Listed {
        id: &token.id.0,
        label: token.name.as_deref(),
        scopes: &token.scopes,
        created_at: rfc3339(token.created_at),
        expires_at: token.expires_at.map(rfc3339),
        last_used_at: token.last_used_at.map(rfc3339),
        revoked_at: token.revoked_at.map(rfc3339),
    }
}

fn list(context: &Context, name: &str, tokens: &[Token]) {
    if tokens.is_empty() {
        say!(context, "no-tokens", name = name);
    }
    for token in tokens {
        let id: String = token.id.0.chars().take(SHOWN).collect();
        let used = match token.last_used_at {
            Some(at) => human::ago(context, at),
            None => text!(context, "token-never"),
        };
        let state = match (token.revoked_at, token.expires_at) {
            (Some(_), _) => text!(context, "token-is-revoked"),
            (None, Some(at)) => text!(context, "token-until", day = human::date(at)),
            (None, None) => text!(context, "token-forever"),
        };
        let label = token.name.as_deref().unwrap_or("–");
        let scopes = &token.scopes;
        say!(
            context,
            "token-line",
            id = id,
            label = label,
            scopes = scopes,
            used = used,
            state = state
        );
    }
}
