//! The folders of modules and lessons.

use std::collections::BTreeSet;

use progy_core::RelPath;
use progy_core::course::{
    Lesson, MODULE_INFO, Manifest, Module, ModuleInfo, Outline, OutlineError, is_left_out,
};

use super::FindingLevel::{Error, Warning};
use super::{Findings, MAX_JSON};
use crate::source::{CourseFiles, MAX_INFO};

/// Looks at every module and lesson.
pub(super) fn check(
    manifest: &Manifest,
    there: &BTreeSet<RelPath>,
    files: &mut impl CourseFiles,
    findings: &mut Findings,
) {
    let infos = read_infos(there, files, findings);
    let text_of =
        |path: &RelPath| infos.iter().find(|info| info.path == *path).map(|info| info.text.clone());
    let outline = match Outline::build(manifest, there.iter(), text_of) {
        Ok(outline) => outline,
        Err(OutlineError::LessonName { folder, error }) => {
            let message = format!("expected a folder name for a lesson: {error}");
            return findings.error(&folder, message);
        }
        Err(OutlineError::Info { path, error }) => return findings.format(&path, &error),
    };
    let top = manifest.content.exercises.as_ref().map_or(".", RelPath::as_str);
    if outline.lessons().next().is_none() {
        let message = "expected a lesson, a folder such as 01_intro/01_hello".to_owned();
        findings.error(&top, message);
    }
    if outline.modules.len() > 1 && outline.modules.iter().any(|module| module.name.is_none()) {
        let message = "expected lessons either in modules or beside each other, found both";
        findings.warning(&top, message.to_owned());
    }
    for lesson in outline.lessons() {
        check_lesson(lesson, files, findings);
    }
    for info in &infos {
        let module = outline.modules.iter().find(|module| info.is_of(module, manifest));
        if let Some(module) = module {
            check_info(info, module, &outline, manifest, findings);
        }
    }
}

fn check_lesson(lesson: &Lesson, files: &mut impl CourseFiles, findings: &mut Findings) {
    if !lesson.has_readme {
        findings.warning(&lesson.folder, "expected a README.md with the lesson's text".to_owned());
    }
    if lesson.main.is_none() && !lesson.has_quiz {
        let message = "expected a file for the learner to edit, such as exercise.rs".to_owned();
        findings.warning(&lesson.folder, message);
    }
    if lesson.has_quiz
        && let Ok(quiz) = lesson.folder.join("quiz.json")
    {
        let read = files.read(&quiz, MAX_JSON).and_then(|bytes| {
            serde_json::from_slice::<serde_json::Value>(&bytes).map_err(|error| error.to_string())
        });
        match read {
            Err(error) => findings.error(&quiz, format!("expected JSON: {error}")),
            Ok(serde_json::Value::Array(_) | serde_json::Value::Object(_)) => {}
            Ok(_) => findings.error(&quiz, "expected a list of questions".to_owned()),
        }
    }
}

/// An `info.toml` that can be read.
struct Info {
    path: RelPath,
    text: String,
    says: ModuleInfo,
}

impl Info {
    fn is_of(&self, module: &Module, manifest: &Manifest) -> bool {
        let folder = self.path.parent();
        let top = manifest.content.exercises.as_ref();
        match (&module.name, &folder) {
            (None, folder) => folder.as_ref() == top,
            (Some(name), Some(folder)) => folder.name() == name && folder.parent().as_ref() == top,
            (Some(_), None) => false,
        }
    }
}

/// Every `info.toml`; those that cannot be read become findings.
fn read_infos(
    there: &BTreeSet<RelPath>,
    files: &mut impl CourseFiles,
    findings: &mut Findings,
) -> Vec<Info> {
    let mut infos = Vec::new();
    for path in there.iter().filter(|path| path.name() == MODULE_INFO && !is_left_out(path)) {
        let bytes = match files.read(path, MAX_INFO) {
            Ok(bytes) => bytes,
            Err(error) => {
                findings.error(path, error);
                continue;
            }
        };
        let Ok(text) = String::from_utf8(bytes) else {
            findings.error(path, "expected text in UTF-8".to_owned());
            continue;
        };
        match ModuleInfo::parse(&text) {
            Ok(says) => infos.push(Info { path: path.clone(), text, says }),
            Err(error) => findings.format(path, &error),
        }
    }
    infos
}

/// What one module's `info.toml` refers to.
fn check_info(
    info: &Info,
    module: &Module,
    outline: &Outline,
    manifest: &Manifest,
    findings: &mut Findings,
) {
    let file = &info.path;
    check_prerequisites(&info.says.prerequisites, file, "module.prerequisites", outline, findings);
    for (name, lesson) in &info.says.lessons {
        if !module.lessons.iter().any(|lesson| lesson.id.exercise() == name) {
            let message = "expected the name of a lesson's folder beside this file".to_owned();
            findings.field(Warning, file, &format!("exercises.{name}"), message);
        }
        if let Some(runner) = &lesson.runner
            && manifest.runner(Some(runner)).is_none()
        {
            let field = format!("exercises.{name}.runner");
            let message = format!("expected the id of a runner in course.json, found {runner:?}");
            findings.field(Error, file, &field, message);
        }
        let field = format!("exercises.{name}.prerequisites");
        check_prerequisites(&lesson.prerequisites, file, &field, outline, findings);
    }
}

fn check_prerequisites(
    prerequisites: &[String],
    file: &RelPath,
    field: &str,
    outline: &Outline,
    findings: &mut Findings,
) {
    let has_lesson = |id: &str| outline.lessons().any(|lesson| lesson.id.as_str() == id);
    for prerequisite in prerequisites {
        let is_known = match prerequisite.split_once(':') {
            Some(("module", name)) => {
                outline.modules.iter().any(|module| module.name.as_deref() == Some(name))
            }
            Some(("exercise", id)) => has_lesson(id),
            Some(("quiz", rest)) => has_lesson(rest.split_once(':').map_or(rest, |(id, _)| id)),
            _ => false,
        };
        if !is_known {
            let message = format!(
                "expected module:NAME, exercise:ID or quiz:ID:SCORE of this course, \
                 found {prerequisite:?}"
            );
            findings.field(Warning, file, field, message);
        }
    }
}
