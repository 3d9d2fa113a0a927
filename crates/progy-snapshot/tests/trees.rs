//! Trees against a sorted map, which is slow and plainly right.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use progy_core::{ContentHash, LinkTarget, RelPath};
use progy_snapshot::file::{Content, Recipe};
use progy_snapshot::tree::{
    Change, Diff, Edit, FileItem, Item, TreeBuilder, entries, from_core, to_core, update,
};
use progy_snapshot::{BlobId, BlobSink, BlobSource, Error, Kind, MemoryBlobs, Result};
use proptest::prelude::*;

/// Paths with their items; an empty folder's ends with `/`.
type Model = BTreeMap<String, Item>;

fn path(text: &str) -> RelPath {
    RelPath::new(text.strip_suffix('/').unwrap_or(text)).unwrap()
}

fn file(content: u64) -> Item {
    let bytes = content.to_le_bytes();
    let hash = ContentHash::blake3(&bytes);
    let content = Content { hash, size: 8, recipe: Recipe::Whole };
    Item::File(FileItem { content, executable: false, modified: 0 })
}

fn build(model: &Model, blobs: &mut MemoryBlobs) -> BlobId {
    let mut builder = TreeBuilder::new();
    for (key, item) in model {
        builder.push(&path(key), item, blobs).unwrap();
    }
    builder.finish(blobs).unwrap()
}

fn read(blobs: &impl BlobSource, root: BlobId) -> Model {
    let mut model = Model::new();
    for entry in entries(blobs, root) {
        let (path, item) = entry.unwrap();
        let key = if item == Item::Folder { format!("{path}/") } else { path.to_string() };
        assert!(model.insert(key, item).is_none());
    }
    model
}

/// What is left of entries in which a path may be a file and a folder: the folder; and a folder is
/// only empty if nothing is in it.
fn tidy(entries: impl IntoIterator<Item = (String, Item)>) -> Model {
    let all: Model = entries.into_iter().collect();
    let folders: BTreeSet<String> = all
        .keys()
        .flat_map(|key| key.match_indices('/').map(|(at, _)| key[..at].to_owned()))
        .collect();
    let holds =
        |folder: &str| all.keys().any(|key| key.len() > folder.len() && key.starts_with(folder));
    all.iter()
        .filter(|(key, _)| !folders.contains(*key))
        .filter(|(key, _)| !key.ends_with('/') || !holds(key))
        .map(|(key, item)| (key.clone(), item.clone()))
        .collect()
}

fn differences(before: &Model, after: &Model) -> Vec<Change> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| Change {
            path: path(key),
            before: before.get(key).cloned(),
            after: after.get(key).cloned(),
        })
        .collect()
}

/// What turns one into the other.
fn edits(before: &Model, after: &Model) -> Vec<(RelPath, Edit)> {
    let mut edits = Vec::new();
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        let edit = if key.ends_with('/') { Edit::RemoveFolder } else { Edit::Remove };
        edits.push((path(key), edit));
    }
    for (key, item) in after {
        if before.get(key) != Some(item) {
            edits.push((path(key), Edit::Put(item.clone())));
        }
    }
    edits
}

fn entry() -> impl Strategy<Value = (String, Item)> {
    let name = prop_oneof![4 => "[a-c]", 1 => "a[-!.0]", 1 => "[a-z]{1,9}", 1 => "[ã練é]"];
    let item = prop_oneof![
        8 => (0..6_u64).prop_map(file),
        1 => Just(Item::Folder),
        1 => Just(Item::Symlink(LinkTarget::new(&path("x"), "there").unwrap())),
    ];
    (prop::collection::vec(name, 1..5), item).prop_map(|(names, item)| {
        let key = names.join("/");
        (if item == Item::Folder { format!("{key}/") } else { key }, item)
    })
}

/// A folder with enough names for several levels, of which some are left out.
fn large() -> impl Strategy<Value = Model> {
    (0..3000_u64, prop::collection::vec((0..3000_u64, 0..400_u64), 0..4)).prop_map(
        |(count, holes)| {
            let left_out =
                |n: u64| holes.iter().any(|(from, len)| (*from..from + len).contains(&n));
            (0..count)
                .filter(|n| !left_out(*n))
                .map(|n| (format!("big/{:05}", n * 7919 % 100_000), file(n)))
                .collect()
        },
    )
}

fn small() -> impl Strategy<Value = Model> {
    prop::collection::vec(entry(), 0..60).prop_map(tidy)
}

