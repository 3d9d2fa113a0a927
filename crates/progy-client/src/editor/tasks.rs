//! `.vscode/tasks.json`: a task that runs `progy dev` when the folder is opened.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Where VS Code looks for tasks, relative to the workspace.
pub const TASKS_FILE: &str = ".vscode/tasks.json";

/// The task, as it stands in a file of its own.
const TASK: &str = r#"    {
      "label": "progy dev",
      "type": "process",
      "command": "progy",
      "args": ["dev"],
      "isBackground": true,
      "problemMatcher": [],
      "presentation": { "reveal": "silent", "panel": "dedicated" },
      "runOptions": { "runOn": "folderOpen" }
    }"#;

/// Why the task cannot be added to a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{TASKS_FILE} is no plain JSON ({why}), so progy leaves it alone; add this to its \"tasks\" by hand:\n{TASK}"
)]
pub struct TasksError {
    why: String,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    tasks: &'a RawValue,
}

#[derive(Deserialize)]
struct Task {
    command: Option<Value>,
    args: Option<Value>,
}

/// The content of [`TASKS_FILE`] with the task in it. What `existing` holds stays, to the letter.
///
/// Fails if it is not plain JSON: VS Code also reads files with comments, which would be lost.
pub fn vscode_task(existing: Option<&str>) -> Result<String, TasksError> {
    let text = existing.unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(format!("{{\n  \"version\": \"2.0.0\",\n  \"tasks\": [\n{TASK}\n  ]\n}}\n"));
    }
    let object: Map<String, Value> = parse(text)?;
    if !object.contains_key("tasks") {
        let (before, after) = cut(text, text.trim_end().len().saturating_sub(1))?;
        let comma = if object.is_empty() { "" } else { "," };
        let version =
            if object.contains_key("version") { "" } else { "  \"version\": \"2.0.0\",\n" };
        let before = before.trim_end();
        return Ok(format!("{before}{comma}\n{version}  \"tasks\": [\n{TASK}\n  ]\n{after}"));
    }
    let Document { tasks } = parse(text)?;
    let known: Vec<Task> = parse(tasks.get())?;
    if known.iter().any(is_ours) {
        return Ok(text.to_owned());
    }
    // `tasks` is a part of `text`; its last byte is the bracket that closes the list.
    let start = tasks.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let (before, after) = cut(text, start + tasks.get().len() - 1)?;
    let comma = if known.is_empty() { "" } else { "," };
    Ok(format!("{}{comma}\n{TASK}\n  {after}", before.trim_end()))
}

fn is_ours(task: &Task) -> bool {
    let is_progy = task.command.as_ref().and_then(Value::as_str) == Some("progy");
    let first = task.args.as_ref().and_then(Value::as_array).and_then(|args| args.first());
    let is_line = task.command.as_ref().and_then(Value::as_str) == Some("progy dev");
    is_line || (is_progy && first.and_then(Value::as_str) == Some("dev"))
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, TasksError> {
    serde_json::from_str(text).map_err(|error| TasksError { why: error.to_string() })
}

fn cut(text: &str, at: usize) -> Result<(&str, &str), TasksError> {
    text.split_at_checked(at).ok_or_else(|| TasksError { why: "it ends too early".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(text: &str) -> Vec<Value> {
        let value: Value = serde_json::from_str(text).unwrap();
        value["tasks"].as_array().unwrap().clone()
    }

    #[test]
    fn a_new_file() {
        for existing in [None, Some(""), Some(" \n")] {
            let text = vscode_task(existing).unwrap();
            let [task] = &tasks(&text)[..] else { panic!("{text}") };
            assert_eq!(task["command"], "progy");
            assert_eq!(task["runOptions"]["runOn"], "folderOpen");
        }
    }

    #[test]
    fn what_is_there_stays() {
        for existing in [
            r#"{"version": "2.0.0", "tasks": [ {"label": "build", "command": "make"} ], "z": 1}"#,
            r#"{"z": 1, "tasks": []}"#,
            "{\n  \"tasks\": [\n    {\"label\": \"é ]\"}\n  ]\n}\n",
            "{\"z\": \"tasks\", \"version\": \"2.0.0\"}\n",
            "{}",
            " { } ",
        ] {
            let text = vscode_task(Some(existing)).unwrap();
            let before: Value = serde_json::from_str(existing).unwrap();
            let after: Value = serde_json::from_str(&text).unwrap();
            let had = before["tasks"].as_array().map_or(0, Vec::len);
            assert_eq!(tasks(&text).len(), had + 1, "{text}");
            assert_eq!(tasks(&text)[had]["command"], "progy");
            for (key, value) in before.as_object().unwrap() {
                if key != "tasks" {
                    assert_eq!(&after[key], value);
                }
            }
            for line in existing.lines().filter(|line| line.contains("label")) {
                assert!(text.contains(line.split('}').next().unwrap()), "to the letter");
            }
            assert_eq!(vscode_task(Some(&text)).unwrap(), text, "once is enough");
        }
    }

    #[test]
    fn what_is_no_plain_json_is_left_alone() {
        for existing in [
            "// mine\n{\"tasks\": []}",
            "{\"tasks\": [],}",
            "[]",
            "[[]]",
            "7",
            "{\"tasks\": null}",
            "{\"tasks\": 7}",
            "{\"tasks\": [7]}",
            "{",
        ] {
            let error = vscode_task(Some(existing)).unwrap_err().to_string();
            assert!(error.contains("by hand") && error.contains("folderOpen"), "{error}");
        }
    }
}
