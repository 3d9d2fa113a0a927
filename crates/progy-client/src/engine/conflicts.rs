//! Settling conflict copies.

use progy_core::merge::{common_lines, merge_with_markers};
use progy_core::{Change, ConflictName, ContentHash, Entry, FileEntry, RelPath};

use super::{Engine, Intent, Report, conflict_copies};
use crate::remote::Remote;
use crate::{Error, Result, apply};

/// How a conflict is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// The file stays as it is; the copy goes.
    Mine,
    /// The copy's content becomes the file's; the copy goes.
    Theirs,
    /// The learner has put both together in the file; the copy goes.
    Merged,
    /// Both versions are written into the file, with markers where they differ; the copy stays
    /// until `Merged`.
    Markers,
}

/// A conflict that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The file.
    pub original: RelPath,
    /// The conflict copy.
    pub copy: RelPath,
    /// The device whose version the copy is.
    pub device: String,
}

impl Engine<'_> {
    /// The conflict copies that wait.
    pub fn conflicts(&mut self) -> Result<Vec<Waiting>> {
        let tree = self.unsaved()?.tree;
        Ok(conflict_copies(&tree)
            .into_iter()
            .filter_map(|copy| {
                let name = ConflictName::parse(&copy)?;
                Some(Waiting { original: name.original, copy, device: name.device })
            })
            .collect())
    }

    /// Settles the conflict of `path`, which names the file or one of its copies, and saves.
    pub async fn resolve(
        &mut self,
        remote: &dyn Remote,
        path: &str,
        how: Resolution,
    ) -> Result<Report> {
        let fitting: Vec<Waiting> = self
            .conflicts()?
            .into_iter()
            .filter(|waiting| waiting.copy.as_str() == path || waiting.original.as_str() == path)
            .collect();
        let Some(first) = fitting.first().cloned() else {
            return Err(Error::NoSuchPath(path.to_owned()));
        };
        if fitting.len() > 1 && matches!(how, Resolution::Theirs | Resolution::Markers) {
            // Several versions: the learner must name the copy that is meant.
            return Err(Error::NoSuchPath(path.to_owned()));
        }
        // Everything as it is now stays in the history.
        self.commit(remote, &Intent::new(format!("Before resolving {}", first.original)))?;
        match how {
            Resolution::Mine => {}
            Resolution::Merged => self.refuse_markers(&first.original)?,
            Resolution::Theirs => {
                let bytes = self.file(&first.copy)?;
                self.put(&first.original, &bytes)?;
            }
            Resolution::Markers => {
                let (mine, theirs) = (self.file(&first.original)?, self.file(&first.copy)?);
                let marked = merge_with_markers(&common_lines(&mine, &theirs), &mine, &theirs)
                    .ok_or_else(|| Error::NoSuchPath(path.to_owned()))?;
                self.put(&first.original, &marked)?;
            }
        }
        if how != Resolution::Markers {
            let scan = self.unsaved()?.scan;
            let changes: Vec<Change> = fitting
                .iter()
                .map(|waiting| Change {
                    path: waiting.copy.clone(),
                    before: scan.tree.get(waiting.copy.as_str()).cloned(),
                    after: None,
                })
                .collect();
            self.apply_now(&changes, &[])?;
        }
        self.save(remote, &Intent::new(format!("Resolve {}", first.original))).await
    }

    fn refuse_markers(&self, path: &RelPath) -> Result<()> {
        let bytes = self.file(path)?;
        let marked = bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"<<<<<<< "));
        if marked { Err(Error::KeepsMarkers(path.clone())) } else { Ok(()) }
    }

    /// Writes `bytes` to `path`, keeping what was there in the trash.
    fn put(&mut self, path: &RelPath, bytes: &[u8]) -> Result<()> {
        let scan = self.unsaved()?.scan;
        let before = scan.tree.get(path.as_str()).cloned();
        let executable =
            before.as_ref().and_then(Entry::as_file).is_some_and(|file| file.executable);
        let hash = ContentHash::blake3(bytes);
        let after = Entry::File(FileEntry { hash, size: bytes.len() as u64, executable });
        if before.as_ref() == Some(&after) {
            return Ok(());
        }
        self.apply_now(&[Change { path: path.clone(), before, after: Some(after) }], bytes)
    }

    fn apply_now(&mut self, changes: &[Change], bytes: &[u8]) -> Result<()> {
        let scan = self.unsaved()?.scan;
        let applied = apply::apply(self.disk, self.env, &scan, changes, |_, _| Ok(bytes.to_vec()))?;
        apply::finish(self.disk)?;
        if let Some(path) = applied.changed.into_iter().next() {
            return Err(Error::KeepsChanging(path));
        }
        match applied.blocked.into_iter().next() {
            Some((path, error)) => Err(Error::disk(path.as_str())(error)),
            None => Ok(()),
        }
    }
}
