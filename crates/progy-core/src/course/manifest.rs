//! `course.json`.

use std::collections::BTreeSet;

use semver::Version;
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::fields::{Fields, FormatError};
use super::retention::Retention;
use super::runner::Runner;
use crate::rules::SyncRules;
use crate::{CourseId, RelPath, Strategy};

/// The longest `course.json`, in bytes.
const MAX_MANIFEST: usize = 1 << 20;

/// What `course.json` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The course; derived from the name if the file does not say.
    pub id: CourseId,
    /// Its title.
    pub name: String,
    /// One or two sentences about it.
    pub description: Option<String>,
    /// Its version; 1.0.0 if the file does not say.
    pub version: Version,
    /// How solutions are checked; the first is the default. Ids are unique.
    pub runners: Vec<Runner>,
    /// Where the lessons are.
    pub content: Content,
    /// What a learner needs.
    pub setup: Setup,
    /// In which order lessons may be done.
    pub progression: Progression,
    /// How the work of a learner travels.
    pub sync: SyncSettings,
    /// Where the work can live in a container.
    pub environment: Option<Environment>,
    /// Shown, not interpreted.
    pub branding: Option<Value>,
    /// Shown, not interpreted.
    pub achievements: Option<Value>,
    /// Fields that this version of Progy does not know.
    pub other: Map<String, Value>,
}

/// Folders of a course; `None` is the course folder itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The field `root`. Existing courses say `.` or `content` for the same folders, so nothing
    /// depends on it.
    pub root: Option<RelPath>,
    /// The folder that holds the modules, from the course folder.
    pub exercises: Option<RelPath>,
}

/// What a learner needs before the first lesson.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setup {
    /// Commands that succeed when a tool is there.
    pub checks: Vec<SetupCheck>,
    /// A text to read first.
    pub guide: Option<RelPath>,
}

/// A command that succeeds when a tool is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupCheck {
    /// The name of the tool.
    pub name: String,
    /// The command line, to be split as a shell would and run without one.
    pub command: String,
}

/// In which order lessons may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progression {
    /// Any order.
    #[default]
    Open,
    /// Each lesson after the one before it.
    Sequential,
}

/// How the work of a learner travels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncSettings {
    /// What the author recommends.
    pub strategy: Option<Strategy>,
    /// Which files travel.
    pub rules: SyncRules,
    /// For how long snapshots are kept.
    pub retention: Retention,
}

/// Where a container for the course comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Environment {
    /// A ready image.
    Image(String),
    /// A `Dockerfile` of the course.
    Dockerfile(RelPath),
    /// A `devcontainer.json` of the course.
    Devcontainer(RelPath),
}

impl Manifest {
    /// Reads `course.json`, at most 1 MiB, in the older or the newer form.
    ///
    /// Fails if it is no JSON, or for the first field that is not what it should be.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_MANIFEST {
            return Err(FormatError::TooLarge { limit: MAX_MANIFEST });
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| FormatError::Syntax { message: error.to_string() })?;
        let mut top = Fields::top(value)?;

        let name = top.required_text("name")?;
        let id = match top.parsed("id")? {
            Some(id) => id,
            None => derived_id(&name).ok_or_else(|| {
                top.wrong("id", "`slug` or `@scope/slug`, since `name` gives none", &Value::Null)
            })?,
        };
        let version = version(&mut top)?;
        let description = top.text("description")?;
        let runners = runners(&mut top)?;
        let content = content(&mut top)?;
        let setup = setup(&mut top)?;
        let progression = progression(&mut top)?;
        let sync = sync(&mut top)?;
        let environment = environment(&mut top)?;
        let branding = top.value("branding");
        let achievements = top.value("achievements");
        Ok(Self {
            id,
            name,
            description,
            version,
            runners,
            content,
            setup,
            progression,
            sync,
            environment,
            branding,
            achievements,
            other: top.rest(),
        })
    }

    /// The runner called `id`, or the first one.
    pub fn runner(&self, id: Option<&str>) -> Option<&Runner> {
        match id {
            Some(id) => self.runners.iter().find(|runner| runner.id == id),
            None => self.runners.first(),
        }
    }
}

/// `Introdução (Rust)` gives `introducao-rust`; a name without any Latin letter or digit gives
/// nothing.
fn derived_id(name: &str) -> Option<CourseId> {
    let letters = name.nfd().filter(|c| !is_combining_mark(*c)).map(|c| c.to_ascii_lowercase());
    let mut slug = String::new();
    for c in letters {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == 64 {
            break;
        }
    }
    CourseId::new(slug.trim_end_matches('-')).ok()
}

fn version(top: &mut Fields) -> Result<Version, FormatError> {
    let Some(text) = top.text("version")? else { return Ok(Version::new(1, 0, 0)) };
    Version::parse(&text)
        .map_err(|_| top.wrong("version", "a version such as 1.0.0", &Value::String(text)))
}

