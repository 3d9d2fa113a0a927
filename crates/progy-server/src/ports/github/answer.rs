//! What GitHub's answers mean. Decided from status, headers and body alone; whoever answers may be
//! a proxy, a page for people, or a liar.

use std::time::Duration;

use progy_core::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{Email, Grant, Profile, Result, Scopes};
use crate::secret::Secret;

/// How long to leave GitHub alone when it says that there was too much, but not for how long: its
/// documentation asks for at least a minute.
const PAUSE: Duration = Duration::from_mins(1);
/// The longest pause that is believed.
const LONGEST_PAUSE: Duration = Duration::from_hours(2);
/// The longest token that is taken, in bytes. GitHub says to allow 255 characters.
const LONGEST_TOKEN: usize = 1024;
/// How much of GitHub's words is kept, in characters.
const MAX_SHOWN: usize = 300;

/// Why GitHub did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitHubError {
    /// 401: the token was revoked, has expired, or never was one.
    #[error("GitHub does not know the token (any more)")]
    Unauthorized,
    /// The OAuth routes said no, with one of their codes: `bad_verification_code`,
    /// `incorrect_client_credentials`, `redirect_uri_mismatch`, `bad_refresh_token`, …
    #[error("GitHub refuses: {code}: {description}")]
    Refused {
        /// The code: lower-case letters and underscores.
        code: String,
        /// What GitHub says of it.
        description: String,
    },
    /// 403, and not for the number of requests: a permission is missing, or an organisation forbids
    /// it.
    #[error("GitHub forbids it: {0}")]
    Forbidden(String),
    /// 404, or 410.
    #[error("GitHub has no such thing")]
    NotFound,
    /// 301, 302, 307 or 308: renamed, or the wrong address.
    #[error("GitHub points elsewhere; is the configured address right?")]
    Moved,
    /// 422, or 409: the request makes no sense to GitHub, or collides with what there is.
    #[error("GitHub cannot do it: {}", .0.join("; "))]
    Invalid(Vec<String>),
    /// Too many requests.
    #[error("GitHub wants to be left alone for {} seconds", .0.as_secs())]
    RateLimited(Duration),
    /// It does not answer, or with an error of its own: later it may.
    #[error("GitHub cannot be reached: {0}")]
    Unreachable(String),
    /// What came is not what GitHub says.
    #[error("what answers is not GitHub, or not as it is known: {0}")]
    Garbage(&'static str),
}

