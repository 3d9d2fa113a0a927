//! What differs between two trees.

use std::iter::Peekable;

use serde::{Deserialize, Serialize};

use crate::{Entry, RelPath, Tree};

/// Something before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff<T> {
    /// What was.
    pub before: T,
    /// What is.
    pub after: T,
}

/// One path that differs. Never the same entry on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub path: RelPath,
    /// The entry that was there.
    pub before: Option<Entry>,
    /// The entry that is there now.
    pub after: Option<Entry>,
}

/// What a change did, as `progy status` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// There was nothing.
    Added,
    /// Its content, kind or executable bit is another.
    Modified,
    /// There is nothing any more.
    Deleted,
}

impl Change {
    /// What the change did.
    pub fn kind(&self) -> ChangeKind {
        match (&self.before, &self.after) {
            (None, _) => ChangeKind::Added,
            (Some(_), Some(_)) => ChangeKind::Modified,
            (Some(_), None) => ChangeKind::Deleted,
        }
    }
}

/// The paths that differ, in order.
pub fn diff(before: &Tree, after: &Tree) -> Vec<Change> {
    pairs(before, after)
        .filter(|(_, sides)| sides.before != sides.after)
        .map(|(path, sides)| Change {
            path: path.clone(),
            before: sides.before.cloned(),
            after: sides.after.cloned(),
        })
        .collect()
}

/// Walks two trees side by side: every path that is in one of them, in order.
pub(crate) fn pairs<'a>(
    before: &'a Tree,
    after: &'a Tree,
) -> impl Iterator<Item = (&'a RelPath, Diff<Option<&'a Entry>>)> {
    let mut left = before.iter().peekable();
    let mut right = after.iter().peekable();
    std::iter::from_fn(move || {
        let path = lowest(&mut left, &mut right)?;
        let before = left.next_if(|(at, _)| *at == path).map(|(_, entry)| entry);
        let after = right.next_if(|(at, _)| *at == path).map(|(_, entry)| entry);
        Some((path, Diff { before, after }))
    })
}

fn lowest<'a, I>(left: &mut Peekable<I>, right: &mut Peekable<I>) -> Option<&'a RelPath>
where
    I: Iterator<Item = (&'a RelPath, &'a Entry)>,
{
    match (left.peek().map(|item| item.0), right.peek().map(|item| item.0)) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, &str)]) -> Tree {
        Tree::from_entries(
            entries
                .iter()
                .map(|(path, text)| (RelPath::new(path).unwrap(), Entry::file(text.as_bytes()))),
        )
        .unwrap()
    }

    #[test]
    fn every_kind_of_change_is_found_in_order() {
        let before = tree(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let after = tree(&[("b", "2"), ("c", "1"), ("d", "1")]);
        let found: Vec<_> = diff(&before, &after)
            .iter()
            .map(|change| (change.path.to_string(), change.kind()))
            .collect();
        let expected = [
            ("a".to_owned(), ChangeKind::Deleted),
            ("b".to_owned(), ChangeKind::Modified),
            ("d".to_owned(), ChangeKind::Added),
        ];
        assert_eq!(found, expected);
        assert!(diff(&after, &after).is_empty());
    }
}
