use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

/// Ours are `10.0.0.0/8` and `fd00::/8`.
fn proxy(header: ForwardedBy) -> Proxy {
    let trusted = ["10.0.0.0/8", "fd00::/8"].map(|text| text.to_owned().try_into().unwrap());
    Proxy { trusted: trusted.into(), header }
}

fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    all.iter().map(header).collect()
}

fn seen(by: ForwardedBy, remote: &str, all: &[(&'static str, &str)]) -> (String, Option<bool>) {
    let client = client(remote.parse().unwrap(), &proxy(by), &headers(all));
    (client.address.to_string(), client.secure)
}

#[test]
fn the_right_most_address_that_is_not_ours_is_the_client() {
    let by = |remote: &str, text: &str| {
        seen(ForwardedBy::XForwardedFor, remote, &[("x-forwarded-for", text)]).0
    };
    assert_eq!(by("192.0.2.9", "203.0.113.5"), "192.0.2.9", "anybody can write that header");
    assert_eq!(by("10.0.0.1", "203.0.113.5"), "203.0.113.5");
    assert_eq!(by("10.0.0.1", "198.51.100.1, 203.0.113.5, 10.0.0.2"), "203.0.113.5");
    assert_eq!(by("10.0.0.1", "10.0.0.3,10.0.0.2"), "10.0.0.3", "all are ours");
    assert_eq!(by("10.0.0.1", "203.0.113.5:4711"), "203.0.113.5");
    assert_eq!(by("10.0.0.1", "[2001:db8::1]:4711"), "2001:db8::1");
    assert_eq!(by("fd00::1", "::ffff:203.0.113.5"), "203.0.113.5");
    assert_eq!(by("::ffff:10.0.0.1", "203.0.113.5"), "203.0.113.5");
    for hidden in ["unknown", "", "203.0.113.5, _hidden", "203.0.113.5,", "203.0.113.5, x"] {
        assert_eq!(by("10.0.0.1", hidden), "10.0.0.1", "{hidden}");
    }
    assert_eq!(by("10.0.0.1", "203.0.113.5, unknown, 10.0.0.2"), "10.0.0.2");
    assert_eq!(seen(ForwardedBy::XForwardedFor, "10.0.0.1", &[]).0, "10.0.0.1");
    let lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.5")];
    assert_eq!(seen(ForwardedBy::XForwardedFor, "10.0.0.1", &lines).0, "203.0.113.5");
}

#[test]
fn forwarded_is_read_as_the_rfc_writes_it() {
    let by = |text: &str| seen(ForwardedBy::Forwarded, "10.0.0.1", &[("forwarded", text)]);
    for (text, address, secure) in [
        ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60", Some(false)),
        ("For=\"[2001:db8:cafe::17]:4711\"; PROTO=https", "2001:db8:cafe::17", Some(true)),
        ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17", None),
        ("for=192.0.2.43;proto=https, for=10.9.9.9;proto=http", "192.0.2.43", Some(true)),
        ("for=192.0.2.43;host=\"a,b;for=1.1.1.1\"", "192.0.2.43", None),
        ("for=192.0.2.43;host=\"a\\\",for=1.1.1.1\"", "192.0.2.43", None),
        ("for=192.0.2.43, for=\"_gazonk\"", "10.0.0.1", None),
        ("for=unknown", "10.0.0.1", None),
        ("proto=https", "10.0.0.1", None),
        ("for=\"192.0.2.43", "10.0.0.1", None),
    ] {
        assert_eq!(by(text), (address.to_owned(), secure), "{text}");
    }
}

#[test]
fn only_the_header_that_our_proxies_write_is_believed() {
    let both = [("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.2")];
    assert_eq!(seen(ForwardedBy::Forwarded, "10.0.0.1", &both).0, "192.0.2.1");
    assert_eq!(seen(ForwardedBy::XForwardedFor, "10.0.0.1", &both).0, "192.0.2.2");
    let said = [("x-forwarded-for", "192.0.2.2"), ("x-forwarded-proto", "http, HTTPS")];
    assert_eq!(seen(ForwardedBy::XForwardedFor, "10.0.0.1", &said).1, Some(true));
    assert_eq!(seen(ForwardedBy::XForwardedFor, "192.0.2.9", &said).1, None);
}

fn stranger() -> impl Strategy<Value = IpAddr> {
    let v4 = any::<[u8; 4]>().prop_map(|bytes| IpAddr::from(Ipv4Addr::from(bytes)));
    let v6 = any::<[u8; 16]>().prop_map(|bytes| IpAddr::from(Ipv6Addr::from(bytes)));
    let any = prop_oneof![v4, v6].prop_map(|address| address.to_canonical());
    any.prop_filter("not ours", |address| !proxy(ForwardedBy::Forwarded).trusts(*address))
}

fn ours() -> impl Strategy<Value = IpAddr> {
    any::<[u8; 3]>().prop_map(|[a, b, c]| Ipv4Addr::new(10, a, b, c).into())
}

fn written(by: ForwardedBy, claim: &str, hops: &[IpAddr]) -> HeaderMap {
    let node = |address: &IpAddr| match (by, address) {
        (ForwardedBy::Forwarded, IpAddr::V6(address)) => format!("for=\"[{address}]\""),
        (ForwardedBy::Forwarded, IpAddr::V4(address)) => format!("for={address};proto=http"),
        (ForwardedBy::XForwardedFor, address) => address.to_string(),
    };
    let name = match by {
        ForwardedBy::Forwarded => "forwarded",
        ForwardedBy::XForwardedFor => X_FORWARDED_FOR,
    };
    let mut all = HeaderMap::new();
    // Proxies add a line of their own, or to the line that came.
    if let Ok(claim) = HeaderValue::from_str(claim) {
        all.append(name, claim);
    }
    let hops: Vec<String> = hops.iter().map(node).collect();
    all.append(name, HeaderValue::from_str(&hops.join(", ")).unwrap());
    all
}

fn either() -> impl Strategy<Value = ForwardedBy> {
    prop_oneof![Just(ForwardedBy::Forwarded), Just(ForwardedBy::XForwardedFor)]
}

proptest! {
    #[test]
    fn whatever_a_client_claims_its_address_is_what_our_first_proxy_saw(
        by in either(),
        claim in "[ -~]{0,60}",
        address in stranger(),
        proxies in prop::collection::vec(ours(), 1..4),
    ) {
        let (last, before) = proxies.split_last().unwrap();
        let hops: Vec<IpAddr> = std::iter::once(address).chain(before.iter().copied()).collect();
        let seen = client(*last, &proxy(by), &written(by, &claim, &hops));
        prop_assert_eq!(seen.address, address);
    }

    #[test]
    fn who_is_not_a_proxy_of_ours_is_themselves(
        by in either(),
        claim in "[ -~]{0,60}",
        address in stranger(),
        hops in prop::collection::vec(stranger(), 1..4),
    ) {
        let seen = client(address, &proxy(by), &written(by, &claim, &hops));
        prop_assert_eq!(seen, Client { address, secure: None });
    }

    #[test]
    fn nothing_that_a_header_can_hold_is_too_much(
        by in either(),
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        remote in ours(),
    ) {
        let mut all = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            all.append("forwarded", value.clone());
            all.append(X_FORWARDED_FOR, value);
        }
        client(remote, &proxy(by), &all);
    }
}