/// The list `runners`, or the one `runner` of older courses. Where both are there the list wins:
/// such files keep the old field for old programs.
fn runners(top: &mut Fields) -> Result<Vec<Runner>, FormatError> {
    let old = top.value("runner");
    let list = top.list("runners")?;
    if list.is_empty() {
        return old.map(|value| Runner::read("runner", value, "default")).into_iter().collect();
    }
    let mut ids = BTreeSet::new();
    let mut runners = Vec::with_capacity(list.len());
    for (at, (name, value)) in list.into_iter().enumerate() {
        let default_id = if at == 0 { "default".to_owned() } else { format!("runner-{}", at + 1) };
        let runner = Runner::read(&name, value, &default_id)?;
        if !ids.insert(runner.id.clone()) {
            let found = Value::String(runner.id);
            return Err(super::fields::wrong(
                &format!("{name}.id"),
                "an id that no other runner has",
                &found,
            ));
        }
        runners.push(runner);
    }
    Ok(runners)
}

fn content(top: &mut Fields) -> Result<Content, FormatError> {
    let mut fields = top.object("content")?;
    let root = fields.folder("root")?;
    let exercises = if fields.has("exercises") {
        fields.folder("exercises")?
    } else {
        RelPath::new("content").ok()
    };
    Ok(Content { root, exercises })
}

fn setup(top: &mut Fields) -> Result<Setup, FormatError> {
    let mut fields = top.object("setup")?;
    let mut checks = Vec::new();
    for (name, value) in fields.list("checks")? {
        let mut check = Fields::of(&name, value)?;
        match check.text("type")?.as_deref() {
            None | Some("command") => {}
            Some(other) => {
                return Err(check.wrong("type", "`command`", &Value::String(other.to_owned())));
            }
        }
        let command = check.required_text("command")?;
        let name = check.text("name")?.unwrap_or_else(|| command.clone());
        checks.push(SetupCheck { name, command });
    }
    Ok(Setup { checks, guide: fields.file("guide")? })
}

fn progression(top: &mut Fields) -> Result<Progression, FormatError> {
    let mut fields = top.object("progression")?;
    match fields.text("mode")?.as_deref() {
        None | Some("open") => Ok(Progression::Open),
        Some("sequential") => Ok(Progression::Sequential),
        Some(other) => {
            let found = Value::String(other.to_owned());
            Err(fields.wrong("mode", "`open` or `sequential`", &found))
        }
    }
}

fn sync(top: &mut Fields) -> Result<SyncSettings, FormatError> {
    let mut fields = top.object("sync")?;
    let strategy = fields.parsed("strategy")?;
    let files = fields.texts("files")?;
    let ignore = fields.texts("ignore")?;
    let include = fields.texts("include")?;
    let retention = Retention::read(&mut fields)?;
    Ok(SyncSettings { strategy, rules: SyncRules { files, ignore, include }, retention })
}

