//! A real course as input: the exercises of rustlings, fetched as packages.
//!
//! The package `rustlings` carries `exercises/` and `solutions/`, `rustlings-macros` carries
//! `info.toml`; together they are what the importer expects of a checkout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::PROGY;

const VERSION: &str = "6.5.0";

/// A checkout with `info.toml`, `exercises/` and `solutions/`.
pub(crate) fn checkout() -> &'static Path {
    static CHECKOUT: OnceLock<PathBuf> = OnceLock::new();
    CHECKOUT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let project = folder.join("fetch");
        fs::create_dir_all(project.join("src")).unwrap();
        fs::write(project.join("src/lib.rs"), "").unwrap();
        let manifest = format!(
            "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\nrustlings = \"={VERSION}\"\nrustlings-macros = \"={VERSION}\"\n"
        );
        fs::write(project.join("Cargo.toml"), manifest).unwrap();
        let fetched =
            Command::new(env!("CARGO")).arg("fetch").current_dir(&project).output().unwrap();
        assert!(fetched.status.success(), "{}", String::from_utf8_lossy(&fetched.stderr));
        let metadata = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1"])
            .current_dir(&project)
            .output()
            .unwrap();
        assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
        let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let macros = packages.iter().find(|package| package["name"] == "rustlings-macros").unwrap();
        let macros = Path::new(macros["manifest_path"].as_str().unwrap()).parent().unwrap();
        // Cargo does not list a package without a library, but unpacks it beside the others.
        let exercises = macros.with_file_name(format!("rustlings-{VERSION}"));
        let checkout = folder.join("rustlings");
        copy(&exercises.join("exercises"), &checkout.join("exercises"));
        copy(&exercises.join("solutions"), &checkout.join("solutions"));
        fs::copy(macros.join("info.toml"), checkout.join("info.toml")).unwrap();
        checkout
    })
}

/// The imported course in a folder of its own.
pub(crate) fn course(into: &Path) -> PathBuf {
    let course = into.join("rustlings-course");
    let output = Command::new(PROGY)
        .args(["course", "import", "rustlings"])
        .arg(checkout())
        .arg("-o")
        .arg(&course)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    course
}

/// The lesson's exercise file for a rustlings exercise, relative to the course: the one `.rs` file in
/// the lesson folder whose name ends with the exercise's.
pub(crate) fn exercise(course: &Path, name: &str) -> String {
    for module in fs::read_dir(course.join("content")).unwrap() {
        let module = module.unwrap();
        if !module.file_type().unwrap().is_dir() {
            continue;
        }
        for lesson in fs::read_dir(module.path()).unwrap() {
            let lesson = lesson.unwrap();
            let folder = lesson.file_name().to_string_lossy().into_owned();
            if folder.split_once('_').is_none_or(|(_, rest)| rest != name) {
                continue;
            }
            for file in fs::read_dir(lesson.path()).unwrap() {
                let file = file.unwrap().file_name().to_string_lossy().into_owned();
                if Path::new(&file).extension().is_some_and(|ending| ending == "rs") {
                    let module = module.file_name().to_string_lossy().into_owned();
                    return format!("content/{module}/{folder}/{file}");
                }
            }
        }
    }
    panic!("there is no exercise {name}");
}

/// The lesson id of an exercise file.
pub(crate) fn lesson_id(exercise: &str) -> String {
    let mut parts = exercise.split('/').skip(1);
    format!("{}/{}", parts.next().unwrap(), parts.next().unwrap())
}

/// The text of an exercise's solution.
pub(crate) fn solution(name: &str) -> String {
    let mut waiting = vec![checkout().join("solutions")];
    while let Some(folder) = waiting.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let item = item.unwrap();
            if item.file_type().unwrap().is_dir() {
                waiting.push(item.path());
            } else if item.file_name().to_string_lossy() == format!("{name}.rs") {
                return fs::read_to_string(item.path()).unwrap();
            }
        }
    }
    panic!("there is no solution of {name}");
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        if item.file_name() == "target" {
            continue;
        }
        let to = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &to);
        } else {
            fs::copy(item.path(), to).unwrap();
        }
    }
}
