//! What the server is to those who come: its address, who is before it, who may register.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::config::{Accounts, Config, GitHub, Proxy, Registration};
use crate::http::cookie;
use crate::http::forwarded::{self, Client};
use crate::pages::headers;
use crate::services::accounts::{Peer, Refusal};

/// Headers that a proxy adds, and a browser at the same machine does not.
const FORWARDED: [HeaderName; 3] = [
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("via"),
];
const SEC_FETCH_SITE: &str = "sec-fetch-site";
/// A browser that was here over HTTPS comes over HTTPS for a year (RFC 6797).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// What is kept of a `User-Agent`, in characters.
const USER_AGENT: usize = 200;

/// The address at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remote(pub(crate) IpAddr);

/// The server as its configuration and its socket make it.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    url: Option<String>,
    tls: bool,
    listening: SocketAddr,
    proxy: Proxy,
    accounts: Accounts,
    page_policy: String,
}

impl Site {
    /// What `config` says, at the address that it came to.
    pub(crate) fn new(config: &Config, listening: SocketAddr) -> Self {
        let Config { url, tls, proxy, accounts, github, .. } = config;
        let (url, proxy, accounts) = (url.clone(), proxy.clone(), accounts.clone());
        let github = github.as_ref().and_then(GitHub::origin);
        let page_policy = headers::policy(github.as_deref());
        Self { url, tls: tls.is_some(), listening, proxy, accounts, page_policy }
    }

    /// The `Content-Security-Policy` of pages.
    pub(crate) fn page_policy(&self) -> &str {
        &self.page_policy
    }

    /// Whether who sends this request came over HTTPS: cookies are for HTTPS alone then.
    ///
    /// The address that is configured says so for everybody; without one, our own TLS or a proxy.
    pub(crate) fn is_secure(&self, headers: &HeaderMap, extensions: &Extensions) -> bool {
        match &self.url {
            _ if self.tls => true,
            Some(url) => url.starts_with("https://"),
            None => self.client(headers, extensions).and_then(|client| client.secure) == Some(true),
        }
    }

    /// The server's address as who sends this request sees it, without a slash at its end.
    pub(crate) fn base(&self, headers: &HeaderMap, extensions: &Extensions) -> String {
        let scheme = if self.is_secure(headers, extensions) { "https" } else { "http" };
        match (&self.url, host(headers)) {
            (Some(url), _) => url.clone(),
            (None, Some(host)) => format!("{scheme}://{host}"),
            (None, None) => format!("{scheme}://{}", self.listening),
        }
    }

    /// Who sends a request.
    pub(crate) fn peer(&self, parts: &Parts) -> Peer {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let shortened = |agent: &str| agent.chars().take(USER_AGENT).collect();
        let client = self.client(&parts.headers, &parts.extensions);
        Peer {
            address: client.map(|client| client.address),
            user_agent: agent.filter(|agent| !agent.is_empty()).map(shortened),
        }
    }

    fn client(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<Client> {
        let remote = extensions.get::<Remote>()?.0;
        Some(forwarded::client(remote, &self.proxy, headers))
    }

    /// Refuses a request by which another site would use a browser's session, or put somebody into
    /// a session that is not theirs. To be asked of requests that change something.
    ///
    /// Browsers send `Origin` with them (Fetch Standard, section 3.2), and everything else may leave
    /// it away, but for who sends cookies.
    pub(crate) fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
        match origin {
            Some("null") if !cookie::any(headers) => Err(Refusal::InvalidOrigin),
            Some("null") => Err(Refusal::MissingOrigin),
            Some(origin) if self.trusts(origin, headers) => Ok(()),
            Some(_) => Err(Refusal::InvalidOrigin),
            None if is_cross_site(headers) => Err(Refusal::InvalidOrigin),
            None if cookie::any(headers) => Err(Refusal::MissingOrigin),
            None => Ok(()),
        }
    }

    fn trusts(&self, origin: &str, headers: &HeaderMap) -> bool {
        let asked_for = host(headers);
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        let is_asked_for =
            authority.is_some() && authority == asked_for.as_ref().map(Authority::as_str);
        let own = self.url.as_ref().map_or(is_asked_for, |url| url == origin);
        own || self.shares_with(origin)
    }

    /// Whether pages of `origin`, which is another one, may use a browser's session here and read
    /// what it is answered.
    pub(crate) fn shares_with(&self, origin: &str) -> bool {
        self.accounts.trusted_origins.iter().any(|trusted| trusted == origin)
    }

