//! What time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use progy_core::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now. May go backwards: nothing may depend on its order.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let millis =
            |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Timestamp(match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => millis(since),
            Err(before) => -millis(before.duration()),
        })
    }
}
