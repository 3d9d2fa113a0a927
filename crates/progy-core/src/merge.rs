//! Three-way merge of texts, by lines.

use diffy::{ConflictStyle, DiffOptions, Line, MergeOptions};

/// Texts past this are not merged: both versions are kept. In bytes.
pub const MAX_TEXT: usize = 1 << 20;
/// Texts that are further apart are not merged either. In lines that go or come.
///
/// The line diff takes time that grows with the square of it: hours for two texts of a megabyte
/// that have nothing in common.
pub const MAX_EDITS: usize = 4_000;

/// What became of two versions with one ancestor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// Both edits fit beside each other.
    Clean(Vec<u8>),
    /// They touch the same lines, or one of the three is no text, or they have little in common.
    Conflict,
}

/// Whether `bytes` can be merged by lines: no NUL, at most [`MAX_TEXT`].
pub fn is_text(bytes: &[u8]) -> bool {
    bytes.len() <= MAX_TEXT && !bytes.contains(&0)
}

/// Merges the edits that lead from `base` to `local` and to `remote`.
pub fn merge_text(base: &[u8], local: &[u8], remote: &[u8]) -> Merged {
    if ![base, local, remote].into_iter().all(is_text) {
        return Merged::Conflict;
    }
    // An edit alone is the result, however large it is.
    if local == base || local == remote {
        return Merged::Clean(remote.to_vec());
    }
    if remote == base {
        return Merged::Clean(local.to_vec());
    }
    if !is_near(base, local) || !is_near(base, remote) {
        return Merged::Conflict;
    }
    match MergeOptions::new().merge_bytes(base, local, remote) {
        Ok(merged) => Merged::Clean(merged),
        Err(_) => Merged::Conflict,
    }
}

/// The text with conflict markers (`<<<<<<<`, `=======`, `>>>>>>>`) where the edits meet.
///
/// Only for `progy resolve --markers`; `None` if one of the three is no text, or an edit is no small
/// one.
pub fn merge_with_markers(base: &[u8], local: &[u8], remote: &[u8]) -> Option<Vec<u8>> {
    let are_texts = [base, local, remote].into_iter().all(is_text);
    if !are_texts || !is_near(base, local) || !is_near(base, remote) {
        return None;
    }
    let (Ok(merged) | Err(merged)) = MergeOptions::new()
        .set_conflict_style(ConflictStyle::Merge)
        .merge_bytes(base, local, remote);
    Some(merged)
}

/// Whether at most [`MAX_EDITS`] lines have to go or come to make `other` of `one`. If one of them
/// is empty, the answer is easy, and it is yes.
///
/// Source: Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy algorithm,
/// which is given up after so many steps.
fn is_near(one: &[u8], other: &[u8]) -> bool {
    let is_end = |byte: &u8| *byte == b'\n';
    let one: Vec<&[u8]> = one.split_inclusive(is_end).collect();
    let other: Vec<&[u8]> = other.split_inclusive(is_end).collect();
    let all = one.len() + other.len();
    if all <= MAX_EDITS || one.is_empty() || other.is_empty() {
        return true;
    }
    // How far into `one` each diagonal has come; `zero` is the one that both texts begin on. Two
    // places more than there are diagonals, so that each has neighbours.
    let zero = MAX_EDITS + 1;
    let mut reached = vec![0; 2 * zero + 1];
    for edits in 0..=MAX_EDITS {
        for diagonal in (zero - edits..=zero + edits).step_by(2) {
            let (below, above) = (reached[diagonal - 1], reached[diagonal + 1]);
            let comes = diagonal == zero - edits || (diagonal != zero + edits && below < above);
            let mut x = if comes { above } else { below + 1 };
            let mut y = x + zero - diagonal;
            while x < one.len() && y < other.len() && one[x] == other[y] {
                (x, y) = (x + 1, y + 1);
            }
            reached[diagonal] = x;
            if x >= one.len() && y >= other.len() {
                return true;
            }
        }
    }
    false
}