fn environment(top: &mut Fields) -> Result<Option<Environment>, FormatError> {
    let Some(value) = top.value("environment") else { return Ok(None) };
    let found = value.clone();
    let mut fields = Fields::of("environment", value)?;
    let image = fields.text("image")?.map(Environment::Image);
    let dockerfile = fields.file("dockerfile")?.map(Environment::Dockerfile);
    let devcontainer = fields.file("devcontainer")?.map(Environment::Devcontainer);
    match (image, dockerfile, devcontainer) {
        (Some(one), None, None) | (None, Some(one), None) | (None, None, Some(one)) => {
            Ok(Some(one))
        }
        _ => Err(top.wrong(
            "environment",
            "exactly one of `image`, `dockerfile` and `devcontainer`",
            &found,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::RunnerKind;

    fn parse(text: &str) -> Result<Manifest, FormatError> {
        Manifest::parse(text.as_bytes())
    }

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_older_form() {
        let manifest = parse(
            r#"{
                "name": "Introdução (SQL)!",
                "author": "Ana",
                "runner": {"type": "docker-local", "command": "python3 run.py {{exercise}}",
                           "args": [], "cwd": ".", "timeout": 5},
                "content": {"root": "content", "exercises": "./content/"},
                "setup": {"checks": [], "guide": "SETUP.md"}
            }"#,
        )
        .unwrap();
        assert_eq!(manifest.id.as_str(), "introducao-sql");
        assert_eq!(manifest.version, Version::new(1, 0, 0));
        assert_eq!(manifest.content.exercises.unwrap().as_str(), "content");
        assert_eq!(manifest.setup.guide.unwrap().as_str(), "SETUP.md");
        assert_eq!(manifest.progression, Progression::Open);
        assert_eq!(manifest.other["author"], "Ana");
        let [runner] = manifest.runners.as_slice() else { panic!("one runner") };
        assert_eq!(runner.id, "default");
        assert!(
            matches!(&runner.kind, RunnerKind::DockerFile { dockerfile, network_access: false, .. }
            if dockerfile.as_str() == "Dockerfile")
        );
        assert_eq!(runner.other["timeout"], 5);
    }

    #[test]
    fn the_newer_form() {
        let manifest = parse(
            r#"{
                "id": "@ana/rust", "name": "Rust", "version": "2.1.0-beta.1",
                "runner": {"command": "old"},
                "runners": [
                    {"id": "local", "command": "./runner/main", "args": ["{{exercise}}"]},
                    {"type": "docker-compose", "compose_file": "compose.yml",
                     "service_to_run": "tester", "command": "check {{id}}"}
                ],
                "progression": {"mode": "sequential"},
                "sync": {"strategy": "snapshot", "files": ["content/**"], "ignore": ["*.log"],
                         "include": [".env.example"]},
                "environment": {"image": "rust:1"},
                "branding": {"layout": "grid"}, "description": null
            }"#,
        )
        .unwrap();
        assert_eq!(manifest.id.scope(), Some("ana"));
        assert_eq!(manifest.version.to_string(), "2.1.0-beta.1");
        assert_eq!(manifest.description, None);
        assert_eq!(manifest.progression, Progression::Sequential);
        assert_eq!(manifest.sync.strategy, Some(Strategy::Snapshot));
        assert_eq!(manifest.sync.rules.include, [".env.example"]);
        assert_eq!(manifest.environment, Some(Environment::Image("rust:1".into())));
        let ids: Vec<&str> = manifest.runners.iter().map(|runner| runner.id.as_str()).collect();
        assert_eq!(ids, ["local", "runner-2"]);
        assert_eq!(manifest.runner(None).unwrap().id, "local");
        assert!(manifest.runner(Some("nobody")).is_none());
    }

    #[test]
    fn lessons_may_lie_at_the_top() {
        let manifest = parse(r#"{"name": "x", "content": {"exercises": "."}}"#).unwrap();
        assert_eq!(manifest.content.exercises, None);
        let manifest = parse(r#"{"name": "x"}"#).unwrap();
        assert_eq!(manifest.content.exercises.unwrap().as_str(), "content");
    }

    #[test]
    fn errors_name_the_field_and_what_was_expected() {
        assert_eq!(error("{}"), "`name`: expected a text, found nothing");
        assert_eq!(error("[]"), "`(top)`: expected an object, found a list");
        assert_eq!(
            error(r#"{"name": "x", "id": "../x"}"#),
            "`id`: expected `slug` or `@scope/slug` of lower-case letters, digits, `-`, `_` and \
             `.`, found \"../x\""
        );
        assert_eq!(
            error(r#"{"name": "x", "version": "1"}"#),
            "`version`: expected a version such as 1.0.0, found \"1\""
        );
        for (text, field) in [
            (r#"{"name": " "}"#, "name"),
            (r#"{"name": "練習"}"#, "id"),
            (
                r#"{"name": "x", "runners": [{"command": "a"}, {"command": 1}]}"#,
                "runners[1].command",
            ),
            (
                r#"{"name": "x", "runners": [{"id": "a", "command": "a"}, {"id": "a", "command": "b"}]}"#,
                "runners[1].id",
            ),
            (r#"{"name": "x", "runner": {"type": "vm", "command": "a"}}"#, "runner.type"),
            (
                r#"{"name": "x", "runner": {"type": "docker-compose", "command": "a"}}"#,
                "runner.service_to_run",
            ),
            (r#"{"name": "x", "runner": {"command": "a 'b"}}"#, "runner.command"),
            (r#"{"name": "x", "runner": {"command": "a\u0000"}}"#, "runner.command"),
            (r#"{"name": "x", "content": {"exercises": "../up"}}"#, "content.exercises"),
            (r#"{"name": "x", "setup": {"guide": "/etc/passwd"}}"#, "setup.guide"),
            (r#"{"name": "x", "setup": {"checks": [{"name": "a"}]}}"#, "setup.checks[0].command"),
            (r#"{"name": "x", "progression": {"mode": "x"}}"#, "progression.mode"),
            (r#"{"name": "x", "sync": {"strategy": "ftp"}}"#, "sync.strategy"),
            (r#"{"name": "x", "sync": {"files": [1]}}"#, "sync.files[0]"),
            (r#"{"name": "x", "environment": {}}"#, "environment"),
            (r#"{"name": "x", "environment": {"dockerfile": "a\\b"}}"#, "environment.dockerfile"),
        ] {
            assert_eq!(parse(text).unwrap_err().field(), Some(field), "{text}");
        }
    }

    #[test]
    fn no_text_is_too_strange() {
        let deep = "[".repeat(100_000);
        let long = " ".repeat(MAX_MANIFEST + 1);
        for bad in ["", "\u{0}", "{", "nul", &deep, &long, "{\"name\": \"\\ud800\"}"] {
            assert!(parse(bad).is_err());
        }
        assert!(Manifest::parse(b"\xff\xfe{").is_err());
        assert!(Manifest::parse(b"\xef\xbb\xbf{\"name\": \"x\"}").is_ok());
    }
}
