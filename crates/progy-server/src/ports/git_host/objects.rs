//! What the server reads of a repository.

use std::collections::{HashSet, VecDeque};

use async_trait::async_trait;
use bytes::Bytes;
use progy_core::git::{Commit, Kind, Object, ObjectId};

use crate::ports::{PortError, Result};

/// The largest commit that is read, in bytes.
const COMMIT: u64 = 1 << 20;
/// The largest folder that is read, in bytes: about 200,000 names.
const FOLDER: u64 = 16 << 20;

/// An object that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What it is; `None` for a tag.
    pub kind: Option<Kind>,
    /// Its size in bytes.
    pub size: u64,
}

/// A repository that is open for reading, until it is dropped.
///
/// Objects never change. Only those that can be named are found: an id is a secret of who has it, and
/// a caller looks up only ids of the learner whose repository it is.
#[async_trait]
pub trait Objects: Send {
    /// What each of `ids` is, in their order; `None` for what is not there.
    async fn look(&mut self, ids: &[ObjectId]) -> Result<Vec<Option<Found>>>;

    /// An object of at most `limit` bytes; `None` if it is not there, or is larger.
    async fn read(&mut self, id: ObjectId, limit: u64) -> Result<Option<Object>>;

    /// Begins to read a blob of any size and gives its size; `None` if there is no such blob.
    async fn begin(&mut self, id: ObjectId) -> Result<Option<u64>>;

    /// The next bytes of the blob that was begun; empty after the last.
    async fn next(&mut self) -> Result<Bytes>;
}

/// A commit that must be there.
pub async fn commit(objects: &mut dyn Objects, id: ObjectId) -> Result<Commit> {
    let object = needed(objects, id, Kind::Commit, COMMIT).await?;
    Commit::parse(&object.bytes).map_err(|error| PortError::Damaged(format!("{id}: {error}")))
}

/// The bytes of a folder that must be there.
pub async fn folder(objects: &mut dyn Objects, id: ObjectId) -> Result<Vec<u8>> {
    Ok(needed(objects, id, Kind::Tree, FOLDER).await?.bytes)
}

async fn needed(objects: &mut dyn Objects, id: ObjectId, kind: Kind, limit: u64) -> Result<Object> {
    let object = objects.read(id, limit).await?.filter(|object| object.kind == kind);
    object.ok_or_else(|| PortError::Damaged(format!("{id} is no {} here", kind.as_str())))
}

/// Whether `older` can be reached from `newer` by following parents.
pub async fn is_ancestor(
    objects: &mut dyn Objects,
    older: ObjectId,
    newer: ObjectId,
) -> Result<bool> {
    // The nearest first: what is asked about is mostly close.
    let mut waiting = VecDeque::from([newer]);
    let mut seen = HashSet::from([newer]);
    while let Some(id) = waiting.pop_front() {
        if id == older {
            return Ok(true);
        }
        let parents = commit(objects, id).await?.parents;
        waiting.extend(parents.into_iter().filter(|parent| seen.insert(*parent)));
    }
    Ok(false)
}
