//! What a host tells of pushes by a webhook, and whether it is the host who says so.

use progy_api::git::GitHostKind;
use reqwest::Url;
use ring::hmac;
use serde::Deserialize;

use super::Heard;
use crate::secret::Secret;

/// The route that is told, below which every webhook of ours leads.
const ROUTE: &str = "/api/git/hooks/";

/// Where webhooks lead.
pub(super) struct Address {
    /// That of one that is as it is to be.
    pub(super) url: Url,
    /// How those of all of ours begin, also of old.
    pub(super) below: String,
}

/// Where `host` finds this server, which is at `site`.
///
/// Secrets cannot be read back there: a mark of `secret` in the address tells whether a webhook has
/// that one.
pub(super) fn address(site: &str, host: GitHostKind, secret: &Secret) -> Option<Address> {
    let below = format!("{site}{ROUTE}");
    let mut url = Url::parse(&format!("{below}{host}")).ok()?;
    let mark = blake3::hash(secret.expose().as_bytes()).to_hex();
    url.query_pairs_mut().append_pair("key", mark.get(..8)?);
    Some(Address { url, below })
}

/// What was told.
pub(super) enum Told {
    /// The repository of this id was pushed to.
    PushTo(i64),
    /// Something else.
    Other,
}

#[derive(Deserialize)]
struct Push {
    repository: Pushed,
}

#[derive(Deserialize)]
struct Pushed {
    id: i64,
}

/// The secret of webhooks, derived from a secret that every server has which may hear them.
pub(super) fn secret(purpose: &str, from: &Secret) -> Secret {
    let key = blake3::derive_key(purpose, from.expose().as_bytes());
    Secret::new(blake3::Hash::from_bytes(key).to_hex().as_str())
}

/// What is told, if it is signed with `secret` (HMAC-SHA256).
pub(super) fn told(secret: &Secret, heard: &Heard<'_>) -> Option<Told> {
    let signature = heard.signature.strip_prefix("sha256=").unwrap_or(heard.signature);
    let signature = unhex(signature)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    hmac::verify(&key, heard.body, &signature).ok()?;
    let push = serde_json::from_slice::<Push>(heard.body).ok();
    Some(push.map_or(Told::Other, |push| Told::PushTo(push.repository.id)))
}

/// What hexadecimal digits stand for.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    digits.chunks(2).map(|pair| Some(pair.first()? * 16 + pair.get(1)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_in_pairs_are_bytes() {
        assert_eq!(unhex("00fFa1"), Some(vec![0, 255, 161]));
        assert_eq!(unhex(""), Some(vec![]));
        for odd in ["0", "0g", "é0"] {
            assert_eq!(unhex(odd), None, "{odd}");
        }
    }

    #[test]
    fn only_what_is_signed_is_believed() {
        let secret = Secret::new("s3cret");
        let body = br#"{"repository":{"id":7}}"#;
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"s3cret");
        let hex: String =
            hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let of = |signature: &str, body: &[u8]| told(&secret, &Heard { signature, body });
        for signature in [hex.clone(), format!("sha256={hex}")] {
            assert!(matches!(of(&signature, body), Some(Told::PushTo(7))));
        }
        for signature in ["", "00", "sha256=", hex.get(2..).unwrap()] {
            assert!(of(signature, body).is_none(), "{signature}");
        }
        assert!(of(&hex, br#"{"repository":{"id":8}}"#).is_none());
    }
}
