//! Settling conflict copies.

use std::io::Write;

use progy_core::merge::{common_lines, merge_with_markers};
use progy_core::{Change, ConflictName, Entry, FileEntry, RelPath};

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

    /// The conflict copies that are recorded, or came with `report`: after an operation, without
    /// looking at the files again.
    pub fn recorded_conflicts(&mut self, report: &Report) -> Result<Vec<RelPath>> {
        let mut copies = conflict_copies(&self.tip()?);
        let received = report.received.iter().filter(|change| change.after.is_some());
        let is_copy = |path: &RelPath| ConflictName::parse(path).is_some();
        copies.extend(received.map(|change| change.path.clone()).filter(is_copy));
        copies.sort();
        copies.dedup();
        Ok(copies)
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
            Resolution::Theirs => self.take_copy(&first)?,
            Resolution::Markers => self.put_markers(&first)?,
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

    fn refuse_markers(&mut self, path: &RelPath) -> Result<()> {
        // A link or a folder holds no markers.
        if self.unsaved()?.scan.tree.get(path.as_str()).and_then(Entry::as_file).is_none() {
            return Ok(());
        }
        let bytes = self.file(path)?;
        let marked = bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"<<<<<<< "));
        if marked { Err(Error::KeepsMarkers(path.clone())) } else { Ok(()) }
    }

    /// What the copy holds takes the original's place, whatever that is. A file's mode stays.
    fn take_copy(&mut self, waiting: &Waiting) -> Result<()> {
        let tree = self.unsaved()?.scan.tree;
        let (original, copy) = (&waiting.original, &waiting.copy);
        let missing = || Error::NoSuchPath(copy.to_string());
        let before = tree.get(original.as_str()).cloned();
        let mut after = tree.get(copy.as_str()).cloned().ok_or_else(missing)?;
        let mut bytes = Vec::new();
        if let Entry::File(theirs) = &mut after {
            bytes = self.file(copy)?;
            theirs.hash = self.hash_kind().hash(&bytes);
            theirs.size = bytes.len() as u64;
            if let Some(mine) = before.as_ref().and_then(Entry::as_file) {
                theirs.executable = mine.executable;
            }
        }
        let below = tree.below(original.as_str()).map(|(path, entry)| Change {
            path: path.clone(),
            before: Some(entry.clone()),
            after: None,
        });
        let mut changes: Vec<Change> = below.collect();
        if before.as_ref() != Some(&after) {
            changes.push(Change { path: original.clone(), before, after: Some(after) });
        }
        self.apply_now(&changes, &bytes)
    }

    /// Both versions go into the original, with markers where they differ.
    fn put_markers(&mut self, waiting: &Waiting) -> Result<()> {
        let tree = self.unsaved()?.scan.tree;
        let (original, copy) = (&waiting.original, &waiting.copy);
        let no_text = || Error::NoSuchPath(original.to_string());
        let file = |path: &RelPath| tree.get(path.as_str()).and_then(Entry::as_file).copied();
        let before = file(original).ok_or_else(no_text)?;
        file(copy).ok_or_else(no_text)?;
        let (mine, theirs) = (self.file(original)?, self.file(copy)?);
        let marked = merge_with_markers(&common_lines(&mine, &theirs), &mine, &theirs)
            .ok_or_else(no_text)?;
        let hash = self.hash_kind().hash(&marked);
        let after = FileEntry { hash, size: marked.len() as u64, ..before };
        if after == before {
            return Ok(());
        }
        let (before, after) = (Some(Entry::File(before)), Some(Entry::File(after)));
        self.apply_now(&[Change { path: original.clone(), before, after }], &marked)
    }

    /// Makes changes to the learner's files, keeping what was there in the trash.
    fn apply_now(&mut self, changes: &[Change], bytes: &[u8]) -> Result<()> {
        let scan = self.unsaved()?.scan;
        let content = |path: &RelPath, _: &FileEntry, to: &mut dyn Write| {
            to.write_all(bytes).map_err(Error::disk(path.as_str()))
        };
        let applied = apply::apply(self.disk, self.env, &scan, changes, content)?;
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
