//! What must hold: asked during a run and at its end.

mod ending;

use std::collections::{BTreeMap, BTreeSet};

use progy_client::index::Index;
use progy_client::state::Overlay;
use progy_client::{layout, scan, store};
use progy_core::{ConflictName, ContentHash, Entry, FileEntry, HashKind, RevisionId, Tree};

use crate::disk::SimDisk;
use crate::disk::volume::Ino;
use crate::learner;
use crate::ledger::{self, Token};
use crate::machine::Machine;
use crate::process;
use crate::script::Command;
use crate::server::Kept;
use crate::trace::locked;
use crate::world::World;

pub(crate) use ending::at_the_end;

/// Every token that can be found somewhere: in files, in trash, in what a device remembers, in a
/// revision.
pub(crate) fn reachable(world: &World) -> BTreeSet<Token> {
    found(world, |_| true)
}

/// Every token that Progy keeps: as [`reachable`], without the learner's own files.
pub(crate) fn kept(world: &World) -> BTreeSet<Token> {
    found(world, |path| path.starts_with(layout::FOLDER))
}

/// The tokens in the history, and on the devices' disks where `counts`.
fn found(world: &World, counts: impl Fn(&str) -> bool) -> BTreeSet<Token> {
    let mut found = on_devices(world, counts);
    match world.server().history() {
        Ok(history) => found.extend(in_history(world, &history)),
        Err(error) => world.wrong(format!("the history cannot be read: {error}")),
    }
    found
}

fn on_devices(world: &World, counts: impl Fn(&str) -> bool) -> BTreeSet<Token> {
    let mut found = BTreeSet::new();
    for n in 0..world.devices() {
        let named: BTreeSet<ContentHash> = match world.state(n) {
            Ok(Some(state)) => {
                let queue = state.queue.iter().map(|save| &save.overlay);
                process::named(queue.chain([&state.base.overlay])).collect()
            }
            _ => BTreeSet::new(),
        };
        let machine = locked(world.machine(n));
        let files: BTreeMap<String, Ino> = machine.volume.below("").into_iter().collect();
        for (path, ino) in files.iter().filter(|(path, _)| counts(path)) {
            match path.strip_prefix(layout::PACKS) {
                None => found.extend(learner::tokens_of(&machine, *ino)),
                Some(_) => found.extend(in_pack(&machine, &files, path, &named)),
            }
        }
    }
    found
}

/// The tokens in those contents of a pack that are named. Of others nothing would ever be read.
fn in_pack(
    machine: &Machine,
    files: &BTreeMap<String, Ino>,
    path: &str,
    named: &BTreeSet<ContentHash>,
) -> BTreeSet<Token> {
    let bytes = |path: &str| machine.volume.bytes(*files.get(path)?).ok();
    let Some(stem) = path.strip_suffix(".pack") else { return BTreeSet::new() };
    let names = bytes(&format!("{stem}.names"));
    let Some(contents) =
        bytes(path).and_then(|pack| store::contents_of(&pack, names.as_deref()).ok())
    else {
        return BTreeSet::new();
    };
    let named = contents.values().filter(|bytes| ledger::names(named, bytes));
    named.flat_map(|bytes| ledger::tokens(bytes)).collect()
}

fn in_history(world: &World, history: &[Kept]) -> BTreeSet<Token> {
    let overlays = || history.iter().map(|kept| &kept.overlay);
    let contents = world.server().contents(process::named(overlays()));
    let links = overlays().flat_map(|overlay| overlay.values()).flatten();
    let links = links.filter_map(|entry| match entry {
        Entry::Symlink(target) => Some(ledger::tokens(target.as_str().as_bytes())),
        Entry::File(_) => None,
    });
    links.chain(contents.values().map(|bytes| ledger::tokens(bytes))).flatten().collect()
}

