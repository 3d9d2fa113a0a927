use std::collections::BTreeMap;

fn count_words(text: &str) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        counts.insert(word.to_string(), 1);
    }
    counts
}

fn most_common(text: &str, limit: usize) -> Vec<(String, u32)> {
    let counts = count_words(text);
    todo!("the {limit} most frequent of {} words", counts.len())
}

fn main() {
    let text = "The crab met a crab. The second crab waved!";
    for (word, count) in most_common(text, 3) {
        println!("{count} x {word}");
    }
}

#[cfg(test)]
mod tests;
