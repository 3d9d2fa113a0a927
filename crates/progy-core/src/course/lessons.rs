//! The modules and lessons of a course, in their order.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::fields::FormatError;
use super::info::{Difficulty, LessonInfo, ModuleInfo};
use super::{MODULE_INFO, Manifest, is_left_out};
use crate::ids::IdError;
use crate::{LessonId, RelPath};

/// Names in a lesson's folder that are about the lesson, not of it.
const ABOUT: [&str; 3] = ["README.md", "quiz.json", MODULE_INFO];

/// Endings of files that learners write.
const SOURCE: [&str; 32] = [
    "rs", "py", "js", "ts", "jsx", "tsx", "mjs", "go", "c", "h", "cc", "cpp", "hpp", "cs", "java",
    "kt", "swift", "rb", "php", "sql", "sh", "hs", "ml", "ex", "exs", "erl", "lua", "zig", "scala",
    "clj", "html", "css",
];

/// The modules and lessons of a course, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outline {
    /// The modules by folder name. A flat course has one, without a folder of its own; where both
    /// kinds are mixed it comes first.
    pub modules: Vec<Module>,
}

/// A group of lessons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// The name of its folder; `None` for the lessons of a flat course.
    pub name: Option<String>,
    /// The title: of `info.toml`, else made of the folder's name, else of the course.
    pub title: String,
    /// What it is about.
    pub message: Option<String>,
    /// What to say when it is done.
    pub completion_message: Option<String>,
    /// A picture for it, as the course names it.
    pub icon: Option<String>,
    /// What must be done before: `module:…`, `exercise:…/…`, `quiz:…/…:score`.
    pub prerequisites: Vec<String>,
    /// Its lessons by folder name.
    pub lessons: Vec<Lesson>,
}

/// One exercise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Names it in the course.
    pub id: LessonId,
    /// The title: of `info.toml`, else made of the folder's name.
    pub title: String,
    /// Points for passing it.
    pub xp: u32,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// How hard it is.
    pub difficulty: Option<Difficulty>,
    /// What must be done before.
    pub prerequisites: Vec<String>,
    /// The id of the runner to use instead of the course's first.
    pub runner: Option<String>,
    /// Its folder.
    pub folder: RelPath,
    /// What the learner edits first: `exercise.*` if there is one, else `main.*`, else the first
    /// file, source code before other files. `None` if there is only text to read.
    pub main: Option<RelPath>,
    /// Whether it has a text, `README.md`.
    pub has_readme: bool,
    /// Whether it has questions, `quiz.json`.
    pub has_quiz: bool,
}

/// Why the files of a course give no outline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutlineError {
    /// An `info.toml` cannot be read.
    #[error("{path}: {error}")]
    Info {
        /// Which one.
        path: RelPath,
        /// What is wrong with it.
        error: FormatError,
    },
    /// The folders of a lesson have names that are no lesson id.
    #[error("{folder}: {error}")]
    LessonName {
        /// The lesson's folder.
        folder: RelPath,
        /// The rule that the name breaks.
        error: IdError,
    },
}

impl Outline {
    /// Finds the lessons among the `paths` of a course: folders of the form `NN_name` in the
    /// manifest's exercise folder, or in such folders. `info` gives the text of an `info.toml`.
    ///
    /// Fails if an `info.toml` cannot be read, or a folder's name is no lesson id.
    pub fn build<'a>(
        manifest: &Manifest,
        paths: impl Iterator<Item = &'a RelPath>,
        info: impl Fn(&RelPath) -> Option<String>,
    ) -> Result<Self, OutlineError> {
        let top = manifest.content.exercises.as_ref();
        let found = Found::among(top, paths);

        let mut modules = Vec::new();
        if !found.flat.is_empty() {
            let info = read_info(below(top, MODULE_INFO).as_ref(), &found, &info)?;
            let module = Module::of(None, manifest.name.clone(), info, &found.flat, top)?;
            modules.push(module);
        }
        for (name, lessons) in &found.modules {
            let folder = below(top, name);
            let info = read_info(below(folder.as_ref(), MODULE_INFO).as_ref(), &found, &info)?;
            let title = title_of(name);
            modules.push(Module::of(Some(name), title, info, lessons, folder.as_ref())?);
        }
        Ok(Self { modules })
    }

    /// Every lesson, in order.
    pub fn lessons(&self) -> impl Iterator<Item = &Lesson> {
        self.modules.iter().flat_map(|module| &module.lessons)
    }

    /// The lesson called `id`.
    pub fn lesson(&self, id: &LessonId) -> Option<&Lesson> {
        self.lessons().find(|lesson| lesson.id == *id)
    }

    /// The lesson that `path` belongs to.
    pub fn lesson_of(&self, path: &RelPath) -> Option<&Lesson> {
        self.lessons().find(|lesson| path.is_within(lesson.folder.as_str()))
    }
}