/// The lines that two texts have in common, in order; none if they have too little in common.
///
/// Stands for an ancestor that nobody has any more: a merge on top of it marks exactly the lines in
/// which the two differ.
pub fn common_lines(one: &[u8], other: &[u8]) -> Vec<u8> {
    // A patch between equal texts has no hunks, and so no context.
    if one == other {
        return one.to_vec();
    }
    if !is_near(one, other) {
        return Vec::new();
    }
    let patch = DiffOptions::new().set_context_len(usize::MAX).create_patch_bytes(one, other);
    let lines = patch.hunks().iter().flat_map(diffy::Hunk::lines);
    lines
        .filter_map(|line| match line {
            Line::Context(text) => Some(*text),
            Line::Delete(_) | Line::Insert(_) => None,
        })
        .collect::<Vec<_>>()
        .concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edits_of_other_lines_fit_together() {
        let merged = merge_text(b"a\nb\nc\nd\n", b"A\nb\nc\nd\n", b"a\nb\nc\nD\n");
        assert_eq!(merged, Merged::Clean(b"A\nb\nc\nD\n".to_vec()));
    }

    #[test]
    fn edits_of_one_line_conflict() {
        assert_eq!(merge_text(b"a\n", b"b\n", b"c\n"), Merged::Conflict);
        let marked = merge_with_markers(b"a\n", b"b\n", b"c\n").unwrap();
        let marked = String::from_utf8(marked).unwrap();
        assert!(marked.contains("<<<<<<<") && marked.contains("b\n") && marked.contains("c\n"));
    }

    #[test]
    fn without_an_ancestor_only_what_differs_is_marked() {
        let (one, other) = (b"a\nb\nc\n", b"a\nB\nc\nd\n");
        assert_eq!(common_lines(one, other), b"a\nc\n");
        assert_eq!(common_lines(one, one), one);

        let marked = merge_with_markers(&common_lines(one, other), one, other).unwrap();
        assert!(marked.starts_with(b"a\n<<<<<<<") && marked.ends_with(b"d\n"));
    }

    #[test]
    fn binary_content_is_never_merged() {
        assert_eq!(merge_text(b"a\0", b"b\0", b"a\0"), Merged::Conflict);
    }

    #[test]
    fn texts_with_little_in_common_are_not_compared_for_hours() {
        let text = |name: &str| -> Vec<u8> {
            let lines = (0..MAX_TEXT / 16).map(|n| format!("{name}{n}\n"));
            lines.collect::<String>().into_bytes()
        };
        let (base, local, remote) = (text("a"), text("b"), text("c"));
        assert!(is_text(&base));
        assert_eq!(merge_text(&base, &local, &remote), Merged::Conflict);
        assert_eq!(merge_text(&base, &local, &base), Merged::Clean(local.clone()));
        assert_eq!(merge_with_markers(&base, &local, &remote), None);
        assert_eq!(common_lines(&local, &remote), b"");
        let marked = merge_with_markers(b"", &local, &remote).unwrap();
        assert!(marked.starts_with(b"<<<<<<<"));
        // The size alone is no reason: one line here and one there are merged.
        let edit = |n: usize| {
            let mut lines: Vec<&[u8]> = base.split_inclusive(|byte| *byte == b'\n').collect();
            lines[n] = b"edited\n";
            lines.concat()
        };
        let merged = merge_text(&base, &edit(0), &edit(60_000));
        assert!(matches!(merged, Merged::Clean(text) if text.ends_with(b"a65535\n")));
    }

    #[test]
    fn nearness() {
        let text = |lines: std::ops::Range<usize>| -> Vec<u8> {
            lines.map(|n| format!("{n}\n")).collect::<String>().into_bytes()
        };
        let half = MAX_EDITS / 2;
        assert!(is_near(&text(0..20_000), &text(half..20_000 + half)));
        assert!(!is_near(&text(0..20_000), &text(half..20_001 + half)));
        assert!(is_near(b"", &text(0..20_000)) && is_near(&text(0..20_000), b""));
    }

    #[test]
    fn line_endings_survive() {
        let merged = merge_text(b"a\r\nb\r\nc\r\n", b"x\r\nb\r\nc\r\n", b"a\r\nb\r\ny\r\n");
        assert_eq!(merged, Merged::Clean(b"x\r\nb\r\ny\r\n".to_vec()));
        let without_end = merge_text(b"a\nb\nc", b"A\nb\nc", b"a\nb\nC");
        assert_eq!(without_end, Merged::Clean(b"A\nb\nC".to_vec()));
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec("[ab]{0,1}\n", 0..8).prop_map(|lines| lines.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn one_edit_alone_is_the_result(base in text(), edit in text()) {
            prop_assert_eq!(merge_text(&base, &edit, &base), Merged::Clean(edit.clone()));
            prop_assert_eq!(merge_text(&base, &base, &edit), Merged::Clean(edit.clone()));
        }

        #[test]
        fn the_same_edit_twice_is_that_edit(base in text(), edit in text()) {
            prop_assert_eq!(merge_text(&base, &edit, &edit), Merged::Clean(edit.clone()));
        }

        #[test]
        fn sides_can_be_swapped(base in text(), local in text(), remote in text()) {
            let one = merge_text(&base, &local, &remote);
            let other = merge_text(&base, &remote, &local);
            prop_assert_eq!(
                matches!(one, Merged::Conflict), matches!(other, Merged::Conflict)
            );
        }
    }
}
