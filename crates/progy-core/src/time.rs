//! Points in time.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, as some device's clock told them.
///
/// No decision about files depends on it: clocks lie. It is shown to people, and it is part of
/// progress records, whose merge takes the earliest or the latest.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The count of milliseconds.
    pub fn millis(self) -> i64 {
        self.0
    }
}
