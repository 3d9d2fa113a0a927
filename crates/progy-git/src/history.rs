//! Commits in their order.

use std::collections::BTreeSet;

use git2::{Delta, DiffOptions, ErrorCode};
use progy_core::git::{Commit, Kind, ObjectId};

use crate::{Error, Obstacle, Repository, Result, id, oid};

/// The way from one commit to another that follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Each commit has one parent, the one before it; oldest first.
    Straight(Vec<ObjectId>),
    /// There are merges on the way.
    Merged,
}

impl Repository {
    /// The commit; `None` if it is not here.
    pub fn commit(&self, commit: &ObjectId) -> Result<Option<Commit>> {
        let Some(bytes) = self.read(commit, Kind::Commit)? else { return Ok(None) };
        let parsed = Commit::parse(&bytes);
        parsed.map(Some).map_err(|error| Error::Object(*commit, error.to_string()))
    }

    /// Whether `commit` is `ancestor` or follows it.
    pub fn follows(&self, commit: &ObjectId, ancestor: &ObjectId) -> Result<bool> {
        if commit == ancestor {
            return Ok(true);
        }
        if self.read(ancestor, Kind::Commit)?.is_none() {
            return Ok(false);
        }
        Ok(self.git.graph_descendant_of(oid(commit)?, oid(ancestor)?)?)
    }

    /// The newest commit that both follow; [`Obstacle::Unrelated`] if there is none.
    pub fn common(&self, one: &ObjectId, other: &ObjectId) -> Result<ObjectId> {
        match self.git.merge_base(oid(one)?, oid(other)?) {
            Ok(base) => Ok(id(base)),
            Err(error) if error.code() == ErrorCode::NotFound => {
                let shallow = self.is_shallow();
                Err(if shallow { Obstacle::Shallow } else { Obstacle::Unrelated }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The commits after `from` (all, if there is none) up to `to`, which follows it.
    pub fn line(&self, from: Option<&ObjectId>, to: &ObjectId) -> Result<Line> {
        let mut commits = Vec::new();
        let mut at = Some(*to);
        while let Some(commit) = at.filter(|commit| Some(commit) != from) {
            let found = self.find_commit(&commit)?;
            if found.parent_count() > 1 {
                return Ok(Line::Merged);
            }
            commits.push(commit);
            at = found.parent_ids().next().map(id);
        }
        commits.reverse();
        Ok(Line::Straight(commits))
    }

    /// At most `limit` commits from `from` on, newest first, each the first parent of the one
    /// before it. Ends early where the history was never fetched.
    pub fn log(&self, from: &ObjectId, limit: usize) -> Result<Vec<(ObjectId, Commit)>> {
        let mut found = Vec::new();
        let mut at = Some(*from);
        while let Some(commit) = at.filter(|_| found.len() < limit) {
            let Some(read) = self.commit(&commit)? else { break };
            at = read.parents.first().copied();
            found.push((commit, read));
        }
        Ok(found)
    }

    /// How many paths differ from the first parent, and the size of the new contents in bytes.
    pub fn changes(&self, commit: &ObjectId) -> Result<(u32, u64)> {
        let diff = self.diff_to_parent(commit)?;
        let mut bytes = 0_u64;
        let mut count = 0_u32;
        for delta in diff.deltas() {
            count = count.saturating_add(1);
            if delta.status() != Delta::Deleted {
                bytes = bytes.saturating_add(self.size(&id(delta.new_file().id()))?);
            }
        }
        Ok((count, bytes))
    }

    /// The paths that differ from the first parent; those that are no Unicode are left out.
    pub fn changed_paths(&self, commit: &ObjectId) -> Result<Vec<String>> {
        let diff = self.diff_to_parent(commit)?;
        let paths = diff.deltas().filter_map(|delta| delta.new_file().path_bytes());
        let paths = paths.filter_map(|path| std::str::from_utf8(path).ok());
        Ok(paths.map(str::to_owned).collect())
    }

    fn diff_to_parent(&self, commit: &ObjectId) -> Result<git2::Diff<'_>> {
        let found = self.find_commit(commit)?;
        let tree = found.tree()?;
        // A parent that was never fetched is as good as none.
        let before = found.parent(0).ok().and_then(|parent| parent.tree().ok());
        let mut options = DiffOptions::new();
        options.include_typechange(true).skip_binary_check(true).context_lines(0);
        Ok(self.git.diff_tree_to_tree(before.as_ref(), Some(&tree), Some(&mut options))?)
    }

    /// Recent commits that this repository has with all that they lead to: what a host need not
    /// send.
    pub fn recent(&self, limit: usize) -> Result<Vec<ObjectId>> {
        let mut tips = BTreeSet::new();
        for reference in self.git.references()? {
            if let Ok(Some(commit)) = reference.map(|found| found.peel_to_commit().ok()) {
                tips.insert(id(commit.id()));
            }
        }
        let mut recent = Vec::new();
        for tip in tips {
            recent.extend(self.log(&tip, limit)?.into_iter().map(|(commit, _)| commit));
        }
        let mut seen = BTreeSet::new();
        recent.retain(|commit| seen.insert(*commit));
        Ok(recent)
    }
}
