//! How a lesson's solution is checked: the command that a course asks to run.

use std::path::Path;

use serde_json::{Map, Value};

use super::fields::{Fields, FormatError};
use super::lessons::Lesson;
use crate::RelPath;

/// One way to check solutions.
#[derive(Debug, Clone, PartialEq)]
pub struct Runner {
    /// Unique in the course.
    pub id: String,
    /// What the learner sees; the id if the course does not say.
    pub name: String,
    /// Where the command runs.
    pub kind: RunnerKind,
    /// The program, or a whole command line if `args` is empty. May be empty for a container,
    /// whose image then says what to run.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// The folder to run it in, from the course folder; `.` if the course does not say.
    pub cwd: String,
    /// Fields that this version of Progy does not know.
    pub other: Map<String, Value>,
}

/// Where a runner's command runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunnerKind {
    /// On the learner's machine.
    Process,
    /// In a container of its own image (`docker-file`; older: `docker-local`).
    DockerFile {
        /// The recipe of the image.
        dockerfile: RelPath,
        /// The name of the image.
        image_tag: Option<String>,
        /// Whether the container may use the network.
        network_access: bool,
    },
    /// In one service of a group of containers.
    DockerCompose {
        /// The description of the group.
        compose_file: RelPath,
        /// The service that runs the command.
        service: String,
    },
}

/// What the placeholders in a command stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placeholders {
    /// `{{id}}`: the lesson's id.
    pub id: String,
    /// `{{exercise}}`: the name of the lesson's folder.
    pub exercise: String,
    /// `{{module}}`: the name of the module's folder; empty in a flat course.
    pub module: String,
    /// `{{dir}}`: the absolute path of the lesson's folder.
    pub dir: String,
    /// `{{file}}`: the absolute path of the lesson's main file; of its folder if it has none.
    pub file: String,
}

/// Why a runner gives no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// A quotation mark is not closed.
    #[error("the command {0:?} holds a quotation mark that is not closed")]
    Quotes(String),
    /// There is nothing to run.
    #[error("the command is empty")]
    Empty,
}

impl Placeholders {
    /// The placeholders of `lesson` in the workspace at `root`, an absolute path. Bytes of `root`
    /// that are no Unicode are replaced.
    pub fn of(lesson: &Lesson, root: &Path) -> Self {
        let at = |path: &RelPath| {
            path.parts().fold(root.to_owned(), |at, part| at.join(part)).to_string_lossy().into()
        };
        Self {
            id: lesson.id.to_string(),
            exercise: lesson.id.exercise().to_owned(),
            module: lesson.id.module().unwrap_or_default().to_owned(),
            dir: at(&lesson.folder),
            file: at(lesson.main.as_ref().unwrap_or(&lesson.folder)),
        }
    }