/// The files of each lesson, from the lesson's folder, by the folder's name.
type LessonFiles<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// Folders of the form `NN_name` and what they hold.
#[derive(Default)]
struct Found<'a> {
    flat: LessonFiles<'a>,
    modules: BTreeMap<&'a str, LessonFiles<'a>>,
    infos: BTreeSet<&'a str>,
}

impl<'a> Found<'a> {
    fn among(top: Option<&RelPath>, paths: impl Iterator<Item = &'a RelPath>) -> Self {
        let mut found = Self::default();
        for path in paths.filter(|path| !is_left_out(path)) {
            let below_top = match top {
                None => Some(path.as_str()),
                Some(top) => {
                    path.as_str().strip_prefix(top.as_str()).and_then(|rest| rest.strip_prefix('/'))
                }
            };
            let Some(below_top) = below_top else { continue };
            if path.name() == MODULE_INFO {
                found.infos.insert(path.as_str());
            }
            let Some((first, rest)) = below_top.split_once('/') else { continue };
            if !is_numbered(first) {
                continue;
            }
            match rest.split_once('/') {
                Some((second, file)) if is_numbered(second) => {
                    let module = found.modules.entry(first).or_default();
                    module.entry(second).or_default().push(file);
                }
                _ if rest == MODULE_INFO => {
                    found.modules.entry(first).or_default();
                }
                _ => found.flat.entry(first).or_default().push(rest),
            }
        }
        // A folder that holds lessons is a module, whatever else lies in it.
        found.flat.retain(|name, _| !found.modules.contains_key(name));
        found
    }
}

/// Two digits, an underscore, a name.
fn is_numbered(name: &str) -> bool {
    matches!(name.as_bytes(), [tens, ones, b'_', _, ..]
        if tens.is_ascii_digit() && ones.is_ascii_digit())
}

fn below(folder: Option<&RelPath>, name: &str) -> Option<RelPath> {
    match folder {
        Some(folder) => folder.join(name).ok(),
        None => RelPath::new(name).ok(),
    }
}

fn read_info(
    path: Option<&RelPath>,
    found: &Found,
    info: impl Fn(&RelPath) -> Option<String>,
) -> Result<ModuleInfo, OutlineError> {
    let Some(path) = path.filter(|path| found.infos.contains(path.as_str())) else {
        return Ok(ModuleInfo::default());
    };
    let Some(text) = info(path) else { return Ok(ModuleInfo::default()) };
    ModuleInfo::parse(&text).map_err(|error| OutlineError::Info { path: path.clone(), error })
}

impl Module {
    fn of(
        name: Option<&str>,
        title: String,
        mut info: ModuleInfo,
        found: &LessonFiles,
        folder: Option<&RelPath>,
    ) -> Result<Self, OutlineError> {
        let mut lessons = Vec::with_capacity(found.len());
        for (exercise, files) in found {
            let Some(folder) = below(folder, exercise) else { continue };
            let info = info.lessons.remove(*exercise).unwrap_or_default();
            let id = match name {
                Some(module) => LessonId::new(&format!("{module}/{exercise}")),
                None => LessonId::new(exercise),
            };
            match id {
                Ok(id) => lessons.push(Lesson::of(id, info, folder, files)),
                Err(error) => return Err(OutlineError::LessonName { folder, error }),
            }
        }
        Ok(Self {
            name: name.map(str::to_owned),
            title: info.title.unwrap_or(title),
            message: info.message,
            completion_message: info.completion_message,
            icon: info.icon,
            prerequisites: info.prerequisites,
            lessons,
        })
    }
}

impl Lesson {
    fn of(id: LessonId, info: LessonInfo, folder: RelPath, files: &[&str]) -> Self {
        Self {
            xp: info.points(),
            title: info.title.unwrap_or_else(|| title_of(id.exercise())),
            tags: info.tags,
            difficulty: info.difficulty,
            prerequisites: info.prerequisites,
            runner: info.runner,
            main: main_file(files).and_then(|file| folder.join(file).ok()),
            has_readme: files.contains(&"README.md"),
            has_quiz: files.contains(&"quiz.json"),
            id,
            folder,
        }
    }
}

/// The file that the learner edits first.
fn main_file<'a>(files: &[&'a str]) -> Option<&'a str> {
    let name_of = |file: &'a str| file.rsplit_once('/').map_or(file, |(_, name)| name);
    let rank = |file: &'a str| {
        let (stem, ending) = name_of(file).rsplit_once('.').unwrap_or((name_of(file), ""));
        match stem {
            "exercise" => 0,
            "main" => 1,
            _ if SOURCE.contains(&ending) => 2,
            _ => 3,
        }
    };
    let is_candidate = |file: &&'a str| {
        let name = name_of(file);
        !name.starts_with('.') && !ABOUT.contains(&name) && !name.starts_with("hint.")
    };
    let order = |file: &&'a str| (rank(file), file.matches('/').count(), *file);
    files.iter().copied().filter(is_candidate).min_by_key(order)
}