    /// Whether a browser may be sent to `target`: a path here, or a page of an origin that is
    /// trusted as senders are.
    pub(crate) fn leads_home(&self, target: &str, headers: &HeaderMap) -> bool {
        // Browsers take a backslash for a slash, and leave control characters out.
        let sound = target.len() <= 2_000
            && target.chars().all(|c| c.is_ascii_graphic() && c != '\\' && c != '"' && c != '<');
        let origin = target.split_once("://").map(|(scheme, rest)| {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            (scheme, rest.split_at(end).0)
        });
        match origin {
            _ if target.is_empty() => true,
            _ if !sound => false,
            _ if target.starts_with('/') => !target.starts_with("//"),
            Some((scheme @ ("http" | "https"), authority)) => {
                self.trusts(&format!("{scheme}://{authority}"), headers)
            }
            _ => false,
        }
    }

    /// Whether who sends this request may register without an invitation.
    ///
    /// A server at a loopback address may still be one that a proxy shows to the world; so "local"
    /// takes a request that was not passed on, and that asks for a local name (no page of another
    /// site can make a browser do that, also not by pointing its own name here).
    pub(crate) fn is_open(&self, parts: &Parts) -> bool {
        match self.accounts.registration {
            Registration::Open => true,
            Registration::Invited => false,
            Registration::Local => {
                let remote = parts.extensions.get::<Remote>();
                self.listening.ip().is_loopback()
                    && self.proxy.trusted.is_empty()
                    && remote.is_some_and(|remote| remote.0.is_loopback())
                    && !FORWARDED.iter().any(|name| parts.headers.contains_key(name))
                    && host(&parts.headers).is_some_and(|host| is_local(host.host()))
            }
        }
    }
}

/// What the request takes the server for.
fn host(headers: &HeaderMap) -> Option<Authority> {
    headers.get(header::HOST)?.to_str().ok()?.parse().ok()
}

fn is_local(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site")
}

