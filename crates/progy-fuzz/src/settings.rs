//! What learners and other programs write: settings, tasks of an editor, addresses.

use std::cell::LazyCell;
use std::fs;

use progy_client::api::http::ServerUrl;
use progy_client::config::{Home, Setting, Variables};
use progy_client::editor::vscode_task;
use progy_client::env::SystemEnv;
use progy_core::CourseId;
use semver::Version;
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::course::scratch;

/// A token in the seeds; no message may show it.
const TOKEN: &str = "token-of-ana-1234567890";

thread_local! {
    static FOLDER: LazyCell<TempDir> = const { LazyCell::new(scratch) };
}

/// Each of the files in the folder of settings, all with these bytes.
pub fn settings(data: &[u8]) {
    FOLDER.with(|folder| {
        let home = Home::with_variables(folder.path(), Variables::default());
        for name in ["config.toml", "credentials.toml", "trust.toml", "device-id"] {
            fs::write(folder.path().join(name), data).expect("room for a file");
        }
        read_and_change(&home);
        let (course, version) =
            (CourseId::new("rust-basics").expect("a course id"), Version::new(1, 0, 0));
        let _ = home.device_id(&SystemEnv);
        if home.may_run(&course, &version, "aa").is_ok() {
            home.allow_run(&course, &version, "aa").expect("what was read can be written");
            assert!(home.may_run(&course, &version, "aa").expect("and read again"));
        }
        let server = ServerUrl::parse("https://progy.example").expect("an address");
        match home.token(&server) {
            // A login is noted beside the settings, which may be damaged on their own.
            Ok(_) => {
                let saved = home.save_token(&server, "new");
                if home.settings().is_err() && saved.is_err() {
                    return;
                }
                saved.expect("what was read can be written");
                let token = home.token(&server).expect("and read again");
                assert_eq!(token.as_deref(), Some("new"));
            }
            Err(error) => {
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains(TOKEN), "{shown}");
            }
        }
    });
}

/// Changes one setting. Reading passes over what it does not look for, and changing needs all to be
/// TOML; on the other hand a change can mend a setting that could not be read.
fn read_and_change(home: &Home) {
    let _ = (home.language(), home.device_name(), home.server());
    let file = home.dir().join("config.toml");
    let (text, before) = (fs::read(&file).expect("the file"), home.settings().ok());
    if home.set(Setting::Editor, Some("vi \"x\"\n")).is_err() {
        assert_eq!(fs::read(&file).expect("the file"), text, "a damaged file is left alone");
        return;
    }
    let mut now = home.settings().expect("what was written can be read");
    assert_eq!(now.editor.as_deref(), Some("vi \"x\"\n"));
    if let Some(before) = before {
        now.editor.clone_from(&before.editor);
        assert_eq!(now, before, "the others stay");
    }
    home.set(Setting::Editor, None).expect("it can be taken away");
    assert_eq!(home.settings().expect("and read again").editor, None);
}

/// `.vscode/tasks.json`, to which a task is added.
pub fn vscode_tasks(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(with_task) = vscode_task(Some(text)) else { return };
    let after: Map<String, Value> = serde_json::from_str(&with_task).expect("progy writes JSON");
    assert_eq!(vscode_task(Some(&with_task)).as_deref(), Ok(&*with_task), "twice is once");
    let tasks = |map: &Map<String, Value>| {
        map.get("tasks").and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let before: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    assert!(tasks(&after).starts_with(&tasks(&before)), "tasks that were there stay");
    assert!(!tasks(&after).is_empty());
    for (key, value) in before.iter().filter(|(key, _)| *key != "tasks") {
        assert_eq!(after.get(key), Some(value), "{key}");
    }
}

/// The address of a server.
pub fn server_address(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines() {
        match ServerUrl::parse(line) {
            Ok(url) => {
                assert_eq!(ServerUrl::parse(url.as_str()).as_ref(), Ok(&url), "one spelling");
                assert!(url.as_str().starts_with("http") && !url.as_str().ends_with('/'), "{url}");
                assert_eq!(url.is_encrypted(), url.as_str().starts_with("https:"));
                let _ = url.is_here();
            }
            Err(error) => {
                let shown = format!("{error} {error:?}");
                assert!(shown.len() < 10_000, "{shown}");
                assert!(!line.contains(&format!("{TOKEN}@")) || !shown.contains(TOKEN), "{shown}");
            }
        }
    }
}
