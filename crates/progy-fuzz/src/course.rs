//! What the author of a course writes, and what its runner prints.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use progy_core::RelPath;
use progy_core::course::{MODULE_INFO, Manifest, ModuleInfo, Outline, Placeholders, srp};
use progy_core::rules::Rules;
use progy_course::{FindingLevel, check, import};
use serde_json::Value;
use tempfile::TempDir;

use crate::text_parts;

/// `course.json`.
pub fn course_manifest(data: &[u8]) {
    let manifest = match Manifest::parse(data) {
        Ok(manifest) => manifest,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(data.len() <= 1 << 20, "over the limit");
    let ids: BTreeSet<&str> = manifest.runners.iter().map(|runner| &*runner.id).collect();
    assert_eq!(ids.len(), manifest.runners.len(), "runners have one id each");
    let at = Placeholders {
        id: "01_a/01_b".to_owned(),
        exercise: "{{dir}}".to_owned(),
        module: String::new(),
        dir: "/home/ana maria".to_owned(),
        file: "/home/ana maria/'x".to_owned(),
    };
    for runner in &manifest.runners {
        assert!(manifest.runner(Some(&runner.id)).is_some());
        if let Ok(words) = runner.command_line(&at) {
            assert!(words.first().is_some_and(|program| !program.is_empty()), "{words:?}");
            assert!(words.iter().all(|word| !word.contains('\0')), "{words:?}");
        }
        assert!(!runner.working_dir(&at).contains('\0'));
    }
    if let Err(error) = Rules::new(&manifest.sync.rules) {
        assert!(error.to_string().len() < 4000, "{error}");
    }
    let kept = &manifest.sync.retention;
    let days: Vec<u32> = [kept.all, kept.hourly, kept.daily].into_iter().flatten().collect();
    assert!(days.is_sorted() && days.iter().all(|days| *days <= 3660), "{kept:?}");
    assert_reads_the_same(&manifest, data);
}

/// The same JSON in another spelling is the same manifest.
fn assert_reads_the_same(manifest: &Manifest, data: &[u8]) {
    // Numbers with a fraction may change in their last digit, so what nobody interprets is left out.
    let known = |manifest: &Manifest| {
        let mut manifest = manifest.clone();
        (manifest.branding, manifest.achievements) = (None, None);
        manifest.other.clear();
        manifest.runners.iter_mut().for_each(|runner| runner.other.clear());
        manifest
    };
    let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let value: Value = serde_json::from_slice(data).expect("a manifest is JSON");
    let text = format!("\u{feff}{value}");
    if text.len() <= 1 << 20 {
        let again = Manifest::parse(text.as_bytes()).expect("it is still a manifest");
        assert_eq!(known(manifest), known(&again));
    }
}

/// `info.toml` of a module.
pub fn module_info(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match ModuleInfo::parse(text) {
        Ok(info) => {
            assert!(info.lessons.values().all(|lesson| lesson.points() <= 1_000_000));
            let again =
                ModuleInfo::parse(&format!("\u{feff}{}", text.trim_start_matches('\u{feff}')));
            assert!(text.starts_with("\u{feff}\u{feff}") || again == Ok(info));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The folders of a course: its manifest, its paths, one a line, and the text of each `info.toml`.
pub fn outline(data: &[u8]) {
    let Some([manifest, paths, info]) = text_parts::<3>(data) else { return };
    let Ok(manifest) = Manifest::parse(manifest.as_bytes()) else { return };
    let paths: BTreeSet<RelPath> =
        paths.lines().take(500).filter_map(|line| RelPath::new(line).ok()).collect();
    let asked = RefCell::new(Vec::new());
    let outline = Outline::build(&manifest, paths.iter(), |path| {
        asked.borrow_mut().push(path.clone());
        Some(info.to_owned())
    });
    assert!(asked.borrow().iter().all(|path| path.name() == MODULE_INFO && paths.contains(path)));
    let Ok(outline) = outline else { return };
    let mut ids = BTreeSet::new();
    for lesson in outline.lessons() {
        assert!(ids.insert(&lesson.id), "{} is there twice", lesson.id);
        assert_eq!(outline.lesson(&lesson.id), Some(lesson));
        if let Some(main) = &lesson.main {
            assert!(paths.contains(main) && main.is_within(lesson.folder.as_str()), "{main}");
            assert_eq!(outline.lesson_of(main), Some(lesson));
        }
    }
}

/// What a runner printed.
pub fn runner_report(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for exit_ok in [true, false] {
        let report = srp::parse(&text, exit_ok);
        assert!(report.raw.len() <= 64 << 10 && report.summary.len() <= 9 << 10);
        assert!(report.tests.len() <= 1000 && report.diagnostics.len() <= 1000);
        let short = |text: &Option<String>| text.as_ref().is_none_or(|text| text.len() <= 8 << 10);
        assert!(report.tests.iter().all(|test| test.name.len() <= 8 << 10 && short(&test.message)));
        for found in &report.diagnostics {
            assert!(found.message.len() <= 8 << 10);
            assert!(short(&found.file) && short(&found.snippet) && short(&found.suggestion));
        }
        // Whoever says nothing is believed by their exit status alone.
        if !text.contains("__SRP_BEGIN__") {
            assert_eq!(report.success, exit_ok);
        }
        // A program that a learner runs cannot pass by its exit status where the runner said more.
        if report.summary.contains("not valid") && text.contains("__SRP_END__") {
            assert!(!report.success || !report.tests.is_empty() || text.contains("\"success\""));
        }
    }
}

/// `info.toml` of a checkout of rustlings that has three exercises, and its `Cargo.toml`.
pub fn rustlings_import(data: &[u8]) {
    let Some([info, cargo]) = text_parts::<2>(data) else { return };
    let at = scratch();
    let (checkout, out) = (at.path().join("rustlings"), at.path().join("out"));
    let files = BTreeMap::from([
        ("info.toml", info),
        ("Cargo.toml", cargo),
        ("exercises/00_intro/intro1.rs", "fn main() {}\n"),
        ("exercises/00_intro/README.md", "# Intro\n"),
        ("exercises/01_variables/variables1.rs", "fn main() {}\n"),
        ("exercises/quiz1.rs", "fn main() {}\n"),
    ]);
    for (path, text) in files {
        let path = checkout.join(path);
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)).expect("room for a file");
    }
    let imported = import::rustlings::import(&checkout, &out, None);
    let inside: Vec<_> =
        fs::read_dir(at.path()).expect("the folder").filter_map(Result::ok).collect();
    assert!(inside.len() <= 2, "something was written beside the course");
    if imported.is_ok_and(|imported| imported.lessons > 0) {
        let errors: Vec<_> = check(&out)
            .into_iter()
            .filter(|finding| finding.level == FindingLevel::Error)
            .collect();
        assert!(errors.is_empty(), "an imported course can be published: {errors:?}");
    }
}

/// A folder for a moment, in memory where there is one.
pub(crate) fn scratch() -> TempDir {
    let at = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    at.expect("a temporary folder")
}
