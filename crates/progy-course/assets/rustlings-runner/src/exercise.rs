//! What `exercises.txt` says of an exercise.

use std::fs;
use std::path::Path;

/// How far an exercise goes.
pub struct Exercise {
    /// Whether it has tests that must pass.
    pub has_tests: bool,
    /// Whether every warning of Clippy counts.
    pub is_strict: bool,
}

impl Exercise {
    /// The exercise of `lesson` in `table`, whose lines are `LESSON run|test [strict]`.
    pub fn find(table: &Path, lesson: &str) -> Result<Self, String> {
        let text = fs::read_to_string(table)
            .map_err(|error| format!("cannot read {}: {error}", table.display()))?;
        text.lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .find(|words| words.first() == Some(&lesson))
            .map(|words| Self {
                has_tests: words.get(1) == Some(&"test"),
                is_strict: words.get(2) == Some(&"strict"),
            })
            .ok_or_else(|| format!("{lesson} is not in {}", table.display()))
    }
}
