//! The tests of the exercise. There is no need to change them.

use super::*;

fn count_of(text: &str, word: &str) -> Option<u32> {
    count_words(text).get(word).copied()
}

#[test]
fn counts_repeated_words() {
    assert_eq!(count_of("one two two three three three", "one"), Some(1));
    assert_eq!(count_of("one two two three three three", "three"), Some(3));
    assert_eq!(count_of("one two two three three three", "four"), None);
}

#[test]
fn ignores_capital_letters() {
    assert_eq!(count_of("Rust rust RUST", "rust"), Some(3));
    assert_eq!(count_of("Água água", "água"), Some(2));
}

#[test]
fn ignores_punctuation_around_words() {
    assert_eq!(count_of("Stop! (Please stop.)", "stop"), Some(2));
    assert_eq!(count_of("it's fine", "it's"), Some(1));
}

#[test]
fn punctuation_alone_is_no_word() {
    assert_eq!(count_words("- ... !").len(), 0);
    assert_eq!(count_words("").len(), 0);
}

#[test]
fn lists_the_most_common_first() {
    let words = most_common("The crab met a crab. The second crab waved!", 2);
    assert_eq!(words, vec![("crab".to_string(), 3), ("the".to_string(), 2)]);
}

#[test]
fn sorts_equally_common_words_alphabetically() {
    let words = most_common("pear apple fig", 3);
    let names: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(names, ["apple", "fig", "pear"]);
}

#[test]
fn a_large_limit_lists_every_word() {
    assert_eq!(most_common("a b", 10).len(), 2);
    assert_eq!(most_common("a b", 0).len(), 0);
}
