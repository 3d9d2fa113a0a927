//! Reading untyped data with errors that name the field.

use serde_json::{Map, Value};

use crate::RelPath;
use crate::ids::IdError;
use crate::path::PathError;

/// Why a file of a course cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The file is longer than its kind may be.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The text is no JSON or no TOML; the message names line and column.
    #[error("{message}")]
    Syntax {
        /// What the parser said.
        message: String,
    },
    /// A field is missing or holds something else than it should.
    #[error("`{field}`: expected {expected}, found {found}")]
    Field {
        /// Where it is, for instance `runners[0].type`.
        field: String,
        /// What was expected there.
        expected: String,
        /// What was found, shortened.
        found: String,
    },
}

impl FormatError {
    /// The field that is wrong, if it is one field.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field { field, .. } => Some(field),
            Self::TooLarge { .. } | Self::Syntax { .. } => None,
        }
    }
}

/// The fields of one object, taken out one by one. What is left at the end is what nobody knows.
///
/// A field that is `null` counts as absent: programs in other languages write it for "nothing".
pub(super) struct Fields {
    at: String,
    map: Map<String, Value>,
}

impl Fields {
    /// The top object of a file.
    pub(super) fn top(value: Value) -> Result<Self, FormatError> {
        Self::of("", value)
    }

    /// `value` as the object at `at`.
    pub(super) fn of(at: &str, value: Value) -> Result<Self, FormatError> {
        match value {
            Value::Object(map) => Ok(Self { at: at.to_owned(), map }),
            other => Err(wrong(if at.is_empty() { "(top)" } else { at }, "an object", &other)),
        }
    }

    /// The full name of the field `key`.
    pub(super) fn name(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }

    /// The error that `key` is not what was expected.
    pub(super) fn wrong(&self, key: &str, expected: &str, found: &Value) -> FormatError {
        wrong(&self.name(key), expected, found)
    }

    /// Whether the field is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    /// Any value.
    pub(super) fn value(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    /// A text without NUL, which neither a path nor a command can hold.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, FormatError> {
        let name = self.name(key);
        self.value(key).map(|value| text(&name, value)).transpose()
    }

    /// A text that must be there and not be blank.
    pub(super) fn required_text(&mut self, key: &str) -> Result<String, FormatError> {
        let found = self.text(key)?;
        match found {
            Some(text) if !text.trim().is_empty() => Ok(text),
            Some(text) => Err(self.wrong(key, "a text that is not empty", &Value::String(text))),
            None => Err(self.wrong(key, "a text", &Value::Null)),
        }
    }

    /// A list of texts; empty if absent.
    pub(super) fn texts(&mut self, key: &str) -> Result<Vec<String>, FormatError> {
        self.list(key)?.into_iter().map(|(name, value)| text(&name, value)).collect()
    }

    /// A list of values, each with its name; empty if absent.
    pub(super) fn list(&mut self, key: &str) -> Result<Vec<(String, Value)>, FormatError> {
        let name = self.name(key);
        match self.value(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list
                .into_iter()
                .enumerate()
                .map(|(at, value)| (format!("{name}[{at}]"), value))
                .collect()),
            Some(other) => Err(wrong(&name, "a list", &other)),
        }
    }

    /// An object; without fields if absent.
    pub(super) fn object(&mut self, key: &str) -> Result<Self, FormatError> {
        let name = self.name(key);
        Self::of(&name, self.value(key).unwrap_or_else(|| Value::Object(Map::new())))
    }

    /// `true` or `false`; `false` if absent.
    pub(super) fn flag(&mut self, key: &str) -> Result<bool, FormatError> {
        match self.value(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(other) => Err(self.wrong(key, "true or false", &other)),
        }
    }

    /// A whole number from 0 to `most`.
    pub(super) fn count(&mut self, key: &str, most: u32) -> Result<Option<u32>, FormatError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        match value.as_u64().and_then(|count| u32::try_from(count).ok()) {
            Some(count) if count <= most => Ok(Some(count)),
            _ => Err(self.wrong(key, &format!("a whole number from 0 to {most}"), &value)),
        }
    }

    /// A path inside the course; `.` and the empty text mean the course folder itself (`None`).
    pub(super) fn folder(&mut self, key: &str) -> Result<Option<RelPath>, FormatError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let inside = text.strip_prefix("./").unwrap_or(&text);
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        if inside.is_empty() || inside == "." {
            return Ok(None);
        }
        let path = RelPath::new(inside).map_err(|_: PathError| self.outside(key, &text))?;
        Ok(Some(path))
    }

    /// A path of a file inside the course.
    pub(super) fn file(&mut self, key: &str) -> Result<Option<RelPath>, FormatError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let inside = text.strip_prefix("./").unwrap_or(&text);
        let path = RelPath::new(inside).map_err(|_: PathError| self.outside(key, &text))?;
        Ok(Some(path))
    }

    fn outside(&self, key: &str, found: &str) -> FormatError {
        self.wrong(key, "a relative path inside the course", &Value::String(found.to_owned()))
    }

    /// A text that some type parses.
    pub(super) fn parsed<T: std::str::FromStr<Err = IdError>>(
        &mut self,
        key: &str,
    ) -> Result<Option<T>, FormatError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let parsed = text.parse().map_err(|error: IdError| {
            let expected = error.rule.strip_prefix("expected ").unwrap_or(error.rule);
            self.wrong(key, expected, &Value::String(text))
        })?;
        Ok(Some(parsed))
    }

    /// What nobody took.
    pub(super) fn rest(self) -> Map<String, Value> {
        self.map
    }
}

/// `value` as a text, the field being called `name`.
pub(super) fn text(name: &str, value: Value) -> Result<String, FormatError> {
    match value {
        Value::String(text) if text.contains('\0') => {
            Err(wrong(name, "a text without NUL", &Value::String(text)))
        }
        Value::String(text) => Ok(text),
        other => Err(wrong(name, "a text", &other)),
    }
}

/// The error that the field `name` is not what was expected.
pub(super) fn wrong(name: &str, expected: &str, found: &Value) -> FormatError {
    let found = match found {
        Value::Null => "nothing".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("{:?}", text.chars().take(80).collect::<String>()),
        other => other.to_string(),
    };
    FormatError::Field { field: name.to_owned(), expected: expected.to_owned(), found }
}
