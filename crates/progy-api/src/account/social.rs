//! Signing in with another service, and the accounts there that are linked.

use progy_core::Timestamp;
use serde::{Deserialize, Serialize};

/// Body of `POST /api/auth/sign-in/social` and `POST /api/auth/link-social`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SocialRequest {
    /// `github`.
    pub provider: String,
    /// Where the browser goes in the end: a path here, or a page of a trusted origin.
    #[serde(rename = "callbackURL", default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// The same, if something goes wrong; `error` and perhaps `error_description` are added to it.
    #[serde(rename = "errorCallbackURL", default, skip_serializing_if = "Option::is_none")]
    pub error_callback_url: Option<String>,
    /// The same, for somebody who was not known before.
    #[serde(rename = "newUserCallbackURL", default, skip_serializing_if = "Option::is_none")]
    pub new_user_callback_url: Option<String>,
    /// Whether the client goes to the address by itself, or not at all.
    #[serde(rename = "disableRedirect", default, skip_serializing_if = "Option::is_none")]
    pub disable_redirect: Option<bool>,
    /// Scopes to ask for besides those that are configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The login name to suggest.
    #[serde(rename = "loginHint", default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// What else there is to say.
    #[serde(rename = "additionalData", default, skip_serializing_if = "Option::is_none")]
    pub additional_data: Option<Additional>,
}

/// What Better Auth's client passes through; here, how somebody may register.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Additional {
    /// The code of an invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
}

/// Answer of `POST /api/auth/sign-in/social` and `POST /api/auth/link-social`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SocialAnswer {
    /// Where the browser has to go.
    pub url: String,
    /// Whether the client should go there by itself.
    pub redirect: bool,
}

/// One way to prove who one is, of `GET /api/auth/list-accounts`. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LinkedAccount {
    /// What `POST /api/auth/unlink-account` takes.
    pub id: String,
    /// `credential` or `github`.
    pub provider_id: String,
    /// What the provider calls the person.
    pub account_id: String,
    /// Whose it is.
    pub user_id: String,
    /// What the provider granted.
    pub scopes: Vec<String>,
    /// By the server's clock.
    #[serde(with = "crate::time")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// By the server's clock.
    #[serde(with = "crate::time")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}

/// Body of `POST /api/auth/unlink-account`; one of the two is needed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnlinkRequest {
    /// [`LinkedAccount::id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The provider, as older clients of Better Auth name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
}
