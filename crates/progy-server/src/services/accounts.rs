//! Who is asking.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use progy_api::account::{Role, Scopes, User};
use progy_core::CourseId;

use super::Services;
use crate::ports::database::accounts::{NewToken, NewUser, Token, TokenId, UserChange};
use crate::ports::database::{Digest, UserId};
use crate::{Result, ServiceError};

/// What every token begins with, so that people and secret scanners know one when they see it.
pub const TOKEN_PREFIX: &str = "progy_";
/// The longest text that is looked up as a token, in bytes.
const LONGEST_TOKEN: usize = 512;

impl Services {
    /// The person behind `token`, or [`ServiceError::Unauthorized`].
    pub async fn authenticate(&self, token: &str) -> Result<User> {
        if token.is_empty() || token.len() > LONGEST_TOKEN {
            return Err(ServiceError::Unauthorized);
        }
        let found = self.accounts.token(&token_hash(token), self.clock.now()).await?;
        found.map(|(_, user)| user).ok_or(ServiceError::Unauthorized)
    }

    /// Adds a person. `name` is one that can be a course's scope: lower-case letters, digits, `-`,
    /// `_`, `.`; a name that is taken is [`ServiceError::UserExists`].
    pub async fn add_user(&self, name: &str, email: Option<&str>, role: Role) -> Result<User> {
        let as_scope = CourseId::new(&format!("@{name}/course"));
        if !as_scope.is_ok_and(|id| id.scope() == Some(name)) {
            return Err(ServiceError::BadRequest(format!(
                "{name:?} is no user name: expected 1 to 64 lower-case letters, digits, `-`, `_` \
                 and `.`, beginning with a letter or digit"
            )));
        }
        if let Some(email) = email
            && (email.len() > 254 || !email.contains('@') || email.contains(char::is_control))
        {
            return Err(ServiceError::BadRequest(format!("{email:?} is no e-mail address")));
        }
        let now = self.clock.now();
        let user = User {
            id: self.new_id()?,
            username: name.to_owned(),
            name: name.to_owned(),
            email: email.map(str::to_lowercase),
            email_verified: false,
            image: None,
            role,
            created_at: now,
            updated_at: now,
        };
        let new = NewUser { user, link: None, invite: None };
        match self.accounts.create_user(&new).await? {
            UserChange::Done => Ok(new.user),
            UserChange::EmailTaken => Err(ServiceError::BadRequest(format!(
                "another user has the address {:?}",
                new.user.email.unwrap_or_default()
            ))),
            _ => Err(ServiceError::UserExists(name.to_owned())),
        }
    }

    /// A new token of the user named `user_name`. This is the only time that anyone sees it.
    pub async fn create_token(&self, user_name: &str) -> Result<String> {
        let user = self.accounts.user_by_name(user_name).await?;
        let user = user.ok_or_else(|| ServiceError::NoUser(user_name.to_owned()))?;
        let mut secret = [0; 32];
        self.entropy.fill(&mut secret)?;
        let token = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(secret));
        let kept = Token {
            id: TokenId(self.new_id()?),
            user: UserId(user.id),
            name: None,
            scopes: Scopes::all(),
            created_at: self.clock.now(),
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        };
        let hash = token_hash(&token);
        self.accounts.create_token(&NewToken { hash, token: kept }).await?;
        Ok(token)
    }

    /// An id that nobody had before: 128 bits of chance in hexadecimal digits.
    pub(crate) fn new_id(&self) -> Result<String> {
        let mut id = [0; 16];
        self.entropy.fill(&mut id)?;
        Ok(format!("{:032x}", u128::from_be_bytes(id)))
    }
}

/// A token has 256 bits of chance: a fast hash without salt is enough, and lets it be looked up.
fn token_hash(token: &str) -> Digest {
    *blake3::hash(token.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests;
