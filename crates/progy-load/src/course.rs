//! What the learners work on: a course of the server, as every device has it.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Seek};

use progy_client::api::http::HttpApi;
use progy_client::api::{AccountApi, Api};
use progy_core::{ContentHash, CourseId, RelPath, Strategy, Tree};
use progy_course::{Limits, Package};
use semver::Version;

use crate::failure::Failure;
use crate::store::Store;

/// The largest file that learners edit, in bytes.
const LARGEST: u64 = 32 << 10;
/// How many files they choose from; all are in memory.
const MOST: usize = 1000;

/// A course version, with the files that learners edit.
pub(crate) struct Course {
    pub(crate) id: CourseId,
    pub(crate) version: Version,
    pub(crate) template: Tree,
    /// What learners' repositories share, if their work is carried by `git`.
    pub(crate) store: Option<Store>,
    /// At least one; each is text and in `contents`.
    files: Vec<RelPath>,
    contents: HashMap<ContentHash, Vec<u8>>,
}

impl Course {
    /// Downloads the newest version of `wanted`, or of the server's first course.
    pub(crate) async fn fetch(
        api: &HttpApi,
        wanted: Option<&CourseId>,
        strategy: Strategy,
    ) -> Result<Self, Failure> {
        let id = match wanted {
            Some(id) => id.clone(),
            None => api.courses().await?.courses.into_iter().next().ok_or(Failure::NoCourses)?.id,
        };
        let document = api.course(&id).await?.ok_or_else(|| Failure::NoCourse(id.clone()))?;
        let version = document.course.latest;
        let mut file = tempfile::tempfile()?;
        api.package(&id, &version, &mut file).await?;
        Self::read(id, version, Package::open(file, Limits::default())?, strategy)
    }

    fn read<R: Read + Seek>(
        id: CourseId,
        version: Version,
        mut package: Package<R>,
        strategy: Strategy,
    ) -> Result<Self, Failure> {
        let template = package.tree_of(strategy.hash_kind())?;
        let outline = package.outline().unwrap_or_default();
        // What learners edit in life, or any file where a course does not say.
        let mains: BTreeSet<RelPath> =
            outline.lessons().filter_map(|lesson| lesson.main.clone()).collect();
        let small = template.iter().filter_map(|(path, entry)| {
            let file = entry.as_file().filter(|file| (1..=LARGEST).contains(&file.size))?;
            Some((path, file.hash))
        });
        let wanted = small.filter(|(path, _)| mains.is_empty() || mains.contains(*path));
        let (mut files, mut contents) = (Vec::new(), HashMap::new());
        for (path, hash) in wanted.take(MOST) {
            let bytes = package.read(path)?;
            if std::str::from_utf8(&bytes).is_ok() {
                files.push(path.clone());
                contents.insert(hash, bytes);
            }
        }
        if files.is_empty() {
            return Err(Failure::NothingToEdit(id));
        }
        let store = match strategy {
            Strategy::Git => Some(Store::of(&template, &mut package)?),
            _ => None,
        };
        Ok(Self { id, version, template, store, files, contents })
    }

    /// The files that a learner works on, at most `count`: other ones than the neighbours'.
    pub(crate) fn desk(&self, learner: usize, count: usize) -> Vec<RelPath> {
        let from = learner.wrapping_mul(count);
        let count = count.min(self.files.len());
        let at = |n: usize| self.files.get(from.wrapping_add(n) % self.files.len()).cloned();
        (0..count).filter_map(at).collect()
    }

    /// The content `hash` of one of the files that learners edit.
    pub(crate) fn content(&self, hash: &ContentHash) -> Option<&[u8]> {
        self.contents.get(hash).map(Vec::as_slice)
    }

    /// What the template has at `path`.
    pub(crate) fn original(&self, path: &RelPath) -> Option<&[u8]> {
        self.content(&self.template.get(path.as_str())?.as_file()?.hash)
    }
}
