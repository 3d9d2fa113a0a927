//! The courses' packages on this device.
//!
//! A package is a zip file in `.progy/templates/`; beside it its tree is remembered, so that a
//! command does not hash a course again.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::io::{self, Write};

use progy_core::course::{Manifest, Outline};
use progy_core::rules::Rules;
use progy_core::{ContentHash, Entry, HashKind, RelPath, Tree};
use progy_course::package::{Limits, Package};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::codec::Format;
use crate::disk::{Disk, Reader};
use crate::remote::Remote;
use crate::{Error, Result, layout};

const FORMAT: Format = Format { magic: *b"progyTPL", version: 2 };

/// One course version on this device.
pub struct Template {
    version: Version,
    tree: Tree,
    manifest: Manifest,
    rules: Rules,
    outline: std::result::Result<Outline, String>,
    by_hash: OnceCell<HashMap<ContentHash, RelPath>>,
    package: RefCell<Option<Package<Box<dyn Reader>>>>,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("version", &self.version).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    /// Size of the package; another one has taken its place otherwise.
    size: u64,
    manifest: Vec<u8>,
    tree: Tree,
    /// Without it `status` would read the package for the titles of lessons; or what is wrong.
    outline: std::result::Result<Outline, String>,
}

impl Template {
    /// The template of `version`, its contents named as `kind` says; `None` if its package is not on
    /// this device.
    pub fn load(disk: &dyn Disk, version: &Version, kind: HashKind) -> Result<Option<Self>> {
        let path = layout::package(version);
        let Some(meta) = disk.meta(&path).map_err(Error::disk(&path))? else { return Ok(None) };
        let remembered: Option<Remembered> =
            FORMAT.read(disk, &layout::template_tree(version, kind)).ok().flatten();
        if let Some(remembered) = remembered
            && remembered.size == meta.size
        {
            return Self::new(version.clone(), remembered, None).map(Some);
        }
        let mut package = open(disk, version)?;
        let name = RelPath::new("course.json").map_err(bad)?;
        let manifest = package.read(&name).map_err(bad)?;
        let tree = package.tree_of(kind).map_err(bad)?;
        let outline = package.outline().map_err(|error| error.to_string());
        let remembered = Remembered { size: meta.size, manifest, tree, outline };
        // Only a cache: without it the next command hashes the course again.
        let _ = FORMAT.write_cache(disk, &layout::template_tree(version, kind), &remembered);
        Self::new(version.clone(), remembered, Some(package)).map(Some)
    }

    /// The template of `version`, named as the remote's strategy does. Its package is fetched,
    /// checked and kept, if it is not on this device.
    pub async fn fetch(disk: &dyn Disk, version: &Version, remote: &dyn Remote) -> Result<Self> {
        let kind = remote.strategy().hash_kind();
        if let Some(template) = Self::load(disk, version, kind)? {
            return Ok(template);
        }
        Self::fetch_package(disk, version, remote).await?;
        Self::load(disk, version, kind)?.ok_or_else(|| Error::Damaged(layout::package(version)))
    }

    /// What the course says of itself, before it is known how its workspace is carried. Its package
    /// is fetched, checked and kept, if it is not on this device.
    pub async fn fetch_manifest(
        disk: &dyn Disk,
        version: &Version,
        remote: &dyn Remote,
    ) -> Result<Manifest> {
        let path = layout::package(version);
        if disk.meta(&path).map_err(Error::disk(&path))?.is_none() {
            Self::fetch_package(disk, version, remote).await?;
        }
        Ok(open(disk, version)?.manifest().clone())
    }

    async fn fetch_package(disk: &dyn Disk, version: &Version, remote: &dyn Remote) -> Result<()> {
        let part = format!("{}/{version}.part", layout::TMP);
        disk.remove(&part).map_err(Error::disk(&part))?;
        let mut writer = PartWriter { disk, path: &part, hasher: blake3::Hasher::new() };
        let expected = remote.package(version, &mut writer).await?;
        let found = writer.hasher.finalize().to_hex().to_string();
        if found != expected {
            return Err(Error::Unreachable("the download of the course was damaged".to_owned()));
        }
        Package::open(disk.open(&part).map_err(Error::disk(&part))?, Limits::default())
            .map_err(bad)?;
        let path = layout::package(version);
        disk.flush(&[&part]).map_err(Error::disk(&part))?;
        disk.rename(&part, &path).map_err(Error::disk(&path))
    }

    fn new(
        version: Version,
        Remembered { manifest, tree, outline, .. }: Remembered,
        package: Option<Package<Box<dyn Reader>>>,
    ) -> Result<Self> {
        let manifest = Manifest::parse(&manifest).map_err(bad)?;
        let rules = Rules::new(&manifest.sync.rules).map_err(bad)?;
        let package = RefCell::new(package);
        Ok(Self { version, tree, manifest, rules, outline, by_hash: OnceCell::new(), package })
    }

    fn by_hash(&self) -> &HashMap<ContentHash, RelPath> {
        let hash = |entry: &Entry| Some(entry.as_file()?.hash);
        self.by_hash.get_or_init(|| {
            let files = self.tree.iter();
            files.filter_map(|(path, entry)| Some((hash(entry)?, path.clone()))).collect()
        })
    }

    /// The course version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// BLAKE3 of the package, 64 hexadecimal digits: tells one package from another that was
    /// published under the same version elsewhere.
    pub fn package_hash(&self, disk: &dyn Disk) -> Result<String> {
        let path = layout::package(&self.version);
        let mut reader = disk.open(&path).map_err(Error::disk(&path))?;
        let mut hasher = blake3::Hasher::new();
        io::copy(&mut reader, &mut hasher).map_err(Error::disk(&path))?;
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// The files of the course.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Its `course.json`.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Which files travel.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether some file of the course has this content.
    pub fn has(&self, hash: &ContentHash) -> bool {
        self.by_hash().contains_key(hash)
    }

    /// The content `hash`, if some file of the course has it.
    pub fn content(&self, disk: &dyn Disk, hash: &ContentHash) -> Result<Option<Vec<u8>>> {
        match self.by_hash().get(hash) {
            Some(path) => self.read(disk, path).map(Some),
            None => Ok(None),
        }
    }

    /// The content of a file of the course.
    pub fn read(&self, disk: &dyn Disk, path: &RelPath) -> Result<Vec<u8>> {
        let mut package = self.package.borrow_mut();
        if package.is_none() {
            *package = Some(open(disk, &self.version)?);
        }
        match package.as_mut() {
            Some(package) => package.read(path).map_err(bad),
            None => Err(Error::NoSuchPath(path.to_string())),
        }
    }

    /// The course's modules and lessons.
    pub fn outline(&self) -> Result<&Outline> {
        self.outline.as_ref().map_err(bad)
    }
}

fn open(disk: &dyn Disk, version: &Version) -> Result<Package<Box<dyn Reader>>> {
    let path = layout::package(version);
    let reader = disk.open(&path).map_err(Error::disk(&path))?;
    Package::open(reader, Limits::default()).map_err(bad)
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn bad(error: impl ToString) -> Error {
    Error::BadPackage(error.to_string())
}

/// Appends what is downloaded to a file, in pieces.
struct PartWriter<'a> {
    disk: &'a dyn Disk,
    path: &'a str,
    hasher: blake3::Hasher,
}

impl Write for PartWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.append(self.path, bytes)?;
        self.hasher.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
