//! Signing up and in with an address and a password.

use serde::{Deserialize, Serialize};

use super::User;

/// Body of `POST /api/auth/sign-up/email`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignUpRequest {
    /// To greet with.
    pub name: String,
    /// Address to sign in with.
    pub email: String,
    /// 8 to 128 characters.
    pub password: String,
    /// The user name; one like `name` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The code of an invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
    /// Whether use prolongs the session; yes without it.
    #[serde(rename = "rememberMe", default, skip_serializing_if = "Option::is_none")]
    pub remember: Option<bool>,
}

/// Body of `POST /api/auth/sign-in/email`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignInRequest {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// Whether use prolongs the session; yes without it.
    #[serde(rename = "rememberMe", default, skip_serializing_if = "Option::is_none")]
    pub remember: Option<bool>,
}

/// Answer of `POST /api/auth/sign-up/email`. The session comes in a cookie as well.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignUpAnswer {
    /// To be sent as `Authorization: Bearer` by who keeps no cookies.
    pub token: String,
    /// The person.
    pub user: User,
}

/// Answer of `POST /api/auth/sign-in/email`. The session comes in a cookie as well.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInAnswer {
    /// Always false: the client stays where it is.
    pub redirect: bool,
    /// To be sent as `Authorization: Bearer` by who keeps no cookies.
    pub token: String,
    /// The person.
    pub user: User,
}
