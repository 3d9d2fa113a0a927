//! Where a server is.

use std::fmt;
use std::net::IpAddr;

use progy_core::CourseId;
use reqwest::Url;
use semver::Version;

/// The address of a server: `http` or `https`, a host, and perhaps a path that all routes are
/// below. It has one spelling, and never holds a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

/// Why a text is no [`ServerUrl`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Something else than `https://host` or `http://host`.
    #[error("{0:?} is no server address; write it as https://progy.example")]
    Form(String),
    /// A name or password before the host: it would end up in logs.
    #[error("a server address holds no name and password; use `progy login`")]
    Password,
}

impl ServerUrl {
    /// Checks `text`, and brings it into its one spelling.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let Ok(mut url) = Url::parse(text) else { return Err(Self::form(text)) };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Password);
        }
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        if !is_web || url.query().is_some() || url.fragment().is_some() {
            return Err(Self::form(text));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    fn form(text: &str) -> AddressError {
        // What stands before an `@` may be a password.
        let shown = text.rsplit_once('@').map_or(text, |(_, host)| host);
        AddressError::Form(shown.chars().take(200).collect())
    }

    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the server is on this machine.
    pub fn is_here(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// The address of a route. Every part becomes one segment, whatever it holds.
    pub(super) fn route(&self, parts: &[&str], more: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(parts).extend(more);
        }
        url
    }

    /// The address of a course's package.
    pub(super) fn package(&self, course: &CourseId, version: &Version) -> Url {
        let version = version.to_string();
        self.route(&["api", "courses", course.as_str()], &["versions", &version])
    }

    /// Whether `url` leads to this server: the same scheme, host and port.
    pub(super) fn is_origin_of(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// Where a redirection leads: scheme, host and port.
    pub(super) fn origin_of(&self, location: &str) -> Option<String> {
        self.0.join(location).ok().map(|url| url.origin().ascii_serialization())
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        for (text, expected) in [
            ("https://progy.example", "https://progy.example"),
            (" HTTPS://Progy.Example:443/ ", "https://progy.example"),
            ("http://127.0.0.1:8080//", "http://127.0.0.1:8080"),
            ("https://example.org/progy/", "https://example.org/progy"),
            ("http://[::1]:80/a/b", "http://[::1]/a/b"),
        ] {
            assert_eq!(ServerUrl::parse(text).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn what_is_no_address() {
        for text in [
            "",
            "progy.example",
            "localhost:8080",
            "ftp://x",
            "https://",
            "file:///etc",
            "https://x?y",
            "https://x#y",
            "/",
        ] {
            assert!(matches!(ServerUrl::parse(text), Err(AddressError::Form(_))), "{text}");
        }
        for text in ["https://ana:secret@x", "ana:secret@x", "http://secret@x/"] {
            let error = ServerUrl::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    }

    #[test]
    fn every_part_is_one_segment() {
        let server = ServerUrl::parse("https://x/base").unwrap();
        let route = |part: &str| server.route(&["api", part], &["end"]).to_string();
        assert_eq!(route("@ana/sql"), "https://x/base/api/@ana%2Fsql/end");
        assert_eq!(route("a b?c#d%2f\\"), "https://x/base/api/a%20b%3Fc%23d%252f%5C/end");
        let server = ServerUrl::parse("https://x").unwrap();
        assert_eq!(server.route(&["a"], &[]).as_str(), "https://x/a");
    }

    #[test]
    fn machines() {
        let here = |text: &str| ServerUrl::parse(text).unwrap().is_here();
        assert!(here("http://127.0.0.1:1") && here("http://[::1]:1") && here("http://localhost"));
        assert!(!here("http://192.168.0.1") && !here("https://localhost.example"));
    }
}
