//! `info.toml` of a module.

use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{Fields, FormatError};

/// The longest `info.toml`, in bytes.
const MAX_INFO: usize = 256 << 10;
/// The most points that one lesson can give.
const MAX_XP: u32 = 1_000_000;

/// What `info.toml` says of a module and its lessons.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModuleInfo {
    /// The title.
    pub title: Option<String>,
    /// What it is about.
    pub message: Option<String>,
    /// What to say when it is done.
    pub completion_message: Option<String>,
    /// A picture for it, as the course names it.
    pub icon: Option<String>,
    /// What must be done before: `module:…`, `exercise:…/…`, `quiz:…/…:score`.
    pub prerequisites: Vec<String>,
    /// What it says of each lesson, by the lesson's folder name.
    pub lessons: BTreeMap<String, LessonInfo>,
}

/// What `info.toml` says of one lesson.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LessonInfo {
    /// The title.
    pub title: Option<String>,
    /// Points for passing it.
    pub xp: Option<u32>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// How hard it is.
    pub difficulty: Option<Difficulty>,
    /// What must be done before.
    pub prerequisites: Vec<String>,
    /// The id of the runner to use instead of the first.
    pub runner: Option<String>,
}

/// How hard a lesson is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Difficulty {
    /// Worth 10 points.
    Easy,
    /// Worth 20 points.
    Medium,
    /// Worth 30 points.
    Hard,
}

impl Difficulty {
    /// The points of a lesson that names none.
    pub fn xp(self) -> u32 {
        match self {
            Self::Easy => 10,
            Self::Medium => 20,
            Self::Hard => 30,
        }
    }

    /// The name that `info.toml` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }
}

impl LessonInfo {
    /// The points of the lesson: what it says, else what its difficulty is worth, else 10.
    pub fn points(&self) -> u32 {
        self.xp.unwrap_or_else(|| self.difficulty.map_or(10, Difficulty::xp))
    }
}

impl ModuleInfo {
    /// Reads `info.toml`, at most 256 KiB.
    ///
    /// Fails if it is no TOML, or for the first field that is not what it should be.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        if text.len() > MAX_INFO {
            return Err(FormatError::TooLarge { limit: MAX_INFO });
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let value: Value = toml::from_str(text)
            .map_err(|error| FormatError::Syntax { message: error.to_string() })?;
        let mut top = Fields::top(value)?;
        let lessons = lessons(&mut top)?;
        let mut module = top.object("module")?;
        Ok(Self {
            title: module.text("title")?,
            message: module.text("message")?,
            completion_message: module.text("completion_message")?,
            icon: module.text("icon")?,
            prerequisites: module.texts("prerequisites")?,
            lessons,
        })
    }
}

/// `[exercises]` by folder name; the oldest courses have a list `[[exercises]]` with a `name`
/// instead.
fn lessons(top: &mut Fields) -> Result<BTreeMap<String, LessonInfo>, FormatError> {
    let value = top.value("exercises");
    let mut lessons = BTreeMap::new();
    if let Some(Value::Array(list)) = value {
        for (at, value) in list.into_iter().enumerate() {
            let mut fields = Fields::of(&format!("exercises[{at}]"), value)?;
            let name = fields.required_text("name")?;
            lessons.insert(name, lesson(fields)?);
        }
        return Ok(lessons);
    }
    let Some(value) = value else { return Ok(lessons) };
    let map = Fields::of("exercises", value)?.rest();
    for (name, value) in map {
        let info = match value {
            Value::String(title) => LessonInfo { title: Some(title), ..LessonInfo::default() },
            Value::Object(_) => lesson(Fields::of(&format!("exercises.{name}"), value)?)?,
            other => {
                let field = format!("exercises.{name}");
                return Err(super::fields::wrong(&field, "a title or a table", &other));
            }
        };
        lessons.insert(name, info);
    }
    Ok(lessons)
}

fn lesson(mut fields: Fields) -> Result<LessonInfo, FormatError> {
    let difficulty = match fields.text("difficulty")?.as_deref() {
        None => None,
        Some("easy") => Some(Difficulty::Easy),
        Some("medium") => Some(Difficulty::Medium),
        Some("hard") => Some(Difficulty::Hard),
        Some(other) => {
            let found = Value::String(other.to_owned());
            return Err(fields.wrong("difficulty", "`easy`, `medium` or `hard`", &found));
        }
    };
    Ok(LessonInfo {
        title: fields.text("title")?,
        xp: fields.count("xp", MAX_XP)?,
        tags: fields.texts("tags")?,
        difficulty,
        prerequisites: fields.texts("prerequisites")?,
        runner: fields.text("runner")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_tables() {
        let info = ModuleInfo::parse(
            r#"
            [module]
            title = "Start"
            message = "Hello"
            completion_message = "Done"
            icon = "rocket"
            prerequisites = ["module:00_setup"]
            colour = "red"

            [exercises]
            01_hello = "Hello"
            "02_vars" = { title = "Variables", difficulty = "medium", tags = ["let"] }
            03_last = {
                title = "Last", xp = 50, difficulty = "hard",
                prerequisites = ["exercise:01_start/01_hello"],
            }
            "#,
        )
        .unwrap();
        assert_eq!(info.title.as_deref(), Some("Start"));
        assert_eq!(info.prerequisites, ["module:00_setup"]);
        let points: Vec<u32> = info.lessons.values().map(LessonInfo::points).collect();
        assert_eq!(points, [10, 20, 50]);
        assert_eq!(info.lessons["02_vars"].tags, ["let"]);
    }

    #[test]
    fn the_oldest_courses_list_their_lessons() {
        let info =
            ModuleInfo::parse("[[exercises]]\nname = \"01_a\"\ntitle = \"A\"\nxp = 5").unwrap();
        assert_eq!(info.lessons["01_a"].points(), 5);
    }

    #[test]
    fn errors_name_the_field() {
        for (text, field) in [
            ("[module]\ntitle = 1", "module.title"),
            ("module = 1", "module"),
            ("[exercises]\n01_a = 1", "exercises.01_a"),
            ("[exercises]\n01_a = {xp = -1}", "exercises.01_a.xp"),
            ("[exercises]\n01_a = {xp = 1e9}", "exercises.01_a.xp"),
            ("[exercises]\n01_a = {difficulty = \"x\"}", "exercises.01_a.difficulty"),
            ("[[exercises]]\ntitle = \"A\"", "exercises[0].name"),
        ] {
            assert_eq!(ModuleInfo::parse(text).unwrap_err().field(), Some(field), "{text}");
        }
    }

    #[test]
    fn no_text_is_too_strange() {
        let deep = format!("a = {}", "[".repeat(50_000));
        let dotted = vec!["a"; 50_000].join(".") + " = 1";
        for bad in ["[", "a", "\u{0}", &deep, &dotted, &"#".repeat(MAX_INFO + 1)] {
            assert!(ModuleInfo::parse(bad).is_err());
        }
        assert!(ModuleInfo::parse("").is_ok());
        assert!(ModuleInfo::parse("when = 2024-01-01").is_ok());
    }
}