fn check(before: &Model, after: &Model) {
    let mut blobs = MemoryBlobs::default();
    let old = build(before, &mut blobs);
    let new = build(after, &mut blobs);
    assert_eq!(&read(&blobs, new), after);
    let found: Result<Vec<_>> = Diff::new(&blobs, Some(old), Some(new)).collect();
    assert_eq!(found.unwrap(), differences(before, after));

    let mut only_old = MemoryBlobs::default();
    assert_eq!(build(before, &mut only_old), old);
    let mut made = MemoryBlobs::default();
    let updated = update(&only_old, Some(old), edits(before, after), &mut made).unwrap();
    only_old.blobs.extend(made.blobs);
    assert_eq!(&read(&only_old, updated), after);
    assert_eq!(updated, new, "an update gives another tree than building does");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_trees((before, after) in (small(), small())) {
        check(&before, &after);
    }

    #[test]
    fn a_few_edits(before in small(), more in prop::collection::vec(entry(), 0..4)) {
        let after = tidy(before.clone().into_iter().chain(more));
        check(&before, &after);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn large_folders((before, after) in (large(), large())) {
        check(&before, &after);
    }

    #[test]
    fn a_part_of_a_large_folder_goes(before in large(), from in 0..100_000_u32, len in 0..100_000_u32) {
        let mut after = before.clone();
        let to = from.saturating_add(len);
        after.retain(|key, _| !(format!("big/{from:05}")..format!("big/{to:05}")).contains(key));
        check(&before, &after);
        check(&after, &before);
    }
}

/// Counts what is read.
struct Counting<'a>(&'a MemoryBlobs, Cell<usize>, Cell<usize>);

impl BlobSource for Counting<'_> {
    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        let bytes = self.0.blob(id)?;
        self.1.set(self.1.get() + 1);
        self.2.set(self.2.get() + bytes.len());
        Ok(bytes)
    }
}

#[test]
fn an_edit_deep_inside_reads_and_writes_kilobytes() {
    let mut model = Model::new();
    for n in 0..50_000_u64 {
        model.insert(format!("data/{:02}/{:05}.json", n % 5, n), file(n));
    }
    let mut blobs = MemoryBlobs::default();
    let old = build(&model, &mut blobs);
    let counting = Counting(&blobs, Cell::new(0), Cell::new(0));
    let mut made = MemoryBlobs::default();
    let edit = (path("data/03/00003.json"), Edit::Put(file(1 << 40)));
    let new = update(&counting, Some(old), [edit], &mut made).unwrap();
    let written: usize = made.blobs.values().map(|(_, bytes)| bytes.len()).sum();
    assert!(
        counting.1.get() <= 6 && counting.2.get() < 64 << 10,
        "{counting:?}",
        counting = counting.2
    );
    assert!(made.blobs.len() <= 6 && written < 64 << 10, "{written}");

    blobs.blobs.extend(made.blobs);
    let counting = Counting(&blobs, Cell::new(0), Cell::new(0));
    assert_eq!(Diff::new(&counting, Some(old), Some(new)).count(), 1);
    assert!(counting.1.get() <= 12 && counting.2.get() < 128 << 10);
}

/// A source that fetches: what is asked for is missing once, and there from then on.
struct Fetching<'a> {
    all: &'a MemoryBlobs,
    here: RefCell<BTreeSet<BlobId>>,
}

impl BlobSource for Fetching<'_> {
    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        if self.here.borrow_mut().insert(*id) {
            Err(Error::Missing(*id))
        } else {
            self.all.blob(id)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_diff_goes_on_once_it_has_what_was_missing(before in large(), after in large()) {
        let mut blobs = MemoryBlobs::default();
        let (before, after) = (build(&before, &mut blobs), build(&after, &mut blobs));
        let fetching = Fetching { all: &blobs, here: RefCell::default() };
        let mut diff = Diff::new(&fetching, Some(before), Some(after));
        let (mut changes, mut nodes) = (Vec::new(), BTreeSet::new());
        while let Some(change) = diff.next() {
            match change {
                Ok(change) => changes.push(change),
                Err(Error::Missing(_)) => {}
                Err(error) => panic!("{error}"),
            }
            nodes.extend(diff.take_nodes().into_iter().map(|node| node.id));
        }
        nodes.extend(diff.take_nodes().into_iter().map(|node| node.id));
        let mut whole = Diff::new(&blobs, Some(before), Some(after));
        let expected: Vec<_> = whole.by_ref().map(Result::unwrap).collect();
        prop_assert_eq!(changes, expected);
        let expected: BTreeSet<_> = whole.take_nodes().into_iter().map(|node| node.id).collect();
        prop_assert_eq!(nodes, expected);
    }
}

#[test]
fn a_renamed_folder_costs_the_node_that_names_it() {
    let inside: Vec<_> = (0..5000_u64).map(|n| (format!("{:02}/{n}", n % 40), file(n))).collect();
    let named = |name: &str| -> Model {
        inside.iter().map(|(key, item)| (format!("{name}/{key}"), item.clone())).collect()
    };
    let mut blobs = MemoryBlobs::default();
    build(&named("before"), &mut blobs);
    let count = blobs.blobs.len();
    build(&named("after"), &mut blobs);
    assert_eq!(blobs.blobs.len(), count + 1);
}

