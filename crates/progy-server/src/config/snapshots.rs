//! Which snapshots are kept.

use progy_snapshot::retention::{Policy, Tier};
use serde::Deserialize;

use super::ConfigError;

const HOUR: i64 = 60 * 60 * 1_000;
const DAY: i64 = 24 * HOUR;

/// Which snapshots of a workspace are kept, by their age in days, where its course does not say. The
/// head always is. What is not kept cannot be restored any more; devices that have it as their base go
/// on all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Snapshots {
    /// Up to this age, all.
    pub keep_all_days: u32,
    /// Up to this age, the last of each hour.
    pub keep_hourly_days: u32,
    /// Up to this age, the last of each day.
    pub keep_daily_days: u32,
    /// Whether those that completed a lesson are kept for ever.
    pub keep_lessons: bool,
    /// The age up to which a course may have its learners' snapshots kept, or 0: no course has a say.
    pub course_max_days: u32,
    /// What the packs of one learner may hold together, in bytes.
    pub quota: u64,
}

impl Default for Snapshots {
    /// As [`Policy::default`].
    fn default() -> Self {
        Self {
            keep_all_days: 1,
            keep_hourly_days: 7,
            keep_daily_days: 92,
            keep_lessons: true,
            course_max_days: crate::services::Limits::default().course_days,
            quota: crate::services::Limits::default().packs,
        }
    }
}

impl Snapshots {
    /// The same as a policy.
    pub(crate) fn policy(&self) -> Result<Policy, ConfigError> {
        let tier = |days: u32, every| Tier { up_to: i64::from(days) * DAY, every };
        let tiers = vec![
            tier(self.keep_all_days, 0),
            tier(self.keep_hourly_days, HOUR),
            tier(self.keep_daily_days, DAY),
        ];
        Policy::new(tiers, self.keep_lessons).map_err(|_| {
            ConfigError::Senseless(
                "in `[snapshots]` each of `keep_all_days`, `keep_hourly_days` and `keep_daily_days` \
                 must be more than the one before",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_default_policy() {
        assert_eq!(Snapshots::default().policy().unwrap(), Policy::default());
        let backwards = Snapshots { keep_daily_days: 7, ..Snapshots::default() };
        assert!(backwards.policy().is_err());
    }
}
