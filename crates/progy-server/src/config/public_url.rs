//! Where browsers find the server.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use reqwest::Url;

use super::ConfigError;

/// `http` or `https`, a host and perhaps a port, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Checks what was configured.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let url = web_address("url", text)?;
        if url.path() != "/" {
            return Err(ConfigError::Wrong(
                "`url` has a path; the server has to be at the root of its host".to_owned(),
            ));
        }
        Ok(Self(url.origin().ascii_serialization()))
    }

    /// The address that a server on this machine listens on.
    pub fn of(address: SocketAddr, encrypted: bool) -> Self {
        let scheme = if encrypted { "https" } else { "http" };
        Self(format!("{scheme}://{address}"))
    }

    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers come over TLS.
    pub fn is_encrypted(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address of the web without a password, a query or a fragment.
pub(super) fn web_address(key: &str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text.trim()).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    url.ok_or_else(|| {
        ConfigError::Wrong(format!("`{key}` is no address; write it as https://host.example"))
    })
}

/// Whether the address is on this machine.
pub(super) fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        let of = |text: &str| PublicUrl::parse(text).map(|url| url.to_string());
        assert_eq!(of("HTTPS://Progy.Example:443/").unwrap(), "https://progy.example");
        assert_eq!(of("http://localhost:7764").unwrap(), "http://localhost:7764");
        for wrong in ["", "progy.example", "https://a:b@c", "https://c/progy", "https://c/?x"] {
            assert!(of(wrong).unwrap_err().to_string().contains("`url`"), "{wrong}");
        }
        let here = PublicUrl::of("[::1]:80".parse().unwrap(), false);
        assert!(!here.is_encrypted() && here.as_str() == "http://[::1]:80");
    }
}
