//! What must hold when all is quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use progy_core::RevisionId;

use super::{matches, nothing_lost, process};
use crate::cut;
use crate::script::{Act, Script};
use crate::server::Kept;
use crate::trace::locked;
use crate::world::World;

/// How many of Progy's own files may lie around that nothing needs.
const LEFT_OVER: usize = 12;

/// Checks everything.
pub(crate) fn at_the_end(world: &World, script: &Script) {
    let (head, tree) = match world.server().head() {
        Ok(Some((head, tree))) => (Some(head), Some(tree)),
        Ok(None) => (None, None),
        Err(error) => return world.wrong(format!("the head cannot be read: {error}")),
    };
    for n in 0..world.devices() {
        // Where nothing was ever saved, every device has the version that it began with.
        match tree.clone().or_else(|| world.template(n)) {
            Some(tree) => matches(world, n, &tree),
            None => world.wrong(format!("{} has no workspace", world.name(n))),
        }
    }
    nothing_lost(world);
    in_place(world);
    match world.server().history() {
        Ok(history) => {
            history_is_whole(world, head.as_ref(), &history);
            if !script.actions.iter().any(|action| may_repeat(&action.act)) {
                saved_once(world, &history);
            }
        }
        Err(error) => world.wrong(format!("the history cannot be read: {error}")),
    }
    progress_has_grown(world);
    repositories_are_whole(world);
    for n in 0..world.devices() {
        swept(world, n);
    }
}

/// A line that no learner took out is in the files, on every device.
///
/// It may lie in a file that does not travel, on one of them.
fn in_place(world: &World) {
    let in_files: BTreeSet<_> =
        (0..world.devices()).flat_map(|n| super::in_files(world, n)).collect();
    let ledger = locked(&world.shared().ledger);
    for (token, due) in ledger.due() {
        let found = in_files.contains(&token);
        if !due.removed && !found && !ledger.was_purged(token) {
            let token = crate::ledger::text(token);
            world.wrong(format!("{token} is in no file, though nobody took it out"));
        }
    }
}

/// Every revision follows the one before, has its contents, and every one that was acknowledged is
/// there.
fn history_is_whole(world: &World, head: Option<&RevisionId>, history: &[Kept]) {
    let mut expected = head.cloned();
    let expired = world.server().expired();
    for kept in history {
        while let Some(before) = expected.as_ref().and_then(|id| expired.get(id)) {
            expected.clone_from(before);
        }
        if Some(&kept.summary.id) != expected.as_ref() {
            world.wrong(format!("the history breaks off before {:?}", kept.summary.id));
            return;
        }
        expected.clone_from(&kept.summary.parent);
    }
    let ids: BTreeSet<&str> = history.iter().map(|kept| kept.summary.id.as_str()).collect();
    // A revision may have become a commit since.
    let is_known = |id: &str| {
        let is_known = |id| expired.contains_key(&id) || world.server().revision(&id).is_some();
        RevisionId::new(id).is_ok_and(is_known)
    };
    for acknowledged in &locked(&world.shared().ledger).acknowledged {
        if !ids.contains(acknowledged.as_str()) && !is_known(acknowledged) {
            world.wrong(format!("the revision {acknowledged} was acknowledged and is not there"));
        }
    }
    let named: BTreeSet<_> = process::named(history.iter().map(|kept| &kept.overlay)).collect();
    let contents = world.server().contents(named.iter().copied());
    for hash in named.iter().filter(|hash| !contents.contains_key(hash)) {
        world.wrong(format!("a revision names the content {hash}, which is not there"));
    }
}

/// What can rightly make one act of saving two revisions.
fn may_repeat(act: &Act) -> bool {
    matches!(act, Act::RestoreBackup | Act::Copy { .. } | Act::Forget { .. })
}

fn saved_once(world: &World, history: &[Kept]) {
    let mut saves: BTreeMap<_, &RevisionId> = BTreeMap::new();
    for kept in history {
        let summary = &kept.summary;
        // Commits know seconds only.
        let save = (
            &summary.device,
            summary.saved_at,
            &summary.message,
            world.is_git().then_some(&summary.save),
        );
        if let Some(other) = saves.insert(save, &summary.id) {
            world.wrong(format!("{other} and {} are the same save", summary.id));
        }
    }
}

/// All that was ever recorded of the learner's progress is known to everyone.
fn progress_has_grown(world: &World) {
    let due = locked(&world.shared().ledger).progress.clone();
    let server = world.server().progress();
    if !server.covers(&due) {
        let missing = due.missing_from(&server);
        world.wrong(format!("the server has forgotten progress: {missing:?}"));
    }
    for n in 0..world.devices() {
        let known = world.state(n).ok().flatten().map(|state| state.progress);
        if !known.is_some_and(|progress| progress.covers(&due)) {
            world.wrong(format!("{} has forgotten progress", world.name(n)));
        }
    }
}

/// What stock Git has to say of every repository: nothing.
fn repositories_are_whole(world: &World) {
    let of_devices = (0..world.devices()).filter_map(|n| world.repository(n));
    let of_server = world.server().repository();
    for folder in of_devices.chain(of_server).filter(|folder| folder.join(".git").is_dir()) {
        if let Some(lock) = cut::left(folder) {
            world.wrong(format!("the lock of {lock} is still there"));
        }
        let mut fsck = Command::new("git");
        fsck.args(["fsck", "--strict", "--no-dangling", "--no-progress"]).current_dir(folder);
        fsck.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "");
        match fsck.output() {
            Ok(said) if said.status.success() && said.stdout.is_empty() => {}
            Ok(said) => {
                let words = [said.stdout, said.stderr].concat();
                world.wrong(format!("git fsck: {}", String::from_utf8_lossy(&words).trim()));
            }
            Err(error) => world.wrong(format!("git cannot be run: {error}")),
        }
    }
}

/// What was only needed for a moment is gone, but for what a few crashes left.
fn swept(world: &World, n: usize) {
    let machine = locked(world.machine(n));
    let left: Vec<String> = machine
        .volume
        .below(".progy")
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path.starts_with(".progy/tmp/") || path.rsplit('.').next() == Some("new"))
        .collect();
    let journal = machine.volume.find(".progy/journal").is_ok_and(|found| found.is_some());
    drop(machine);
    if left.len() > LEFT_OVER {
        world.wrong(format!("{} leaves rubbish: {left:?}", world.name(n)));
    }
    if journal {
        world.wrong(format!("{} leaves its journal", world.name(n)));
    }
}
