//! The course of the demo, its next version, and what the learner writes into it.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use progy_core::course::{MANIFEST, Manifest};
use semver::Version;

/// The course's id.
pub(super) const ID: &str = "rust-basics";

/// Every file of `courses/rust-basics`, put here by the build script.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/demo_course.rs"));

/// Files by path.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// One change of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edit {
    pub(super) path: &'static str,
    from: &'static str,
    to: &'static str,
}

impl Edit {
    /// `text` with the change; `None` if it holds nothing to be changed.
    pub(super) fn of(&self, text: &str) -> Option<String> {
        text.contains(self.from).then(|| text.replacen(self.from, self.to, 1))
    }

    /// What is written, on one line.
    pub(super) fn shown(&self) -> String {
        self.to.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

const HELLO: &str = "content/01_intro/01_hello/exercise.rs";
const IF: &str = "content/02_flow/01_if/exercise.rs";
/// The file that one device deletes while the other edits it.
pub(super) const MATCH: &str = "content/02_flow/02_match/exercise.rs";
const LOOPS: &str = "content/02_flow/03_loops/exercise.rs";

/// The solution of the first lesson.
pub(super) const GREET: Edit = Edit { path: HELLO, from: "Hello, ...", to: "Hello, Progy!" };
/// Two changes in different places of a file.
pub(super) const SUM: Edit = Edit { path: LOOPS, from: "1..last", to: "1..=last" };
pub(super) const COUNT: Edit = Edit {
    path: LOOPS,
    from: "todo!(\"count the numbers from 1 to {last} that {divisor} divides\")",
    to: "last / divisor",
};
/// Two changes of the same line.
pub(super) const LARGER: Edit =
    Edit { path: IF, from: "    a\n", to: "    if a > b { a } else { b }\n" };
pub(super) const MAXIMUM: Edit = Edit { path: IF, from: "    a\n", to: "    a.max(b)\n" };
/// A change of what the other device deletes.
pub(super) const NOTE: Edit = Edit { path: MATCH, from: "fn main()", to: "// TODO\nfn main()" };
/// Changes made without a connection, and one made meanwhile elsewhere.
pub(super) const STEPS: Edit = Edit {
    path: LOOPS,
    from: "todo!(\"count the steps from {start} down to 1\")",
    to: "if start == 1 { 0 } else { 1 }",
};
pub(super) const OWNED: Edit = Edit {
    path: "content/03_data/01_ownership/exercise.rs",
    from: "fn main()",
    to: "// Written on a train.\nfn main()",
};
pub(super) const STRUCTS: Edit = Edit {
    path: "content/03_data/02_structs/exercise.rs",
    from: "todo!(\"add {amount}\")",
    to: "self.balance += amount;",
};

/// What the author changes for the next version, beside the version itself: a text that the learner
/// has not touched, and another part of a file that the learner has.
const NEWS: [Edit; 2] = [
    Edit { path: LOOPS, from: "From 27 it takes", to: "From the start of 27 it takes" },
    Edit { path: "content/01_intro/01_hello/README.md", from: "\n", to: "\n\nWelcome!\n" },
];
const NEW_LESSON: &str = "content/02_flow/04_while/";

/// The course as it is.
pub(super) fn files() -> Files {
    FILES.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect()
}

/// The number of the course's next version.
pub(super) fn next_version() -> Version {
    let files = files();
    let manifest = files.get(MANIFEST).and_then(|bytes| Manifest::parse(bytes).ok());
    let version = manifest.map_or(Version::new(1, 0, 0), |manifest| manifest.version);
    Version::new(version.major, version.minor + 1, 0)
}

/// The course's next version.
pub(super) fn next() -> Files {
    let mut files = files();
    for edit in NEWS {
        if let Some(bytes) = files.get_mut(edit.path)
            && let Some(text) = std::str::from_utf8(bytes).ok().and_then(|text| edit.of(text))
        {
            *bytes = text.into_bytes();
        }
    }
    if let Some(bytes) = files.get_mut(MANIFEST)
        && let Ok(mut manifest) = serde_json::from_slice::<serde_json::Value>(bytes)
        && let Some(fields) = manifest.as_object_mut()
    {
        fields.insert("version".to_owned(), next_version().to_string().into());
        *bytes = manifest.to_string().into_bytes();
    }
    for (name, text) in [
        ("README.md", "# While\n\nCount down.\n"),
        ("exercise.rs", "fn main() {\n    // Count down from 3 with `while`.\n}\n"),
    ] {
        files.insert(format!("{NEW_LESSON}{name}"), text.into());
    }
    files
}

/// Writes the course into `folder`.
pub(super) fn write(files: &Files, folder: &Path) -> io::Result<()> {
    for (path, bytes) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edit_finds_its_place() {
        let files = files();
        let edits = [GREET, SUM, COUNT, LARGER, MAXIMUM, NOTE, STEPS, OWNED, STRUCTS];
        for edit in edits.iter().chain(&NEWS) {
            let text = String::from_utf8(files[edit.path].clone()).unwrap();
            assert_ne!(edit.of(&text).unwrap(), text, "{edit:?}");
        }
    }

    #[test]
    fn both_versions_are_sound() {
        for files in [files(), next()] {
            let folder = tempfile::tempdir().unwrap();
            write(&files, folder.path()).unwrap();
            let findings = progy_course::check(folder.path());
            let errors: Vec<_> = findings
                .iter()
                .filter(|finding| finding.level == progy_course::FindingLevel::Error)
                .collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
        let changed =
            next().iter().filter(|(path, bytes)| files().get(*path) != Some(bytes)).count();
        assert_eq!(changed, 5);
    }
}