/// Middleware: tells browsers that came over HTTPS to come over nothing else. A name of this machine
/// is left alone: other programs answer under it as well.
pub(crate) async fn strict_transport(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let strict = site.is_secure(headers, request.extensions())
        && host(headers).is_some_and(|host| !is_local(host.host()));
    let mut response = next.run(request).await;
    if strict {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn site(change: impl FnOnce(&mut Config)) -> Site {
        let mut config = Config::default();
        change(&mut config);
        Site::new(&config, "127.0.0.1:7764".parse().unwrap())
    }

    fn parts(remote: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().extension(Remote(remote.parse().unwrap()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn behind(network: &str) -> impl FnOnce(&mut Config) {
        let network = network.to_owned().try_into().unwrap();
        move |config| config.proxy.trusted = vec![network]
    }

    #[test]
    fn the_address_is_what_a_trusted_proxy_saw() {
        let forwarded = [("x-forwarded-for", "10.6.6.6, 192.0.2.1:9999")];
        let seen = |site: &Site| site.peer(&parts("127.0.0.1", &forwarded)).address_text().unwrap();
        assert_eq!(seen(&site(|_| {})), "127.0.0.1", "anybody can write that header");
        assert_eq!(seen(&site(behind("127.0.0.0/8"))), "192.0.2.1");
        assert_eq!(seen(&site(behind("10.0.0.0/8"))), "127.0.0.1");
    }

    #[test]
    fn what_is_secure_is_configured_or_said_by_a_proxy() {
        let secure = |site: &Site, remote: &str, headers: &[(&str, &str)]| {
            let parts = parts(remote, headers);
            site.is_secure(&parts.headers, &parts.extensions)
        };
        let said = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https")];
        let url = |url: &str| site(|config| config.url = Some(url.to_owned()));
        assert!(!secure(&site(|_| {}), "127.0.0.1", &said));
        assert!(secure(&site(behind("127.0.0.1")), "127.0.0.1", &said));
        assert!(!secure(&site(behind("127.0.0.1")), "127.0.0.1", &said[..1]));
        assert!(!secure(&site(behind("127.0.0.1")), "192.0.2.1", &said));
        assert!(secure(&url("https://progy.example.org"), "127.0.0.1", &[]));
        assert!(!secure(&url("http://progy.test"), "127.0.0.1", &said));
        let tls = site(|config| {
            let [certificate, key] = ["a", "b"].map(Into::into);
            config.tls = Some(crate::config::Tls { certificate, key });
        });
        assert!(secure(&tls, "127.0.0.1", &[]));
    }

    #[test]
    fn other_sites_cannot_use_a_session() {
        let check = |site: &Site, headers: &[(&str, &str)]| {
            site.check_origin(&parts("::1", headers).headers)
        };
        let host = ("host", "progy.test:80");
        let cookie = ("cookie", "a=b");
        let own = site(|_| {});
        let open = site(|config| {
            config.url = Some("https://progy.example.org".into());
            config.accounts.trusted_origins = vec!["https://learn.example.org".into()];
        });
        for good in [
            &[host][..],
            &[host, ("sec-fetch-site", "same-origin")],
            &[host, cookie, ("origin", "http://progy.test:80")],
            &[host, cookie, ("origin", "https://progy.test:80")],
        ] {
            assert_eq!(check(&own, good), Ok(()), "{good:?}");
        }
        for bad in [
            &[host, cookie][..],
            &[host, cookie, ("origin", "null")],
            &[host, cookie, ("origin", "http://evil.test")],
            &[host, cookie, ("origin", "http://progy.test")],
            &[host, ("origin", "http://evil.test")],
            &[host, ("origin", "null")],
            &[host, ("sec-fetch-site", "cross-site")],
            &[cookie, ("origin", "http://progy.test")],
        ] {
            assert!(check(&own, bad).is_err(), "{bad:?}");
        }
        for origin in ["https://progy.example.org", "https://learn.example.org"] {
            assert_eq!(check(&open, &[host, cookie, ("origin", origin)]), Ok(()));
        }
        for origin in ["http://progy.test:80", "http://progy.example.org", "https://example.org"] {
            assert!(check(&open, &[host, cookie, ("origin", origin)]).is_err(), "{origin}");
        }
    }

    #[test]
    fn browsers_are_sent_to_our_pages_only() {
        let own = site(|_| {});
        let open = site(|config| {
            config.url = Some("https://progy.example.org".into());
            config.accounts.trusted_origins = vec!["https://learn.example.org".into()];
        });
        let host = parts("::1", &[("host", "progy.test:80")]).headers;
        for good in ["", "/", "/account?x=1#y", "/a//b", "http://progy.test:80/x"] {
            assert!(own.leads_home(good, &host), "{good}");
        }
        assert!(open.leads_home("https://learn.example.org?x", &host));
        assert!(open.leads_home("https://progy.example.org/x", &host));
        for bad in [
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/\t/evil.test",
            "https://evil.test",
            "https://progy.test:80@evil.test",
            "https://learn.example.org.evil.test",
            "https://learn.example.org@evil.test/",
            "javascript://progy.test:80/%0aalert(1)",
            "javascript:alert(1)",
            "account",
            "/\r\nset-cookie: x",
        ] {
            assert!(!own.leads_home(bad, &host) && !open.leads_home(bad, &host), "{bad}");
        }
    }

    #[test]
    fn who_sits_here_may_register_and_who_comes_through_a_proxy_may_not() {
        let local = site(|_| {});
        let open = |site: &Site, remote: &str, headers: &[(&str, &str)]| {
            site.is_open(&parts(remote, headers))
        };
        for host in ["127.0.0.1:7764", "localhost:7764", "[::1]:7764", "localhost"] {
            assert!(open(&local, "127.0.0.1", &[("host", host)]), "{host}");
        }
        let here = ("host", "localhost");
        assert!(!open(&local, "192.0.2.1", &[here]));
        assert!(!open(&local, "127.0.0.1", &[("host", "progy.example.org")]));
        assert!(!open(&local, "127.0.0.1", &[]));
        for header in ["x-forwarded-for", "forwarded", "via"] {
            assert!(!open(&local, "127.0.0.1", &[here, (header, "x")]), "{header}");
        }
        assert!(!open(&site(behind("10.0.0.0/8")), "127.0.0.1", &[here]));
        let with = |registration| site(|config| config.accounts.registration = registration);
        assert!(open(&with(Registration::Open), "192.0.2.1", &[]));
        assert!(!open(&with(Registration::Invited), "127.0.0.1", &[here]));
        let everywhere = Site::new(&Config::default(), "0.0.0.0:80".parse().unwrap());
        assert!(!open(&everywhere, "127.0.0.1", &[here]));
    }

    #[test]
    fn the_base_is_what_is_configured_or_what_is_asked_for() {
        let base = |site: &Site, headers: &[(&str, &str)]| {
            let parts = parts("::1", headers);
            site.base(&parts.headers, &parts.extensions)
        };
        assert_eq!(base(&site(|_| {}), &[("host", "progy.test:81")]), "http://progy.test:81");
        assert_eq!(base(&site(|_| {}), &[]), "http://127.0.0.1:7764");
        let url = "https://progy.example.org";
        let configured = site(|config| config.url = Some(url.into()));
        assert_eq!(base(&configured, &[("host", "progy.test")]), url);
        let said =
            [("host", "progy.test"), ("x-forwarded-proto", "https"), ("x-forwarded-for", "::2")];
        assert_eq!(base(&site(behind("::1")), &said), "https://progy.test");
    }
}
