//! The lines of `.gitignore` and `.progyignore` files, from a folder up to the root.

use std::borrow::Cow;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// What one ignore file may cost. Longer lines, and lines after these, are skipped: an ignore file
/// can come from somebody else, and skipping a line only means that more is synced.
const MAX_LINES: usize = 1_000;
const MAX_LINE: usize = 512;

/// What the ignore files of one kind say about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// It is ignored.
    Ignore,
    /// A negation includes it.
    Include {
        /// The negation's last part holds a letter or a digit, so it is not `*` or `**`.
        by_name: bool,
    },
}

/// The ignore files of one kind, innermost first: a list that shares its tail with the scopes of
/// the folders above. Folders without such a file add nothing to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain(Option<Arc<File>>);

#[derive(Debug)]
struct File {
    /// In the order of the file; more than one only if its lines were too many for one automaton.
    sets: Vec<Gitignore>,
    /// How many bytes of a path name the folder of this file, with the separator.
    folder: usize,
    outer: Chain,
}

impl Chain {
    /// This list with the file of a folder, of which `text` is the content.
    pub(super) fn enter(&self, folder: Option<&str>, text: Option<&str>) -> Self {
        let sets = text.map(compile_text).unwrap_or_default();
        if sets.is_empty() {
            return self.clone();
        }
        let folder = folder.map_or(0, |folder| folder.len() + 1);
        Self(Some(Arc::new(File { sets, folder, outer: self.clone() })))
    }

    /// The word of the innermost file that has one; in a file, the last line that matches.
    pub(super) fn word(&self, path: &str, is_folder: bool) -> Option<Word> {
        let mut chain = self;
        while let Some(file) = &chain.0 {
            // The files of this list are in folders above `path`.
            let below = path.get(file.folder..).unwrap_or(path);
            for set in file.sets.iter().rev() {
                match set.matched(below, is_folder) {
                    Match::Ignore(_) => return Some(Word::Ignore),
                    Match::Whitelist(line) => {
                        return Some(Word::Include { by_name: is_name(line.actual()) });
                    }
                    Match::None => {}
                }
            }
            chain = &file.outer;
        }
        None
    }
}

/// Whether a glob names what it matches, or matches anything in some folder.
pub(super) fn is_name(glob: &str) -> bool {
    super::names::last_part(glob.trim_end_matches('/')).chars().any(char::is_alphanumeric)
}

fn compile_text(text: &str) -> Vec<Gitignore> {
    let lines: Vec<Cow<'_, str>> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .filter(|line| line.len() <= MAX_LINE && !line.starts_with('#'))
        // To the crate, a `!` alone includes everything; to Git it is nothing.
        .filter(|line| !matches!(line.trim_end(), "" | "!"))
        .take(MAX_LINES)
        .map(without_alternatives)
        .collect();
    compile(&lines)
}

/// Git knows no `{a,b}`, the crate does. Lines that escape something themselves are left alone.
fn without_alternatives(line: &str) -> Cow<'_, str> {
    if line.contains(['{', '}']) && !line.contains(['[', '\\']) {
        line.replace('{', "\\{").replace('}', "\\}").into()
    } else {
        line.into()
    }
}

/// A line that is no glob is skipped. If the rest is too much for one automaton, it is halved.
fn compile(lines: &[Cow<'_, str>]) -> Vec<Gitignore> {
    // Paths are given relative to the file's own folder, which the crate calls ".".
    let mut builder = GitignoreBuilder::new(".");
    for line in lines {
        builder.add_line(None, line).ok();
    }
    match builder.build() {
        Ok(set) if set.is_empty() => Vec::new(),
        Ok(set) => vec![set],
        Err(_) if lines.len() > 1 => {
            let (first, second) = lines.split_at(lines.len() / 2);
            let mut sets = compile(first);
            sets.append(&mut compile(second));
            sets
        }
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, path: &str) -> Option<Word> {
        Chain::default().enter(None, Some(text)).word(path, false)
    }

    #[test]
    fn a_broken_line_is_skipped() {
        let text = "\u{feff}*.log\n[{a\n[z-a]\n\\\n!\n/\n\u{0}\n*.tmp";
        assert_eq!(word(text, "a.log"), Some(Word::Ignore));
        assert_eq!(word(text, "x/a.tmp"), Some(Word::Ignore));
        assert_eq!(word(text, "a.rs"), None);
    }

    #[test]
    fn endings_of_windows_and_comments() {
        let text = "# *.rs\r\n*.log\r\n\r\n!keep.log\r\n";
        assert_eq!(word(text, "a.rs"), None);
        assert_eq!(word(text, "a.log"), Some(Word::Ignore));
        assert_eq!(word(text, "keep.log"), Some(Word::Include { by_name: true }));
        assert_eq!(word("!*", "a"), Some(Word::Include { by_name: false }));
        assert_eq!(word("!a/**", "a/b"), Some(Word::Include { by_name: false }));
    }

    #[test]
    fn braces_are_only_braces() {
        assert_eq!(word("*.{js,rs}", "a.rs"), None);
        assert_eq!(word("*.{js,rs}", "a.{js,rs}"), Some(Word::Ignore));
        assert_eq!(word("{a", "{a"), Some(Word::Ignore));
    }

    #[test]
    fn a_file_without_lines_costs_nothing() {
        assert!(Chain::default().enter(None, Some("# nothing\n\n")).0.is_none());
        assert!(Chain::default().enter(None, None).0.is_none());
    }

    #[test]
    fn too_much_for_one_automaton_is_split_and_keeps_its_order() {
        let heavy = (0..900).map(|i| format!("{}{i}?", "*x[a-z]?é".repeat(40)));
        let lines: Vec<String> = ["first".to_owned()]
            .into_iter()
            .chain(heavy)
            .chain(["!first".to_owned(), "last".to_owned()])
            .collect();
        let text = lines.join("\n");
        let chain = Chain::default().enter(None, Some(&text));
        assert!(chain.0.as_ref().is_some_and(|file| file.sets.len() > 1), "not split");
        assert_eq!(chain.word("first", false), Some(Word::Include { by_name: true }));
        assert_eq!(chain.word("last", false), Some(Word::Ignore));
    }
}
