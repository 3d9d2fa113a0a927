//! The catalogue is complete: both languages say the same things, and the pages ask for exactly
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
        let name = |text: &str| text.chars().take_while(char::is_ascii_alphanumeric).collect();
        let found = line.split('$').skip(1).map(name);
        keys.entry(key.clone()).or_default().extend(found);
    }
    keys.retain(|key, _| !key.is_empty());
    keys
}

#[test]
fn both_languages_have_the_same_keys_and_variables() {
    let (english, portuguese) = (keys(ENGLISH), keys(PORTUGUESE));
    assert!(english.len() > 100);
    assert_eq!(english, portuguese);
}

#[test]
fn every_text_can_be_said_in_one_line() {
    for (language, source) in Language::ALL.into_iter().zip([ENGLISH, PORTUGUESE]) {
        assert!(FluentResource::try_new(source.to_owned()).is_ok());
        let texts = Texts::of(language);
        for (key, variables) in keys(source) {
            let message = texts.bundle.get_message(&key).unwrap();
            let args: FluentArgs<'_> =
                variables.iter().map(|name| (name.as_str(), argument(name, "2".into()))).collect();
            let mut errors = Vec::new();
            let pattern = message.value().unwrap();
            let text = texts.bundle.format_pattern(pattern, Some(&args), &mut errors);
            assert!(errors.is_empty(), "{key}: {errors:?}");
            assert!(!text.contains('\n') && !text.contains('<'), "{key}: {text}");
        }
    }
}

#[test]
fn pages_ask_for_exactly_the_texts_that_exist() {
    let catalogue = keys(ENGLISH);
    let all = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages"));
    for source in &all {
        for (key, variables) in uses(source) {
            let expected = catalogue.get(&key).unwrap_or_else(|| panic!("there is no {key}"));
            assert_eq!(&variables, expected, "the variables of {key}");
        }
    }
    // A key may also stand in a table.
    let mentioned = |key: &str| all.iter().any(|source| source.contains(&format!("\"{key}\"")));
    let unused: Vec<_> = catalogue.keys().filter(|key| !mentioned(key)).collect();
    assert!(unused.is_empty(), "never said: {unused:?}");
}

#[test]
fn what_a_text_is_about_is_not_a_number() {
    let texts = Texts::of(Language::English);
    assert_eq!(texts.with("role-of", "name", "007"), "Role of 007");
    assert_eq!(texts.with("in-days", "count", &365), "in 365 days");
    let message = said!("failure-too-often", count = 1);
    assert!(texts.message(&message).ends_with("in 1 second."));
}

fn sources(folder: &Path) -> Vec<String> {
    let mut sources = Vec::new();
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            sources.extend(self::sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "html")
            && path.file_name().is_some_and(|name| name != "tests.rs")
        {
            sources.push(fs::read_to_string(&path).unwrap());
        }
    }
    sources
}

/// The key and the variables of each call that says something.
fn uses(source: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut uses = Vec::new();
    for call in ["say(\"", "said!(\"", "with(\""] {
        for (at, _) in source.match_indices(call) {
            let Some((key, rest)) = source[at + call.len()..].split_once('"') else { continue };
            // `starts_with("` and the like say nothing.
            let is_key = key.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !key.is_empty();
            if !is_key || source[..at].ends_with('_') || source[..at].ends_with("next::") {
                continue;
            }
            let rest = rest.split(';').next().unwrap_or_default();
            let variable = rest.strip_prefix(", ").map(|rest| {
                let name = rest.trim_start_matches('"').chars();
                name.take_while(char::is_ascii_alphanumeric).collect()
            });
            uses.push((key.to_owned(), variable.into_iter().collect()));
        }
    }
    uses
}
