//! What proves who is asking.

use std::sync::OnceLock;

use reqwest::header::HeaderValue;

use super::{ApiError, HttpError};

/// Gives the token that is kept elsewhere; `None` if it is not there any more.
pub type AskForToken = Box<dyn Fn() -> Result<Option<String>, String> + Send + Sync>;

/// A token, in the two forms that are needed.
pub(super) struct Token {
    pub(super) text: String,
    pub(super) header: HeaderValue,
}

/// A token that is asked for when it is first needed, and only once.
pub(super) struct LateToken {
    known: OnceLock<Option<Token>>,
    ask: Option<AskForToken>,
}

impl Token {
    fn new(text: String) -> Result<Self, HttpError> {
        let mut header =
            HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| HttpError::Token)?;
        header.set_sensitive(true);
        Ok(Self { text, header })
    }
}

impl LateToken {
    /// One that is known, or none.
    pub(super) fn given(token: Option<String>) -> Result<Self, HttpError> {
        let token = token.map(Token::new).transpose()?;
        Ok(Self { known: OnceLock::from(token), ask: None })
    }

    /// One that `ask` knows.
    pub(super) fn asked_for(ask: AskForToken) -> Self {
        Self { known: OnceLock::new(), ask: Some(ask) }
    }

    /// The token, for a request.
    pub(super) fn get(&self) -> Result<Option<&Token>, ApiError> {
        if let Some(known) = self.known.get() {
            return Ok(known.as_ref());
        }
        let text = self.ask.as_ref().map(|ask| ask()).transpose().map_err(ApiError::Keyring)?;
        // What is no token lets nobody in.
        let token = text.flatten().map(Token::new).transpose();
        let token = token.map_err(|_| ApiError::Unauthorized)?;
        Ok(self.known.get_or_init(|| token).as_ref())
    }

    /// The token as far as it is known.
    pub(super) fn known(&self) -> Option<&Token> {
        self.known.get()?.as_ref()
    }
}
