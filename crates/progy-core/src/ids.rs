//! Names of courses, lessons, devices and revisions, which cannot hold a wrong value.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::HashKind;

/// The text does not have the form of the name that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}: {rule}")]
pub struct IdError {
    /// What was expected, for instance "course id".
    pub what: &'static str,
    /// What was found, at most 100 characters of it.
    pub text: String,
    /// The rule that it breaks.
    pub rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and takes it.
            pub fn new(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    let text = text.chars().take(100).collect();
                    Err(IdError { what: $what, text, rule: $rule })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

fn is_slug(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && !text.contains("..")
        && !text.ends_with('.')
}

fn is_course_id(text: &str) -> bool {
    match text.strip_prefix('@') {
        Some(scoped) => {
            scoped.split_once('/').is_some_and(|(scope, slug)| is_slug(scope) && is_slug(slug))
        }
        None => is_slug(text),
    }
}

fn is_lesson_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    (1..=2).contains(&parts.len())
        && parts.iter().all(|part| {
            (1..=128).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
                && !part.starts_with('.')
        })
}

impl SaveId {
    /// What stands for the save of a commit that Progy did not make: the commit's first digits.
    pub fn of_commit(id: &crate::git::ObjectId) -> Self {
        Self(id.to_string().chars().take(32).collect())
    }
}

impl RevisionId {
    /// The id of a commit.
    pub fn from_git(id: &crate::git::ObjectId) -> Self {
        Self(id.to_string())
    }

    /// Whether it is the id of a commit: no other remote has ids of 40 digits.
    pub fn is_commit(&self) -> bool {
        self.0.len() == 40
    }
}

fn is_hex(text: &str, digits: std::ops::RangeInclusive<usize>) -> bool {
    digits.contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

text_id!(
    /// A course: `slug` or `@scope/slug`.
    CourseId,
    "course id",
    "expected `slug` or `@scope/slug` of lower-case letters, digits, `-`, `_` and `.`",
    is_course_id
);

text_id!(
    /// A lesson: `NN_module/NN_name`, or the folder name alone in a flat course.
    LessonId,
    "lesson id",
    "expected `module/lesson` of letters, digits, `-`, `_` and `.`",
    is_lesson_id
);

text_id!(
    /// One installation of the CLI: 32 hexadecimal digits.
    DeviceId,
    "device id",
    "expected 32 hexadecimal digits",
    |text| is_hex(text, 32..=32)
);

text_id!(
    /// One act of saving, named by the device that saved: 32 hexadecimal digits.
    ///
    /// It makes publishing idempotent: the server knows a save again when its answer was lost.
    SaveId,
    "save id",
    "expected 32 hexadecimal digits",
    |text| is_hex(text, 32..=32)
);

text_id!(
    /// One revision of a workspace, named by its remote: 16 to 64 hexadecimal digits.
    RevisionId,
    "revision id",
    "expected 16 to 64 hexadecimal digits",
    |text| is_hex(text, 16..=64)
);

text_id!(
    /// What the learner calls a device. Safe inside a file name.
    DeviceName,
    "device name",
    "expected 1 to 40 letters, digits, `-`, `_`",
    |text| {
        (1..=40).contains(&text.chars().count())
            && text.len() <= 80
            && text.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    }
);

impl CourseId {
    /// `name` of `@name/slug`.
    pub fn scope(&self) -> Option<&str> {
        self.0.strip_prefix('@').and_then(|rest| rest.split_once('/')).map(|(scope, _)| scope)
    }

    /// The part after the scope.
    pub fn slug(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, slug)| slug)
    }
}

impl LessonId {
    /// The module's folder name, if the course has modules.
    pub fn module(&self) -> Option<&str> {
        self.0.split_once('/').map(|(module, _)| module)
    }

    /// The lesson's folder name.
    pub fn exercise(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, exercise)| exercise)
    }
}

impl DeviceName {
    /// The nearest valid name to any text, for instance a host name.
    pub fn from_any(text: &str) -> Self {
        let name: String = text
            .split('.')
            .next()
            .unwrap_or_default()
            .chars()
            .map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' })
            .scan(0, |bytes, c| {
                *bytes += c.len_utf8();
                (*bytes <= 80).then_some(c)
            })
            .take(40)
            .collect();
        if name.is_empty() { Self("device".to_owned()) } else { Self(name) }
    }
}

/// How the work of a workspace is carried.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, PartialOrd, Ord,
)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// Only what differs from the template.
    #[default]
    Patch,
    /// Whole projects, chunked.
    Snapshot,
    /// A Git repository.
    Git,
    /// A remote environment.
    Container,
}

impl Strategy {
    /// The name that commands and files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Snapshot => "snapshot",
            Self::Git => "git",
            Self::Container => "container",
        }
    }

    /// How the contents of such a workspace are named.
    pub fn hash_kind(self) -> HashKind {
        match self {
            Self::Git => HashKind::GitBlob,
            Self::Patch | Self::Snapshot | Self::Container => HashKind::Blake3,
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Strategy {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        [Self::Patch, Self::Snapshot, Self::Git, Self::Container]
            .into_iter()
            .find(|strategy| strategy.as_str() == text)
            .ok_or_else(|| IdError {
                what: "strategy",
                text: text.chars().take(100).collect(),
                rule: "expected `patch`, `snapshot`, `git` or `container`",
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn course_ids() {
        for good in ["rust-basics", "@ana/sql", "a", "backend-101"] {
            assert!(CourseId::new(good).is_ok(), "{good}");
        }
        for bad in
            ["", "A", "@ana", "@/x", "@a/b/c", "a/b", "../x", "-a", "a..b", "@ana/../x", "a."]
        {
            assert!(CourseId::new(bad).is_err(), "{bad}");
        }
        assert_eq!(CourseId::new("@ana/sql").unwrap().scope(), Some("ana"));
        assert_eq!(CourseId::new("@ana/sql").unwrap().slug(), "sql");
    }

    #[test]
    fn lesson_ids() {
        assert_eq!(LessonId::new("01_intro/01_hello").unwrap().module(), Some("01_intro"));
        assert_eq!(LessonId::new("01_hello").unwrap().exercise(), "01_hello");
        for bad in ["", "a/b/c", "../x", "a/", "/a", "a b"] {
            assert!(LessonId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn any_host_name_gives_a_device_name() {
        assert_eq!(DeviceName::from_any("ana's laptop.local").as_str(), "ana-s-laptop");
        assert_eq!(DeviceName::from_any("").as_str(), "device");
        assert_eq!(DeviceName::from_any("máquina").as_str(), "máquina");
        let long = DeviceName::from_any(&"é".repeat(200));
        assert!(DeviceName::new(long.as_str()).is_ok());
    }
}
