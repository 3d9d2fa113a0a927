//! Course packages.

use std::io::{Cursor, Read};

use progy_core::rules::is_private;
use progy_core::{ContentHash, Entry, RelPath};
use progy_course::{Limits, Package, PackageError};

use crate::tree::assert_is_tree;

/// Small, so that they are met.
const LIMITS: Limits = Limits { packed: 1 << 20, unpacked: 4 << 20, entries: 1000 };

/// A package: opened, described, and every byte of it read in all ways.
pub fn package(data: &[u8]) {
    let mut package = match Package::open(Cursor::new(data), LIMITS) {
        Ok(package) => package,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(data.len() as u64 <= LIMITS.packed);
    let entries: Vec<_> = package
        .entries()
        .map(|(path, entry)| (path.clone(), entry.size, entry.executable))
        .collect();
    assert!(entries.len() <= LIMITS.entries);
    let declared: u64 = entries.iter().map(|(_, size, _)| size).sum();
    assert!(declared <= LIMITS.unpacked);
    for (path, _, _) in &entries {
        assert!(path.portable().is_ok(), "{path}");
        assert!(!path.parts().next().is_some_and(is_private), "{path}");
    }
    assert_no_collisions(entries.iter().map(|(path, _, _)| path));
    let _ = package.outline();

    let tree = package.tree();
    let mut whole = true;
    for (path, size, executable) in &entries {
        let read = package.read(path);
        let mut streamed = Vec::new();
        let stream = package.reader(path).map(|mut reader| reader.read_to_end(&mut streamed));
        assert!(streamed.len() as u64 <= *size, "{path} gave more than it declared");
        match (read, stream) {
            (Ok(bytes), Ok(Ok(_))) => {
                assert_eq!(bytes.len() as u64, *size, "{path}");
                assert_eq!(bytes, streamed, "{path}");
                if let Ok(tree) = &tree {
                    let file = tree.get(path.as_str()).and_then(Entry::as_file).expect("a file");
                    assert_eq!(file.hash, ContentHash::blake3(&bytes), "{path}");
                    assert_eq!((file.size, file.executable), (*size, *executable), "{path}");
                }
            }
            (Err(PackageError::Damaged { .. }), Ok(Err(_)) | Err(_)) => whole = false,
            (read, stream) => panic!("{path}: {read:?}, but as a stream {stream:?}"),
        }
    }
    assert_eq!(tree.is_ok(), whole, "the tree is there if every file is");
    if let Ok(tree) = tree {
        assert_eq!(tree.len(), entries.len());
        assert_eq!(tree.total_size(), declared);
        assert_is_tree(&tree);
    }
}

/// No file has the name of another, or of a folder, on any system.
fn assert_no_collisions<'a>(paths: impl Iterator<Item = &'a RelPath>) {
    let mut folded: Vec<String> = paths.map(RelPath::folded).collect();
    folded.sort();
    for pair in folded.windows(2) {
        let [one, other] = pair else { continue };
        assert!(one != other, "{one} is there twice");
    }
    for path in &folded {
        for (at, _) in path.match_indices('/') {
            let folder = path.get(..at).unwrap_or_default().to_owned();
            assert!(folded.binary_search(&folder).is_err(), "{folder} is a file and a folder");
        }
    }
}
