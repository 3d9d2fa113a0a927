//! A browser is sent to GitHub.

use super::super::Services;
use super::super::accounts::limits::Attempt;
use super::super::accounts::secrets::digest;
use super::super::accounts::{Login, Peer, Refusal};
use super::state::{Pending, verifier};
use crate::Result;
use crate::ports::github::{Authorization, Scopes};
use crate::secret::Secret;

/// How many scopes a request may add.
const MOST_SCOPES: usize = 20;

/// What somebody wants of GitHub. The addresses are checked already.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Where the browser goes in the end.
    pub callback: String,
    /// Where it goes if something goes wrong.
    pub error: Option<String>,
    /// Where it goes if the person is new.
    pub new_user: Option<String>,
    /// What to ask for besides what is configured.
    pub scopes: Vec<String>,
    /// The login name to suggest.
    pub login: Option<String>,
    /// The code of an invitation.
    pub invite: Option<String>,
    /// Whether anybody may register.
    pub open: bool,
}

/// Where to go, and what to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The address at GitHub.
    pub url: String,
    /// For a cookie of this browser, for [`super::state::LIFETIME`].
    pub ticket: Secret,
}

impl Services {
    /// Whether signing in with GitHub is offered.
    pub fn has_github(&self) -> bool {
        self.github.is_some()
    }

    /// Begins to sign somebody in; with `link`, to link GitHub to who is signed in.
    pub async fn start_github(
        &self,
        wish: Wish,
        link: Option<&Login>,
        peer: &Peer,
    ) -> Result<Started> {
        let access = self.github()?;
        self.limit_address(Attempt::Social, peer).await?;
        let is_scope = |name: &String| {
            (1..=64).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b == b':' || b == b'_')
        };
        if wish.scopes.len() > MOST_SCOPES || !wish.scopes.iter().all(is_scope) {
            return Err(Refusal::Invalid("these are no scopes of GitHub's".to_owned()).into());
        }
        let more: Scopes = wish.scopes.iter().map(String::as_str).collect();
        let scopes = access.scopes.clone().with(&more);
        let tickets = self
            .remember(Pending {
                callback: wish.callback,
                error: wish.error,
                new_user: wish.new_user,
                link: link.map(|login| login.user.id.clone()),
                open: wish.open,
                invite: wish
                    .invite
                    .map(|code| blake3::Hash::from_bytes(digest(&code)).to_hex().to_string()),
            })
            .await?;
        let url = access.github.authorize_url(&Authorization {
            state: &tickets.state,
            verifier: &verifier(&tickets.ticket),
            redirect_uri: &access.redirect_uri,
            scopes: &scopes,
            login: wish.login.as_deref().filter(|login| login.len() <= 100),
        });
        Ok(Started { url, ticket: tickets.ticket })
    }
}