#[test]
fn a_touched_file_changes_nothing() {
    let mut blobs = MemoryBlobs::default();
    let old = build(&[("a/b".to_owned(), file(1))].into(), &mut blobs);
    let Item::File(mut touched) = file(1) else { unreachable!() };
    touched.modified = 17;
    let put = |item: FileItem, blobs: &mut MemoryBlobs| {
        let source = blobs.clone();
        update(&source, Some(old), [(path("a/b"), Edit::Put(Item::File(item)))], blobs).unwrap()
    };
    assert_eq!(put(touched, &mut blobs), old);
    touched.executable = true;
    let new = put(touched, &mut blobs);
    let changes: Result<Vec<_>> = Diff::new(&blobs, Some(old), Some(new)).collect();
    let [change] = &changes.unwrap()[..] else { panic!() };
    assert!(!change.is_of_time_only());
    assert_eq!(change.after.as_ref().unwrap().as_file().unwrap().modified, 17);
}

#[test]
fn what_no_tree_may_hold_is_refused() {
    let mut blobs = MemoryBlobs::default();
    let old = build(&[("a/b".to_owned(), file(1)), ("c".to_owned(), file(1))].into(), &mut blobs);
    let put = |at: &str, item: Item| {
        update(&blobs, Some(old), [(path(at), Edit::Put(item))], &mut MemoryBlobs::default())
    };
    assert!(matches!(put("a", file(2)), Err(Error::FileAndFolder(_))));
    assert!(matches!(put("c/d", file(2)), Err(Error::FileAndFolder(_))));
    assert!(matches!(put("c", Item::Folder), Err(Error::FileAndFolder(_))));
    assert!(matches!(put(".progy/state", file(2)), Err(Error::Private(_))));
    assert!(matches!(put(&"x/".repeat(300), file(2)), Err(Error::TooDeep(_))));
    let link = LinkTarget::new(&path("a/b/c"), "../../x").unwrap();
    assert!(matches!(put("l", Item::Symlink(link)), Err(Error::Escapes(_))));
    assert!(put("a/c", file(2)).is_ok());

    let mut builder = TreeBuilder::new();
    let sink = &mut MemoryBlobs::default();
    for at in ["a", "a-b"] {
        builder.push(&path(at), &file(1), sink).unwrap();
    }
    assert!(matches!(builder.push(&path("a/c"), &file(1), sink), Err(Error::FileAndFolder(_))));
    assert!(matches!(builder.push(&path("a"), &file(1), sink), Err(Error::OutOfOrder(_))));
}

/// In the two mebibytes of stack that a test's thread has.
#[test]
fn folders_nest_as_deep_as_they_may() {
    let deep = |last: u64| format!("{}{last}", "x/".repeat(255));
    let before: Model = [(deep(1), file(1))].into();
    let after: Model = [(deep(1), file(2)), (deep(2), file(1))].into();
    check(&before, &after);
    check(&after, &Model::new());
}

#[test]
fn the_planners_tree_and_back() {
    let keys = ["a-b", "a/b", "a/c/d", "z"];
    let model: Model = keys.iter().map(|key| ((*key).to_owned(), file(3))).collect();
    let mut blobs = MemoryBlobs::default();
    let root = build(&model, &mut blobs);
    let core = to_core(&blobs, root).unwrap();
    assert_eq!(core.len(), 4);
    let Item::File(item) = file(3) else { unreachable!() };
    let again = from_core(&core, [], |_, _| Ok(item), &mut blobs).unwrap();
    assert_eq!(again, root);
    let folders = [path("a"), path("b/c"), path("zz")];
    let more = from_core(&core, folders, |_, _| Ok(item), &mut blobs).unwrap();
    let read = read(&blobs, more);
    assert!(read.contains_key("b/c/") && read.contains_key("zz/") && !read.contains_key("a/"));
    assert_eq!(to_core(&blobs, more).unwrap(), core);
}

#[test]
fn nodes_that_lie_are_found() {
    let model: Model = (0..2000_u64).map(|n| (format!("{n:05}"), file(n))).collect();
    let mut blobs = MemoryBlobs::default();
    let root = build(&model, &mut blobs);
    for id in blobs.blobs.keys() {
        let mut broken = blobs.clone();
        broken.blobs.get_mut(id).unwrap().1[4] ^= 1;
        let error = entries(&broken, root).find_map(std::result::Result::err);
        assert!(matches!(error, Some(Error::Damaged(at)) if at == *id));
    }
    // A root whose first two nodes have changed places.
    let bytes = blobs.blob(&root).unwrap();
    let ids: Vec<BlobId> = blobs.blobs.keys().copied().filter(|id| *id != root).collect();
    let find = |id: &BlobId| bytes.windows(32).position(|window| window == id.as_bytes());
    let (one, other) = (find(&ids[0]).unwrap(), find(&ids[1]).unwrap());
    let mut swapped = bytes.clone();
    swapped[one..one + 32].copy_from_slice(ids[1].as_bytes());
    swapped[other..other + 32].copy_from_slice(ids[0].as_bytes());
    let id = BlobId::of(&swapped);
    blobs.put(Kind::Tree, id, &swapped).unwrap();
    let error = entries(&blobs, id).find_map(std::result::Result::err);
    assert!(matches!(error, Some(Error::Malformed { .. })), "{error:?}");
    let edits = model.keys().map(|key| (path(key), Edit::Put(file(7))));
    let error = update(&blobs, Some(id), edits, &mut MemoryBlobs::default());
    assert!(matches!(error, Err(Error::Malformed { .. })), "{error:?}");
}
