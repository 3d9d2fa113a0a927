//! Progy's own files in `.progy/`, and `progy.toml`: written by another version, another machine,
//! or a dying disk.

use std::collections::BTreeMap;

use progy_client::disk::Disk;
use progy_client::disk::{Kind, Meta};
use progy_client::engine::{Device, Engine};
use progy_client::env::Env;
use progy_client::index::Index;
use progy_client::state::{State, overlaid, overlay};
use progy_client::{apply, layout, trash};
use progy_core::progress::Day;
use progy_core::{
    ContentHash, CourseId, DeviceId, DeviceName, Entry, HashKind, RelPath, Strategy, Timestamp,
    Tree,
};
use semver::Version;
use toml::Table;

use crate::disk::{MemoryDisk, Node};
use crate::tree::assert_is_tree;

/// Where the files of the learner that no file of Progy's own may touch stand.
const MINE: [(&str, &[u8]); 2] = [("exercise.rs", b"fn main() {}\n"), ("a/b", b"mine")];
/// A batch of the trash.
const BATCH: &str = "1800000000000-00000000";

/// A file of Progy's own with `body` in it. A `body` that begins as such a file is one already.
fn framed(magic: [u8; 8], version: u8, body: &[u8]) -> Vec<u8> {
    if body.starts_with(&magic) {
        return body.to_vec();
    }
    // The layout of `progy_client::codec`: magic, version, half of a hash, value.
    let sum = blake3::hash(body);
    [&magic[..], &[version], sum.as_bytes().split_at(16).0, body].concat()
}

struct Standing;

impl Env for Standing {
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000)
    }

    fn today(&self) -> Day {
        Day::of(self.now())
    }

    fn random(&self) -> [u8; 16] {
        [7; 16]
    }
}

fn this_device() -> Device {
    Device {
        id: DeviceId::new(&"d".repeat(32)).expect("a device id"),
        name: DeviceName::new("laptop").expect("a device name"),
    }
}

fn template() -> Tree {
    let file = |path: &str| {
        let path = RelPath::new(path).expect("a path");
        let entry = Entry::file(path.as_str().as_bytes());
        (path, entry)
    };
    let files = ["content/01_a/01_b/exercise.rs", "content/01_a/01_b/README.md", "course.json"];
    Tree::from_entries(files.map(file)).expect("a tree")
}

/// `.progy/state`.
pub fn device_state(data: &[u8]) {
    let disk = MemoryDisk::with([(layout::STATE, &*framed(*b"progySTA", 2, data))]);
    let Ok(mut state) = State::load(&disk) else { return };
    state.store(&disk).expect("a state that was read can be written");
    assert_eq!(State::load(&disk).expect("and read again"), state);
    let template = template();
    let saves = state.queue.iter().map(|save| &save.overlay);
    for over in saves.chain([&state.base.overlay, &state.unapplied]) {
        if let Ok(tree) = overlaid(&template, over) {
            assert_is_tree(&tree);
            let again = overlaid(&template, &overlay(&template, &tree)).expect("still a tree");
            assert_eq!(again, tree);
        }
    }
    let _ = (state.progress.check(), state.progress.summary(Standing.today()));
    state.progress.join(&state.progress_sent.clone());
    state.move_base(state.base.clone());
    assert!(state.lineage.len() <= 256, "the lineage is bounded");
    assert!(state.base.revision.is_none() || state.seen_head == state.base.revision);
}

/// `.progy/journal`: what a crash has left to be looked at.
pub fn device_journal(data: &[u8]) {
    let journal = framed(*b"progyJRN", 2, data);
    let list = framed(*b"progyTRA", 1, &[0]);
    let list_path = format!("{}/{BATCH}/list", layout::TRASH);
    let disk = MemoryDisk::with([
        (layout::JOURNAL, &*journal),
        (&*list_path, &*list),
        ("list", &*list),
        ("a/list", &*list),
    ]);
    disk.nodes().extend(mine());
    let before: BTreeMap<_, _> = learners(&disk);
    if let Ok(done) = apply::recover(&disk) {
        for path in done {
            let _ = Disk::meta(&disk, path.as_str());
        }
    }
    let _ = apply::finish(&disk);
    assert_eq!(learners(&disk), before, "a journal changes nothing of the learner's");
}

