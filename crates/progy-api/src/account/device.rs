//! Logging a device in by a code that a person confirms in a browser (RFC 8628), as Better Auth's
//! plugin `device-authorization` speaks it.

use progy_core::Timestamp;
use serde::{Deserialize, Serialize};

/// What `grant_type` must say (RFC 8628, section 3.4).
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The client id of the command line.
pub const CLI: &str = "progy-cli";

/// Body of `POST /api/auth/device/code`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CodeRequest {
    /// Which program asks.
    pub client_id: Option<String>,
    /// What it wants to do; nothing depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The person who alone may confirm it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// How the device is called, to be shown to who confirms it. Ours: Better Auth ignores it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
}

/// Answer of `POST /api/auth/device/code` (RFC 8628, section 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CodeAnswer {
    /// The secret that the device polls with.
    pub device_code: String,
    /// What the person compares or types.
    pub user_code: String,
    /// Where the person goes.
    pub verification_uri: String,
    /// The same with the user code in it.
    pub verification_uri_complete: String,
    /// How long both codes live, in seconds.
    pub expires_in: u64,
    /// How long to wait between two polls, in seconds.
    pub interval: u64,
}

/// Body of `POST /api/auth/device/token` (RFC 8628, section 3.4).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenRequest {
    /// [`GRANT_TYPE`].
    pub grant_type: Option<String>,
    /// The secret of [`CodeAnswer`].
    pub device_code: Option<String>,
    /// The program that asked for the code.
    pub client_id: Option<String>,
}

/// Answer of `POST /api/auth/device/token`, once the person has confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenAnswer {
    /// To be sent as `Authorization: Bearer`.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// How long it lives without being used, in seconds.
    pub expires_in: u64,
    /// As it was asked for.
    pub scope: String,
}

/// An error of the device routes (RFC 6749, section 5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceError {
    /// One of [`error`].
    pub error: String,
    /// For people.
    pub error_description: String,
}

/// The values of [`DeviceError::error`].
pub mod error {
    /// Nobody has confirmed yet: ask again after the interval.
    pub const AUTHORIZATION_PENDING: &str = "authorization_pending";
    /// Asked too soon: add 5 seconds to the interval.
    pub const SLOW_DOWN: &str = "slow_down";
    /// The person said no.
    pub const ACCESS_DENIED: &str = "access_denied";
    /// The code is too old.
    pub const EXPIRED_TOKEN: &str = "expired_token";
    /// The code is unknown, used, or of another client.
    pub const INVALID_GRANT: &str = "invalid_grant";
    /// Something is missing, repeated, or not as it should be.
    pub const INVALID_REQUEST: &str = "invalid_request";
    /// Nobody is logged in.
    pub const UNAUTHORIZED: &str = "unauthorized";
    /// Our fault.
    pub const SERVER_ERROR: &str = "server_error";
}

/// Answer of `GET /api/auth/device`: what a code is for. All but the first two only for the person
/// who has claimed it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceRequest {
    /// As it was asked for.
    pub user_code: String,
    /// `pending`, `approved` or `denied`.
    pub status: String,
    /// Which program asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What it wants to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How the device is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
    /// Where it asks from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// When it asked, by the server's clock.
    #[serde(with = "crate::time::option", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub requested_at: Option<Timestamp>,
}

/// Body of `POST /api/auth/device/approve` and `…/deny`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceDecision {
    /// The code that the device shows.
    #[serde(rename = "userCode")]
    pub user_code: Option<String>,
}

/// Answer of `POST /api/auth/device/approve`, `…/deny` and `POST /api/auth/sign-out`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Success {
    /// Always true.
    pub success: bool,
}
