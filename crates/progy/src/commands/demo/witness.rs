//! Whether everything that was ever in a file is still there: on the devices, in a revision, in a
//! trash.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use progy_client::api::http::HttpApi;
use progy_client::disk::RealDisk;
use progy_client::env::{Env, SystemEnv};
use progy_client::pages::Pages;
use progy_client::remote::{Gathered, Remote, Wanted};
use progy_client::remotes::git::{GitRemote, Known};
use progy_client::remotes::patch::PatchRemote;
use progy_core::course::is_left_out;
use progy_core::rules::is_private;
use progy_core::{ContentHash, CourseId, DeviceId, DeviceName, Entry, HashKind, RelPath, Strategy};
use semver::Version;

use super::course::{self, Files};
use super::stage::{Device, broken};
use crate::failure::{Exit, Failure};

/// What a folder, or a revision, holds.
pub(super) type Contents = BTreeMap<String, ContentHash>;

/// Remembers every content that was ever in a file, and where.
pub(super) struct Witness {
    kind: HashKind,
    seen: BTreeMap<ContentHash, String>,
}

/// What the server gives to one who asks for everything.
pub(super) struct Found {
    /// The files of the head.
    pub(super) head: Contents,
    /// How many revisions there are.
    pub(super) revisions: usize,
    /// Contents that were fetched from revisions, or are part of the course.
    reachable: BTreeSet<ContentHash>,
}

impl Witness {
    /// One that has seen nothing, and names contents as `kind` says.
    pub(super) fn new(kind: HashKind) -> Self {
        Self { kind, seen: BTreeMap::new() }
    }

    /// Remembers what is in the files of a device now.
    pub(super) fn look(&mut self, device: &Device<'_>) -> Result<(), Failure> {
        for (path, hash) in files(device.workspace(), self.kind)? {
            self.seen.entry(hash).or_insert_with(|| format!("{}: {path}", device.name));
        }
        Ok(())
    }

    /// Fails unless everything that was seen can be had from the server or from a device. How much
    /// that is.
    pub(super) fn require_all(
        &self,
        found: &Found,
        devices: &[&Device<'_>],
    ) -> Result<usize, Failure> {
        let mut reachable = found.reachable.clone();
        for device in devices {
            reachable.extend(files(device.workspace(), self.kind)?.into_values());
            walk(&device.workspace().join(".progy/trash"), &mut |_, bytes| {
                reachable.insert(self.kind.hash(bytes));
            })?;
        }
        match self.seen.iter().find(|(hash, _)| !reachable.contains(hash)) {
            Some((_, place)) => Err(fail!(Exit::Failed, "demo-lost", what = place)),
            None => Ok(self.seen.len()),
        }
    }
}

/// The files of a workspace that are synced.
pub(super) fn files(workspace: &Path, kind: HashKind) -> Result<Contents, Failure> {
    let mut files = Contents::new();
    walk(workspace, &mut |path, bytes| {
        files.insert(path.to_owned(), kind.hash(bytes));
    })?;
    Ok(files)
}

/// A path at which two folders differ.
pub(super) fn difference<'a>(one: &'a Contents, other: &'a Contents) -> Option<&'a str> {
    let paths = one.keys().chain(other.keys());
    paths.map(String::as_str).find(|path| one.get(*path) != other.get(*path))
}

/// Every file below `root` but Progy's own and what tools make.
fn walk(root: &Path, take: &mut dyn FnMut(&str, &[u8])) -> Result<(), Failure> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let name =
                path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            let is_own = is_private(name.split('/').next().unwrap_or_default());
            if is_own || name == ".git" || RelPath::new(&name).is_ok_and(|name| is_left_out(&name))
            {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).map_err(|error| broken(&name, &error))?;
                take(&name, &bytes);
            }
        }
    }
    Ok(())
}

/// Asks the server for the head, for every revision, and for every content of them: as a new device
/// would, with the files of the course and nothing else at hand.
pub(super) async fn ask(address: &str, token: &str, strategy: Strategy) -> Result<Found, Failure> {
    let id = |error: progy_core::ids::IdError| fail!(Exit::Failed, "demo-lost", what = error);
    let api = HttpApi::new(address, Some(token.to_owned()))?;
    let (api, course) = (&api, CourseId::new(course::ID).map_err(id)?);
    let device = DeviceId::new(SystemEnv.save_id().as_str()).map_err(id)?;
    let device_name = DeviceName::from_any("witness");
    let folder = tempfile::tempdir().map_err(|error| broken("witness", &error))?;
    let disk = RealDisk::new(folder.path());
    let remote: Box<dyn Remote> = if strategy == Strategy::Git {
        Box::new(GitRemote {
            api,
            disk: &disk,
            root: folder.path().to_owned(),
            course,
            device,
            device_name,
            offset: 0,
            helper: String::new(),
            known: Known::default(),
        })
    } else {
        Box::new(PatchRemote { api, course, device, device_name })
    };
    let templates = Templates::new(strategy.hash_kind());
    let mut found = Found { head: Contents::new(), revisions: 0, reachable: templates.contents() };
    if let Some(head) = remote.head(None).await? {
        found.head = templates.of(&head.version).clone();
        for (path, entry) in &head.overlay {
            match entry.as_ref().and_then(Entry::as_file) {
                Some(file) => found.head.insert(path.to_string(), file.hash),
                None => found.head.remove(path.as_str()),
            };
        }
    }
    let mut history = Pages::of(remote.as_ref());
    while let Some(revisions) = history.next().await? {
        for revision in &revisions {
            found.revisions += 1;
            let recorded = remote.revision(&revision.id).await?;
            let recorded =
                recorded.ok_or_else(|| fail!(Exit::Failed, "demo-lost", what = revision.id))?;
            let files = recorded.overlay.values().flatten().filter_map(Entry::as_file);
            let wanted: Vec<Wanted> = files
                .filter(|file| !found.reachable.contains(&file.hash))
                .map(|file| Wanted::with(file, &recorded.details))
                .collect();
            let version = &recorded.revision.version;
            let mut gathered = Gathered::default();
            remote.fetch(version, &wanted, &|_| None, &mut gathered).await?;
            let came = wanted.iter().filter(|want| gathered.get(&want.hash).is_some());
            found.reachable.extend(came.map(|want| want.hash));
        }
    }
    Ok(found)
}

/// Both versions of the course.
struct Templates {
    first: Contents,
    next: Contents,
}

impl Templates {
    fn new(kind: HashKind) -> Self {
        let contents = |files: Files| {
            let hashed = files.into_iter().map(|(path, bytes)| (path, kind.hash(&bytes)));
            hashed.collect()
        };
        Self { first: contents(course::files()), next: contents(course::next()) }
    }

    fn of(&self, version: &Version) -> &Contents {
        if *version == course::next_version() { &self.next } else { &self.first }
    }

    fn contents(&self) -> BTreeSet<ContentHash> {
        self.first.values().chain(self.next.values()).copied().collect()
    }
}
