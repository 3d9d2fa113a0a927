//! What the learner wrote, and may expect to find again.
//!
//! Every line that the learner writes, on any device, holds a token that is nowhere else. So "no
//! content is lost" becomes a question that can be asked of bytes: where is each token now?

use std::collections::{BTreeMap, BTreeSet};

use progy_core::progress::Progress;
use progy_core::{ContentHash, HashKind};

/// A mark in the learner's text.
pub(crate) type Token = u32;

const DIGITS: usize = 7;

/// As it stands in files: always of one length, so that lines can be exchanged without changing a
/// file's size.
pub(crate) fn text(token: Token) -> String {
    format!("t{token:07}")
}

/// Every token in `bytes`.
pub(crate) fn tokens(bytes: &[u8]) -> BTreeSet<Token> {
    let mut found = BTreeSet::new();
    for window in bytes.windows(DIGITS + 1) {
        if let Some((b't', digits)) = window.split_first()
            && digits.iter().all(u8::is_ascii_digit)
        {
            let number = digits.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0'));
            found.insert(number);
        }
    }
    found
}

/// What is known of a token that has to be found again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// The learner took it out of a file, or did something that may: it need not be in the files,
    /// only in some revision or trash.
    pub(crate) removed: bool,
    /// It was in a save that a command said was done.
    pub(crate) recorded: bool,
}

/// What has to be found again at the end.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    next: Token,
    due: BTreeMap<Token, Due>,
    purged: BTreeSet<Token>,
    /// Progress that some command said was recorded.
    pub(crate) progress: Progress,
    /// Revisions that a device was told of as published.
    pub(crate) acknowledged: BTreeSet<String>,
    /// How often something was destroyed on purpose: what was asked before says nothing after.
    pub(crate) disasters: u32,
}

impl Ledger {
    /// A token that is in no file yet.
    pub(crate) fn fresh(&mut self) -> Token {
        self.next += 1;
        self.next
    }

    /// The learner wrote `token` into a file.
    pub(crate) fn written(&mut self, token: Token) {
        self.due.entry(token).or_default().removed = false;
    }

    /// The learner took `token` out of the last file of a device that had it.
    pub(crate) fn removed(&mut self, token: Token) {
        match self.due.get_mut(&token) {
            Some(due) if due.recorded => due.removed = true,
            // Progy never saw it, or was never done with it.
            _ => drop(self.due.remove(&token)),
        }
    }

    /// A save that holds `token` was said to be done.
    pub(crate) fn recorded(&mut self, token: Token) {
        self.due.entry(token).or_insert(Due { removed: true, recorded: false }).recorded = true;
    }

    /// The learner did something that may take any of `tokens` out of the files.
    pub(crate) fn may_be_gone(&mut self, tokens: &BTreeSet<Token>) {
        for token in tokens {
            if let Some(due) = self.due.get_mut(token) {
                due.removed = true;
            }
        }
    }

    /// The trash with these was old enough to be thrown away.
    pub(crate) fn purged(&mut self, tokens: &BTreeSet<Token>) {
        self.purged.extend(tokens);
    }

    /// Whether `token` was in old trash.
    pub(crate) fn was_purged(&self, token: Token) -> bool {
        self.purged.contains(&token)
    }

    /// These are in no revision any more, for the last that had them expired.
    pub(crate) fn expired(&mut self, tokens: &BTreeSet<Token>) {
        let in_files = |token: &Token| self.due.get(token).is_some_and(|due| !due.removed);
        let gone: Vec<Token> = tokens.iter().filter(|token| !in_files(token)).copied().collect();
        self.purged.extend(gone);
    }

    /// Nothing that is not in `reachable` is due any more: something was destroyed on purpose.
    pub(crate) fn forgive_all_but(&mut self, reachable: &BTreeSet<Token>) {
        self.due.retain(|token, _| reachable.contains(token));
    }

    /// Of what is due, only these are still recorded: the rest is only in the learner's own files.
    pub(crate) fn not_recorded_but(&mut self, kept: &BTreeSet<Token>) {
        for (_, due) in self.due.iter_mut().filter(|(token, _)| !kept.contains(token)) {
            due.recorded = false;
        }
    }

    pub(crate) fn due(&self) -> impl Iterator<Item = (Token, Due)> {
        self.due.iter().map(|(token, due)| (*token, *due))
    }

    pub(crate) fn known(&self) -> BTreeSet<Token> {
        self.due.keys().copied().collect()
    }
}

/// Whether `bytes` are a content that is named, by a name of either kind.
pub(crate) fn names(named: &BTreeSet<ContentHash>, bytes: &[u8]) -> bool {
    [HashKind::Blake3, HashKind::GitBlob].iter().any(|kind| named.contains(&kind.hash(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_again() {
        let line = format!("let {} = {};", text(12), text(9_999_999));
        assert_eq!(tokens(line.as_bytes()), BTreeSet::from([12, 9_999_999]));
        assert!(tokens(b"t123456 text").is_empty());
    }
}
