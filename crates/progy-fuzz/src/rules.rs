//! Which files travel, as courses and learners say it.

use progy_core::RelPath;
use progy_core::rules::{Rules, Scope, SyncRules, Verdict, is_private};

use crate::text_parts;

/// How many paths of one input are judged.
const PATHS: usize = 40;

/// The ignore files of the root and of the folder `a/b`, and paths, one a line; those of folders
/// end with `/`.
pub fn ignore_files(data: &[u8]) {
    let Some([gitignore, progyignore, inner, paths]) = text_parts::<4>(data) else { return };
    let root = Rules::default().root().enter(None, Some(gitignore), Some(progyignore));
    let folder = RelPath::new("a/b").expect("a path");
    let nested = root.enter(Some(&folder), Some(inner), Some(inner));
    for (path, is_folder) in listed(paths) {
        judge_from_root(&root, &path, is_folder);
        if path.is_within("a/b") && path != folder {
            judge(&nested, &path, is_folder);
        }
    }
}

/// The settings `sync.files`, `sync.ignore` and `sync.include`, one glob a line, and paths.
pub fn course_globs(data: &[u8]) {
    let Some([files, ignore, include, paths]) = text_parts::<4>(data) else { return };
    let list = |text: &str| text.lines().map(str::to_owned).collect();
    let settings = SyncRules { files: list(files), ignore: list(ignore), include: list(include) };
    crate::same_as_json(&settings);
    let rules = match Rules::new(&settings) {
        Ok(rules) => rules,
        Err(error) => {
            assert!(error.to_string().starts_with("sync."), "{error}");
            assert!(error.to_string().len() < 4000, "{error}");
            return;
        }
    };
    for (path, is_folder) in listed(paths) {
        judge_from_root(&rules.root(), &path, is_folder);
        if settings.files.is_empty() {
            assert!(rules.travels(&path));
        }
    }
}

/// Paths, one a line.
fn listed(text: &str) -> impl Iterator<Item = (RelPath, bool)> {
    text.lines().take(PATHS).filter_map(|line| {
        let path = RelPath::new(line.strip_suffix('/').unwrap_or(line)).ok()?;
        Some((path, line.ends_with('/')))
    })
}

/// What must hold of every verdict.
fn judge(scope: &Scope, path: &RelPath, is_folder: bool) -> Verdict {
    let verdict = scope.verdict(path, is_folder);
    assert_eq!(verdict, scope.verdict(path, is_folder), "{path}");
    if verdict == Verdict::Synced {
        for folder in path.ancestors().filter_map(|folder| RelPath::new(folder).ok()) {
            assert_eq!(scope.verdict(&folder, true), Verdict::Synced, "{folder}, above {path}");
        }
    }
    if path.parts().next().is_some_and(is_private) {
        assert_eq!(verdict, Verdict::Ignored, "{path} is private");
    }
    verdict
}

/// Judges from the root at once, and folder by folder as a scan goes: it is the same.
fn judge_from_root(root: &Scope, path: &RelPath, is_folder: bool) {
    let verdict = judge(root, path, is_folder);
    let folders = path.ancestors().filter_map(|folder| RelPath::new(folder).ok());
    let walked = folders.fold(root.clone(), |scope, folder| scope.enter(Some(&folder), None, None));
    assert_eq!(walked.verdict(path, is_folder), verdict, "{path}");
}
