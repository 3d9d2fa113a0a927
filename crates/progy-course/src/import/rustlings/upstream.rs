//! A checkout of rustlings as it is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use progy_core::RelPath;
use semver::Version;
use serde::Deserialize;

use super::ImportError;

/// The longest file that is read, in bytes. The longest of rustlings has 40,000.
const MAX_FILE: u64 = 1 << 20;

/// What a checkout holds.
#[derive(Debug)]
pub(super) struct Checkout {
    /// In the order in which they are meant to be done.
    pub(super) exercises: Vec<Exercise>,
    /// The texts of the folders, by folder name.
    pub(super) readmes: BTreeMap<String, String>,
    pub(super) version: Option<Version>,
    pub(super) licence: Option<String>,
}

/// One exercise.
#[derive(Debug)]
pub(super) struct Exercise {
    pub(super) info: ExerciseInfo,
    pub(super) code: String,
}

/// What `info.toml` says of an exercise. The fields that matter only to those who work on
/// rustlings itself are left out.
#[derive(Debug, Deserialize)]
pub(super) struct ExerciseInfo {
    pub(super) name: String,
    pub(super) dir: Option<String>,
    #[serde(default = "yes")]
    pub(super) test: bool,
    #[serde(default)]
    pub(super) strict_clippy: bool,
    #[serde(default)]
    pub(super) hint: String,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct InfoFile {
    exercises: Vec<ExerciseInfo>,
}

impl Checkout {
    pub(super) fn read(root: &Path) -> Result<Self, ImportError> {
        let not_a_checkout = |what| ImportError::NotACheckout(root.to_owned(), what);
        let places = ["info.toml", "rustlings-macros/info.toml"];
        let mut info = None;
        for place in places {
            let path = root.join(place);
            if let Some(text) = read(&path)? {
                info = Some((path, text));
                break;
            }
        }
        let (path, text) =
            info.ok_or_else(|| not_a_checkout("info.toml or rustlings-macros/info.toml"))?;
        if !root.join("exercises").is_dir() {
            return Err(not_a_checkout("a folder exercises/"));
        }
        let file: InfoFile = toml::from_str(&text).map_err(|error| ImportError::Info {
            path: path.clone(),
            message: error.to_string(),
        })?;

        let mut exercises = Vec::with_capacity(file.exercises.len());
        let mut readmes = BTreeMap::new();
        for info in file.exercises {
            let (readme, code) = locate(&info)?;
            let code = required(root, &code)?;
            if let Some(dir) = &info.dir
                && let Some(readme) = readme
                && let Some(text) = read(&root.join(readme.as_str()))?
            {
                readmes.insert(dir.clone(), text);
            }
            exercises.push(Exercise { info, code });
        }
        Ok(Self {
            exercises,
            readmes,
            version: read(&root.join("Cargo.toml"))?.and_then(|text| package_version(&text)),
            licence: read(&root.join("LICENSE"))?,
        })
    }
}

/// Where the text and the code of an exercise are. Its names come from a file: they must not lead
/// out of the checkout.
fn locate(info: &ExerciseInfo) -> Result<(Option<RelPath>, RelPath), ImportError> {
    let path = |text: String| {
        RelPath::new(&text).map_err(|error| ImportError::Exercise {
            name: info.name.clone(),
            message: error.to_string(),
        })
    };
    match &info.dir {
        Some(dir) => Ok((
            Some(path(format!("exercises/{dir}/README.md"))?),
            path(format!("exercises/{dir}/{}.rs", info.name))?,
        )),
        None => Ok((None, path(format!("exercises/{}.rs", info.name))?)),
    }
}

fn required(root: &Path, path: &RelPath) -> Result<String, ImportError> {
    let path = root.join(path.as_str());
    match read(&path)? {
        Some(text) => Ok(text),
        None => Err(ImportError::Io { path, error: io::ErrorKind::NotFound.into() }),
    }
}

/// The text of a file, `None` if there is no such file.
fn read(path: &Path) -> Result<Option<String>, ImportError> {
    let failed = |error| ImportError::Io { path: path.to_owned(), error };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut text = String::new();
    file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_FILE {
        return Err(failed(io::Error::other(format!("expected at most {MAX_FILE} bytes"))));
    }
    Ok(Some(text))
}

/// `version` of `[package]`, or of `[workspace.package]`.
fn package_version(text: &str) -> Option<Version> {
    let manifest: toml::Table = toml::from_str(text).ok()?;
    let of = |table: &toml::Table| {
        Version::parse(table.get("package")?.as_table()?.get("version")?.as_str()?).ok()
    };
    of(&manifest).or_else(|| of(manifest.get("workspace")?.as_table()?))
}
