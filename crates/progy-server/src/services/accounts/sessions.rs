//! Sessions: how long they last, and how they end.

use progy_api::account::{Session, User};
use progy_core::Timestamp;

use super::audit::Note;
use super::secrets::{Kind, digest};
use super::{Login, Peer, Services, Via};
use crate::ports::database::UserId;
use crate::ports::database::accounts::{AuditEvent, Seen, SessionId, SessionRecord};
use crate::{Result, Secret, ServiceError};

const MINUTE: i64 = 60 * 1_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// How long a session lives after its last use, in milliseconds; Better Auth's `expiresIn`.
pub const LIFETIME: i64 = 7 * DAY;
/// How long one lives that is not to be remembered, whatever its use.
const UNREMEMBERED: i64 = DAY;
/// How long after it was prolonged a use prolongs it again; Better Auth's `updateAge`.
const PROLONG_AFTER: i64 = DAY;
/// How long after a use that was written down the next one is.
const SEEN_AFTER: i64 = 5 * MINUTE;
/// How old the token of a browser's session gets before it is replaced.
const ROTATE_AFTER: i64 = DAY;
/// How long a replaced token still counts, for requests that were on their way.
const GRACE: i64 = MINUTE;

/// A session that begins now, with what its owner carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// To be kept.
    pub record: SessionRecord,
    /// To be sent.
    pub secret: Secret,
}

/// Somebody who has just come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The person.
    pub user: User,
    /// Their new session.
    pub session: NewSession,
}

/// What a use of a session changes, if anything is to be written down.
fn upkeep(session: &SessionRecord, now: Timestamp, peer: &Peer) -> Option<Seen> {
    let since = |at: Timestamp| now.0.saturating_sub(at.0);
    let prolonged = session.remembered && since(session.updated_at) >= PROLONG_AFTER;
    if !prolonged && since(session.last_seen_at) < SEEN_AFTER {
        return None;
    }
    Some(Seen {
        at: now,
        ip_address: peer.address_text(),
        user_agent: peer.user_agent.clone(),
        expires_at: prolonged.then_some(Timestamp(now.0.saturating_add(LIFETIME))),
    })
}

/// Whether the token of a session is due to be replaced.
fn is_worn(session: &SessionRecord, now: Timestamp) -> bool {
    now.0.saturating_sub(session.rotated_at.unwrap_or(session.created_at).0) >= ROTATE_AFTER
}

/// As the routes show it.
pub(crate) fn shown(session: &SessionRecord) -> Session {
    Session {
        id: session.id.0.clone(),
        token: session.id.0.clone(),
        user_id: session.user.0.clone(),
        expires_at: Some(session.expires_at),
        created_at: session.created_at,
        updated_at: session.last_seen_at.max(session.updated_at),
        ip_address: session.ip_address.clone(),
        user_agent: session.user_agent.clone(),
        device_name: session.device_name.clone(),
    }
}

impl Services {
    /// A session that is not kept yet.
    pub(crate) fn new_session(
        &self,
        user: &UserId,
        peer: &Peer,
        remembered: bool,
    ) -> Result<NewSession> {
        let now = self.clock.now();
        let secret = self.new_secret(Kind::Session)?;
        let lifetime = if remembered { LIFETIME } else { UNREMEMBERED };
        let record = SessionRecord {
            id: SessionId(self.new_id()?),
            token: digest(secret.expose()),
            user: user.clone(),
            expires_at: Timestamp(now.0.saturating_add(lifetime)),
            created_at: now,
            updated_at: now,
            last_seen_at: now,
            ip_address: peer.address_text(),
            user_agent: peer.user_agent.clone(),
            device_name: None,
            remembered,
            rotated_at: None,
        };
        Ok(NewSession { record, secret })
    }

