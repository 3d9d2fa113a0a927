//! Where a person is logged in.

use progy_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::User;

/// One login: a browser, a device, or a personal access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Stable id.
    pub id: String,
    /// What `POST /api/auth/revoke-session` takes to end it. Not the secret that logs in: that is
    /// shown once, when it is made, and the server itself does not have it.
    pub token: String,
    /// Whose it is.
    pub user_id: String,
    /// When it ends if it is not used; absent if it does not.
    #[serde(with = "crate::time::option", default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// By the server's clock.
    #[serde(with = "crate::time")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it was used last, to within some minutes.
    #[serde(with = "crate::time")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
    /// Where it was used from last.
    #[serde(default)]
    pub ip_address: Option<String>,
    /// With what it was used last.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// The name of the device, if it was logged in by a code.
    #[serde(default)]
    pub device_name: Option<String>,
}

/// Answer of `GET /api/auth/get-session`, if anybody is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionAnswer {
    /// The login that was used.
    pub session: Session,
    /// The person.
    pub user: User,
}

/// Body of `POST /api/auth/revoke-session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokeRequest {
    /// [`Session::token`].
    pub token: String,
}

/// Answer of `POST /api/auth/revoke-session`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Status {
    /// Always true.
    pub status: bool,
}
