//! Who is asking.

use serde::{Deserialize, Serialize};

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes courses.
    #[default]
    Learner,
    /// Also publishes courses in their own scope, `@name/…`.
    Author,
    /// Also publishes unscoped courses.
    Admin,
}

/// The person behind a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Stable id.
    pub id: String,
    /// Name to log in and greet with; also the scope that an author publishes in.
    pub name: String,
    /// Address, if known.
    pub email: Option<String>,
    /// What the person may do.
    pub role: Role,
}

/// Answer of `GET /api/auth/get-session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionAnswer {
    /// The person.
    pub user: User,
}
