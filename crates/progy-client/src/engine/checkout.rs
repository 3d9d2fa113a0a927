//! The files follow the tip.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use progy_core::diff::diff;
use progy_core::merge::{Merged, merge_text};
use progy_core::plan::{MergeOutcome, MergeWanted, Names, plan};
use progy_core::{Change, ContentHash, DeviceName, Entry, FileEntry, Planned, RelPath, Tree};
use semver::Version;

use super::{Engine, masked};
use crate::remote::{Remote, Wanted};
use crate::scan::Scan;
use crate::{Error, Result, apply};

/// How often files that the learner writes meanwhile are planned again.
const PLAN_AGAIN: u32 = 8;

/// Three trees and whose they are.
pub(super) struct Sides<'s> {
    pub(super) base: &'s Tree,
    pub(super) local: &'s Tree,
    pub(super) remote: &'s Tree,
    /// Which device changed a path on the remote side; otherwise `head_device`.
    pub(super) devices: &'s BTreeMap<RelPath, DeviceName>,
    pub(super) head_device: &'s DeviceName,
}

/// What the files are, and what is to become of them.
struct Looked {
    scan: Scan,
    local: Tree,
    planned: Planned,
}

impl Engine<'_> {
    /// Brings the files to the tip, merging what the learner has changed meanwhile. Returns what
    /// changed in the files.
    ///
    /// A path that the file system refuses to change stays as it is and is tried again next time.
    pub async fn checkout(
        &mut self,
        remote: &dyn Remote,
        devices: &BTreeMap<RelPath, DeviceName>,
        head_device: &DeviceName,
    ) -> Result<Vec<Change>> {
        let received = self.files_follow(remote, devices, head_device).await?;
        self.folders_follow()?;
        self.show(remote)?;
        Ok(received)
    }

    async fn files_follow(
        &mut self,
        remote: &dyn Remote,
        devices: &BTreeMap<RelPath, DeviceName>,
        head_device: &DeviceName,
    ) -> Result<Vec<Change>> {
        let mut received = Vec::new();
        for again in (0..PLAN_AGAIN).rev() {
            if self.state.unapplied.is_empty() {
                return Ok(received);
            }
            let tip = self.tip()?;
            let before = self.checked_out(&tip)?;
            let Looked { scan, local, planned } =
                self.look_and_plan(&tip, &before, devices, head_device, remote).await?;
            let mut changes = diff(&local, &planned.merged);
            changes.retain(|change| !scan.unknown.contains(&change.path));
            // Nothing happens to a file whose conflict copy has no place.
            for conflict in planned.conflicts.iter().filter(|c| scan.unknown.contains(&c.copy)) {
                changes.retain(|change| change.path != conflict.path);
            }
            let version = self.state.version().clone();
            self.fetch_contents(&version, &changes, Some(&scan), remote).await?;

            let applied = {
                let sources = self.sources(Some(&scan));
                let content = |path: &RelPath, file: &FileEntry, to: &mut dyn Write| {
                    let written = sources.write_to(&file.hash, to);
                    if written.map_err(Error::disk(path.as_str()))? {
                        Ok(())
                    } else {
                        Err(Error::MissingContent(path.clone()))
                    }
                };
                let conflicts = &planned.conflicts;
                let details = &self.state.details;
                apply::apply_plan(self.disk, self.env, &scan, &changes, conflicts, details, content)
            };
            let applied = match applied {
                // It was in a file that the learner has changed since: look again.
                Err(Error::MissingContent(path))
                    if again > 0 && is_move(&changes, &path, &scan) =>
                {
                    continue;
                }
                other => other?,
            };
            let mut waiting: BTreeSet<&RelPath> = applied
                .changed
                .iter()
                .chain(applied.blocked.iter().map(|(path, _)| path))
                .chain(&scan.unknown)
                .collect();
            let lacking = planned.conflicts.iter().filter(|c| waiting.contains(&c.copy));
            let lacking: Vec<&RelPath> = lacking.map(|conflict| &conflict.path).collect();
            waiting.extend(lacking);
            self.state.unapplied.retain(|path, _| waiting.contains(path));
            self.state.store(self.disk)?;
            self.index.learn(applied.placed_at, &applied.written);
            let _ = self.index.store(self.disk);
            apply::finish(self.disk)?;
            for (path, error) in &applied.blocked {
                tracing::warn!(%path, %error, "could not be changed");
                self.notices.insert(crate::scan::Notice::Unreadable(path.to_string()));
            }
            received
                .extend(changes.into_iter().filter(|change| applied.done.contains(&change.path)));
            if applied.changed.is_empty() {
                return Ok(received);
            }
        }
        // The learner keeps writing these files. Nothing is lost: they are planned again next time.
        Ok(received)
    }

    /// Looks at the files, and plans how they come from `before` to `tip`.
    async fn look_and_plan(
        &mut self,
        tip: &Tree,
        before: &Tree,
        devices: &BTreeMap<RelPath, DeviceName>,
        head_device: &DeviceName,
        remote: &dyn Remote,
    ) -> Result<Looked> {
        let mut copies = Tree::new();
        loop {
            let scan = self.scan(&[tip, before, &copies])?;
            let local = masked(&scan.tree, before, scan.unknown.iter())?;
            let sides = Sides { base: before, local: &local, remote: tip, devices, head_device };
            let planned = self.planned(&sides, Some(&scan), remote).await?;
            let hidden = |copy: &RelPath| scan.leaves_out(copy.as_str());
            let is_any_hidden = planned.conflicts.iter().any(|conflict| hidden(&conflict.copy));
            if !is_any_hidden || !copies.is_empty() {
                return Ok(Looked { scan, local, planned });
            }
            // The place of a copy may be taken by a file that the rules leave out: look there too.
            copies = planned.merged;
        }
    }

    /// Plans, and merges the texts that the plan asks for.
    pub(super) async fn planned(
        &mut self,
        sides: &Sides<'_>,
        scan: Option<&Scan>,
        remote: &dyn Remote,
    ) -> Result<Planned> {
        let author = |path: &RelPath| sides.devices.get(path).unwrap_or(sides.head_device).clone();
        let here = self.device.name.clone();
        let names = Names { local: &here, remote: &author };
        let plan = plan(sides.base, sides.local, sides.remote, names);
        let wanted: Vec<Wanted> = plan
            .wanted()
            .iter()
            .flat_map(|merge| [merge.base, merge.local, merge.remote])
            .map(|file| Wanted::with(&file, &self.state.details))
            .collect();
        let version = self.state.version().clone();
        self.fetch_wanted(&version, wanted, scan, remote).await?;
        let mut results = BTreeMap::new();
        for merge in plan.wanted() {
            let outcome = self.merge(merge, scan);
            results.insert(merge.path.clone(), outcome);
        }
        Ok(plan.settle(|merge| results.get(&merge.path).copied().unwrap_or(MergeOutcome::Conflict)))
    }

    fn merge(&mut self, merge: &MergeWanted, scan: Option<&Scan>) -> MergeOutcome {
        let sources = self.sources(scan);
        let get = |file: &FileEntry| sources.get(&file.hash);
        let (Some(base), Some(local), Some(remote)) =
            (get(&merge.base), get(&merge.local), get(&merge.remote))
        else {
            return MergeOutcome::Conflict;
        };
        match merge_text(&base, &local, &remote) {
            Merged::Conflict => MergeOutcome::Conflict,
            Merged::Clean(bytes) => {
                let hash = self.hash_kind().hash(&bytes);
                let size = bytes.len() as u64;
                self.merged.insert(hash, bytes);
                MergeOutcome::Clean { hash, size }
            }
        }
    }

    /// Fetches the contents that `changes` put in place and this device does not have.
    pub(super) async fn fetch_contents(
        &mut self,
        version: &Version,
        changes: &[Change],
        scan: Option<&Scan>,
        remote: &dyn Remote,
    ) -> Result<()> {
        let file = |entry: &Option<Entry>| entry.as_ref().and_then(Entry::as_file).copied();
        let wanted = changes
            .iter()
            .filter_map(|change| {
                let after = file(&change.after)?;
                let have = file(&change.before).map(|before| before.hash);
                Some(Wanted { have, ..Wanted::with(&after, &self.state.details) })
            })
            .collect();
        self.fetch_wanted(version, wanted, scan, remote).await
    }

    pub(super) async fn fetch_wanted(
        &mut self,
        version: &Version,
        mut wanted: Vec<Wanted>,
        scan: Option<&Scan>,
        remote: &dyn Remote,
    ) -> Result<()> {
        let sources = self.sources(scan);
        wanted.sort();
        wanted.dedup_by_key(|want| want.hash);
        wanted.retain(|want| !sources.keeps(&want.hash));
        let mut missing = Vec::new();
        let mut batch = self.store.batch();
        for want in wanted {
            // It may be only in a file, which the learner may change before it is used.
            if !sources.keep(&want.hash, &mut batch)? {
                let have = want.have.filter(|have| sources.keeps(have));
                missing.push(Wanted { have, ..want });
            }
        }
        if missing.is_empty() {
            return batch.finish();
        }
        let content = |hash: &ContentHash| sources.get(hash);
        let fetched = remote.fetch(version, &missing, &content, &mut batch).await;
        // What has come stays, also if the rest has not.
        batch.finish()?;
        fetched
    }
}

/// Whether what comes to `path` was in some file when the files were looked at.
fn is_move(changes: &[Change], path: &RelPath, scan: &Scan) -> bool {
    let hash = |entry: &Entry| entry.as_file().map(|file| file.hash);
    let change = changes.iter().find(|change| change.path == *path);
    let wanted = change.and_then(|change| hash(change.after.as_ref()?));
    wanted.is_some() && scan.tree.iter().any(|(_, entry)| hash(entry) == wanted)
}
