//! What a server can work with, but should not.

use std::net::{IpAddr, SocketAddr};

use super::Config;

impl Config {
    /// What is likely a mistake, with what to do about it; one sentence or two each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let address: Option<SocketAddr> = self.listen.parse().ok();
        let is_here = address
            .map_or(self.listen.starts_with("localhost:"), |address| address.ip().is_loopback());
        let url = self.url.as_deref().unwrap_or_default();
        if !is_here && self.tls.is_none() && self.proxy.trusted.is_empty() {
            warnings.push(format!(
                "`listen` {} can be reached from other machines, and passwords travel there \
                 unencrypted; add `[tls]`, or listen on 127.0.0.1 behind a proxy that speaks HTTPS",
                self.listen
            ));
        }
        if self.tls.is_none() && url.starts_with("http://") && !is_here {
            warnings.push(
                "`url` begins with http://: browsers send cookies unencrypted; use https://"
                    .to_owned(),
            );
        }
        let everybody = ["0.0.0.0", "255.255.255.255"].map(str::parse::<IpAddr>);
        if everybody.iter().flatten().all(|address| self.proxy.trusts(*address)) {
            warnings.push(
                "`proxy.trusted` has every address: anybody can pretend to be anybody, and no rate \
                 limit holds; name your proxies only"
                    .to_owned(),
            );
        }
        if !self.proxy.trusted.is_empty() && url.is_empty() {
            warnings.push(
                "`url` is missing: behind a proxy the server cannot know how browsers find it; set \
                 it to the address that people use"
                    .to_owned(),
            );
        }
        if let Some(tls) = &self.tls
            && others_can_read(&tls.key)
        {
            warnings.push(format!(
                "`tls.key` {} can be read by everybody on this machine; run `chmod 600` on it",
                tls.key.display()
            ));
        }
        warnings.extend(self.git.warning());
        warnings
    }
}

#[cfg(unix)]
fn others_can_read(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_: &std::path::Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(text: &str) -> Vec<String> {
        toml::from_str::<Config>(text).unwrap().warnings()
    }

    #[test]
    fn a_server_for_this_machine_is_fine() {
        assert_eq!(Config::default().warnings(), [""; 0]);
        assert_eq!(warned("listen = '[::1]:80'"), [""; 0]);
        let behind = "url = 'https://progy.example.org'\n[proxy]\ntrusted = ['127.0.0.1']";
        assert_eq!(warned(behind), [""; 0]);
    }

    #[test]
    fn what_is_likely_a_mistake_is_said() {
        for (text, word) in [
            ("listen = '0.0.0.0:80'", "unencrypted"),
            ("listen = '0.0.0.0:80'\nurl = 'http://progy.test'", "https://"),
            ("[proxy]\ntrusted = ['0.0.0.0/0']", "anybody"),
            ("[proxy]\ntrusted = ['10.0.0.1']", "`url` is missing"),
        ] {
            let warned = warned(text);
            assert!(warned.iter().any(|warning| warning.contains(word)), "{text}: {warned:?}");
        }
    }
}
