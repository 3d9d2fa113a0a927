//! Contents by the names of another kind, where a workspace changes its strategy.

use std::collections::BTreeMap;

use progy_core::{ContentHash, Entry, HashKind, RelPath};

use crate::state::Overlay;
use crate::{Error, Result};

/// What contents of one kind are called in another.
pub type Names = BTreeMap<ContentHash, ContentHash>;

/// The entry by its name of `kind`; `None` if that is not known.
pub fn renamed(entry: Entry, kind: HashKind, names: &Names) -> Option<Entry> {
    match entry {
        Entry::File(mut file) if file.hash.kind() != kind => {
            file.hash = *names.get(&file.hash)?;
            Some(Entry::File(file))
        }
        other => Some(other),
    }
}

/// The overlay by names of `kind`; [`Error::MissingContent`] if one of them is not known.
pub fn named(overlay: Overlay, kind: HashKind, names: &Names) -> Result<Overlay> {
    let name = |(path, entry): (RelPath, Option<Entry>)| match entry {
        None => Ok((path, None)),
        Some(entry) => match renamed(entry, kind, names) {
            Some(entry) => Ok((path, Some(entry))),
            None => Err(Error::MissingContent(path)),
        },
    };
    overlay.into_iter().map(name).collect()
}

/// The same without the paths whose name is not known: there it says what the template does.
pub fn named_where_known(overlay: Overlay, kind: HashKind, names: &Names) -> Overlay {
    let name = |(path, entry): (RelPath, Option<Entry>)| match entry {
        None => Some((path, None)),
        Some(entry) => Some((path, Some(renamed(entry, kind, names)?))),
    };
    overlay.into_iter().filter_map(name).collect()
}
