//! Whether a server is there, and what its clock says.

use std::time::Duration;

use progy_core::Timestamp;
use reqwest::Method;
use reqwest::header::DATE;
use tokio::time::Instant;

use super::{ApiError, HttpApi};

/// What a server's sign of life tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// How long the answer took.
    pub took: Duration,
    /// The server's clock, to the second, if it says.
    pub clock: Option<Timestamp>,
}

impl HttpApi {
    /// `GET /healthz`: whether a server is there at all. Needs no token.
    pub async fn probe(&self) -> Result<Probe, ApiError> {
        let start = Instant::now();
        let request = self.request(Method::GET, self.server.route(&["healthz"], &[]))?;
        let response = self.send(request, None, self.timeouts.silence).await?;
        let date = response.headers().get(DATE).and_then(|value| value.to_str().ok());
        Ok(Probe { took: start.elapsed(), clock: date.and_then(clock) })
    }
}

/// An HTTP date (RFC 9110, section 5.6.7) is a date of RFC 5322.
fn clock(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates() {
        assert_eq!(clock("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Timestamp(784_111_777_000)));
        assert_eq!(clock("yesterday"), None);
    }
}
