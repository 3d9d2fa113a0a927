//! What GitHub answers, or whoever stands where it is expected.

use std::time::Duration;

use progy_core::Timestamp;
use progy_server::ports::github::answer::{Answer, GitHubError};
use progy_server::ports::github::{Result, Scopes};
use zeroize::Zeroizing;

use crate::parts;

/// The time by our clock.
const NOW: Timestamp = Timestamp(1_800_000_000_000);
/// The longest words of GitHub's that are kept, in characters.
const WORDS: usize = 300;
/// The longest error: a dozen messages.
const LONGEST_ERROR: usize = 5_000;

/// An answer: status and headers, a line each, then the body; read as everything that is asked for.
pub fn github_answers(data: &[u8]) {
    let [head, body] = parts::<2>(data);
    let answer = answer(&String::from_utf8_lossy(head), body);
    if let Some(grant) = sound(answer.grant(NOW)) {
        for token in [Some(grant.access), grant.refresh].into_iter().flatten() {
            let text = token.expose();
            assert!((1..=1024).contains(&text.len()), "{} bytes", text.len());
            assert!(text.bytes().all(|b| b.is_ascii_graphic()), "it cannot be sent in a header");
        }
        same(&grant.scopes);
    }
    if let Some(profile) = sound(answer.profile(NOW)) {
        assert!(profile.id > 0);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        assert!(!profile.login.is_empty() && profile.login.chars().all(plain), "{profile:?}");
        assert!(profile.name.as_deref().is_none_or(|name| !name.is_empty() && is_plain(name)));
        assert!(profile.avatar_url.as_deref().is_none_or(|url| url.starts_with("https://")));
        profile.scopes.iter().for_each(same);
    }
    for email in sound(answer.emails(NOW)).into_iter().flatten() {
        let address = &email.address;
        assert!(address.contains('@') && !address.contains(char::is_whitespace), "{address}");
        assert_eq!(*address, address.to_lowercase());
    }
}

/// `status: 200`, `retry-after: 5`, and so on.
fn answer(head: &str, body: &[u8]) -> Answer {
    let field = |name: &str| {
        let of_name = |line: &str| {
            let (key, value) = line.split_once(':')?;
            (key == name).then(|| value.trim().to_owned())
        };
        head.lines().find_map(of_name)
    };
    Answer {
        status: field("status").and_then(|text| text.parse().ok()).unwrap_or(200),
        retry_after: field("retry-after").and_then(|text| text.parse().ok()),
        remaining: field("x-ratelimit-remaining").and_then(|text| text.parse().ok()),
        reset: field("x-ratelimit-reset").and_then(|text| text.parse().ok()),
        scopes: field("x-oauth-scopes"),
        body: Zeroizing::new(body.to_vec()),
    }
}

/// What was read; an error may be logged as it is.
fn sound<T>(read: Result<T>) -> Option<T> {
    let error = match read {
        Ok(read) => return Some(read),
        Err(error) => error,
    };
    let shown = error.to_string();
    assert!(shown.len() <= LONGEST_ERROR && !shown.contains(char::is_control), "{shown}");
    match error {
        GitHubError::RateLimited(pause) => {
            assert!((Duration::from_secs(1)..=Duration::from_hours(2)).contains(&pause));
        }
        GitHubError::Refused { code, description } => {
            assert!(code.len() <= 64 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            assert!(is_plain(&description));
        }
        _ => {}
    }
    None
}

fn is_plain(text: &str) -> bool {
    text.chars().count() <= WORDS && !text.contains(char::is_control)
}

/// Scopes are the same after they were written, and cover what they are.
fn same(scopes: &Scopes) {
    assert_eq!(Scopes::parse(&scopes.to_string()), *scopes);
    assert!(scopes.cover(scopes) && scopes.cover(&Scopes::default()));
    assert!(scopes.clone().with(scopes) == *scopes && scopes.missing(scopes).is_empty());
}
