//! What the server holds, as checks want to know it.

use std::collections::BTreeMap;

use progy_api::delta::{self, Base64};
use progy_api::history::{ContentsRequest, FileState, RevisionSummary, Want};
use progy_api::snapshot::BlobsRequest;
use progy_core::git::ObjectId;
use progy_core::progress::Progress;
use progy_core::{
    ContentHash, Entry, FileEntry, HashKind, LinkTarget, RelPath, RevisionId, Timestamp, Tree,
};
use semver::Version;

use super::repo::Host;
use super::{Server, ready};
use crate::course;

/// One revision and what it differs in from the template of its version.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) summary: RevisionSummary,
    pub(crate) overlay: progy_client::state::Overlay,
}

impl Server {
    /// Every revision that can be reached from the head, newest first.
    pub(crate) fn history(&self) -> Result<Vec<Kept>, String> {
        if let Some(git) = self.only_git() {
            let commits = git.commits().into_iter().map(|id| id.revision());
            let kept = commits.map(|id| self.revision(&id).ok_or(format!("{id} cannot be read")));
            return kept.collect();
        }
        let course = self.course();
        let mut history = Vec::new();
        let mut before: Option<RevisionId> = None;
        loop {
            let page = self.services.revisions(&self.user, &course, before.as_ref(), 100);
            let page = match ready(page).ok_or("the server waits")? {
                Ok(page) => page,
                Err(error) if error.problem().code == "no_progress" => return Ok(Vec::new()),
                Err(error) => return Err(error.to_string()),
            };
            for summary in page.revisions {
                let kept = self.revision(&summary.id);
                history.push(kept.ok_or_else(|| format!("{} cannot be read", summary.id))?);
                before = Some(summary.id);
            }
            if !page.more {
                return Ok(history);
            }
        }
    }

    /// One revision, if there is one of that id.
    pub(crate) fn revision(&self, id: &RevisionId) -> Option<Kept> {
        if let Some(git) = self.only_git() {
            let (commit, files) = git.commit(id)?;
            let (_, version) = commit.facts.course?;
            let template = self.template(&version, HashKind::GitBlob);
            let summary = RevisionSummary {
                id: id.clone(),
                parent: commit.parents.first().map(ObjectId::revision),
                save: commit.facts.save?,
                device: commit.facts.device?,
                message: commit.message,
                lesson: commit.facts.lesson,
                saved_at: Timestamp(commit.author.seconds * 1000),
                version,
                files_changed: 0,
                bytes: 0,
            };
            return Some(Kept { summary, overlay: Host::overlay(&template, &files) });
        }
        let document = ready(self.services.revision(&self.user, &self.course(), id))?.ok()?;
        let files = document.files.into_iter();
        let overlay = files.map(|file| (file.path.clone(), entry(&file.path, &file.state)));
        Some(Kept { overlay: overlay.collect(), summary: document.revision })
    }

