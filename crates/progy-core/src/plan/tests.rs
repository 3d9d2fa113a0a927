//! The policy of DESIGN section 4, row by row, and its invariants over random trees.

use proptest::prelude::*;

use super::*;
use crate::LinkTarget;

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

fn tree(entries: &[(&str, &str)]) -> Tree {
    Tree::from_entries(entries.iter().map(|(at, text)| (path(at), Entry::file(text.as_bytes()))))
        .unwrap()
}

/// Plans with device `here` on this side and `there` on the other; no text merges cleanly.
fn planned(base: &Tree, local: &Tree, remote: &Tree) -> Planned {
    let here = DeviceName::new("here").unwrap();
    let names = Names { local: &here, remote: &|_| DeviceName::new("there").unwrap() };
    plan(base, local, remote, names).settle(|_| MergeOutcome::Conflict)
}

fn copy_name(of: &str, device: &str, text: &str) -> String {
    format!("{of}.conflict-{device}-{}", ContentHash::blake3(text.as_bytes()).short())
}

#[test]
fn one_sided_changes_are_taken() {
    let base = tree(&[("edit", "0"), ("gone", "0"), ("same", "0")]);
    let changed = tree(&[("edit", "1"), ("new", "1"), ("same", "0")]);
    assert_eq!(planned(&base, &base, &changed).merged, changed);
    assert_eq!(planned(&base, &changed, &base).merged, changed);
    assert_eq!(planned(&base, &changed, &changed).merged, changed);
}

#[test]
fn an_edit_wins_over_a_deletion() {
    let base = tree(&[("a", "0")]);
    let edited = tree(&[("a", "1")]);
    assert_eq!(planned(&base, &edited, &Tree::new()).merged, edited);
    assert_eq!(planned(&base, &Tree::new(), &edited).merged, edited);
}

#[test]
fn what_does_not_merge_is_kept_beside() {
    let result = planned(&tree(&[("a", "0")]), &tree(&[("a", "1")]), &tree(&[("a", "2")]));
    let copy = copy_name("a", "there", "2");
    assert_eq!(result.merged, tree(&[("a", "1"), (&copy, "2")]));
    assert_eq!(result.conflicts, [Conflict { path: path("a"), copy: path(&copy) }]);
}

#[test]
fn a_clean_merge_is_taken() {
    let (base, local, remote) = (tree(&[("a", "0")]), tree(&[("a", "1")]), tree(&[("a", "2")]));
    let here = DeviceName::new("here").unwrap();
    let names = Names { local: &here, remote: &|_| DeviceName::new("there").unwrap() };
    let plan = plan(&base, &local, &remote, names);
    assert_eq!(plan.wanted().len(), 1);
    let hash = ContentHash::blake3(b"12");
    let result = plan.settle(|_| MergeOutcome::Clean { hash, size: 2 });
    assert_eq!(result.merged, tree(&[("a", "12")]));
    assert!(result.conflicts.is_empty());
}

#[test]
fn a_folder_keeps_its_path() {
    let base = tree(&[("a", "0")]);
    let edited = tree(&[("a", "1")]);
    let folder = tree(&[("a/b", "2")]);
    let mine = copy_name("a", "here", "1");
    assert_eq!(planned(&base, &edited, &folder).merged, tree(&[("a/b", "2"), (&mine, "1")]));
    let theirs = copy_name("a", "there", "1");
    assert_eq!(planned(&base, &folder, &edited).merged, tree(&[("a/b", "2"), (&theirs, "1")]));
}

#[test]
fn nested_files_and_folders_settle() {
    let base = Tree::new();
    let local = tree(&[("a", "1")]);
    let remote = tree(&[("a/b/c", "2")]);
    let result = planned(&base, &local, &remote);
    assert!(result.merged.get("a/b/c").is_some() && result.conflicts.len() == 1);
}

#[test]
fn the_executable_bit_merges_on_its_own() {
    let file = |text: &str, executable| {
        let Entry::File(file) = Entry::file(text.as_bytes()) else { unreachable!() };
        Tree::from_entries([(path("a"), Entry::File(FileEntry { executable, ..file }))]).unwrap()
    };
    let result = planned(&file("0", false), &file("1", false), &file("0", true));
    assert_eq!(result.merged, file("1", true));
    let result = planned(&file("0", false), &file("0", true), &file("1", false));
    assert_eq!(result.merged, file("1", true));
}

