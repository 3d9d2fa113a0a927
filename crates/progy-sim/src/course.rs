//! The courses that the simulated learner takes: small, in three versions.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use progy_core::rules::{Rules, SyncRules};
use progy_core::{ContentHash, CourseId, Entry, FileEntry, HashKind, LessonId, RelPath, Tree};
use semver::Version;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// How many versions an author can publish.
pub(crate) const VERSIONS: u64 = 3;

/// The lessons of every version.
pub(crate) const LESSONS: [&str; 3] = ["01_intro/01_hello", "01_intro/02_vars", "02_more/01_loops"];

pub(crate) fn id(names_files: bool) -> CourseId {
    let name = if names_files { "sim-files" } else { "sim" };
    // Both are slugs.
    CourseId::new(name).unwrap_or_else(|_| unreachable!())
}

pub(crate) fn lesson(n: usize) -> LessonId {
    // All of them are lesson ids.
    LessonId::new(LESSONS[n % LESSONS.len()]).unwrap_or_else(|_| unreachable!())
}

pub(crate) fn version(n: u64) -> Version {
    Version::new(1, n.saturating_sub(1), 0)
}

/// The package of the `n`th version, counted from 1.
pub(crate) fn package(names_files: bool, n: u64) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text, executable) in files(names_files, n) {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(if executable { 0o755 } else { 0o644 });
        // Writing into memory does not fail.
        let _ = zip.start_file(path, options).map(|()| zip.write_all(text.as_bytes()));
    }
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}

/// The contents of all versions.
pub(crate) fn contents(names_files: bool, kind: HashKind) -> BTreeMap<ContentHash, Vec<u8>> {
    (1..=VERSIONS)
        .flat_map(|n| files(names_files, n))
        .map(|(_, text, _)| (kind.hash(text.as_bytes()), text.into_bytes()))
        .collect()
}

/// The tree of the `n`th version.
pub(crate) fn tree(names_files: bool, n: u64, kind: HashKind) -> Tree {
    let entry = |text: &str, executable| {
        let hash = kind.hash(text.as_bytes());
        Entry::File(FileEntry { hash, size: text.len() as u64, executable })
    };
    let entries = files(names_files, n).into_iter().filter_map(|(path, text, executable)| {
        Some((RelPath::new(&path).ok()?, entry(&text, executable)))
    });
    Tree::from_entries(entries).unwrap_or_default()
}

/// Which of the versions `version` is.
pub(crate) fn number(version: &Version) -> u64 {
    version.minor + 1
}

/// The files that travel, if the course names them.
const NAMED: [&str; 2] = ["content/**", "notes.txt"];

/// Which files travel.
pub(crate) fn rules(names_files: bool) -> Rules {
    let files = if names_files { NAMED.map(str::to_owned).to_vec() } else { Vec::new() };
    Rules::new(&SyncRules { files, ..SyncRules::default() }).unwrap_or_default()
}

fn files(names_files: bool, n: u64) -> Vec<(String, String, bool)> {
    let [first, second] = NAMED;
    let sync = format!(r#""sync": {{"files": ["{first}", "{second}"]}},"#);
    let sync = if names_files { sync.as_str() } else { "" };
    let id = id(names_files);
    let version = version(n);
    let manifest = format!(
        r#"{{"id": "{id}", {sync} "name": "Simulated", "version": "{version}",
            "runner": {{"command": "sh runner/run.sh {{{{dir}}}}"}}}}"#
    );
    let mut files = vec![
        ("course.json".to_owned(), manifest, false),
        ("runner/run.sh".to_owned(), format!("#!/bin/sh\nexit {n}\n"), true),
        ("README.md".to_owned(), "Solve them all.\n".to_owned(), false),
    ];
    for lesson in LESSONS {
        let lines: String = (0..6)
            .map(|line| format!("// line {line} of v{}\n", if line == 2 { n } else { 1 }))
            .collect();
        files.push((format!("content/{lesson}/exercise.rs"), lines, false));
        files.push((format!("content/{lesson}/README.md"), format!("Lesson {lesson}\n"), false));
    }
    match n {
        1 => files.push(("data/table.csv".to_owned(), "a,b\n1,2\n".to_owned(), false)),
        2 => files.push(("notes.txt".to_owned(), "Notes of the course.\n".to_owned(), false)),
        // A folder where a file was, and the reverse.
        _ => files.push(("data".to_owned(), "no table any more\n".to_owned(), false)),
    }
    files
}
