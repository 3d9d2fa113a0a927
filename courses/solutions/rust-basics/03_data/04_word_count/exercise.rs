use std::collections::BTreeMap;

fn count_words(text: &str) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        if !word.is_empty() {
            *counts.entry(word).or_insert(0) += 1;
        }
    }
    counts
}

fn most_common(text: &str, limit: usize) -> Vec<(String, u32)> {
    let mut words: Vec<(String, u32)> = count_words(text).into_iter().collect();
    // The map gave us the words in alphabetical order, and sorting keeps the order of equals.
    words.sort_by(|a, b| b.1.cmp(&a.1));
    words.truncate(limit);
    words
}

fn main() {
    let text = "The crab met a crab. The second crab waved!";
    for (word, count) in most_common(text, 3) {
        println!("{count} x {word}");
    }
}

#[cfg(test)]
mod tests;
