//! The files of the course, made in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use progy_core::{LessonId, RelPath};
use semver::Version;
use serde_json::json;

use super::ImportError;
use super::upstream::{Checkout, Exercise, ExerciseInfo};

/// The program that checks solutions: its own crate, without dependencies.
const RUNNER: [(&str, &str); 7] = [
    ("runner/Cargo.toml", include_str!("../../../assets/rustlings-runner/Cargo.toml")),
    ("runner/Cargo.lock", include_str!("../../../assets/rustlings-runner/Cargo.lock")),
    ("runner/src/main.rs", include_str!("../../../assets/rustlings-runner/src/main.rs")),
    ("runner/src/exercise.rs", include_str!("../../../assets/rustlings-runner/src/exercise.rs")),
    ("runner/src/process.rs", include_str!("../../../assets/rustlings-runner/src/process.rs")),
    ("runner/src/report.rs", include_str!("../../../assets/rustlings-runner/src/report.rs")),
    ("runner/src/tools.rs", include_str!("../../../assets/rustlings-runner/src/tools.rs")),
];

const SETUP: &str = include_str!("../../../assets/rustlings-SETUP.md");
const NOTICE: &str = include_str!("../../../assets/rustlings-NOTICE.md");

/// The course.
pub(super) struct Course {
    pub(super) files: BTreeMap<RelPath, String>,
    pub(super) modules: usize,
    pub(super) lessons: usize,
}

/// One folder of rustlings on its way to become a module.
struct Module<'a> {
    dir: Option<&'a str>,
    folder: String,
    title: String,
    exercises: Vec<&'a Exercise>,
}

impl Course {
    pub(super) fn of(checkout: &Checkout, version: &Version) -> Result<Self, ImportError> {
        let modules = modules(checkout)?;
        let mut course = Self {
            files: BTreeMap::new(),
            modules: modules.len(),
            lessons: checkout.exercises.len(),
        };
        let mut table = String::from("# What the runner does for each lesson: run|test [strict]\n");
        for module in &modules {
            course.add_module(module, checkout, &mut table)?;
        }
        course.add("course.json", manifest(version))?;
        course.add("SETUP.md", SETUP.to_owned())?;
        course.add("runner/exercises.txt", table)?;
        for (path, text) in RUNNER {
            course.add(path, text.to_owned())?;
        }
        if let Some(licence) = &checkout.licence {
            course.add("LICENSE-rustlings", licence.clone())?;
            course.add("NOTICE.md", NOTICE.replace("{version}", &version.to_string()))?;
        }
        Ok(course)
    }

    fn add_module(
        &mut self,
        module: &Module,
        checkout: &Checkout,
        table: &mut String,
    ) -> Result<(), ImportError> {
        let readme = module.dir.and_then(|dir| checkout.readmes.get(dir));
        let mut titles = toml::Table::new();
        for (at, exercise) in module.exercises.iter().enumerate() {
            let ExerciseInfo { name, test, strict_clippy, .. } = &exercise.info;
            let lesson = numbered(at + 1, name, name)?;
            let id = format!("{}/{lesson}", module.folder);
            LessonId::new(&id).map_err(|error| refused(name, &error.to_string()))?;
            let mode = if *test { "test" } else { "run" };
            let strict = if *strict_clippy { " strict" } else { "" };
            let _ = writeln!(table, "{id} {mode}{strict}");

            let introduction = match (readme, at) {
                (None, _) => String::new(),
                (Some(text), 0) => format!("{}\n\n", without_title(text)),
                (Some(_), _) => format!("*[{}](../README.md)*\n\n", module.title),
            };
            self.add(
                &format!("content/{id}/README.md"),
                lesson_text(&exercise.info, &id, &introduction),
            )?;
            self.add(&format!("content/{id}/{name}.rs"), exercise.code.clone())?;
            titles.insert(lesson, title_of(name).into());
        }
        let title = toml::Table::from_iter([("title".to_owned(), module.title.clone().into())]);
        let info = format!("[module]\n{title}\n[exercises]\n{titles}");
        self.add(&format!("content/{}/info.toml", module.folder), info)?;
        if let Some(readme) = readme {
            self.add(&format!("content/{}/README.md", module.folder), readme.clone())?;
        }
        Ok(())
    }

    fn add(&mut self, path: &str, text: String) -> Result<(), ImportError> {
        let path = RelPath::new(path).map_err(|error| refused(path, &error.to_string()))?;
        path.portable().map_err(|error| refused(path.as_str(), &error.to_string()))?;
        match self.files.insert(path.clone(), text) {
            None => Ok(()),
            Some(_) => Err(refused(path.as_str(), "it is there twice")),
        }
    }
}

