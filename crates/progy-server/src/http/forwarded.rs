//! For whom a request is, if proxies passed it on.
//!
//! Anybody can write `Forwarded` and `X-Forwarded-For`; each proxy adds to their end whom it was asked
//! by. So they are read from the end, as far as our own proxies reach: the first address that is not
//! one of ours is the client's, and everything before that is a claim of the client (RFC 7239,
//! section 8.1).

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};

use crate::config::{ForwardedBy, Proxy};

const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Who asks, as far as it can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// The address.
    pub(crate) address: IpAddr,
    /// Whether it came to our first proxy over HTTPS, if that says so.
    pub(crate) secure: Option<bool>,
}

/// What one proxy says of whom it was asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hop {
    /// Nothing if it does not say, or hides it (RFC 7239, section 6.3).
    address: Option<IpAddr>,
    secure: Option<bool>,
}

/// Who asks, when the connection comes from `remote`.
pub(crate) fn client(remote: IpAddr, proxy: &Proxy, headers: &HeaderMap) -> Client {
    let mut client = Client { address: remote.to_canonical(), secure: None };
    if !proxy.trusts(remote) {
        return client;
    }
    let hops = match proxy.header {
        ForwardedBy::XForwardedFor => x_forwarded(headers),
        ForwardedBy::Forwarded => forwarded(headers),
    };
    for hop in hops.into_iter().rev() {
        // Said by a proxy of ours; what it does not know ends the chain at that proxy.
        let Some(address) = hop.address else { break };
        client = Client { address, secure: hop.secure };
        if !proxy.trusts(address) {
            break;
        }
    }
    client
}

/// `X-Forwarded-For`, with the last `X-Forwarded-Proto` for all of them: that header is no list.
fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let proto = texts(headers, X_FORWARDED_PROTO).flat_map(|text| text.split(',')).last();
    let secure = proto.and_then(is_https);
    let hops = texts(headers, X_FORWARDED_FOR).flat_map(|text| text.split(','));
    hops.map(|text| Hop { address: address_of(text.trim()), secure }).collect()
}

/// `Forwarded` (RFC 7239, section 4).
fn forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let elements = texts(headers, header::FORWARDED.as_str()).flat_map(|text| split(text, ','));
    elements.map(element).collect()
}

fn element(text: &str) -> Hop {
    let mut hop = Hop { address: None, secure: None };
    for pair in split(text, ';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.address = address_of(&value),
            "proto" => hop.secure = is_https(&value),
            _ => {}
        }
    }
    hop
}

fn texts<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    // What is not text was not written by a proxy; it must not hide what was.
    headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or("unknown"))
}

/// The parts between separators that are outside quotes (RFC 9110, section 5.6.4).
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|c: char| {
        let was_escaped = std::mem::take(&mut escaped);
        match c {
            '\\' if quoted && !was_escaped => escaped = true,
            '"' if !was_escaped => quoted = !quoted,
            _ => return c == separator && !quoted,
        }
        false
    })
    .collect()
}

fn unquoted(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        None => text.into(),
        Some(text) if !text.contains('\\') => text.into(),
        Some(text) => {
            let mut escaped = false;
            text.chars()
                .filter(|c| {
                    escaped = *c == '\\' && !escaped;
                    !escaped
                })
                .collect::<String>()
                .into()
        }
    }
}

fn is_https(text: &str) -> Option<bool> {
    match text.trim() {
        text if text.eq_ignore_ascii_case("https") => Some(true),
        text if text.eq_ignore_ascii_case("http") => Some(false),
        _ => None,
    }
}

/// An address as proxies write it: bare, with a port, in brackets.
fn address_of(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address: Option<IpAddr> = text.parse().ok();
    address.or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests;
