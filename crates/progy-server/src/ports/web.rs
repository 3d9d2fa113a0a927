//! Asking other services over HTTP, without believing them: no redirection is followed, no answer is
//! waited for or taken without end, and no error holds an address, which might hold a secret.

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Response, Url, redirect};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

/// Some services refuse requests without one.
const AGENT: &str = concat!("progy/", env!("CARGO_PKG_VERSION"));
/// The longest answer that is read whole, in bytes.
pub(crate) const MAX_BODY: usize = 1 << 20;
/// For a connection to be there.
const CONNECT: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// With the innermost reason.
    Unreachable(String),
    /// It is longer than is read.
    TooLong,
}

/// A client of one service, made when it is first asked for something.
pub(crate) struct Web {
    encrypted: bool,
    patience: Patience,
    client: OnceLock<Client>,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// A whole answer, so long.
    Whole(Duration),
    /// The next piece of one.
    Silence(Duration),
}

impl Web {
    /// For the services at these addresses.
    pub(crate) fn new<'a>(urls: impl IntoIterator<Item = &'a Url>, patience: Patience) -> Self {
        let encrypted = urls.into_iter().any(|url| url.scheme() == "https");
        Self { encrypted, patience, client: OnceLock::new() }
    }

    /// The client.
    pub(crate) fn client(&self) -> Result<&Client, Trouble> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self.connect().map_err(|error| unreachable(&error))?;
        Ok(self.client.get_or_init(|| client))
    }

    fn connect(&self) -> reqwest::Result<Client> {
        let mut builder = Client::builder()
            .user_agent(AGENT)
            .connect_timeout(CONNECT)
            .referer(false)
            // A redirection would carry a token or our secret to wherever it points.
            .redirect(redirect::Policy::none());
        builder = match self.patience {
            Patience::Whole(time) => builder.timeout(time),
            Patience::Silence(time) => builder.read_timeout(time),
        };
        if self.encrypted {
            // Fails if it was installed before, which is as good.
            let _ = ring::default_provider().install_default();
        } else if let Some(config) = no_tls() {
            // Unencrypted addresses are on this machine (the configuration sees to it): no proxy,
            // and no need to read the system's certificates.
            builder = builder.no_proxy().tls_backend_preconfigured(config);
        }
        builder.build()
    }
}

/// A configuration that trusts nobody.
fn no_tls() -> Option<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(ring::default_provider().into());
    let builder = builder.with_safe_default_protocol_versions().ok()?;
    Some(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// An address below `base`. Every part becomes one segment, whatever it holds.
pub(crate) fn below(base: &Url, parts: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

/// The whole body of an answer, which may hold a secret.
pub(crate) async fn bounded(
    mut response: Response,
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(piece) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + piece.len() > most {
            return Err(Trouble::TooLong);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// A header as text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A header as a number.
pub(crate) fn number<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    text(headers, name)?.trim().parse().ok()
}

/// The innermost reason. It names no address.
pub(crate) fn unreachable(error: &reqwest::Error) -> Trouble {
    if error.is_timeout() {
        return Trouble::Unreachable("it takes too long to answer".to_owned());
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    // Without a cause the error is reqwest's own, whose text may name the address.
    let own = std::ptr::addr_eq(cause, std::ptr::from_ref(error));
    let reason = if own { "the request could not be made".to_owned() } else { cause.to_string() };
    Trouble::Unreachable(reason)
}
