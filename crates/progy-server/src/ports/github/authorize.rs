//! Where a browser is sent to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use ring::digest::{SHA256, digest};

use super::{AppKind, Scopes};
use crate::secret::Secret;

/// What the learner is asked to agree to.
#[derive(Debug, Clone, Copy)]
pub struct Authorization<'a> {
    /// Comes back as it is: says which of our requests is answered.
    pub state: &'a Secret,
    /// What only whoever asked knows; its challenge goes into the address (RFC 7636, `S256`).
    pub verifier: &'a Secret,
    /// Where the browser comes back to, exactly as registered.
    pub redirect_uri: &'a str,
    /// What is asked for. An app's permissions are set elsewhere: there it is not sent.
    pub scopes: &'a Scopes,
    /// The login name to suggest.
    pub login: Option<&'a str>,
}

/// `/login/oauth/authorize` below `base`, with the query.
pub(super) fn url(
    base: &Url,
    client_id: &str,
    kind: AppKind,
    authorization: &Authorization<'_>,
) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["login", "oauth", "authorize"]);
    }
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("state", authorization.state.expose())
            .append_pair("redirect_uri", authorization.redirect_uri)
            .append_pair("code_challenge_method", "S256")
            .append_pair("code_challenge", &challenge(authorization.verifier));
        if kind == AppKind::OAuth && !authorization.scopes.is_empty() {
            query.append_pair("scope", &authorization.scopes.to_string());
        }
        if let Some(login) = authorization.login {
            query.append_pair("login", login);
        }
    }
    url
}

/// RFC 7636, section 4.2.
fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn query(kind: AppKind, base: &str) -> (String, BTreeMap<String, String>) {
        let (state, verifier) =
            (Secret::new("a state"), Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        let scopes = Scopes::parse("user:email repo");
        let authorization = Authorization {
            state: &state,
            verifier: &verifier,
            redirect_uri: "https://progy.example/api/auth/callback/github",
            scopes: &scopes,
            login: None,
        };
        let mut url = url(&Url::parse(base).unwrap(), "Iv1.client", kind, &authorization);
        let query = url.query_pairs().into_owned().collect();
        url.set_query(None);
        (url.to_string(), query)
    }

    #[test]
    fn everything_that_github_wants_to_know() {
        let (address, query) = query(AppKind::OAuth, "https://github.com");
        assert_eq!(address, "https://github.com/login/oauth/authorize");
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "Iv1.client"),
            ("state", "a state"),
            ("scope", "repo user:email"),
            ("redirect_uri", "https://progy.example/api/auth/callback/github"),
            ("code_challenge_method", "S256"),
            // RFC 7636, appendix B.
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ] {
            assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert_eq!(query.len(), 7);
    }

    #[test]
    fn an_app_asks_for_no_scopes_and_a_base_may_have_a_path() {
        let (address, query) = query(AppKind::App, "https://example.org/github/");
        assert_eq!(address, "https://example.org/github/login/oauth/authorize");
        assert!(!query.contains_key("scope"));
    }
}
