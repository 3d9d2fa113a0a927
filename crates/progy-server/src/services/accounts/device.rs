//! Logging a device in by a code that a person confirms in a browser (RFC 8628).
//!
//! The device asks for two codes: a secret one that it polls with, and a short one that it shows.
//! The person, signed in, first claims the short one by looking at it, and only then may approve or
//! deny: nobody approves what they have not seen. The first poll after an approval gets a session;
//! the codes are gone with it.

use progy_api::account::device::{
    CodeAnswer, CodeRequest, DeviceRequest, GRANT_TYPE, TokenAnswer, TokenRequest, error,
};
use progy_core::{DeviceName, Timestamp};

use super::audit::Note;
use super::limits::Attempt;
use super::secrets::{Kind, digest};
use super::sessions::LIFETIME;
use super::{Login, Peer, Services};
use crate::ServiceError;
use crate::ports::PortError;
use crate::ports::database::UserId;
use crate::ports::database::accounts::{AuditEvent, DeviceCode, DeviceStatus};

/// How long a code lives, in milliseconds: 15 minutes.
pub const LIFE: i64 = 15 * 60 * 1_000;
/// How long a device waits between two polls, in milliseconds.
pub const INTERVAL: i64 = 5_000;
/// Characters of a user code (RFC 8628, section 6.1): no vowels, so that they make no words, and
/// nothing that looks like something else.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Characters in a user code: 20^8 codes are 34 bits, for 15 minutes and with counted guesses.
const LENGTH: usize = 8;
/// Codes that are drawn until one is free.
const TRIES: usize = 3;
/// The longest client id or scope, in bytes.
const LONGEST: usize = 191;

/// Why a device route did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeviceFailure {
    /// An answer of the protocol, with its HTTP status.
    #[error("{description}")]
    Answer {
        /// The HTTP status.
        status: u16,
        /// One of [`error`].
        error: &'static str,
        /// For people; Better Auth's words.
        description: &'static str,
    },
    /// Anything else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<PortError> for DeviceFailure {
    fn from(error: PortError) -> Self {
        Self::Service(error.into())
    }
}

/// A device route's result.
pub type Result<T> = std::result::Result<T, DeviceFailure>;

const fn answer(status: u16, error: &'static str, description: &'static str) -> DeviceFailure {
    DeviceFailure::Answer { status, error, description }
}

/// 400 `invalid_request`.
const fn invalid(description: &'static str) -> DeviceFailure {
    answer(400, error::INVALID_REQUEST, description)
}

const INVALID_USER_CODE: DeviceFailure = invalid("Invalid user code");
const INVALID_DEVICE_CODE: DeviceFailure = answer(400, error::INVALID_GRANT, "Invalid device code");

/// What a person says to a device that wants in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may have a session of mine.
    Approve,
    /// It may not.
    Deny,
}

/// What becomes of a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Poll {
    /// Another client's code.
    Foreign,
    /// It comes too soon; it does not count.
    TooSoon,
    /// The code is too old, and is forgotten.
    Expired,
    /// Nobody has decided yet.
    Pending,
    /// The person said no; the code is forgotten.
    Denied,
    /// The person said yes.
    Approved,
}

fn poll(code: &DeviceCode, client: &str, now: Timestamp) -> Poll {
    if code.client_id != client {
        return Poll::Foreign;
    }
    // A clock that was set back makes no poll too soon.
    let since = code.last_polled_at.map(|last| now.0.saturating_sub(last.0));
    if since.is_some_and(|since| (0..code.polling_interval).contains(&since)) {
        return Poll::TooSoon;
    }
    match code.status {
        _ if code.expires_at <= now => Poll::Expired,
        DeviceStatus::Pending => Poll::Pending,
        DeviceStatus::Denied => Poll::Denied,
        DeviceStatus::Approved => Poll::Approved,
    }
}

/// Why `user` may not decide so about a code, if they may not.
fn objection(
    code: &DeviceCode,
    user: &str,
    decision: Decision,
    now: Timestamp,
) -> Option<DeviceFailure> {
    match &code.user {
        _ if code.expires_at <= now => {
            Some(answer(400, error::EXPIRED_TOKEN, "User code has expired"))
        }
        _ if code.status != DeviceStatus::Pending => Some(invalid("Device code already processed")),
        None => Some(invalid(
            "Device code has not been claimed by a verifying session; call `GET /device` with the \
             `user_code` while signed in before approving or denying",
        )),
        Some(claimed) if claimed.0 != user => Some(answer(
            403,
            error::ACCESS_DENIED,
            match decision {
                Decision::Approve => "You are not authorized to approve this device authorization",
                Decision::Deny => "You are not authorized to deny this device authorization",
            },
        )),
        Some(_) => None,
    }
}

