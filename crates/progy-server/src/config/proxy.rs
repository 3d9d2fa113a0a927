//! `[proxy]`: whom the server believes when they say for whom they ask.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

/// The proxies before the server.
///
/// ```toml
/// [proxy]
/// trusted = ["127.0.0.1", "10.0.0.0/8"]
/// header = "x-forwarded-for"            # or "forwarded"
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    /// Addresses and networks of your proxies. From anybody else the headers are not believed.
    pub trusted: Vec<Network>,
    /// Which header they write. The other one is not believed: what a proxy does not write, it
    /// passes on as the client sent it.
    pub header: ForwardedBy,
}

/// What proxies say for whom they ask by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedBy {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`, as most proxies write them.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Some addresses: `10.0.0.0/8`, `2001:db8::/32`, or a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

impl Proxy {
    /// Whether `address` is one of the proxies.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }
}

impl Network {
    /// Whether `address` is among them. An IPv4 address that is written as IPv6 is that address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let single = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse().or_else(|_| single()).map(Self).map_err(|_| {
            format!("{text:?} is no address or network such as 127.0.0.1 or 10.0.0.0/8")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks() {
        let proxy: Proxy =
            toml::from_str("trusted = ['10.0.0.0/8', '::1', '192.0.2.7', '2001:db8::/32']")
                .unwrap();
        assert_eq!(proxy.header, ForwardedBy::XForwardedFor);
        for ours in ["10.255.0.1", "::1", "192.0.2.7", "::ffff:10.0.0.1", "2001:db8:1::5"] {
            assert!(proxy.trusts(ours.parse().unwrap()), "{ours}");
        }
        for other in ["11.0.0.1", "192.0.2.8", "::2", "2001:db9::"] {
            assert!(!proxy.trusts(other.parse().unwrap()), "{other}");
        }
        for wrong in ["'localhost'", "'10.0.0.0/33'", "''", "'*'", "7"] {
            let error = toml::from_str::<Proxy>(&format!("trusted = [{wrong}]")).unwrap_err();
            assert!(wrong == "7" || error.to_string().contains("no address"), "{error}");
        }
        assert!(toml::from_str::<Proxy>("header = 'x-real-ip'").is_err());
    }
}
