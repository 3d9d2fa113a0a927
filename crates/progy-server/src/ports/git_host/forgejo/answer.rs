//! What Forgejo's answers mean. Decided from status and body alone.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::ports::git_host::GitHostError;
use crate::ports::web::Trouble;

/// How long to leave a server alone that had too much and does not say for how long.
const PAUSE: Duration = Duration::from_mins(1);
/// How much of its words is kept, in characters.
const MAX_SHOWN: usize = 300;

/// A result of Forgejo's.
pub(super) type Result<T, E = ApiError> = std::result::Result<T, E>;

/// Why Forgejo did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ApiError {
    /// 401: the token or the password counts no more.
    #[error("Forgejo does not accept the login")]
    Unauthorized,
    /// 403: the token may not do that.
    #[error("Forgejo forbids it: {0}")]
    Forbidden(String),
    /// 404.
    #[error("Forgejo has no such thing")]
    NotFound,
    /// A redirection: renamed, or the wrong address.
    #[error("Forgejo points elsewhere; is the configured address right?")]
    Moved,
    /// 400, 409 or 422: it collides with what there is, or makes no sense.
    #[error("Forgejo cannot do it: {0}")]
    Refused(String),
    /// Too many requests.
    #[error("Forgejo is busy")]
    RateLimited(Duration),
    /// It does not answer, or with an error of its own.
    #[error("Forgejo cannot be reached: {0}")]
    Unreachable(String),
    /// Another status.
    #[error("Forgejo answers with HTTP {0}")]
    Odd(u16),
    /// Not what Forgejo says.
    #[error("what answers is not Forgejo, or not as it is known")]
    Garbage,
}

impl From<Trouble> for ApiError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable(why) => Self::Unreachable(why),
            Trouble::TooLong => Self::Garbage,
        }
    }
}

impl From<ApiError> for GitHostError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::RateLimited(pause) => Self::RateLimited(pause),
            error => {
                tracing::warn!(%error, "the host of the repositories");
                // What it says is for who runs the server, and is in the log.
                Self::Unavailable(
                    "the host of the repositories does not do what was asked; try again later, \
                     or ask who runs the server"
                        .to_owned(),
                )
            }
        }
    }
}

/// An answer as far as it matters.
pub(super) struct Answer {
    pub(super) status: u16,
    /// In seconds.
    pub(super) retry_after: Option<u64>,
    /// May hold a token.
    pub(super) body: Zeroizing<Vec<u8>>,
}

#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
}

impl Answer {
    /// Nothing, if the status says that it was done.
    pub(super) fn accept(&self) -> Result<()> {
        match self.status {
            200..=299 => Ok(()),
            301 | 302 | 303 | 307 | 308 => Err(ApiError::Moved),
            401 => Err(ApiError::Unauthorized),
            403 => Err(ApiError::Forbidden(self.message())),
            404 => Err(ApiError::NotFound),
            400 | 409 | 422 | 423 => Err(ApiError::Refused(self.message())),
            429 => {
                let pause = self.retry_after.map_or(PAUSE, Duration::from_secs);
                Err(ApiError::RateLimited(pause))
            }
            500..=599 => Err(ApiError::Unreachable(format!("HTTP {}", self.status))),
            status => Err(ApiError::Odd(status)),
        }
    }

    /// The document.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|_| ApiError::Garbage)
    }

    /// What it says, fit for a log.
    fn message(&self) -> String {
        let refusal = serde_json::from_slice::<Refusal>(&self.body).ok();
        let message = refusal.and_then(|refusal| refusal.message).unwrap_or_default();
        message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SHOWN).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Result<()> {
        Answer { status, retry_after: Some(7), body: body.as_bytes().to_vec().into() }.accept()
    }

    #[test]
    fn each_status_says_something() {
        assert_eq!(of(201, ""), Ok(()));
        assert_eq!(of(307, ""), Err(ApiError::Moved));
        assert_eq!(of(401, "{}"), Err(ApiError::Unauthorized));
        assert_eq!(of(404, "<!doctype html>"), Err(ApiError::NotFound));
        assert_eq!(of(429, ""), Err(ApiError::RateLimited(Duration::from_secs(7))));
        let taken = r#"{"message":"user already\u0000 exists"}"#;
        assert_eq!(of(422, taken), Err(ApiError::Refused("user already  exists".into())));
        assert_eq!(of(502, ""), Err(ApiError::Unreachable("HTTP 502".into())));
        assert_eq!(of(418, ""), Err(ApiError::Odd(418)));
    }

    #[test]
    fn what_a_host_says_is_not_shown_to_learners() {
        let shown = GitHostError::from(ApiError::Forbidden("token 0123 lacks scope".into()));
        assert!(!shown.to_string().contains("0123"), "{shown}");
    }
}
