//! The catalogue is complete: both languages say the same things, and the source asks for exactly
//! those.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::*;

/// The variables of each key.
type Keys = BTreeMap<String, BTreeSet<String>>;

/// Reads a catalogue as far as the check needs it: a key begins a line, the rest is indented.
fn keys(catalogue: &str) -> Keys {
    let mut keys = Keys::new();
    let mut key = String::new();
    for line in catalogue.lines().filter(|line| !line.starts_with('#')) {
        let begins = line.starts_with(|c: char| c.is_ascii_lowercase());
        if let Some((name, _)) = line.split_once(" =").filter(|_| begins) {
            key = name.to_owned();
            assert!(keys.insert(key.clone(), BTreeSet::new()).is_none(), "{key} is there twice");
        }
        let found = line.split('$').skip(1).map(identifier).map(str::to_owned);
        keys.entry(key.clone()).or_default().extend(found);
    }
    keys.retain(|key, _| !key.is_empty());
    keys
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

#[test]
fn both_languages_have_the_same_keys_and_variables() {
    let (english, portuguese) = (keys(ENGLISH), keys(PORTUGUESE));
    assert!(english.len() > 50);
    assert_eq!(english, portuguese);
}

#[test]
fn every_message_can_be_said() {
    for (language, source) in [(Language::English, ENGLISH), (Language::Portuguese, PORTUGUESE)] {
        assert!(FluentResource::try_new(source.to_owned()).is_ok());
        let messages = Messages::new(language);
        for (key, variables) in keys(source) {
            let message = messages.bundle.get_message(&key).unwrap();
            let args: FluentArgs<'_> =
                variables.iter().map(|name| (name.as_str(), argument(name, &"2"))).collect();
            let mut errors = Vec::new();
            let pattern = message.value().unwrap();
            let text = messages.bundle.format_pattern(pattern, Some(&args), &mut errors);
            assert!(errors.is_empty(), "{key}: {errors:?}");
            assert!(!text.contains('\n'), "{key} has more than one line");
        }
    }
}

#[test]
fn the_source_asks_for_exactly_the_messages_that_exist() {
    let catalogue = keys(ENGLISH);
    let mut used = BTreeSet::new();
    for source in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        for (key, variables) in uses(&source) {
            let expected = catalogue.get(&key).unwrap_or_else(|| panic!("there is no {key}"));
            assert_eq!(&variables, expected, "the variables of {key}");
            used.insert(key);
        }
    }
    let unused: Vec<_> = catalogue.keys().filter(|key| !used.contains(*key)).collect();
    assert!(unused.is_empty(), "never said: {unused:?}");
}

fn sources(folder: &Path) -> Vec<String> {
    let mut sources = Vec::new();
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            sources.extend(self::sources(&path));
        } else if path.file_name().is_some_and(|name| name != "tests.rs" && name != "messages.rs") {
            sources.push(fs::read_to_string(&path).unwrap());
        }
    }
    sources
}

/// The key and the variables of every macro of this module that `source` calls.
fn uses(source: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut uses = Vec::new();
    for name in ["text!(", "say!(", "note!(", "fail!("] {
        for (at, _) in source.match_indices(name) {
            let is_other = source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let arguments = &source[at + name.len()..];
            if is_other {
                continue;
            }
            let (_, from_key) = arguments.split_once('"').unwrap();
            let (key, rest) = from_key.split_once('"').unwrap();
            uses.push((key.to_owned(), named_arguments(rest)));
        }
    }
    uses
}

/// The names in `, name = value, other = value)`.
fn named_arguments(rest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let (mut depth, mut in_text, mut argument) = (0_u32, false, String::new());
    for c in rest.chars() {
        match c {
            '"' => in_text = !in_text,
            _ if in_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                names.extend(argument_name(&argument));
                argument.clear();
            }
            c if depth == 0 => argument.push(c),
            _ => {}
        }
    }
    names.extend(argument_name(&argument));
    names
}

fn argument_name(argument: &str) -> Option<String> {
    let (name, _) = argument.split_once('=')?;
    Some(name.trim().to_owned())
}

#[test]
fn numbers_choose_between_singular_and_plural() {
    let english = Messages::new(Language::English);
    let portuguese = Messages::new(Language::Portuguese);
    for (count, en, pt) in [(1, "and 1 more", "e mais 1"), (12, "and 12 more", "e mais 12")] {
        assert_eq!(english.text("and-more", &[("count", &count)]), en);
        assert_eq!(portuguese.text("and-more", &[("count", &count)]), pt);
    }
    assert_eq!(english.text("progress-found", &[]), "Progress found. Restoring your files…");
    let found = "Progresso encontrado. Restaurando seus arquivos…";
    assert_eq!(portuguese.text("progress-found", &[]), found);
}

#[test]
fn nothing_steers_the_terminal() {
    let messages = Messages::new(Language::English);
    let text = messages.text("trash-restored", &[("path", &"a\u{1b}[2Jb")]);
    assert_eq!(text, "Back: a\u{fffd}[2Jb");
}
