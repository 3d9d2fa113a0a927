//! What came of the saves, while they are made.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// Counts what ends between two moments.
#[derive(Debug)]
pub(crate) struct Tally {
    from: Instant,
    to: Instant,
    /// Microseconds, in no order.
    latencies: Vec<u32>,
    /// Bytes of bodies.
    pub(crate) body: u64,
    /// Bytes of contents, compressed.
    pub(crate) content: u64,
    /// Saves that came too late. Counted at any time.
    pub(crate) conflicts: u64,
    /// What the server or the connection said else, and how often. Counted at any time.
    pub(crate) errors: BTreeMap<String, u64>,
}

/// How long saves took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub(crate) struct Latencies {
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Tally {
    /// Counts saves that are answered from `from` to `to`.
    pub(crate) fn new(from: Instant, to: Instant) -> Self {
        let errors = BTreeMap::new();
        Self { from, to, latencies: Vec::new(), body: 0, content: 0, conflicts: 0, errors }
    }

    /// A save was answered `at` that moment.
    pub(crate) fn saved(&mut self, at: Instant, took: Duration, body: u64, content: u64) {
        if self.from <= at && at <= self.to {
            self.latencies.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
            self.body += body;
            self.content += content;
        }
    }

    /// A save was refused because another device had saved.
    pub(crate) fn conflict(&mut self) {
        self.conflicts += 1;
    }

    /// A save failed for another reason.
    pub(crate) fn error(&mut self, what: &str) {
        *self.errors.entry(what.to_owned()).or_default() += 1;
    }

    /// How many saves were answered.
    pub(crate) fn saves(&self) -> usize {
        self.latencies.len()
    }

    /// How long they took; all zero if there were none.
    pub(crate) fn latencies(&self) -> Latencies {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let millis = |micros: u32| f64::from(micros) / 1000.0;
        // Nearest rank: the smallest value that `percent` of all do not exceed.
        let percentile = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.saturating_sub(1)).copied().map(millis).unwrap_or_default()
        };
        let total: f64 = sorted.iter().copied().map(millis).sum();
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52 saves")]
        let count = sorted.len().max(1) as f64;
        Latencies {
            mean: total / count,
            p50: percentile(50),
            p95: percentile(95),
            p99: percentile(99),
            max: percentile(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ends_in_time_counts() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut tally = Tally::new(at(2), at(4));
        for second in 0..6 {
            tally.saved(at(second), Duration::from_millis(second), 10, 1);
        }
        assert_eq!((tally.saves(), tally.body, tally.content), (3, 30, 3));
        let Latencies { mean, p50, max, .. } = tally.latencies();
        assert_eq!((mean, p50, max), (3.0, 3.0, 4.0));
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let now = Instant::now();
        let mut tally = Tally::new(now, now);
        assert_eq!(tally.latencies(), Latencies::default());
        for millis in (1..=200).rev() {
            tally.saved(now, Duration::from_millis(millis), 0, 0);
        }
        let Latencies { p50, p95, p99, max, .. } = tally.latencies();
        assert_eq!((p50, p95, p99, max), (100.0, 190.0, 198.0, 200.0));
    }
}