    pub(super) async fn session_login(&self, secret: &str, peer: &Peer) -> Result<Option<Login>> {
        let now = self.clock.now();
        let since = Timestamp(now.0.saturating_sub(GRACE));
        let found = self.accounts.session_by_token(&digest(secret), now, since).await?;
        let Some((mut session, user)) = found else { return Ok(None) };
        if let Some(seen) = upkeep(&session, now, peer) {
            self.accounts.session_seen(&session.id, &seen).await?;
            session.last_seen_at = seen.at;
            (session.ip_address, session.user_agent) = (seen.ip_address, seen.user_agent);
            if let Some(expires_at) = seen.expires_at {
                (session.expires_at, session.updated_at) = (expires_at, seen.at);
            }
        }
        Ok(Some(Login { user, via: Via::Session(session) }))
    }

    /// Replaces what a browser carries for its session, if it has carried it for a day. For sessions
    /// in a cookie: only a cookie can be replaced from here.
    pub async fn rotate(&self, login: &Login) -> Result<Option<Secret>> {
        let now = self.clock.now();
        let Some(session) = login.session().filter(|session| is_worn(session, now)) else {
            return Ok(None);
        };
        let secret = self.new_secret(Kind::Session)?;
        let (id, to) = (&session.id, digest(secret.expose()));
        let rotated = self.accounts.rotate_session(id, &session.token, &to, now).await?;
        Ok(rotated.then_some(secret))
    }

    /// All sessions of the person, the last used first.
    pub async fn sessions(&self, login: &Login) -> Result<Vec<Session>> {
        let user = UserId(login.user.id.clone());
        let sessions = self.accounts.sessions_of(&user, self.clock.now()).await?;
        Ok(sessions.iter().map(shown).collect())
    }

    /// Ends one of the person's sessions, named by its id or by its token; true if it is the one
    /// that asks. What is unknown or somebody else's is passed over without a word, as Better Auth
    /// does.
    pub async fn revoke_session(&self, login: &Login, named: &str, peer: &Peer) -> Result<bool> {
        let user = UserId(login.user.id.clone());
        let id = match Kind::of(named) {
            Some(Kind::Session) => {
                let now = self.clock.now();
                let found = self.accounts.session_by_token(&digest(named), now, now).await?;
                found.map(|(session, _)| session.id)
            }
            _ => Some(SessionId(named.to_owned())),
        };
        let Some(id) = id else { return Ok(false) };
        if self.accounts.end_session(&user, &id).await? {
            let note = Note::of(AuditEvent::SessionRevoked).user(&user.0).from(peer);
            self.note(note.subject(&id.0)).await?;
        }
        Ok(login.session().is_some_and(|session| session.id == id))
    }

    /// Ends all sessions of the person, this one as well. Personal access tokens stay.
    pub async fn sign_out_everywhere(&self, login: &Login, peer: &Peer) -> Result<()> {
        self.end_sessions(login, None, peer).await
    }

    /// Ends all sessions of the person but this one.
    pub async fn sign_out_elsewhere(&self, login: &Login, peer: &Peer) -> Result<()> {
        self.end_sessions(login, login.session().map(|session| &session.id), peer).await
    }

    /// Ends all sessions of the person but `except`, and writes down how many there were.
    pub(super) async fn end_sessions(
        &self,
        login: &Login,
        except: Option<&SessionId>,
        peer: &Peer,
    ) -> Result<()> {
        let user = UserId(login.user.id.clone());
        let ended = self.accounts.end_sessions(&user, except).await?;
        if ended > 0 {
            let note = Note::of(AuditEvent::SessionRevoked).user(&user.0).from(peer);
            self.note(note.detail(format!("{ended} sessions"))).await?;
        }
        Ok(())
    }

    /// Ends the session that `secret` belongs to, if it is one. A personal access token stays: other
    /// devices may use it, and its owner has a list of them.
    pub async fn sign_out(&self, secret: &str, peer: &Peer) -> Result<()> {
        let login = match self.authenticate(secret, peer).await {
            Err(ServiceError::Unauthorized) => return Ok(()),
            login => login?,
        };
        let Some(session) = login.session() else { return Ok(()) };
        if self.accounts.end_session(&session.user, &session.id).await? {
            let note = Note::of(AuditEvent::SignedOut).user(&session.user.0).from(peer);
            self.note(note.subject(&session.id.0)).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
