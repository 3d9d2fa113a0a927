use progy_core::ContentHash;
use proptest::prelude::*;

use super::*;

const PATHS: [&str; 9] = ["a", "a/b", "a/b/c", "a-b", "b", "b/x", "b/y", "c/d", "c/d/e"];

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

fn entry(content: u8) -> Entry {
    Entry::file(&[content])
}

fn put(at: &str, content: u8) -> FileChange {
    let (hash, size) = (ContentHash::blake3(&[content]), 1);
    let action = Action::Put { hash, size, executable: false, content: None };
    FileChange { path: path(at), action }
}

fn tree(files: &[(usize, u8)]) -> Tree {
    files.iter().fold(Tree::new(), |tree, (at, content)| {
        let (path, entry) = (path(PATHS[*at]), entry(*content));
        tree.with_changes([(&path, Some(&entry))]).unwrap_or(tree)
    })
}

/// The tree of a workspace.
fn whole(template: &Tree, overlay: &Overlay) -> Result<Tree, progy_core::tree::TreeError> {
    let changes: Vec<(RelPath, Option<Entry>)> = overlay
        .iter()
        .map(|(path, entry)| {
            let after = match entry.state {
                FileState::File { hash, size, executable } => {
                    Some(Entry::File(progy_core::FileEntry { hash, size, executable }))
                }
                _ => None,
            };
            (path.clone(), after)
        })
        .collect();
    template.with_changes(changes.iter().map(|(path, after)| (path, after.as_ref())))
}

fn changes() -> impl Strategy<Value = Vec<FileChange>> {
    let change = (0..PATHS.len(), prop::option::weighted(0.6, 0u8..3));
    prop::collection::vec(change, 0..6).prop_map(|changes| {
        let mut seen = BTreeSet::new();
        changes
            .into_iter()
            .filter(|(at, _)| seen.insert(*at))
            .map(|(at, content)| match content {
                Some(content) => put(PATHS[at], content),
                None => FileChange { path: path(PATHS[at]), action: Action::Delete },
            })
            .collect()
    })
}

fn files() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((0..PATHS.len(), 0u8..3), 0..6)
}

proptest! {
    /// Looking at the changed paths alone decides as building the whole tree would.
    #[test]
    fn agrees_with_whole_trees(
        template in files(),
        saves in prop::collection::vec((changes(), any::<bool>()), 1..6),
    ) {
        let template = tree(&template);
        let device = DeviceName::new("laptop").unwrap();
        let mut overlay: Option<Overlay> = None;
        for (changes, from_parent) in saves {
            let since = if from_parent { Since::Parent } else { Since::Template };
            let before = overlay.as_ref().map(|overlay| Before { template: &template, overlay });
            let base = match (since, &overlay) {
                (Since::Parent, Some(overlay)) => whole(&template, overlay).unwrap(),
                _ => template.clone(),
            };
            let entries: Vec<(RelPath, Option<Entry>)> = changes
                .iter()
                .map(|change| (change.path.clone(), change.action.file().map(|(hash, size)| {
                    Entry::File(progy_core::FileEntry { hash, size, executable: false })
                })))
                .collect();
            let expected = base.with_changes(entries.iter().map(|(path, after)| (path, after.as_ref())));
            let drafted = draft(&template, before, since, &changes, &device);
            prop_assert_eq!(drafted.is_ok(), expected.is_ok());
            let (Ok(drafted), Ok(expected)) = (drafted, expected) else { continue };

            prop_assert_eq!(&whole(&template, &drafted.overlay).unwrap(), &expected);
            for (path, entry) in &drafted.overlay {
                let there = template.get(path.as_str()).map(state_of);
                prop_assert_ne!(Some(&entry.state), there.as_ref());
            }
            let old = overlay.clone().unwrap_or_default();
            let mut replayed = old.clone();
            for (path, change) in drafted.changes.unwrap() {
                match change {
                    OverlayChange::Set(entry) => drop(replayed.insert(path, entry)),
                    OverlayChange::Unset => drop(replayed.remove(path.as_str())),
                }
            }
            prop_assert_eq!(&replayed, &drafted.overlay);
            let before = whole(&template, &old).unwrap();
            let differing = PATHS.iter().filter(|at| before.get(at) != expected.get(at)).count();
            prop_assert_eq!(drafted.files_changed as usize, differing);
            overlay = Some(drafted.overlay);
        }
    }
}
