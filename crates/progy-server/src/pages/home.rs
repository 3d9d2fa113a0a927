//! The front door.

use super::viewer::Viewer;
use super::{Answer, next};

/// `GET /`: to the account, or to sign in.
pub(crate) async fn show(viewer: Viewer) -> Answer {
    Ok(viewer.go(if viewer.login().is_some() { next::ACCOUNT } else { "/sign-in" }))
}