/// A user code as it is kept: people type dashes, spaces and small letters.
fn normal(user_code: &str) -> Option<String> {
    let code: String = user_code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(LENGTH + 1)
        .collect();
    (code.len() == LENGTH && code.bytes().all(|c| ALPHABET.contains(&c))).then_some(code)
}

/// A text that is there and short enough.
fn given<'a>(text: Option<&'a str>, missing: &'static str) -> Result<&'a str> {
    text.filter(|text| !text.is_empty() && text.len() <= LONGEST).ok_or(invalid(missing))
}

impl Services {
    /// Two codes for a device that wants in. `base` is the server's address as its users see it.
    pub async fn device_code(
        &self,
        request: &CodeRequest,
        base: &str,
        peer: &Peer,
    ) -> Result<CodeAnswer> {
        let client_id = given(request.client_id.as_deref(), "client_id is required")?;
        // RFC 6749, appendix A.1. People read it where they decide.
        if !client_id.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(invalid("client_id has characters that it may not have"));
        }
        let scope = request.scope.as_deref().filter(|scope| !scope.is_empty());
        if scope.is_some_and(|scope| scope.len() > LONGEST) {
            return Err(invalid("scope is too long"));
        }
        self.limit_address(Attempt::DeviceCode, peer).await?;
        // Whether there is such a person is not said: a code for nobody is a code for anybody.
        let user = match &request.user_id {
            Some(id) => self.accounts.user(&UserId(id.clone())).await?,
            None => None,
        };
        let now = self.clock.now();
        for _ in 0..TRIES {
            let secret = self.new_secret(Kind::DeviceCode)?;
            let user_code = self.new_user_code()?;
            let code = DeviceCode {
                id: self.new_id()?,
                device_code: digest(secret.expose()),
                user_code: user_code.clone(),
                user: user.as_ref().map(|user| UserId(user.id.clone())),
                expires_at: Timestamp(now.0.saturating_add(LIFE)),
                status: DeviceStatus::Pending,
                last_polled_at: None,
                polling_interval: INTERVAL,
                client_id: client_id.to_owned(),
                scope: scope.map(str::to_owned),
                device_name: request
                    .device_name
                    .as_deref()
                    .map(|name| DeviceName::from_any(name).as_str().to_owned()),
                ip_address: peer.address_text(),
                user_agent: peer.user_agent.clone(),
                created_at: now,
            };
            if self.accounts.create_device_code(&code).await? {
                return Ok(CodeAnswer {
                    device_code: secret.into_string(),
                    verification_uri: format!("{base}/device"),
                    verification_uri_complete: format!("{base}/device?user_code={user_code}"),
                    user_code,
                    expires_in: LIFE.unsigned_abs() / 1_000,
                    interval: INTERVAL.unsigned_abs() / 1_000,
                });
            }
        }
        Err(answer(500, error::SERVER_ERROR, "Failed to generate a unique device code"))
    }

    /// A poll of a device: its session, once its person has said yes.
    pub async fn device_token(&self, request: &TokenRequest, peer: &Peer) -> Result<TokenAnswer> {
        if request.grant_type.as_deref() != Some(GRANT_TYPE) {
            return Err(invalid("grant_type is not that of the device flow"));
        }
        let secret = given(request.device_code.as_deref(), "device_code is required")?;
        let client = given(request.client_id.as_deref(), "client_id is required")?;
        let found = self.accounts.device_code(&digest(secret)).await?;
        let code = found.ok_or(INVALID_DEVICE_CODE)?;
        let now = self.clock.now();
        let outcome = poll(&code, client, now);
        match outcome {
            Poll::Foreign => Err(answer(400, error::INVALID_GRANT, "Client ID mismatch")),
            Poll::TooSoon => Err(answer(400, error::SLOW_DOWN, "Polling too frequently")),
            Poll::Pending => {
                self.accounts.device_code_polled(&code.id, now).await?;
                Err(answer(400, error::AUTHORIZATION_PENDING, "Authorization pending"))
            }
            Poll::Expired => {
                self.accounts.forget_device_code(&code.id).await?;
                Err(answer(400, error::EXPIRED_TOKEN, "Device code has expired"))
            }
            Poll::Denied => {
                self.accounts.forget_device_code(&code.id).await?;
                Err(answer(400, error::ACCESS_DENIED, "Access denied"))
            }
            Poll::Approved => self.redeem(code, peer).await,
        }
    }

    /// The session of an approved code, once.
    async fn redeem(&self, code: DeviceCode, peer: &Peer) -> Result<TokenAnswer> {
        let user = code.user.ok_or(INVALID_DEVICE_CODE)?;
        let mut session = self.new_session(&user, peer, true)?;
        session.record.device_name = code.device_name;
        if !self.accounts.redeem_device_code(&code.id, &session.record).await? {
            return Err(INVALID_DEVICE_CODE);
        }
        let note = Note::of(AuditEvent::DeviceSignedIn).user(&user.0).from(peer);
        self.note(note.subject(&session.record.id.0)).await?;
        Ok(TokenAnswer {
            access_token: session.secret.into_string(),
            token_type: "Bearer".to_owned(),
            expires_in: LIFETIME.unsigned_abs() / 1_000,
            scope: code.scope.unwrap_or_default(),
        })
    }

    /// What a user code is for. Somebody who is signed in claims it by asking, if nobody has; what
    /// the device says of itself is shown to them alone.
    pub async fn device_request(
        &self,
        user_code: &str,
        login: Option<&Login>,
        peer: &Peer,
    ) -> Result<DeviceRequest> {
        let mut code = self.typed(user_code, login, peer).await?;
        if code.expires_at <= self.clock.now() {
            return Err(answer(400, error::EXPIRED_TOKEN, "User code has expired"));
        }
        let user = login.map(|login| UserId(login.user.id.clone()));
        if let Some(user) = &user
            && code.user.is_none()
        {
            let claimed = self.accounts.claim_device_code(&code.id, user).await?;
            code = claimed.ok_or(INVALID_USER_CODE)?;
        }
        let status = code.status.as_str().to_owned();
        let user_code = user_code.to_owned();
        let is_theirs = user.is_some() && code.user == user;
        let unseen = DeviceRequest { user_code, status, ..DeviceRequest::default() };
        if !is_theirs {
            return Ok(unseen);
        }
        Ok(DeviceRequest {
            client_id: Some(code.client_id),
            scope: code.scope,
            device_name: code.device_name,
            ip_address: code.ip_address,
            requested_at: Some(code.created_at),
            ..unseen
        })
    }

    /// Lets a device in, or not.
    pub async fn decide_device(
        &self,
        user_code: Option<&str>,
        login: &Login,
        decision: Decision,
        peer: &Peer,
    ) -> Result<()> {
        let user_code = given(user_code, "userCode is required")?;
        let code = self.typed(user_code, Some(login), peer).await?;
        let user = &login.user.id;
        if let Some(objection) = objection(&code, user, decision, self.clock.now()) {
            return Err(objection);
        }
        let (status, event) = match decision {
            Decision::Approve => (DeviceStatus::Approved, AuditEvent::DeviceApproved),
            Decision::Deny => (DeviceStatus::Denied, AuditEvent::DeviceDenied),
        };
        let owner = UserId(user.clone());
        if !self.accounts.decide_device_code(&code.id, &owner, status).await? {
            return Err(invalid("Device code already processed"));
        }
        let note = Note::of(event).user(user).from(peer).subject(&code.id);
        Ok(self.note(note.detail(code.device_name.unwrap_or(code.client_id))).await?)
    }

    /// The code that somebody typed. Each try counts: codes are short enough to be guessed at.
    async fn typed(
        &self,
        user_code: &str,
        login: Option<&Login>,
        peer: &Peer,
    ) -> Result<DeviceCode> {
        self.limit_address(Attempt::UserCode, peer).await?;
        if let Some(login) = login {
            self.limit(Attempt::UserCodeBy, &login.user.id).await?;
        }
        let user_code = normal(user_code).ok_or(INVALID_USER_CODE)?;
        let found = self.accounts.device_code_by_user_code(&user_code).await?;
        found.ok_or(INVALID_USER_CODE)
    }

    /// Eight characters, each equally likely.
    fn new_user_code(&self) -> Result<String> {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            let mut chance = [0; 32];
            self.entropy.fill(&mut chance)?;
            // 240 is the last multiple of 20 that a byte reaches: what is above would favour some.
            let drawn = chance.into_iter().filter(|byte| *byte < 240);
            let characters = drawn.filter_map(|byte| ALPHABET.get(usize::from(byte) % 20));
            code.extend(characters.map(|c| char::from(*c)).take(LENGTH - code.len()));
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests;
