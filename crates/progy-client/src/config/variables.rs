//! The variables that the process was started with.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

/// What begins the names of Progy's own variables, one of which may hold a token.
const OWN: &str = "PROGY_";

/// The variables that the process was started with, taken once, so that tests need not change
/// those of their own process.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<OsString, OsString>);

impl Variables {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The value of `name`, if it is set, not empty, and Unicode.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.os(name).and_then(OsStr::to_str)
    }

    /// The value of `name`, if it is set and not empty.
    pub fn os(&self, name: &str) -> Option<&OsStr> {
        let found = if cfg!(windows) {
            // Windows does not tell `Path` from `PATH`.
            self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        } else {
            self.0.get(OsStr::new(name))
        };
        found.map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// What a course's code may see: everything but Progy's own.
    pub fn for_courses(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        let own = |name: &OsStr| {
            let start = name.as_encoded_bytes().get(..OWN.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(OWN.as_bytes()))
        };
        self.0.iter().map(|(name, value)| (&**name, &**value)).filter(move |(name, _)| !own(name))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Variables {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Names only: values hold secrets.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn courses_see_nothing_of_progys_own() {
        let variables = Variables::from_iter([
            ("PATH", "/bin"),
            ("PROGY_TOKEN", "secret"),
            ("progy_token", "secret"),
            ("PROGYX", "1"),
            ("P", "2"),
        ]);
        let seen: Vec<_> = variables.for_courses().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(seen, ["P", "PATH", "PROGYX"]);
        assert!(!format!("{variables:?}").contains("secret"));
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let variables = Variables::from_iter([("A", ""), ("B", "b")]);
        assert_eq!(
            (variables.get("A"), variables.get("B"), variables.get("C")),
            (None, Some("b"), None)
        );
    }
}
