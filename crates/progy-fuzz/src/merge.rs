//! The three-way merge of texts.

use progy_core::merge::{Merged, common_lines, is_text, merge_text, merge_with_markers};

use crate::parts;

/// An ancestor and two edits of it.
pub fn text_merge(data: &[u8]) {
    let [base, local, remote] = parts::<3>(data);
    let merged = merge_text(base, local, remote);
    let swapped = merge_text(base, remote, local);
    assert_eq!(merged, swapped, "a merge does not depend on who asks");
    if let Merged::Clean(text) = &merged {
        assert!(lines(text).all(|line| has(base, line) || has(local, line) || has(remote, line)));
        // What both sides have is in the result, and what neither has is not.
        if local == remote {
            assert_eq!(text, local);
        }
    }
    for edit in [local, remote] {
        let alone = if is_text(base) && is_text(edit) {
            Merged::Clean(edit.to_vec())
        } else {
            Merged::Conflict
        };
        assert_eq!(merge_text(base, edit, base), alone, "an edit alone is the result");
        assert_eq!(merge_text(base, base, edit), alone, "an edit alone is the result");
    }
    let marked = merge_with_markers(base, local, remote);
    assert!(marked.is_none() || [base, local, remote].into_iter().all(is_text));
    if let (Merged::Clean(text), Some(marked)) = (&merged, &marked) {
        assert_eq!(text, marked, "nothing to mark");
    }
    let common = common_lines(local, remote);
    assert!(is_subsequence(&common, local) && is_subsequence(&common, remote));
    assert_eq!(common_lines(local, local), local);
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

fn has(text: &[u8], line: &[u8]) -> bool {
    lines(text).any(|other| other == line)
}

/// Whether the lines of `part` stand in `whole` in their order.
fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
    let mut whole = lines(whole);
    lines(part).all(|line| whole.any(|other| other == line))
}
