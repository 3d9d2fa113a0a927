//! What a browser carries: for its session, and the little that pages need besides.
//!
//! The session's cookie has Better Auth's name. Its value is not signed as Better Auth's is: it is 256 bits of chance
//! that the server looks up, and nothing else is in it that could be changed.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::services::accounts::sessions::NewSession;

/// Over HTTP.
const NAME: &str = "better-auth.session_token";
/// Over HTTPS: a browser takes it with `Secure` only (RFC 6265bis, section 4.1.3.1).
const SECURE_NAME: &str = "__Secure-better-auth.session_token";
/// Where Better Auth's plugin `bearer` hands out what is in the cookie, for clients that keep none.
const SET_AUTH_TOKEN: HeaderName = HeaderName::from_static("set-auth-token");

/// Better Auth's name for it.
fn ticket_name(secure: bool) -> &'static str {
    if secure { "__Secure-better-auth.state" } else { "better-auth.state" }
}

fn name(secure: bool) -> &'static str {
    if secure { SECURE_NAME } else { NAME }
}

/// What the request carries, if it does.
pub(crate) fn carried(headers: &HeaderMap, secure: bool) -> Option<&str> {
    value(headers, name(secure))
}

/// The ticket of a browser that was sent to GitHub, if it carries one.
pub(crate) fn ticket(headers: &HeaderMap, secure: bool) -> Option<&str> {
    value(headers, ticket_name(secure))
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// Whether the request carries any cookie at all.
pub(crate) fn any(headers: &HeaderMap) -> bool {
    headers.contains_key(header::COOKIE)
}

/// Puts a session into the answer: as a cookie, and for clients that keep none.
pub(crate) fn set(headers: &mut HeaderMap, session: &NewSession, secure: bool) {
    set_secret(headers, session.secret.expose(), lifetime(session), secure);
}

/// Puts what a session's secret is into a cookie, for so many seconds, or until the browser is closed.
pub(crate) fn set_session(
    headers: &mut HeaderMap,
    secret: &str,
    seconds: Option<i64>,
    secure: bool,
) {
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    append(headers, &format!("{}={secret}{age}", name(secure)), secure);
}

/// As [`set_session`], for clients that keep no cookies as well.
pub(crate) fn set_secret(
    headers: &mut HeaderMap,
    secret: &str,
    seconds: Option<i64>,
    secure: bool,
) {
    set_session(headers, secret, seconds, secure);
    // Pages of other origins read it if they are trusted (`cors`), and not otherwise.
    if let Ok(value) = HeaderValue::from_str(secret) {
        headers.insert(SET_AUTH_TOKEN, value);
    }
}

/// Gives a browser the ticket with which it comes back from GitHub. `Lax`: it comes by a link.
pub(crate) fn set_ticket(headers: &mut HeaderMap, ticket: &str, secure: bool) {
    let seconds = crate::services::github::state::LIFETIME / 1_000;
    let pair = format!("{}={ticket}; Max-Age={seconds}", ticket_name(secure));
    append(headers, &pair, secure);
}

/// Takes the ticket away.
pub(crate) fn clear_ticket(headers: &mut HeaderMap, secure: bool) {
    append(headers, &format!("{}=; Max-Age=0", ticket_name(secure)), secure);
}

/// What tells the forms of a browser that is not signed in from those of others. With the prefix a
/// browser takes it from this very host only (RFC 6265bis, section 4.1.3.2).
fn visitor_name(secure: bool) -> &'static str {
    if secure { "__Host-progy.visitor" } else { "progy.visitor" }
}

/// The language that was chosen on a page: no secret, and the same name everywhere.
const LANGUAGE: &str = "progy.language";

/// What the browser of a visitor carries, if it does.
pub(crate) fn visitor(headers: &HeaderMap, secure: bool) -> Option<&str> {
    value(headers, visitor_name(secure))
}

/// Gives a browser what tells its forms from those of others, until it is closed.
pub(crate) fn set_visitor(headers: &mut HeaderMap, visitor: &str, secure: bool) {
    append(headers, &format!("{}={visitor}", visitor_name(secure)), secure);
}

/// Takes it away.
pub(crate) fn clear_visitor(headers: &mut HeaderMap, secure: bool) {
    append(headers, &format!("{}=; Max-Age=0", visitor_name(secure)), secure);
}

/// The language that was chosen, if one was.
pub(crate) fn language(headers: &HeaderMap) -> Option<&str> {
    value(headers, LANGUAGE)
}

/// Remembers the language that was chosen, for a year.
pub(crate) fn set_language(headers: &mut HeaderMap, tag: &str, secure: bool) {
    append(headers, &format!("{LANGUAGE}={tag}; Max-Age=31536000"), secure);
}

/// Takes the cookie away.
pub(crate) fn clear(headers: &mut HeaderMap, secure: bool) {
    append(headers, &format!("{}=; Max-Age=0", name(secure)), secure);
}

fn append(headers: &mut HeaderMap, pair: &str, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{pair}; Path=/; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}

/// How long the browser keeps it, in seconds; until it is closed, if it is not to be remembered.
pub(crate) fn lifetime(session: &NewSession) -> Option<i64> {
    let record = &session.record;
    record.remembered.then(|| (record.expires_at.0 - record.created_at.0) / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(cookies: &[&'static str]) -> HeaderMap {
        let cookies = cookies.iter().map(|text| HeaderValue::from_static(text));
        cookies.map(|value| (header::COOKIE, value)).collect()
    }

    #[test]
    fn only_the_cookie_of_the_scheme_counts() {
        let headers = with(&["a=b; better-auth.session_token=x", "c=d"]);
        assert_eq!(carried(&headers, false), Some("x"));
        assert_eq!(carried(&headers, true), None);
        let headers = with(&["c=d", "__Secure-better-auth.session_token=y;"]);
        assert_eq!((carried(&headers, true), carried(&headers, false)), (Some("y"), None));
        for none in [&["better-auth.session_token="][..], &["better-auth.session_token"], &[]] {
            assert_eq!(carried(&with(none), false), None);
        }
    }

    #[test]
    fn scripts_cannot_read_it_and_other_sites_cannot_send_it() {
        let mut headers = HeaderMap::new();
        set_secret(&mut headers, "progys_x", Some(60), true);
        assert_eq!(
            headers[header::SET_COOKIE],
            "__Secure-better-auth.session_token=progys_x; Max-Age=60; Path=/; HttpOnly; \
             SameSite=Lax; Secure"
        );
        assert_eq!(headers["set-auth-token"], "progys_x");
        let mut headers = HeaderMap::new();
        clear(&mut headers, false);
        assert_eq!(
            headers[header::SET_COOKIE],
            "better-auth.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
        );
    }
}