/// The folders of rustlings in the order of their first exercise, each with a name of the form
/// `NN_name`: those without a number get the next ones after the highest.
fn modules(checkout: &Checkout) -> Result<Vec<Module<'_>>, ImportError> {
    let mut modules: Vec<Module> = Vec::new();
    for exercise in &checkout.exercises {
        let dir = exercise.info.dir.as_deref();
        match modules.iter_mut().find(|module| module.dir == dir) {
            Some(module) => module.exercises.push(exercise),
            None => modules.push(Module {
                dir,
                folder: String::new(),
                title: String::new(),
                exercises: vec![exercise],
            }),
        }
    }
    let number_of = |module: &Module| module.dir.and_then(|dir| number(dir).map(|(n, _)| n));
    let mut next = modules.iter().filter_map(number_of).max().map_or(1, |highest| highest + 1);
    let mut folders = BTreeSet::new();
    for module in &mut modules {
        let dir = module.dir.unwrap_or("exercises");
        let (number, name) = number(dir).unwrap_or_else(|| {
            next += 1;
            (next - 1, dir)
        });
        module.folder = numbered(number, name, dir)?;
        if !folders.insert(module.folder.clone()) {
            return Err(refused(dir, "two folders would have the same name"));
        }
        let heading = module.dir.and_then(|dir| checkout.readmes.get(dir)).and_then(|t| title(t));
        module.title = heading.map_or_else(|| title_of(name), str::to_owned);
    }
    Ok(modules)
}

/// `04_primitive_types` gives 4 and `primitive_types`.
fn number(dir: &str) -> Option<(usize, &str)> {
    let (digits, name) = dir.split_once('_')?;
    let is_number = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if is_number && !name.is_empty() { Some((digits.parse().ok()?, name)) } else { None }
}

/// `NN_name`, with an underscore for every character that an id cannot hold.
fn numbered(number: usize, name: &str, of: &str) -> Result<String, ImportError> {
    if number > 99 {
        return Err(refused(of, "a course numbers its folders from 00 to 99"));
    }
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let name: String = name.chars().map(|c| if is_fit(c) { c } else { '_' }).collect();
    Ok(format!("{number:02}_{name}"))
}

fn refused(name: &str, message: &str) -> ImportError {
    ImportError::Exercise { name: name.to_owned(), message: message.to_owned() }
}

/// The first heading of a text.
fn title(markdown: &str) -> Option<&str> {
    markdown.lines().find_map(|line| line.strip_prefix("# ")).map(str::trim)
}

fn without_title(markdown: &str) -> &str {
    let text = markdown.trim();
    match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("# ") => rest.trim_start(),
        None if text.starts_with("# ") => "",
        _ => text,
    }
}

/// `move_semantics1` gives `Move semantics 1`.
fn title_of(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let text = words.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = words.strip_prefix(text).unwrap_or_default();
    let mut letters = text.trim().chars();
    let mut title: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    title.extend(letters);
    if !digits.is_empty() {
        title.push(' ');
        title.push_str(digits);
    }
    title
}

fn lesson_text(info: &ExerciseInfo, id: &str, introduction: &str) -> String {
    let ExerciseInfo { name, test, strict_clippy, hint, .. } = info;
    let goal = match (test, strict_clippy) {
        (true, false) => "Its tests must pass.",
        (true, true) => "Its tests must pass, and Clippy must be content.",
        (false, false) => "It must compile and run.",
        (false, true) => "It must compile and run, and Clippy must be content.",
    };
    let mut text = format!(
        "# {}\n\n{introduction}Edit [`{name}.rs`]({name}.rs). {goal}\n\n\
         ```sh\nprogy test {id}\n```\n",
        title_of(name)
    );
    let hint = hint.trim();
    if !hint.is_empty() {
        let _ = write!(text, "\n<details>\n<summary>Hint</summary>\n\n{hint}\n\n</details>\n");
    }
    text
}

fn manifest(version: &Version) -> String {
    let manifest = json!({
        "id": "rustlings",
        "name": "Rustlings",
        "description": "Small exercises to get used to reading and writing Rust code.",
        "version": version.to_string(),
        "runners": [{
            "id": "rustlings",
            "name": "rustc and Clippy",
            "type": "process",
            "command": "cargo",
            "args": [
                "run", "--quiet", "--offline", "--manifest-path", "runner/Cargo.toml", "--",
                "{{id}}", "{{file}}"
            ],
            "cwd": "."
        }],
        "content": {"root": ".", "exercises": "content"},
        "setup": {
            "checks": [
                {"name": "Rust", "type": "command", "command": "rustc --version"},
                {"name": "Cargo", "type": "command", "command": "cargo --version"},
                {"name": "Clippy", "type": "command", "command": "cargo clippy --version"}
            ],
            "guide": "SETUP.md"
        },
        "progression": {"mode": "open"},
        "sync": {"strategy": "patch"}
    });
    format!("{manifest:#}\n")
}
