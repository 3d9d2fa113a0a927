//! Who speaks Git's protocol: a password of Basic authentication, or a token of the API.
//!
//! Cookies do not count here: a page of another site can make a browser send them.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::ServiceError;
use crate::http::failure::Failure;
use crate::routes::AppState;
use crate::secret::Secret;
use crate::services::git::access::{GitLogin, GitSecret};

/// The person behind a request of Git's.
pub(crate) struct GitCaller(GitLogin);

impl std::ops::Deref for GitCaller {
    type Target = GitLogin;
    fn deref(&self) -> &GitLogin {
        &self.0
    }
}

impl FromRequestParts<AppState> for GitCaller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let shown = Shown::of(&parts.headers).ok_or(ServiceError::Unauthorized)?;
        let peer = state.site.peer(parts);
        let login = state.services.git_login(shown.secret(), &peer).await?;
        tracing::Span::current().record("user", login.username());
        Ok(Self(login))
    }
}

/// What `Authorization` says.
enum Shown {
    Password(Secret),
    Bearer(Secret),
}

impl Shown {
    /// RFC 7617 and RFC 6750. The user name is not looked at.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Self::Bearer(Secret::new(rest)));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let both = Secret::new(String::from_utf8(STANDARD.decode(rest).ok()?).ok()?);
        let (_, password) = both.expose().split_once(':')?;
        Some(Self::Password(Secret::new(password)))
    }

    fn secret(&self) -> GitSecret<'_> {
        match self {
            Self::Password(password) => GitSecret::Password(password.expose()),
            Self::Bearer(token) => GitSecret::Bearer(token.expose()),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn passwords_and_tokens_are_told_apart() {
        let shown = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
            Shown::of(&headers).map(|shown| match shown.secret() {
                GitSecret::Password(text) => format!("password {text}"),
                GitSecret::Bearer(text) => format!("bearer {text}"),
            })
        };
        // printf 'progy:a:b' | base64
        assert_eq!(shown("Basic cHJvZ3k6YTpi").as_deref(), Some("password a:b"));
        assert_eq!(shown("bearer  x").as_deref(), Some("bearer x"));
        for bad in ["", "Basic", "Basic ???", "Basic cHJvZ3k=", "Digest x"] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }
}