fn mine() -> impl Iterator<Item = (String, Node)> {
    MINE.into_iter().map(|(path, bytes)| (path.to_owned(), Node::File(bytes.to_vec())))
}

fn learners(disk: &MemoryDisk) -> BTreeMap<String, Node> {
    let own = |path: &String| path.starts_with(layout::FOLDER);
    let mut nodes = disk.nodes().clone();
    nodes.retain(|path, _| !own(path));
    nodes
}

/// `.progy/index`.
pub fn device_index(data: &[u8]) {
    let disk = MemoryDisk::with([(layout::INDEX, &*framed(*b"progyIDX", 2, data))]);
    let mut index = Index::load(&disk, HashKind::Blake3);
    let path = RelPath::new("exercise.rs").expect("a path");
    let meta =
        Meta { kind: Kind::File, size: 13, modified: 1, changed: 1, inode: 0, executable: false };
    let known = index.hash(&path, &meta);
    let hash = known.unwrap_or(ContentHash::blake3(b"fn main() {}\n"));
    index.remember(2, [(&path, &meta, hash)].into_iter());
    index.store(&disk).expect("an index can be written");
    assert_eq!(Index::load(&disk, HashKind::Blake3).hash(&path, &meta), Some(hash));
}

/// `.progy/trash/BATCH/list`, and what is done with it.
pub fn trash_list(data: &[u8]) {
    let at = |name: &str| format!("{}/{BATCH}/{name}", layout::TRASH);
    let (list, first, folder) = (at("list"), at("0"), at("1.folder/x"));
    let disk = MemoryDisk::with([
        (&*list, &*framed(*b"progyTRA", 1, data)),
        (&*first, b"replaced"),
        (&*folder, b"kept"),
    ]);
    disk.nodes().extend(mine());
    let before = disk.nodes().clone();
    let items = trash::list(&disk).expect("the trash can be listed");
    assert!(items.len() <= 2, "one item for each slot that holds something");
    for item in items {
        if let Ok(to) = trash::restore(&disk, &item.id) {
            let there = Disk::meta(&disk, to.as_str()).expect("a disk");
            assert!(there.is_some(), "{to} is back");
        }
    }
    let _ = trash::purge(&disk, &Standing);
    let mut all: Vec<Node> = disk.nodes().values().cloned().collect();
    for (path, node) in before {
        // The clock's file may have come; nothing has gone.
        let found = all.iter().position(|there| *there == node);
        all.swap_remove(found.unwrap_or_else(|| panic!("{path} was lost")));
    }
}

/// `progy.toml`, which the learner may edit and progy keeps up to date.
pub fn progy_toml(data: &[u8]) {
    let course = CourseId::new("rust-basics").expect("a course id");
    let device = this_device();
    let state = State::new(course, Strategy::Patch, device.id.clone(), Version::new(1, 2, 0));
    let disk = MemoryDisk::with([(layout::SETTINGS, data)]);
    state.store(&disk).expect("a disk");
    let engine = Engine::open(&disk, &Standing, device).expect("a workspace");
    engine.write_settings().expect("settings can be written");
    let written = disk.read(layout::SETTINGS, 1 << 21).expect("they are there");
    let text = String::from_utf8(written.clone()).expect("TOML is text");
    let table: Table = toml::from_str(&text).expect("progy writes TOML");
    for (section, key, expected) in [
        ("course", "id", "rust-basics"),
        ("course", "version", "1.2.0"),
        ("sync", "strategy", "patch"),
    ] {
        // Where the learner has put something else under that name, it stays.
        if let Some(section) = table.get(section).and_then(toml::Value::as_table) {
            let found = section.get(key).and_then(toml::Value::as_str);
            assert_eq!(found, Some(expected), "{key} in {text}");
        }
    }
    if let Some(before) = std::str::from_utf8(data).ok().and_then(|text| text.parse::<Table>().ok())
    {
        let others = before.iter().filter(|(key, _)| !["course", "sync"].contains(&key.as_str()));
        for (key, value) in others {
            // A number that is none is not equal to itself.
            assert_eq!(table.get(key).map(ToString::to_string), Some(value.to_string()), "{key}");
        }
    }
    engine.write_settings().expect("settings can be written");
    assert_eq!(disk.read(layout::SETTINGS, 1 << 21).expect("there"), written, "twice is once");
}