/// Whatever is due is somewhere.
pub(crate) fn nothing_lost(world: &World) {
    let found = reachable(world);
    let ledger = locked(&world.shared().ledger);
    for (token, due) in ledger.due() {
        if !found.contains(&token) && !ledger.was_purged(token) {
            world.wrong(format!("{} is lost ({due:?})", crate::ledger::text(token)));
        }
    }
}

/// What a device and the server agreed on is the same to both.
pub(crate) fn agreement(world: &World, n: usize) {
    let Ok(Some(state)) = world.state(n) else { return };
    let Some(base) = &state.base.revision else { return };
    let Some(kept) = world.server().revision(base) else { return };
    let is_same = same(world, &kept.overlay, &state.base.overlay);
    if !is_same || kept.summary.version != state.base.version {
        let name = world.name(n);
        world.wrong(format!("{name} and the server do not mean the same by {base}"));
    }
}

/// Whether two overlays mean the same, by whichever names.
fn same(world: &World, one: &Overlay, other: &Overlay) -> bool {
    if one == other {
        return true;
    }
    let bytes = world.server().contents(process::named([one, other].into_iter()));
    let meant = |overlay: &Overlay| {
        let entry = |entry: &Option<Entry>| match entry {
            Some(Entry::File(file)) => {
                let content = bytes.get(&file.hash).map(|bytes| HashKind::Blake3.hash(bytes));
                Some(Entry::File(FileEntry { hash: content.unwrap_or(file.hash), ..*file }))
            }
            other => other.clone(),
        };
        overlay.iter().map(|(path, at)| (path.clone(), entry(at))).collect::<Overlay>()
    };
    meant(one) == meant(other)
}

/// The files that travel from device `n`, if all of `tree` does.
fn scanned(world: &World, n: usize, tree: &Tree) -> Result<Tree, String> {
    let disk = SimDisk(std::sync::Arc::clone(world.machine(n)));
    let rules = world.rules();
    let named = tree.iter().find_map(|(_, entry)| Some(entry.as_file()?.hash.kind()));
    let kind = named.unwrap_or_else(|| world.server().hash_kind());
    let scan = scan::scan(&disk, &rules, &mut Index::new(kind), &[tree]);
    scan.map(|scan| scan.tree).map_err(|error| error.to_string())
}

/// Device `n` has the files of `tree`, byte for byte, and no others that travel.
fn matches(world: &World, n: usize, tree: &Tree) {
    let name = world.name(n);
    let there = match scanned(world, n, tree) {
        Ok(there) => there,
        Err(error) => return world.wrong(format!("the files of {name} cannot be read: {error}")),
    };
    for change in progy_core::diff::diff(tree, &there) {
        // What the course does not let travel stays where it was made.
        if world.travels(&change.path) {
            world.wrong(format!("{name} differs from the head: {change:?}"));
        }
    }
}

/// One device after the other: nothing conflicts, and what arrives is what was left.
pub(crate) fn handed_over(world: &World, n: usize, command: Command, before: Option<RevisionId>) {
    let (head, tree) = match world.server().head() {
        Ok(Some((head, tree))) => (Some(head), tree),
        Ok(None) => return,
        Err(error) => return world.wrong(format!("the head cannot be read: {error}")),
    };
    if command == Command::Sync && before.is_some() && head != before {
        world.wrong(format!("{} publishes although nobody changed anything", world.name(n)));
    }
    if let Some((copy, _)) = tree.iter().find(|(path, _)| ConflictName::parse(path).is_some()) {
        world.wrong(format!("{copy} conflicts with nothing"));
    }
    matches(world, n, &tree);
}

/// Every token in device `n`'s files, also those that do not travel, and in what did not and made
/// way for a file.
fn in_files(world: &World, n: usize) -> BTreeSet<Token> {
    let machine = locked(world.machine(n));
    let mut found = learner::tokens(&machine);
    for (path, ino) in machine.volume.below(".progy/trash") {
        if path.contains(".folder") {
            found.extend(learner::tokens_of(&machine, ino));
        }
    }
    found
}
