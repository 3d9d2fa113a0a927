//! What people and addresses may be called.

use progy_core::CourseId;

use super::Refusal;

/// The longest name to greet with, in characters.
const LONGEST_NAME: usize = 100;
/// The longest address, in bytes (RFC 5321, section 4.5.3.1.3, without the brackets).
const LONGEST_EMAIL: usize = 254;

/// Whether `name` can be a user name, which is a course's scope: lower-case letters, digits, `-`,
/// `_` and `.`, beginning with a letter or digit.
pub fn is_username(name: &str) -> bool {
    let as_scope = CourseId::new(&format!("@{name}/course"));
    as_scope.is_ok_and(|id| id.scope() == Some(name))
}

/// The user name nearest to `text`, for somebody who did not choose one.
pub fn username_like(text: &str) -> String {
    let mut name = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => name.push(c),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
        if name.len() == 32 {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if is_username(name) { name.to_owned() } else { "learner".to_owned() }
}

/// An address in the form in which it is kept and compared.
///
/// Only what cannot be an address is refused: nothing but a message to it shows that it is one.
pub fn email(text: &str) -> Result<String, Refusal> {
    let email = text.trim().to_lowercase();
    let sound = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_control() || c.is_whitespace())
    };
    let (local, domain) = email.rsplit_once('@').ok_or(Refusal::InvalidEmail)?;
    let has_dots = domain.split('.').all(|label| !label.is_empty()) && domain.contains('.');
    if email.len() > LONGEST_EMAIL || !sound(local) || local.contains('@') || !sound(domain) {
        return Err(Refusal::InvalidEmail);
    }
    if has_dots || domain == "localhost" { Ok(email) } else { Err(Refusal::InvalidEmail) }
}

/// Whether a character turns the direction of what follows, so that a name could be written to be
/// read as another (Unicode Standard Annex 9, section 2).
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name to greet somebody with.
pub fn display(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    let unsound = |c: char| c.is_control() || turns(c);
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(unsound) {
        let said = format!("a name has 1 to {LONGEST_NAME} characters, none of them a control");
        return Err(Refusal::Invalid(said));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(email(" Ana@Example.ORG ").unwrap(), "ana@example.org");
        assert!(email("ana@localhost").is_ok());
        let long = format!("{}@example.org", "a".repeat(254));
        for bad in
            ["", "ana", "@example.org", "ana@", "ana@host", "a b@c.d", "a@b@c.d", "a@.d", &long]
        {
            assert_eq!(email(bad), Err(Refusal::InvalidEmail), "{bad}");
        }
    }

    #[test]
    fn a_user_name_is_found_for_anybody() {
        for (text, expected) in [
            ("Ana Lima", "ana-lima"),
            ("ana.lima+progy", "ana-lima-progy"),
            ("  João!! ", "jo-o"),
            ("李雷", "learner"),
            ("", "learner"),
            (&"x".repeat(99), &"x".repeat(32)),
        ] {
            assert_eq!(username_like(text), expected, "{text}");
            assert!(is_username(expected));
        }
    }

    #[test]
    fn names_to_greet_with() {
        assert_eq!(display(" Ana Lima ").unwrap(), "Ana Lima");
        assert_eq!(display("👩\u{200d}💻 Ana").unwrap(), "👩\u{200d}💻 Ana");
        for bad in ["", "  ", "a\nb", "nimda\u{202e}", "\u{2066}x", &"x".repeat(101)] {
            assert!(display(bad).is_err(), "{bad:?}");
        }
    }
}
