//! How often something may be tried.
//!
//! A generic cell rate algorithm (ITU-T I.371, annex A): of each key only one number is kept, the
//! time at which nothing of what was done counts any more. It is small enough to be a row of a
//! database that replicas share; [`InProcess`] serves one process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use progy_core::Timestamp;

use super::Result;

/// Keys that are remembered at most. Beyond that those are forgotten that did the least.
const KEYS: usize = 100_000;

/// So many at once, and then one each `every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// How many may come at once.
    pub burst: u32,
    /// After how many milliseconds one more may come.
    pub every: i64,
}

impl Rule {
    /// As many times as often.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        let factor = factor.max(1);
        let every = (self.every / i64::from(factor)).max(1);
        Self { burst: self.burst.saturating_mul(factor), every }
    }

    /// When everything done so far is forgotten, if one more comes `now`; or for how many
    /// milliseconds it has to wait. `spent` is what the one before gave.
    pub fn take(self, spent: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, i64> {
        let whole = self.every.saturating_mul(self.burst.into());
        // A clock that was set back must not lock anybody out for longer than the rule says.
        let latest = now.0.saturating_add(whole);
        let spent = spent.map_or(now.0, |spent| spent.0.clamp(now.0, latest));
        let after = spent.saturating_add(self.every);
        if after > latest { Err(after - latest) } else { Ok(Timestamp(after)) }
    }
}

/// Counts.
#[async_trait]
pub trait RateLimits: Send + Sync {
    /// Counts one more of `key` if the rule allows it; otherwise counts nothing and gives the
    /// milliseconds to wait. The same key always comes with the same rule.
    async fn take(&self, key: &str, rule: Rule, now: Timestamp) -> Result<Option<i64>>;
}

/// Counts in memory, for a server that is one process.
#[derive(Debug, Default)]
pub struct InProcess(Mutex<HashMap<String, Timestamp>>);

#[async_trait]
impl RateLimits for InProcess {
    async fn take(&self, key: &str, rule: Rule, now: Timestamp) -> Result<Option<i64>> {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match rule.take(spent.get(key).copied(), now) {
            Err(wait) => Ok(Some(wait)),
            Ok(after) => {
                if spent.len() >= KEYS {
                    make_room(&mut spent, now);
                }
                spent.insert(key.to_owned(), after);
                Ok(None)
            }
        }
    }
}

fn make_room(spent: &mut HashMap<String, Timestamp>, now: Timestamp) {
    spent.retain(|_, after| *after > now);
    if spent.len() >= KEYS {
        let mut times: Vec<Timestamp> = spent.values().copied().collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        spent.retain(|_, after| *after > median);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const RULE: Rule = Rule { burst: 3, every: 1_000 };

    #[test]
    fn a_burst_and_then_one_at_a_time() {
        let limits = InProcess::default();
        let take = |key: &str, now: i64| {
            limits.take(key, RULE, Timestamp(now)).now_or_never().unwrap().unwrap()
        };
        for _ in 0..3 {
            assert_eq!(take("a", 5_000), None);
        }
        assert_eq!(take("a", 5_000), Some(1_000));
        assert_eq!(take("a", 5_400), Some(600));
        assert_eq!(take("b", 5_400), None, "another key");
        assert_eq!(take("a", 6_000), None);
        assert_eq!(take("a", 6_000), Some(1_000));
        for _ in 0..3 {
            assert_eq!(take("a", 60_000), None, "all is forgotten");
        }
        assert_eq!(take("a", 60_000), Some(1_000));
    }

    #[test]
    fn a_factor_is_for_the_burst_and_for_what_follows() {
        assert_eq!(RULE.times(10), Rule { burst: 30, every: 100 });
        assert_eq!(RULE.times(0), RULE);
        assert_eq!(RULE.times(u32::MAX).every, 1);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_long() {
        let spent = RULE.take(None, Timestamp(1_000_000_000)).unwrap();
        assert_eq!(RULE.take(Some(spent), Timestamp(0)), Err(1_000));
        assert!(RULE.take(Some(Timestamp(3_000)), Timestamp(1_000)).is_ok());
    }

    #[test]
    fn what_did_the_least_is_forgotten_first() {
        let mut spent: HashMap<String, Timestamp> =
            (0..KEYS).map(|n| (n.to_string(), Timestamp(10 + i64::try_from(n).unwrap()))).collect();
        make_room(&mut spent, Timestamp(0));
        assert!(spent.len() <= KEYS / 2 && spent.contains_key(&(KEYS - 1).to_string()));
        make_room(&mut spent, Timestamp(i64::MAX));
        assert!(spent.is_empty());
    }
}
