//! TLS, and certificates that are renewed while the server runs.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use crate::config::{ConfigError, Tls};

/// How often the files are looked at. A renewed certificate is in use that much later.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The certificate in use, and the files that it came from.
#[derive(Debug)]
pub(crate) struct Certificates {
    files: Tls,
    current: RwLock<Arc<CertifiedKey>>,
    stamp: Mutex<Stamp>,
}

/// What tells whether the files were written since: times and sizes of both.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Certificates {
    /// Reads the files.
    pub(crate) fn open(files: Tls) -> Result<Arc<Self>, ConfigError> {
        // Before they are read: what is written in between is read again.
        let stamp = Mutex::new(stamp(&files));
        let current = RwLock::new(Arc::new(files.load()?));
        Ok(Arc::new(Self { files, current, stamp }))
    }

    /// What turns connections into encrypted ones: TLS 1.2 with forward secrecy, or 1.3.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(ring::default_provider().into());
        let mut config = builder
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again if they were written since. New ones that cannot be used (perhaps only
    /// one of the two was written yet) leave the certificate as it is. True if it is another.
    pub(crate) fn look(&self) -> bool {
        let now = stamp(&self.files);
        let mut before = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if *before == now {
            return false;
        }
        *before = now;
        match self.files.load() {
            Ok(new) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                tracing::info!(file = %self.files.certificate.display(), "the certificate is renewed");
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the new certificate cannot be used; the old one stays");
                false
            }
        }
    }

    /// Looks every now and then, for ever.
    pub(crate) async fn watch(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.look();
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn stamp(files: &Tls) -> Stamp {
    let of = |path: &Path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    };
    [of(&files.certificate), of(&files.key)]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};

    use super::*;

    #[test]
    fn new_files_replace_the_certificate_and_broken_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = Tls {
            certificate: folder.path().join("server.crt"),
            key: folder.path().join("server.key"),
        };
        let make = |name: &str| generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let write = |made: &Made<rcgen::KeyPair>| {
            fs::write(&files.certificate, made.cert.pem()).unwrap();
            fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        };
        let (first, second) = (make("first.test"), make("the-second.test"));
        write(&first);
        let certificates = Certificates::open(files.clone()).unwrap();
        let shown = || certificates.current.read().unwrap().cert[0].clone();
        assert!(certificates.acceptor().is_ok());
        assert!(!certificates.look(), "nothing was written");
        // The certificate is there, its key is not yet.
        fs::write(&files.certificate, second.cert.pem()).unwrap();
        assert!(!certificates.look());
        assert_eq!(&shown(), first.cert.der());
        write(&second);
        fs::write(&files.key, second.signing_key.serialize_pem() + "\n").unwrap();
        assert!(certificates.look());
        assert_eq!(&shown(), second.cert.der());
        fs::remove_file(&files.key).unwrap();
        assert!(!certificates.look());
        assert_eq!(&shown(), second.cert.der());
    }
}
