//! What shows that a form was on a page of ours.
//!
//! Each form carries a token that is derived from a secret cookie of the browser: the session's, or,
//! before there is one, the cookie of a visitor, which holds nothing but chance. Another site can make
//! a browser send the cookie, but can neither read nor compute the token. It needs no key and is kept
//! nowhere, so that any replica can check it, and it ends with the session (the "HMAC-based" variant
//! of the OWASP cheat sheet's signed double-submit cookie, with the session's secret as its key).
//!
//! It stands beside two other guards: cookies are `SameSite=Lax`, and requests that change something
//! are refused if their `Origin` is another's ([`crate::http::site::Site::check_origin`]).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::ports::{Entropy, PortError};

/// Separates this use of the secret from all others.
const PURPOSE: &str = "progy 2026-11 token of a browser's forms";
/// Characters of a visitor's cookie: 256 bits.
const VISITOR: usize = 43;

/// What a browser's forms carry.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Csrf(String);

impl Csrf {
    /// The token of the browser that carries `secret` in its cookie.
    pub(super) fn of(secret: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(blake3::derive_key(PURPOSE, secret.as_bytes())))
    }

    /// To be written into a form.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a form carried it.
    pub(super) fn admits(&self, given: &str) -> bool {
        // Hashes are compared, in constant time.
        blake3::hash(given.as_bytes()) == blake3::hash(self.0.as_bytes())
    }
}

/// A visitor's cookie that nobody had before.
pub(super) fn new_visitor(entropy: &dyn Entropy) -> Result<String, PortError> {
    let mut chance = [0; 32];
    entropy.fill(&mut chance)?;
    Ok(URL_SAFE_NO_PAD.encode(chance))
}

/// Whether a cookie can be one that [`new_visitor`] made.
pub(super) fn is_visitor(cookie: &str) -> bool {
    let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    cookie.len() == VISITOR && cookie.bytes().all(sound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemEntropy;

    #[test]
    fn a_token_belongs_to_one_browser() {
        let ana = Csrf::of("progys_a");
        assert!(ana.admits(ana.as_str()));
        let bia = Csrf::of("progys_b");
        for other in ["", "progys_a", bia.as_str(), &ana.as_str()[1..]] {
            assert!(!ana.admits(other), "{other}");
        }
    }

    #[test]
    fn visitors_differ() {
        let [one, two] = [(); 2].map(|()| new_visitor(&SystemEntropy).unwrap());
        assert!(one != two && is_visitor(&one) && is_visitor(&two));
        for bad in ["", "x", &format!("{one}x"), &one.replace(&one[..1], ";")] {
            assert!(!is_visitor(bad), "{bad}");
        }
    }
}