/// `03_hello_world` gives `Hello world`.
fn title_of(folder: &str) -> String {
    let name = if is_numbered(folder) { folder.get(3..).unwrap_or(folder) } else { folder };
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.trim().chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(files: &[(&str, &str)]) -> Result<Outline, OutlineError> {
        outline_in("content", files)
    }

    fn outline_in(exercises: &str, files: &[(&str, &str)]) -> Result<Outline, OutlineError> {
        let manifest =
            format!(r#"{{"name": "Course", "content": {{"exercises": "{exercises}"}}}}"#);
        let manifest = Manifest::parse(manifest.as_bytes()).unwrap();
        let files: BTreeMap<RelPath, &str> =
            files.iter().map(|(path, text)| (RelPath::new(path).unwrap(), *text)).collect();
        Outline::build(&manifest, files.keys(), |path| files.get(path).map(|&text| text.to_owned()))
    }

    fn ids(outline: &Outline) -> Vec<&str> {
        outline.lessons().map(|lesson| lesson.id.as_str()).collect()
    }

    #[test]
    fn modules_and_lessons_in_order() {
        let outline = outline(&[
            ("course.json", ""),
            ("content/README.md", ""),
            ("content/02_more/01_a/exercise.py", ""),
            ("content/01_intro/10_last/main.rs", ""),
            ("content/01_intro/02_vars-and-types/exercise.rs", ""),
            ("content/01_intro/02_vars-and-types/README.md", ""),
            ("content/01_intro/02_vars-and-types/quiz.json", "[]"),
            (
                "content/01_intro/info.toml",
                "[module]\ntitle = \"Start\"\n[exercises]\n10_last = {title = \"Z\", difficulty = \"hard\"}",
            ),
            ("content/notes/01_x/a.rs", ""),
            ("content/1_x/01_x/a.rs", ""),
            ("content/01_intro/target/01_x/a.rs", ""),
            ("elsewhere/01_a/01_b/a.rs", ""),
        ])
        .unwrap();
        assert_eq!(
            ids(&outline),
            ["01_intro/02_vars-and-types", "01_intro/10_last", "02_more/01_a"]
        );
        let titles: Vec<&str> = outline.modules.iter().map(|module| &*module.title).collect();
        assert_eq!(titles, ["Start", "More"]);
        let [first, last, _] = outline.lessons().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((&*first.title, first.xp), ("Vars and types", 10));
        assert!(first.has_readme && first.has_quiz && !last.has_quiz);
        assert_eq!((&*last.title, last.xp), ("Z", 30));
        let path = RelPath::new("content/01_intro/10_last/deep/x").unwrap();
        assert_eq!(outline.lesson_of(&path), Some(last));
        assert_eq!(outline.lesson(&last.id), Some(last));
    }

    #[test]
    fn a_flat_course() {
        let outline = outline(&[
            ("content/02_b/src/lib.rs", ""),
            ("content/01_a/exercise.rs", ""),
            ("content/info.toml", "[exercises]\n02_b = {title = \"B!\", xp = 7}"),
        ])
        .unwrap();
        assert_eq!(ids(&outline), ["01_a", "02_b"]);
        let [module] = outline.modules.as_slice() else { panic!("one module") };
        assert_eq!((module.name.as_deref(), &*module.title), (None, "Course"));
        assert_eq!((&*module.lessons[1].title, module.lessons[1].xp), ("B!", 7));
        assert_eq!(module.lessons[1].main.as_ref().unwrap().as_str(), "content/02_b/src/lib.rs");
    }

    #[test]
    fn lessons_at_the_top_of_the_course() {
        let outline = outline_in(".", &[("01_a/01_b/x.py", ""), ("02_c/x.py", "")]).unwrap();
        assert_eq!(ids(&outline), ["02_c", "01_a/01_b"]);
        assert_eq!(outline.modules[1].lessons[0].folder.as_str(), "01_a/01_b");
    }

    #[test]
    fn the_main_file() {
        for (files, main) in [
            (&["README.md", "a.rs", "exercise.sql"][..], Some("exercise.sql")),
            (&["exercise", "a.rs"], Some("exercise")),
            (&["a.rs", "main.ts"], Some("main.ts")),
            (&["Cargo.toml", "data.txt", "lib.rs"], Some("lib.rs")),
            (&["Cargo.toml", "src/b.rs", "src/main.rs"], Some("src/main.rs")),
            (&["b.txt", "a/a.txt"], Some("b.txt")),
            (&["README.md", "quiz.json", "hint.md", "info.toml", ".keep"], None),
        ] {
            assert_eq!(main_file(files), main, "{files:?}");
        }
    }

    #[test]
    fn a_module_may_be_empty() {
        let outline = outline(&[("content/01_a/info.toml", "")]).unwrap();
        assert_eq!((outline.modules.len(), outline.lessons().count()), (1, 0));
    }

    #[test]
    fn errors_name_the_file() {
        let error = outline(&[("content/01_a/info.toml", "[module]\ntitle = 1")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "content/01_a/info.toml: `module.title`: expected a text, found 1"
        );
        let error = outline(&[("content/01_a/01_olá/x.rs", "")]).unwrap_err();
        assert!(matches!(error, OutlineError::LessonName { .. }));
    }
}
