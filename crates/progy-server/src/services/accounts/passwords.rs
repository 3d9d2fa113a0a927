//! Passwords, as argon2id hashes in PHC format.

use std::sync::LazyLock;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use unicode_normalization::UnicodeNormalization;

use super::{Refusal, Services};
use crate::{Result, ServiceError};

/// In characters, as Better Auth has it by default.
pub const SHORTEST: usize = 8;
/// In characters, as Better Auth has it by default.
pub const LONGEST: usize = 128;

/// What a password is compared with if there is none, so that an unknown person takes as long as a
/// known one.
static DECOY: LazyLock<String> =
    LazyLock::new(|| hash(&[0; 16], "nobody has this password").unwrap_or_default());

/// The OWASP Password Storage Cheat Sheet's first choice for argon2id: 19 MiB, two passes, one
/// lane. They are the library's defaults; a test holds it to them.
fn argon2() -> Argon2<'static> {
    Argon2::default()
}

/// The same password typed on another keyboard is the same password.
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

/// Refuses what is too short or too long to be a new password.
pub fn check(password: &str) -> Result<(), Refusal> {
    match password.chars().count() {
        length if length < SHORTEST => Err(Refusal::PasswordTooShort),
        length if length > LONGEST => Err(Refusal::PasswordTooLong),
        _ => Ok(()),
    }
}

/// Hashes a password. Takes some ten milliseconds of computing and 19 MiB: a caller with a runtime
/// runs this where that is allowed, and not many at once.
fn hash(salt: &[u8; 16], password: &str) -> Result<String> {
    let hash = argon2().hash_password_with_salt(normal(password).as_bytes(), salt);
    hash.map(|hash| hash.to_string()).map_err(|error| ServiceError::internal(error.to_string()))
}

/// Whether `password` is the one that was hashed; never if there is none. Costs the same either way,
/// and as much as [`hash`].
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let against = hash.unwrap_or(&DECOY);
    let same = argon2().verify_password(normal(password).as_bytes(), against).is_ok();
    same && hash.is_some()
}

impl Services {
    /// Hashes a new password with a salt of its own.
    pub(crate) fn hash_password(&self, password: &str) -> Result<String> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt)?;
        hash(&salt, password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other_is() {
        let kept = hash(&[7; 16], "correct horse").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("correct horse", Some(&kept)));
        assert!(!verify("correct horsf", Some(&kept)));
        assert!(!verify("correct horse", Some("no hash")));
        assert_ne!(kept, hash(&[8; 16], "correct horse").unwrap());
        let [composed, decomposed] = ["p\u{e9}ssword", "pe\u{301}ssword"];
        assert!(verify(composed, Some(&hash(&[1; 16], decomposed).unwrap())));
    }

    #[test]
    fn nobody_has_the_password_of_nobody() {
        assert!(!verify("nobody has this password", None));
        assert!(DECOY.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(check("1234567"), Err(Refusal::PasswordTooShort));
        assert_eq!(check(&"é".repeat(8)), Ok(()));
        assert_eq!(check(&"é".repeat(128)), Ok(()));
        assert_eq!(check(&"x".repeat(129)), Err(Refusal::PasswordTooLong));
    }
}