    /// The head and its files; `None` before the first publish.
    pub(crate) fn head(&self) -> Result<Option<(RevisionId, Tree)>, String> {
        if let Some(git) = self.only_git() {
            let Some(main) = git.main() else { return Ok(None) };
            let (_, files) = git.commit(&main.revision()).ok_or("the head cannot be read")?;
            return Ok(Some((main.revision(), files)));
        }
        let course = self.course();
        let standing = ready(self.services.progress(&self.user, &course, None));
        let document = match standing.ok_or("the server waits")? {
            Ok(document) => document,
            Err(error) if error.problem().code == "no_progress" => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let Some(head) = document.head else { return Ok(None) };
        let overlay: progy_client::state::Overlay = document
            .files
            .iter()
            .map(|file| (file.path.clone(), entry(&file.path, &file.state)))
            .collect();
        let kind = if head.id.is_commit() { HashKind::GitBlob } else { HashKind::Blake3 };
        let template = self.template(&document.version, kind);
        let tree = progy_client::state::overlaid(&template, &overlay);
        Ok(Some((head.id, tree.map_err(|error| error.to_string())?)))
    }

    fn template(&self, version: &Version, kind: HashKind) -> Tree {
        course::tree(self.names_files, course::number(version), kind)
    }

    /// The learner's progress as the server knows it.
    pub(crate) fn progress(&self) -> Progress {
        let standing = ready(self.services.progress(&self.user, &self.course(), None));
        standing.and_then(Result::ok).map(|document| document.records).unwrap_or_default()
    }

    /// Those of the contents that are in the learner's packs. None is larger than a chunk.
    fn single_chunks(
        &self,
        hashes: impl Iterator<Item = ContentHash>,
    ) -> BTreeMap<ContentHash, Vec<u8>> {
        // An empty file has no chunk.
        let mut found = BTreeMap::from([(ContentHash::blake3(b""), Vec::new())]);
        let mut left: Vec<ContentHash> = hashes.collect();
        while !left.is_empty() {
            let some = left.iter().take(progy_api::limits::BLOBS);
            let names = some.flat_map(|hash| hash.as_bytes().to_vec()).collect();
            let request = BlobsRequest {
                version: course::version(1),
                names: Base64(names),
                deep: false,
                known: None,
            };
            let Some(Ok(pack)) = ready(self.blobs(&self.course(), &request)) else { break };
            let contents = progy_client::store::contents_of(&pack, None).unwrap_or_default();
            let before = left.len();
            left.retain(|hash| !contents.contains_key(hash));
            found.extend(contents);
            if left.len() == before {
                break;
            }
        }
        found
    }

    /// The bytes of contents, as a device would get them; what cannot be had is left out.
    pub(crate) fn contents(
        &self,
        hashes: impl Iterator<Item = ContentHash>,
    ) -> BTreeMap<ContentHash, Vec<u8>> {
        let mut found = BTreeMap::new();
        for kind in [HashKind::Blake3, HashKind::GitBlob] {
            found.extend(course::contents(self.names_files, kind));
        }
        if let Some(git) = self.only_git() {
            found.extend(git.contents(hashes));
            return found;
        }
        let mut wants: Vec<Want> = hashes
            .filter(|hash| !found.contains_key(hash))
            .map(|hash| Want { hash, have: None })
            .collect();
        wants.sort_by_key(|want| (want.hash.kind() == HashKind::GitBlob, want.hash));
        wants.dedup();
        let mut contents = Vec::new();
        let most = progy_api::limits::CONTENTS_COUNT;
        // One request is about hashes of one kind.
        let alike = wants.chunk_by(|one, other| one.hash.kind() == other.hash.kind());
        for wants in alike.flat_map(|wants| wants.chunks(most)) {
            let request = ContentsRequest { version: course::version(1), wants: wants.to_vec() };
            let answer = ready(self.services.contents(&self.user, &self.course(), &request));
            contents.extend(answer.and_then(Result::ok).into_iter().flat_map(|a| a.contents));
        }
        let missing = wants.iter().filter(|want| want.hash.kind() == HashKind::Blake3);
        found.extend(self.single_chunks(missing.map(|want| want.hash)));
        for content in contents {
            let reference = content.delta.reference.and_then(|hash| found.get(&hash));
            let bytes = delta::decompress(
                &content.delta.data.0,
                reference.map(Vec::as_slice),
                content.size,
                &content.hash,
            );
            if let Ok(bytes) = bytes {
                found.insert(content.hash, bytes);
            }
        }
        found
    }
}

fn entry(path: &RelPath, state: &FileState) -> Option<Entry> {
    match state {
        FileState::File { hash, size, executable } => {
            Some(Entry::File(FileEntry { hash: *hash, size: *size, executable: *executable }))
        }
        FileState::Link { target } => LinkTarget::new(path, target).ok().map(Entry::Symlink),
        FileState::Deleted => None,
    }
}