    /// `text` with each placeholder replaced, once: what a replacement holds is not looked at
    /// again. Other text in double braces stays as it is.
    pub fn fill(&self, text: &str) -> String {
        let values = [
            ("id}}", &self.id),
            ("exercise}}", &self.exercise),
            ("module}}", &self.module),
            ("dir}}", &self.dir),
            ("file}}", &self.file),
        ];
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            let known = values
                .iter()
                .find_map(|(name, value)| Some((value.as_str(), after.strip_prefix(name)?)));
            let (text, after) = known.unwrap_or(("{{", after));
            filled.push_str(text);
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

impl Runner {
    /// The program and its arguments for one lesson, to be run as they are, without a shell.
    ///
    /// A `command` without `args` is split into words as a shell would, before the placeholders
    /// are filled in: a folder with a blank in its name stays one word.
    pub fn command_line(&self, at: &Placeholders) -> Result<Vec<String>, CommandError> {
        let words = self.words()?;
        if words.first().is_none_or(String::is_empty) {
            return Err(CommandError::Empty);
        }
        Ok(words.iter().map(|word| at.fill(word)).collect())
    }

    /// The folder to run the command in: relative to the course folder, unless the course filled
    /// in an absolute one.
    pub fn working_dir(&self, at: &Placeholders) -> String {
        at.fill(&self.cwd)
    }

    fn words(&self) -> Result<Vec<String>, CommandError> {
        if self.args.is_empty() {
            return shlex::split(&self.command)
                .ok_or_else(|| CommandError::Quotes(self.command.clone()));
        }
        Ok(std::iter::once(&self.command).chain(&self.args).cloned().collect())
    }

    /// The runner that the object at `name` describes.
    pub(super) fn read(name: &str, value: Value, default_id: &str) -> Result<Self, FormatError> {
        let mut fields = Fields::of(name, value)?;
        let id = fields.text("id")?.unwrap_or_else(|| default_id.to_owned());
        let kind = kind(&mut fields)?;
        let command = match kind {
            RunnerKind::Process => fields.required_text("command")?,
            RunnerKind::DockerFile { .. } | RunnerKind::DockerCompose { .. } => {
                fields.text("command")?.unwrap_or_default()
            }
        };
        let runner = Self {
            name: fields.text("name")?.unwrap_or_else(|| id.clone()),
            id,
            kind,
            command,
            args: fields.texts("args")?,
            cwd: fields.text("cwd")?.unwrap_or_else(|| ".".to_owned()),
            other: Map::new(),
        };
        if runner.words().is_err() {
            let found = Value::String(runner.command);
            return Err(fields.wrong("command", "every quotation mark to be closed", &found));
        }
        Ok(Self { other: fields.rest(), ..runner })
    }
}

fn kind(fields: &mut Fields) -> Result<RunnerKind, FormatError> {
    let kind = fields.text("type")?;
    match kind.as_deref().unwrap_or("process") {
        "process" => Ok(RunnerKind::Process),
        "docker-file" | "docker-local" => Ok(RunnerKind::DockerFile {
            dockerfile: file_or(fields, "dockerfile", "Dockerfile")?,
            image_tag: fields.text("image_tag")?,
            network_access: fields.flag("network_access")?,
        }),
        "docker-compose" => Ok(RunnerKind::DockerCompose {
            compose_file: file_or(fields, "compose_file", "docker-compose.yml")?,
            service: fields.required_text("service_to_run")?,
        }),
        other => {
            let found = Value::String(other.to_owned());
            Err(fields.wrong("type", "`process`, `docker-file` or `docker-compose`", &found))
        }
    }
}

fn file_or(fields: &mut Fields, key: &str, default: &str) -> Result<RelPath, FormatError> {
    match fields.file(key)? {
        Some(path) => Ok(path),
        None => RelPath::new(default).map_err(|_| fields.wrong(key, "a path", &Value::Null)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at() -> Placeholders {
        Placeholders {
            id: "01_intro/02_vars".into(),
            exercise: "02_vars".into(),
            module: "01_intro".into(),
            dir: "/home/ana maria/rust/content/01_intro/02_vars".into(),
            file: "/home/ana maria/{{id}}/exercise.rs".into(),
        }
    }

    fn words(value: Value) -> Vec<String> {
        Runner::read("runner", value, "default").unwrap().command_line(&at()).unwrap()
    }

    #[test]
    fn a_command_without_args_is_split_before_filling_in() {
        assert_eq!(
            words(json!({"command": "python3 'my runner.py' {{dir}} -- {{exercise}}"})),
            ["python3", "my runner.py", &at().dir, "--", "02_vars"]
        );
        assert_eq!(
            words(json!({"command": "echo; rm -rf $HOME"})),
            ["echo;", "rm", "-rf", "$HOME"]
        );
    }

    #[test]
    fn a_command_with_args_is_one_word() {
        assert_eq!(
            words(
                json!({"command": "my tool", "args": ["{{id}}", "{{module}}:{{x}}", "{{{id}}}"]})
            ),
            ["my tool", "01_intro/02_vars", "01_intro:{{x}}", "{{{id}}}"]
        );
    }

    #[test]
    fn what_was_filled_in_is_not_looked_at_again() {
        assert_eq!(
            words(json!({"command": "cat", "args": ["{{file}}"]})),
            ["cat", "/home/ana maria/{{id}}/exercise.rs"]
        );
    }

    #[test]
    fn nothing_to_run() {
        let runner = Runner::read("runner", json!({"type": "docker-file"}), "default").unwrap();
        assert_eq!(runner.command_line(&at()), Err(CommandError::Empty));
        let runner = Runner::read("runner", json!({"command": "# nothing"}), "default").unwrap();
        assert_eq!(runner.command_line(&at()), Err(CommandError::Empty));
    }

    #[test]
    fn the_working_folder_is_filled_in_too() {
        let runner = json!({"command": "x", "cwd": "{{dir}}/sub"});
        let runner = Runner::read("runner", runner, "default").unwrap();
        assert_eq!(runner.working_dir(&at()), format!("{}/sub", at().dir));
    }
}
