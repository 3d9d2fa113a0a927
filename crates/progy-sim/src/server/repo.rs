//! A Git host for one repository: a stand-in for the embedded host, whose programs are too slow for
//! thousands of runs. What it must refuse it refuses: whatever is no fast-forward, and packs that
//! are damaged or lack something.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use progy_client::state::{Overlay, overlay};
use progy_core::git::pkt_line::{self, FLUSH, Line};
use progy_core::git::wire::Service;
use progy_core::git::{BRANCH, Kind, Object, ObjectId};
use progy_core::{ContentHash, CourseId, RevisionId, Tree};
use progy_git::Repository;
use tempfile::TempDir;

use crate::trace::locked;

/// Where files are fast; elsewhere if there is no such place.
const FAST: &str = "/dev/shm";

/// A folder for a repository, gone when it is dropped.
pub(crate) fn folder() -> Result<TempDir, String> {
    let builder = tempfile::Builder::new();
    builder.tempdir_in(FAST).or_else(|_| builder.tempdir()).map_err(|error| error.to_string())
}

/// The host with its one repository.
#[derive(Debug)]
pub(crate) struct Host {
    repository: Mutex<Repository>,
    folder: TempDir,
}

impl Host {
    pub(crate) fn new() -> Result<Self, String> {
        let folder = folder()?;
        let repository = Repository::open_or_init(folder.path()).map_err(|e| e.to_string())?;
        Ok(Self { repository: Mutex::new(repository), folder })
    }

    fn repository(&self) -> MutexGuard<'_, Repository> {
        locked(&self.repository)
    }

    /// An object of the repository.
    pub(crate) fn object(&self, id: &ObjectId) -> Option<Object> {
        let repository = self.repository();
        [Kind::Blob, Kind::Tree, Kind::Commit].into_iter().find_map(|kind| {
            let bytes = repository.read(id, kind).ok().flatten()?;
            Some(Object { id: *id, kind, bytes })
        })
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where its address leads.
    pub(crate) fn url(course: &CourseId) -> String {
        format!("http://127.0.0.1/git/ana/{course}.git")
    }

    pub(crate) fn main(&self) -> Option<ObjectId> {
        self.repository().main().ok().flatten()
    }

    /// As an operator who restores a backup of the repository.
    pub(crate) fn set_main(&self, to: Option<ObjectId>) -> Result<(), String> {
        self.repository().reset_main(to).map_err(|error| error.to_string())
    }

    pub(crate) fn advertise(&self, service: Service) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = |text: String| {
            // None of these lines is long.
            let _ = pkt_line::write(&mut out, text.as_bytes());
        };
        line(format!("# service={}\n", service.as_str()));
        let can = "report-status ofs-delta";
        let zero = "0".repeat(40);
        let first = match self.main() {
            Some(main) => format!("{main} {BRANCH}\0{can}\n"),
            None => format!("{zero} capabilities^{{}}\0{can}\n"),
        };
        let head = out.len();
        let _ = pkt_line::write(&mut out, first.as_bytes());
        let rest = out.split_off(head);
        out.extend_from_slice(FLUSH);
        out.extend_from_slice(&rest);
        out.extend_from_slice(FLUSH);
        out
    }

    pub(crate) fn upload_pack(&self, request: &[u8]) -> Option<Vec<u8>> {
        let (mut want, mut haves) = (None, Vec::new());
        for line in pkt_line::lines(request) {
            let Line::Data(data) = line.ok()? else { continue };
            let text = std::str::from_utf8(pkt_line::text(data)).ok()?;
            let mut words = text.split(' ');
            match (words.next(), words.next()) {
                (Some("want"), Some(id)) => want = id.parse().ok(),
                (Some("have"), Some(id)) => haves.push(id.parse().ok()?),
                _ => {}
            }
        }
        let want = want.filter(|want| Some(*want) == self.main())?;
        let mut out = Vec::new();
        pkt_line::write(&mut out, b"NAK\n").ok()?;
        self.repository().pack(&want, &haves, &mut out).ok()?;
        Some(out)
    }

    /// Tells what became of the push in Git's words.
    pub(crate) fn receive_pack(&self, request: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let lines = match self.take(request) {
            Ok(()) => ["unpack ok\n".to_owned(), format!("ok {BRANCH}\n")],
            Err(why) => ["unpack ok\n".to_owned(), format!("ng {BRANCH} {why}\n")],
        };
        for line in lines {
            let _ = pkt_line::write(&mut out, line.as_bytes());
        }
        out.extend_from_slice(FLUSH);
        out
    }

    fn take(&self, request: &[u8]) -> Result<(), String> {
        let (old, new, pack) = command(request).ok_or("a request that is none")?;
        let fails = |error: progy_git::Error| error.to_string();
        let repository = self.repository();
        let mut receiver = repository.receive_pack().map_err(fails)?;
        receiver.write_all(pack).map_err(|error| error.to_string())?;
        receiver.finish().map_err(fails)?;
        // Everything that the commit leads to has to be there.
        whole(&repository, &new).map_err(fails)?;
        if let Some(old) = old
            && !repository.follows(&new, &old).map_err(fails)?
        {
            return Err("non-fast-forward".to_owned());
        }
        repository.move_main(old, new, "push").map_err(fails)
    }

    /// Every commit from the head on, newest first.
    pub(crate) fn commits(&self) -> Vec<ObjectId> {
        let main = self.main();
        let log = main.map(|main| self.repository().log(&main, usize::MAX));
        let log = log.and_then(Result::ok).unwrap_or_default();
        log.into_iter().map(|(id, _)| id).collect()
    }

    /// A commit of the branch: what it says, and its files.
    pub(crate) fn commit(&self, id: &RevisionId) -> Option<(progy_core::git::Commit, Tree)> {
        let id = ObjectId::try_from(id).ok()?;
        let main = self.main()?;
        let repository = self.repository();
        let commit = repository.commit(&id).ok()??;
        let is_there = repository.follows(&main, &id).ok()?;
        is_there.then_some((commit, repository.tree(&id).ok()?))
    }

    /// What a commit differs in from a template.
    pub(crate) fn overlay(template: &Tree, files: &Tree) -> Overlay {
        overlay(template, files)
    }

    pub(crate) fn contents(
        &self,
        hashes: impl Iterator<Item = ContentHash>,
    ) -> BTreeMap<ContentHash, Vec<u8>> {
        let repository = self.repository();
        let read = |hash: ContentHash| {
            let blob = ObjectId::try_from(&hash).ok()?;
            Some((hash, repository.read(&blob, Kind::Blob).ok()??))
        };
        hashes.filter_map(read).collect()
    }
}

/// Whether all that a commit leads to is there.
fn whole(repository: &Repository, commit: &ObjectId) -> progy_git::Result<()> {
    let tree = repository.tree(commit)?;
    for file in tree.iter().filter_map(|(_, entry)| entry.as_file()) {
        if let Ok(blob) = ObjectId::try_from(&file.hash) {
            repository.size(&blob)?;
        }
    }
    Ok(())
}

/// Where a push wants the branch to go, and its pack.
pub(crate) fn command(request: &[u8]) -> Option<(Option<ObjectId>, ObjectId, &[u8])> {
    let (Line::Data(data), rest) = pkt_line::split(request).ok()? else { return None };
    let (Line::Flush, pack) = pkt_line::split(rest).ok()? else { return None };
    let text = std::str::from_utf8(data).ok()?;
    let mut words = text.split([' ', '\0']);
    let (old, new): (ObjectId, ObjectId) =
        (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let old = Some(old).filter(|old| old.as_bytes() != &[0; 20]);
    Some((old, new, pack))
}
