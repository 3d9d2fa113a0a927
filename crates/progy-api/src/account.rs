//! Who is asking, in the words of Better Auth (<https://better-auth.com>), so that web front ends
//! written for its client work unchanged.
//!
//! - [`User`], [`Role`]: the person;
//! - [`session`]: where they are logged in;
//! - [`credential`]: signing up and in;
//! - [`device`]: logging a device in by a code (RFC 8628);
//! - [`scope`]: what a token may be used for.

pub mod credential;
pub mod device;
pub mod scope;
pub mod session;
pub mod social;

use progy_core::Timestamp;
use serde::{Deserialize, Serialize};

pub use scope::{Scope, Scopes};
pub use session::{Session, SessionAnswer};

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes courses.
    #[default]
    Learner,
    /// Also publishes courses in their own scope, `@username/…`.
    Author,
    /// Also publishes unscoped courses.
    Admin,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Stable id.
    pub id: String,
    /// Unique, never changes: the scope that an author publishes in. Better Auth's plugin
    /// `username` calls it so.
    pub username: String,
    /// To greet with; not unique.
    pub name: String,
    /// Address in lower case, if known; unique among those that are.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether somebody showed that the address is theirs.
    #[serde(default)]
    pub email_verified: bool,
    /// Address of a picture.
    #[serde(default)]
    pub image: Option<String>,
    /// What the person may do.
    pub role: Role,
    /// By the server's clock.
    #[serde(with = "crate::time")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// By the server's clock.
    #[serde(with = "crate::time")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}
