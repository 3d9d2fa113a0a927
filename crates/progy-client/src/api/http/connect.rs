//! The connection, and what every request carries.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Client, Method, RequestBuilder, Url, redirect};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use super::{ApiError, HttpApi, ServerUrl};

/// The version of what travels, `Progy-Protocol`.
const PROTOCOL: &str = "1";
const AGENT: &str = concat!("progy/", env!("CARGO_PKG_VERSION"));
/// Variables that name a proxy for unencrypted requests; the proxy itself may want TLS.
const PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

impl HttpApi {
    /// A request with what every request carries.
    pub(super) fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, ApiError> {
        let request = self.client()?.request(method, url);
        Ok(match &self.token {
            Some(token) => request.header(AUTHORIZATION, token.header.clone()),
            None => request,
        })
    }

    /// A request to another host, without our login.
    pub(super) fn foreign(&self, method: Method, url: Url) -> Result<RequestBuilder, ApiError> {
        if let Some(client) = self.foreign.get() {
            return Ok(client.request(method, url));
        }
        let is_here = ServerUrl::parse(url.as_str()).is_ok_and(|url| url.is_here());
        let client = self.connect(is_here, url.scheme() == "https" || !is_here);
        let client = client.map_err(|error| self.unreachable(&error))?;
        Ok(self.foreign.get_or_init(|| client).request(method, url))
    }

    fn client(&self) -> Result<&Client, ApiError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self
            .connect(self.server.is_here(), needs_tls(&self.server))
            .map_err(|error| self.unreachable(&error))?;
        Ok(self.client.get_or_init(|| client))
    }

    fn connect(&self, is_here: bool, tls: bool) -> reqwest::Result<Client> {
        let headers = HeaderMap::from_iter([
            (USER_AGENT, HeaderValue::from_static(AGENT)),
            (
                reqwest::header::HeaderName::from_static("progy-protocol"),
                HeaderValue::from_static(PROTOCOL),
            ),
        ]);
        let mut builder = Client::builder()
            .default_headers(headers)
            .connect_timeout(self.timeouts.connect)
            .redirect(redirect::Policy::none());
        if is_here {
            builder = builder.no_proxy();
        }
        if tls {
            // Fails if it was installed before, which is as good.
            let _ = ring::default_provider().install_default();
        } else if let Some(config) = no_tls() {
            builder = builder.tls_backend_preconfigured(config);
        }
        builder.build()
    }
}

fn needs_tls(server: &ServerUrl) -> bool {
    let has_proxy = || PROXIES.iter().any(|name| std::env::var_os(name).is_some());
    server.is_encrypted() || (!server.is_here() && has_proxy())
}

/// A configuration that trusts nobody. It keeps reqwest from reading the system's certificates,
/// which takes longer than most of what a learner asks for.
fn no_tls() -> Option<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(ring::default_provider().into());
    let builder = builder.with_safe_default_protocol_versions().ok()?;
    Some(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}
