//! Logging in by a code that is confirmed in a browser (RFC 8628), and out again.

use progy_api::account::device::{
    self, CodeAnswer, CodeRequest, DeviceError, GRANT_TYPE, TokenAnswer, TokenRequest,
};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Serialize;

use super::answer::MAX_PROBLEM;
use super::{ApiError, HttpApi};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a poll came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poll {
    /// The person said yes: the token.
    Granted(String),
    /// Nobody has decided yet.
    Pending,
    /// Ask less often: add 5 seconds to the interval, for good.
    SlowDown,
    /// The person said no.
    Denied,
    /// The code is too old, used up, or unknown.
    Expired,
}

impl HttpApi {
    /// `POST /api/auth/device/code`: two codes for the device called `device_name`.
    pub async fn device_code(&self, device_name: &str) -> Result<CodeAnswer, ApiError> {
        let request = CodeRequest {
            client_id: Some(device::CLI.to_owned()),
            device_name: Some(device_name.to_owned()),
            ..CodeRequest::default()
        };
        self.post(self.server.route(&["api", "auth", "device", "code"], &[]), &request).await
    }

    /// `POST /api/auth/device/token`: asks once whether the person has confirmed.
    pub async fn device_token(&self, device_code: &str) -> Result<Poll, ApiError> {
        let request = TokenRequest {
            grant_type: Some(GRANT_TYPE.to_owned()),
            device_code: Some(device_code.to_owned()),
            client_id: Some(device::CLI.to_owned()),
        };
        let url = self.server.route(&["api", "auth", "device", "token"], &[]);
        let response = self.ask(url, &request).await?;
        if response.status() != StatusCode::BAD_REQUEST {
            let answer: TokenAnswer = self.json(self.accept(response).await?).await?;
            return Ok(Poll::Granted(answer.access_token));
        }
        let body = self.body(response, MAX_PROBLEM).await?;
        let error: DeviceError = serde_json::from_slice(&body)
            .map_err(|_| self.garbage("it refuses without saying why"))?;
        match error.error.as_str() {
            device::error::AUTHORIZATION_PENDING => Ok(Poll::Pending),
            device::error::SLOW_DOWN => Ok(Poll::SlowDown),
            device::error::ACCESS_DENIED => Ok(Poll::Denied),
            device::error::EXPIRED_TOKEN | device::error::INVALID_GRANT => Ok(Poll::Expired),
            _ => Err(self.garbage("it refuses for a reason that progy does not know")),
        }
    }

    /// `POST /api/auth/sign-out`: ends the session of the token, if it is one.
    pub async fn sign_out(&self) -> Result<(), ApiError> {
        let url = self.server.route(&["api", "auth", "sign-out"], &[]);
        let response = self.ask(url, &serde_json::json!({})).await?;
        self.accept(response).await.map(drop)
    }

    /// Sends a short document; the answer may be a refusal.
    async fn ask(&self, url: Url, document: &impl Serialize) -> Result<Response, ApiError> {
        let body = serde_json::to_vec(document).map_err(std::io::Error::other)?;
        let request = self.request(Method::POST, url)?.header(ACCEPT, JSON);
        let request = request.header(CONTENT_TYPE, JSON).body(body);
        self.answered(request, None, self.timeouts.silence).await
    }
}
