//! `[tls]`: the certificate that the server shows, if it speaks TLS itself.

use std::fs;
use std::path::{Path, PathBuf};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde::Deserialize;

use super::ConfigError;

/// Two files in PEM, as certificate authorities and `certbot` write them.
///
/// ```toml
/// [tls]
/// certificate = "fullchain.pem"     # the server's first, then those up to the authority
/// key = "privkey.pem"
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificates, the server's own first. In a file, relative to that file.
    pub certificate: PathBuf,
    /// The private key of the first. In a file, relative to that file.
    pub key: PathBuf,
}

impl Tls {
    /// What files beside the configuration are relative to.
    pub(super) fn relative_to(&mut self, folder: &Path) {
        self.certificate = folder.join(&self.certificate);
        self.key = folder.join(&self.key);
    }

    /// Reads both files, and refuses a key that is not the certificate's.
    pub fn load(&self) -> Result<CertifiedKey, ConfigError> {
        let chain = read("tls.certificate", &self.certificate)?;
        let chain: Result<Vec<CertificateDer<'static>>, _> =
            CertificateDer::pem_slice_iter(&chain).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| {
            let file = self.certificate.display();
            ConfigError::Wrong(format!(
                "`tls.certificate` {file} has no certificate in it: give the PEM file that begins \
                 with `-----BEGIN CERTIFICATE-----`, often called fullchain.pem"
            ))
        })?;
        let key = PrivateKeyDer::from_pem_slice(&read("tls.key", &self.key)?).map_err(|_| {
            let file = self.key.display();
            ConfigError::Wrong(format!(
                "`tls.key` {file} has no private key in it: give the PEM file that has `PRIVATE KEY` \
                 in its first line, without a password"
            ))
        })?;
        CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| {
            ConfigError::Wrong(format!(
                "`tls.certificate` {} and `tls.key` {} cannot be used together: {error}; the first \
                 certificate has to be the server's own, and the key the one that it was made for",
                self.certificate.display(),
                self.key.display()
            ))
        })
    }
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(path).map_err(|error| {
        let file = path.display();
        ConfigError::Wrong(format!(
            "cannot read `{key}` {file}: {error}; the server's user has to be allowed to read it"
        ))
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};

    use super::*;

    fn made(folder: &Path, name: &str) -> Tls {
        let Made { cert, signing_key } = generate_simple_self_signed(vec![name.into()]).unwrap();
        let tls = Tls {
            certificate: folder.join(format!("{name}.crt")),
            key: folder.join(format!("{name}.key")),
        };
        fs::write(&tls.certificate, cert.pem()).unwrap();
        fs::write(&tls.key, signing_key.serialize_pem()).unwrap();
        tls
    }

    #[test]
    fn mistakes_are_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (made(folder.path(), "one.test"), made(folder.path(), "other.test"));
        assert_eq!(one.load().unwrap().cert.len(), 1);
        let with = |certificate: &Path, key: &Path| {
            let tls = Tls { certificate: certificate.to_owned(), key: key.to_owned() };
            tls.load().unwrap_err().to_string()
        };
        let nowhere = folder.path().join("nowhere");
        for (said, word) in [
            (with(&nowhere, &one.key), "cannot read `tls.certificate`"),
            (with(&one.certificate, &nowhere), "cannot read `tls.key`"),
            (with(&one.key, &one.key), "has no certificate"),
            (with(&one.certificate, &one.certificate), "has no private key"),
            (with(&one.certificate, &other.key), "cannot be used together"),
        ] {
            assert!(said.contains(word) && !said.contains("BEGIN PRIVATE"), "{said}");
        }
    }
}
