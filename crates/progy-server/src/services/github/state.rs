//! What is remembered while a browser is at GitHub.
//!
//! Two secrets go out: the *state* in the address, which GitHub sends back, and a *ticket* in a
//! cookie, which only this browser has. The database keeps hashes of both. The verifier of PKCE is
//! derived from the ticket, so that it is kept nowhere at all.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use progy_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::Services;
use crate::Result;
use crate::ports::database::accounts::Verification;
use crate::secret::Secret;

/// How long a browser may stay at GitHub, in milliseconds; as Better Auth has it.
pub const LIFETIME: i64 = 10 * 60 * 1_000;
/// The longest state or ticket that is looked at, in bytes.
const LONGEST: usize = 128;

/// What a browser asked for before it left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// Where it goes in the end.
    pub(crate) callback: String,
    /// Where it goes if something goes wrong.
    pub(crate) error: Option<String>,
    /// Where it goes if the person is new.
    pub(crate) new_user: Option<String>,
    /// The person who links an account; without one, somebody signs in.
    pub(crate) link: Option<String>,
    /// Whether anybody may register.
    pub(crate) open: bool,
    /// The hash of an invitation's code, in hexadecimal digits.
    pub(crate) invite: Option<String>,
}

/// [`Pending`], and the browser that it belongs to.
#[derive(Serialize, Deserialize)]
struct Kept {
    browser: String,
    pending: Pending,
}

/// What goes out.
pub(crate) struct Tickets {
    pub(crate) state: Secret,
    pub(crate) ticket: Secret,
}

/// What a state that came back stood for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    /// What this browser asked for.
    Mine(Pending),
    /// What another browser asked for, or this one without its cookie; that is over now.
    NotMine(Pending),
    /// Nothing: never given out, used before, or too old.
    Unknown,
}

/// RFC 7636, section 4.1: 43 characters.
pub(crate) fn verifier(ticket: &Secret) -> Secret {
    let key = blake3::derive_key("progy 2026-11 github pkce verifier", ticket.expose().as_bytes());
    Secret::new(URL_SAFE_NO_PAD.encode(key))
}

fn hash(secret: &Secret) -> String {
    blake3::hash(secret.expose().as_bytes()).to_hex().to_string()
}

/// As Better Auth names them.
fn identifier(state: &Secret) -> String {
    format!("auth-state:{}", hash(state))
}

impl Services {
    pub(crate) async fn remember(&self, pending: Pending) -> Result<Tickets> {
        let tickets = Tickets { state: self.chance()?, ticket: self.chance()? };
        let kept = Kept { browser: hash(&tickets.ticket), pending };
        let now = self.clock.now();
        let verification = Verification {
            id: self.new_id()?,
            identifier: identifier(&tickets.state),
            value: serde_json::to_string(&kept).map_err(crate::ServiceError::internal)?,
            expires_at: Timestamp(now.0.saturating_add(LIFETIME)),
            created_at: now,
        };
        self.accounts.keep_verification(&verification).await?;
        Ok(tickets)
    }

    /// Takes what was remembered: whatever comes of it, it is over.
    pub(crate) async fn recall(&self, state: &Secret, ticket: Option<&Secret>) -> Result<Returned> {
        if state.expose().len() > LONGEST {
            return Ok(Returned::Unknown);
        }
        let taken = self.accounts.take_verification(&identifier(state), self.clock.now()).await?;
        let Some(taken) = taken else { return Ok(Returned::Unknown) };
        let Ok(kept) = serde_json::from_str::<Kept>(&taken.value) else {
            return Ok(Returned::Unknown);
        };
        let ticket = ticket.filter(|ticket| ticket.expose().len() <= LONGEST);
        // Hashes are compared: how long that takes says nothing of the ticket.
        if ticket.is_some_and(|ticket| hash(ticket) == kept.browser) {
            Ok(Returned::Mine(kept.pending))
        } else {
            Ok(Returned::NotMine(kept.pending))
        }
    }

    fn chance(&self) -> Result<Secret> {
        let mut bytes = [0; 32];
        self.entropy.fill(&mut bytes)?;
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
    }
}
