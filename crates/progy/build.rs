//! Puts the course of `progy demo` into the program, file by file.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What tools leave in a course's folder, and no course holds.
const LEFT_OUT: [&str; 2] = ["target", ".DS_Store"];

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let course = here.join("../../courses/rust-basics").canonicalize()?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", course.display());

    let mut files = Vec::new();
    collect(&course, &course, &mut files)?;
    files.sort();
    let mut code = String::from("&[\n");
    for (name, path) in files {
        let path = path.to_str().ok_or("a path that is no Unicode")?;
        writeln!(code, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    code.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("demo_course.rs"), code)?;
    Ok(())
}

fn collect(
    root: &Path,
    folder: &Path,
    files: &mut Vec<(String, PathBuf)>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root)?.to_str().ok_or("a name that is no Unicode")?;
            files.push((name.replace('\\', "/"), path));
        }
    }
    Ok(())
}
