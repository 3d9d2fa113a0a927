//! What Better Auth's client is told when it is refused: its codes, its words.

/// Why an account route did not do what was asked.
///
/// Codes and messages are those of Better Auth 1.7 (`BASE_ERROR_CODES`, the plugin `username`), but
/// for the last three, which are ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody is logged in.
    #[error("Unauthorized")]
    Unauthorized,
    /// The address or the password is wrong; which of them is not said.
    #[error("Invalid email or password")]
    InvalidEmailOrPassword,
    /// The password that should be in force is another.
    #[error("Invalid password")]
    InvalidPassword,
    /// No address at all.
    #[error("Invalid email")]
    InvalidEmail,
    /// Under [`passwords::SHORTEST`](super::passwords::SHORTEST) characters.
    #[error("Password too short")]
    PasswordTooShort,
    /// Over [`passwords::LONGEST`](super::passwords::LONGEST) characters.
    #[error("Password too long")]
    PasswordTooLong,
    /// The address is somebody's.
    #[error("User already exists. Use another email.")]
    EmailTaken,
    /// The user name is somebody's.
    #[error("Username is already taken. Please try another.")]
    UsernameTaken,
    /// No user name at all.
    #[error("Username is invalid")]
    InvalidUsername,
    /// Nobody may register by themselves.
    #[error("Email and password sign up is not enabled; ask for an invitation")]
    SignUpClosed,
    /// A browser says that another site sent it, or does not say which did.
    #[error("Invalid origin")]
    InvalidOrigin,
    /// A cookie came without saying from which site.
    #[error("Missing or null Origin")]
    MissingOrigin,
    /// Something in the body is not as it should be.
    #[error("{0}")]
    Invalid(String),
    /// A personal access token came where only its owner may ask.
    #[error("This needs a session: sign in, or run `progy login`")]
    NeedsSession,
    /// No such provider, or it is not configured.
    #[error("Provider not found")]
    ProviderNotFound,
    /// The way in that is left: without it the person would be locked out.
    #[error("You can't unlink your last account")]
    LastAccount,
    /// The person has linked no such account.
    #[error("Account not found")]
    AccountNotFound,
    /// An address that a browser should be sent to is not ours: which of them is `.0`.
    #[error("Invalid {0}")]
    InvalidTarget(&'static str),
    /// Somebody would change what they themselves may do.
    #[error("Another administrator has to change your role")]
    OwnRole,
    /// The invitation is unknown, used, expired, or for another address.
    #[error("The invitation is unknown, used, expired, or for another address")]
    InvalidInvite,
}

impl Refusal {
    /// The HTTP status and Better Auth's code.
    pub fn kind(&self) -> (u16, &'static str) {
        match self {
            Self::Unauthorized => (401, "UNAUTHORIZED"),
            Self::InvalidEmailOrPassword => (401, "INVALID_EMAIL_OR_PASSWORD"),
            Self::InvalidPassword => (400, "INVALID_PASSWORD"),
            Self::InvalidEmail => (400, "INVALID_EMAIL"),
            Self::PasswordTooShort => (400, "PASSWORD_TOO_SHORT"),
            Self::PasswordTooLong => (400, "PASSWORD_TOO_LONG"),
            Self::EmailTaken => (422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"),
            Self::UsernameTaken => (400, "USERNAME_IS_ALREADY_TAKEN"),
            Self::InvalidUsername => (400, "INVALID_USERNAME"),
            Self::SignUpClosed => (400, "EMAIL_PASSWORD_SIGN_UP_DISABLED"),
            Self::InvalidOrigin => (403, "INVALID_ORIGIN"),
            Self::MissingOrigin => (403, "MISSING_OR_NULL_ORIGIN"),
            Self::Invalid(_) => (400, "VALIDATION_ERROR"),
            Self::NeedsSession => (403, "INSUFFICIENT_SCOPE"),
            Self::ProviderNotFound => (404, "PROVIDER_NOT_FOUND"),
            Self::LastAccount => (400, "FAILED_TO_UNLINK_LAST_ACCOUNT"),
            Self::AccountNotFound => (400, "ACCOUNT_NOT_FOUND"),
            Self::InvalidTarget("errorCallbackURL") => (403, "INVALID_ERROR_CALLBACK_URL"),
            Self::InvalidTarget("newUserCallbackURL") => (403, "INVALID_NEW_USER_CALLBACK_URL"),
            Self::InvalidTarget(_) => (403, "INVALID_CALLBACK_URL"),
            Self::OwnRole => (400, "OWN_ROLE"),
            Self::InvalidInvite => (400, "INVALID_INVITE"),
        }
    }
}
