//! What a refusal means for the form that was sent.

use super::frame::Wrong;
use super::texts::Message;
use crate::error::ServiceError;
use crate::http::failure::Failure;
use crate::services::accounts::{Refusal, passwords};

/// The line of the form that `error` is about; an error that no line is about is for the page of
/// failures.
pub(super) fn wrong(error: ServiceError) -> Result<Wrong, Failure> {
    let ServiceError::Refused(refusal) = &error else { return Err(error.into()) };
    let (field, message) = match refusal {
        Refusal::InvalidEmailOrPassword => ("login", said!("wrong-login")),
        Refusal::InvalidPassword => ("current", said!("wrong-password")),
        Refusal::InvalidEmail => ("email", said!("wrong-email")),
        Refusal::InvalidUsername => ("username", said!("wrong-username")),
        Refusal::PasswordTooShort => ("password", too_short()),
        Refusal::PasswordTooLong => {
            ("password", said!("wrong-password-long", count = passwords::LONGEST))
        }
        Refusal::EmailTaken => ("email", said!("wrong-email-taken")),
        Refusal::UsernameTaken => ("username", said!("wrong-username-taken")),
        Refusal::InvalidInvite => ("invite", said!("wrong-invite")),
        Refusal::SignUpClosed => ("invite", said!("wrong-closed")),
        Refusal::Invalid(_) => ("name", said!("wrong-name")),
        Refusal::LastAccount => ("", said!("wrong-last-account")),
        Refusal::AccountNotFound => ("", said!("wrong-no-account")),
        Refusal::OwnRole => ("", said!("wrong-own-role")),
        _ => return Err(error.into()),
    };
    Ok(Wrong { field, message })
}

/// What is said of a password that is too short, before and after.
pub(super) fn too_short() -> Message {
    said!("wrong-password-short", count = passwords::SHORTEST)
}

/// What a way back from GitHub means that says `code` in its address.
pub(super) fn social(code: &str) -> Message {
    match code {
        "access_denied" => said!("github-denied"),
        "state_mismatch" | "state_not_found" => said!("github-too-old"),
        "account_not_linked" => said!("github-not-linked"),
        "account_already_linked_to_different_user" => said!("github-of-another"),
        "unable_to_link_account" => said!("github-unable"),
        "signup_disabled" => said!("github-closed"),
        _ => said!("github-failed"),
    }
}