#[test]
fn links_and_files_do_not_merge() {
    let link = LinkTarget::new(&path("a"), "b").unwrap();
    let link = Tree::from_entries([(path("a"), Entry::Symlink(link))]).unwrap();
    let result = planned(&tree(&[("a", "0")]), &tree(&[("a", "1")]), &link);
    assert_eq!((result.merged.len(), result.conflicts.len()), (2, 1));
}

#[test]
fn an_edited_copy_is_not_overwritten() {
    let copy = copy_name("a", "there", "2");
    let base = tree(&[("a", "0")]);
    let local = tree(&[("a", "1"), (&copy, "edited")]);
    let result = planned(&base, &local, &tree(&[("a", "2")]));
    assert_eq!(result.merged.get(&copy), local.get(&copy));
    assert_eq!(result.merged.len(), 3);
}

/// Trees over few names, so that sides meet often; `a` may be a file here and a folder there.
fn any_tree() -> impl Strategy<Value = Tree> {
    let names = prop::sample::select(vec!["a", "a/b", "a/b/c", "a/d", "b", "b/c", "c", "a-b"]);
    let entry = (0..4u8, any::<bool>(), prop::bool::weighted(0.1));
    prop::collection::vec((names, entry), 0..7).prop_map(|entries| {
        let mut map = BTreeMap::new();
        for (name, (text, executable, link)) in entries {
            let at = path(name);
            let mut entry = Entry::file(&[text]);
            if let Entry::File(file) = &mut entry {
                file.executable = executable && text == 0;
            }
            if link {
                entry = Entry::Symlink(LinkTarget::new(&at, "c").unwrap());
            }
            map.insert(at.clone(), entry);
            if Tree::from_map(map.clone()).is_err() {
                map.remove(&at);
            }
        }
        Tree::from_map(map).unwrap()
    })
}

/// Whether the content of `entry` is somewhere in `tree` at `at` or beside it.
fn holds(tree: &Tree, at: &RelPath, entry: &Entry) -> bool {
    let same = |there: &Entry| there.identity() == entry.identity();
    tree.get(at.as_str()).is_some_and(same)
        || tree.iter().any(|(other, there)| {
            same(there)
                && crate::ConflictName::parse(other).is_some_and(|name| name.original == *at)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Invariant 1: whatever either side wrote since base is in the merged tree.
    #[test]
    fn nothing_written_is_lost(base in any_tree(), local in any_tree(), remote in any_tree()) {
        let merged = planned(&base, &local, &remote).merged;
        for side in [&local, &remote] {
            for (at, entry) in side {
                let written = base.get(at.as_str()) != Some(entry);
                let content = base.get(at.as_str()).map(Entry::identity) != Some(entry.identity());
                // An edit of the bit alone has no content of its own to lose.
                if written && content {
                    prop_assert!(holds(&merged, at, entry), "{at} {entry:?} of {side:?} not in {merged:?}");
                }
            }
        }
    }

    /// Invariant 2: a device without edits of its own takes the other's tree as it is.
    #[test]
    fn an_unchanged_side_follows(base in any_tree(), other in any_tree()) {
        prop_assert_eq!(&planned(&base, &base, &other).merged, &other);
        prop_assert_eq!(&planned(&base, &other, &base).merged, &other);
        prop_assert_eq!(&planned(&base, &other, &other).merged, &other);
    }

    /// Invariant 2: the second device meets the result and is done; planning again changes nothing.
    #[test]
    fn two_devices_converge(base in any_tree(), first in any_tree(), second in any_tree()) {
        let merged = planned(&base, &second, &first).merged;
        let on_first = planned(&first, &first, &merged);
        prop_assert_eq!(&on_first.merged, &merged);
        let again = planned(&first, &merged, &merged);
        prop_assert_eq!(&again.merged, &merged);
        prop_assert!(again.conflicts.is_empty());
    }

    /// Nothing appears that nobody wrote.
    #[test]
    fn nothing_is_invented(base in any_tree(), local in any_tree(), remote in any_tree()) {
        for (at, entry) in &planned(&base, &local, &remote).merged {
            let known = local.iter().chain(&remote).any(|(_, other)| other.identity() == entry.identity());
            prop_assert!(known, "{at} {entry:?}");
        }
    }
}