/// An answer as far as it matters.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// `X-RateLimit-Remaining`.
    pub remaining: Option<u64>,
    /// `X-RateLimit-Reset`, in seconds since 1970.
    pub reset: Option<i64>,
    /// `X-OAuth-Scopes`.
    pub scopes: Option<String>,
    /// The body, which may hold a token.
    pub body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// The document of a good answer, or what the answer says otherwise. `now` is the time by our
    /// clock.
    pub fn json<T: DeserializeOwned>(&self, now: Timestamp) -> Result<T> {
        self.accept(now)?;
        serde_json::from_slice(&self.body)
            .map_err(|_| GitHubError::Garbage("not the JSON that was expected"))
    }

    /// Nothing, if the status says that it was done.
    pub fn accept(&self, now: Timestamp) -> Result<()> {
        match self.status {
            200..=299 => Ok(()),
            301 | 302 | 303 | 307 | 308 => Err(GitHubError::Moved),
            401 => Err(GitHubError::Unauthorized),
            403 | 429 => Err(self.forbidden(now)),
            404 | 410 => Err(GitHubError::NotFound),
            409 | 422 => Err(GitHubError::Invalid(self.messages())),
            status => Err(GitHubError::Unreachable(format!("HTTP {status}"))),
        }
    }

    /// GitHub answers 403 both to what is forbidden and to what is too much.
    fn forbidden(&self, now: Timestamp) -> GitHubError {
        let message = self.messages().join("; ");
        let spent = self.remaining == Some(0);
        let pause = match (self.retry_after, self.reset) {
            (Some(seconds), _) => Some(Duration::from_secs(seconds)),
            (None, Some(reset)) if spent => {
                let wait = i128::from(reset) * 1000 - i128::from(now.0);
                Some(Duration::from_millis(u64::try_from(wait.max(0)).unwrap_or(u64::MAX)))
            }
            _ if spent || self.status == 429 || message.contains("secondary rate limit") => {
                Some(PAUSE)
            }
            _ => None,
        };
        match pause {
            Some(pause) => {
                GitHubError::RateLimited(pause.clamp(Duration::from_secs(1), LONGEST_PAUSE))
            }
            None => GitHubError::Forbidden(message),
        }
    }

    /// What GitHub says, in words that may be logged.
    fn messages(&self) -> Vec<String> {
        let Ok(refusal) = serde_json::from_slice::<Refusal>(&self.body) else { return Vec::new() };
        let mut messages: Vec<String> = refusal.message.iter().map(|text| shown(text)).collect();
        for error in refusal.errors.into_iter().flatten().take(10) {
            messages.extend(error.get("message").and_then(|text| text.as_str()).map(shown));
        }
        messages
    }

    /// What `POST /login/oauth/access_token` answers: errors come with status 200.
    pub fn grant(&self, now: Timestamp) -> Result<Grant> {
        self.accept(now)?;
        let answer: TokenAnswer = self.json(now)?;
        if let Some(code) = answer.error {
            let description = shown(&answer.error_description.unwrap_or_default());
            return Err(GitHubError::Refused { code: code_of(&code), description });
        }
        let access = answer.access_token.and_then(token);
        let access = access.ok_or(GitHubError::Garbage("no token in its answer"))?;
        if !answer.token_type.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
            return Err(GitHubError::Garbage("a token of another type than `bearer`"));
        }
        Ok(Grant {
            access,
            scopes: Scopes::parse(answer.scope.as_deref().unwrap_or_default()),
            expires_in: answer.expires_in.map(Duration::from_secs),
            refresh: answer.refresh_token.and_then(token),
            refresh_expires_in: answer.refresh_token_expires_in.map(Duration::from_secs),
        })
    }

    /// What `GET /user` answers.
    pub fn profile(&self, now: Timestamp) -> Result<Profile> {
        let user: UserAnswer = self.json(now)?;
        if user.id == 0 || !is_login(&user.login) {
            return Err(GitHubError::Garbage("no user in its answer"));
        }
        Ok(Profile {
            id: user.id,
            login: user.login,
            name: user.name.map(|name| shown(name.trim())).filter(|name| !name.is_empty()),
            avatar_url: user.avatar_url.filter(|url| is_picture(url)),
            scopes: self.scopes.as_deref().map(Scopes::parse),
        })
    }

    /// What `GET /user/emails` answers.
    pub fn emails(&self, now: Timestamp) -> Result<Vec<Email>> {
        let emails: Vec<EmailAnswer> = self.json(now)?;
        let emails = emails.into_iter().filter(|email| is_address(&email.email));
        let known = |email: EmailAnswer| Email {
            address: email.email.to_lowercase(),
            verified: email.verified,
            primary: email.primary,
        };
        Ok(emails.map(known).collect())
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<Secret>,
    token_type: Option<String>,
    scope: Option<String>,
    expires_in: Option<u64>,
    refresh_token: Option<Secret>,
    refresh_token_expires_in: Option<u64>,
    error: Option<String>,
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct UserAnswer {
    id: u64,
    login: String,
    name: Option<String>,
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
struct EmailAnswer {
    email: String,
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    primary: bool,
}

#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
    // GitHub also puts bare strings here.
    errors: Option<Vec<serde_json::Value>>,
}

/// A token that can be sent in a header.
fn token(token: Secret) -> Option<Secret> {
    let text = token.expose();
    let fits = (1..=LONGEST_TOKEN).contains(&text.len());
    (fits && text.bytes().all(|b| b.is_ascii_graphic())).then_some(token)
}

/// Letters, digits and hyphens; underscores in enterprises that manage their users.
fn is_login(login: &str) -> bool {
    (1..=100).contains(&login.len())
        && login.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_address(address: &str) -> bool {
    let parts = address.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && address.len() <= 254
        && !address.contains(|c: char| c.is_control() || c.is_whitespace())
}

fn is_picture(url: &str) -> bool {
    url.len() <= 2048 && url.starts_with("https://") && url.bytes().all(|b| b.is_ascii_graphic())
}

fn code_of(code: &str) -> String {
    let fits = |c: &char| c.is_ascii_lowercase() || *c == '_';
    code.chars().filter(fits).take(64).collect()
}

/// Words of the other side as they may be logged: in one line, not endless.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SHOWN).collect()
}

#[cfg(test)]
mod tests;
