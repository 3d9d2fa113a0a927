//! What a token of an OAuth app may do.

use std::collections::BTreeSet;
use std::fmt;

/// Names of scopes, each once, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(BTreeSet<String>);

/// What a scope includes. GitHub leaves out of a grant what another scope of it includes.
const INCLUDED: [(&str, &[&str]); 8] = [
    ("repo", &["public_repo", "repo:status", "repo_deployment", "repo:invite", "security_events"]),
    ("user", &["read:user", "user:email", "user:follow"]),
    ("admin:org", &["write:org", "read:org"]),
    ("write:org", &["read:org"]),
    ("admin:public_key", &["write:public_key", "read:public_key"]),
    ("write:public_key", &["read:public_key"]),
    ("admin:repo_hook", &["write:repo_hook", "read:repo_hook"]),
    ("write:packages", &["read:packages"]),
];

impl Scopes {
    /// Reads names that commas or spaces separate: GitHub writes them in several ways.
    pub fn parse(text: &str) -> Self {
        let names = text.split(|c: char| c == ',' || c.is_whitespace());
        names.filter(|name| !name.is_empty()).collect()
    }

    /// Whether a token with these scopes may do what `needed` names.
    pub fn cover(&self, needed: &Self) -> bool {
        self.missing(needed).0.is_empty()
    }

    /// Those of `needed` that these scopes neither have nor include.
    #[must_use]
    pub fn missing(&self, needed: &Self) -> Self {
        let has = |name: &str| {
            self.0.contains(name)
                || INCLUDED
                    .iter()
                    .any(|(whole, parts)| parts.contains(&name) && self.0.contains(*whole))
        };
        needed.0.iter().filter(|name| !has(name)).map(String::as_str).collect()
    }

    /// These and those.
    #[must_use]
    pub fn with(mut self, more: &Self) -> Self {
        self.0.extend(more.0.iter().cloned());
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// As Better Auth keeps them in `account.scope`: with commas.
    pub fn to_column(&self) -> String {
        self.iter().collect::<Vec<_>>().join(",")
    }
}

impl<'a> FromIterator<&'a str> for Scopes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }
}

/// With spaces, as RFC 6749 (section 3.3) has them in an address.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_of_writing_them() {
        for text in
            ["user:email,repo", "repo, user:email", " repo  user:email ", "repo,,user:email,"]
        {
            let scopes = Scopes::parse(text);
            assert_eq!(scopes.to_string(), "repo user:email", "{text}");
            assert_eq!(scopes.to_column(), "repo,user:email", "{text}");
        }
        assert!(Scopes::parse(" , ").is_empty());
    }

    #[test]
    fn a_wider_scope_includes_narrower_ones() {
        let cover = |have: &str, need: &str| Scopes::parse(have).cover(&Scopes::parse(need));
        assert!(cover("repo,user", "repo user:email public_repo"));
        assert!(cover("", "") && cover("repo", ""));
        assert!(!cover("public_repo", "repo"));
        assert!(!cover("user:email", "user") && !cover("read:user", "user:email"));
        let missing = Scopes::parse("user:email").missing(&Scopes::parse("repo user:email"));
        assert_eq!(missing.to_string(), "repo");
    }
}
