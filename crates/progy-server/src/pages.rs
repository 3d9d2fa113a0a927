//! Pages for people: signing in, letting a device in, and looking after an account.
//!
//! Server-rendered HTML without scripts. Each page is a handler and a template beside it; what is
//! decided is decided by the same services that answer the routes under `/api/auth`.
//!
//! - [`viewer`], [`form`]: who looks at a page, and what they send; [`csrf`], [`next`]: what keeps
//!   other sites from doing it for them;
//! - [`frame`], [`field`], [`when`], [`agent`]: what all pages share;
//! - [`language`], [`texts`]: two languages, one catalogue;
//! - [`headers`], [`assets`], [`failure`]: how pages leave the server;
//! - the rest are the pages.

/// A [`texts::Message`]: its key, and its variables.
macro_rules! said {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::pages::texts::Message {
            key: $key,
            values: vec![$((stringify!($name), $value.to_string())),*],
        }
    };
}

pub(crate) mod account;
mod agent;
pub(crate) mod assets;
mod csrf;
pub(crate) mod device;
pub(crate) mod failure;
mod field;
mod form;
mod frame;
pub(crate) mod github;
pub(crate) mod headers;
pub(crate) mod home;
pub(crate) mod language;
mod next;
pub(crate) mod people;
mod refusals;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod sign_up;
mod texts;
mod viewer;
mod when;

use axum::response::Response;

use crate::http::failure::Failure;

/// What a handler gives.
type Answer = Result<Response, Failure>;

/// Body of a form, in bytes.
pub(crate) const BODY: u64 = 16 << 10;
