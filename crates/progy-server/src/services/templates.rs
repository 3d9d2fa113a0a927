//! The files of course versions.
//!
//! A version's files are kept once more beside its package, in a form from which one small file is
//! one small read (a [`pack`]); what was used last is kept in memory.

pub mod pack;

use std::sync::Arc;

use bytes::Bytes;
use progy_core::{ContentHash, CourseId};
use semver::Version;

use super::cache::Cache;
use crate::ports::{Database, ObjectStore, PortError, Result};
pub use pack::Template;

/// The largest file that [`Templates::content`] gives, in bytes: what a frame's window can span.
pub const WHOLE: u64 = 8 << 20;
/// Larger contents would push too many others out of the cache, in bytes.
const CACHED: usize = 1 << 20;

/// Access to templates, cached. All of it is immutable, so that a cache is never wrong.
pub struct Templates {
    db: Arc<dyn Database>,
    objects: Arc<dyn ObjectStore>,
    trees: Cache<(CourseId, Version), Arc<Template>>,
    contents: Cache<ContentHash, Bytes>,
}

impl Templates {
    /// Templates of the courses in `db`; `tree_cache` and `content_cache` are in bytes.
    pub fn new(
        db: Arc<dyn Database>,
        objects: Arc<dyn ObjectStore>,
        tree_cache: usize,
        content_cache: usize,
    ) -> Self {
        let (trees, contents) = (Cache::new(tree_cache), Cache::new(content_cache));
        Self { db, objects, trees, contents }
    }

    /// The template of a course version, or `None` if there is no such version.
    pub async fn get(&self, course: &CourseId, version: &Version) -> Result<Option<Arc<Template>>> {
        let key = (course.clone(), version.clone());
        if let Some(template) = self.trees.get(&key) {
            return Ok(Some(template));
        }
        let Some(published) = self.db.version(course, version).await? else { return Ok(None) };
        let Some(index) = self.db.template(course, version).await? else { return Ok(None) };
        let template = Arc::new(Template::decode(&published.package, &index)?);
        self.trees.put(key, Arc::clone(&template), template.weight());
        Ok(Some(template))
    }

    /// The bytes of a file of `template`, or `None` if it has no such file, or one over [`WHOLE`].
    pub async fn content(&self, template: &Template, hash: &ContentHash) -> Result<Option<Bytes>> {
        let Some(place) = template.place(hash).filter(|place| place.size <= WHOLE) else {
            return Ok(None);
        };
        if let Some(content) = self.contents.get(hash) {
            return Ok(Some(content));
        }
        let mut content = Vec::new();
        for chunk in 0..place.chunks() {
            content.extend_from_slice(&self.chunk(template, hash, chunk).await?);
        }
        if ContentHash::blake3(&content) != *hash {
            return Err(PortError::Damaged(format!("{hash} in {}", template.key())));
        }
        let content = Bytes::from(content);
        if content.len() <= CACHED {
            self.contents.put(*hash, content.clone(), content.len());
        }
        Ok(Some(content))
    }

    /// The `chunk`th part, counted from 0, of a file of any size; see [`pack::Place::chunks`].
    pub async fn chunk(
        &self,
        template: &Template,
        hash: &ContentHash,
        chunk: usize,
    ) -> Result<Vec<u8>> {
        let damaged = |what: &str| PortError::Damaged(format!("{}: {what}", template.key()));
        let range = template.frame(hash, chunk).ok_or_else(|| damaged("no such frame"))?;
        let wanted = range.end - range.start;
        let frame = self.objects.get_range(template.key(), range).await?;
        let frame = frame.ok_or_else(|| damaged("the pack is missing"))?;
        if frame.len() as u64 != wanted {
            return Err(damaged("the pack is cut short"));
        }
        pack::unpack(&frame).map_err(|error| damaged(&error.to_string()))
    }
}
