//! What a course says about the snapshots of its learners, as far as the host lets it.

use std::collections::HashMap;

use progy_core::CourseId;
use progy_core::course::{Manifest, Retention};
use progy_snapshot::retention::{Policy, Tier};
use semver::Version;

use crate::Result;
use crate::services::{Limits, Services};

const HOUR: i64 = 60 * 60 * 1_000;
const DAY: i64 = 24 * HOUR;

/// The policies of course versions that were asked for in one round. A version never changes.
#[derive(Debug, Default)]
pub(super) struct Policies(HashMap<(CourseId, Version), Policy>);

impl Services {
    /// The policy for the snapshots of a workspace whose files are of this course version.
    pub(super) async fn policy(
        &self,
        course: &CourseId,
        version: &Version,
        known: &mut Policies,
    ) -> Result<Policy> {
        if self.limits.course_days == 0 {
            return Ok(self.limits.retention.clone());
        }
        let key = (course.clone(), version.clone());
        if let Some(policy) = known.0.get(&key) {
            return Ok(policy.clone());
        }
        let manifest = self.db.manifest(course, version).await?;
        // One that cannot be read is older than the field, which then meant nothing.
        let manifest = manifest.and_then(|bytes| Manifest::parse(&bytes).ok());
        let said = manifest.map(|manifest| manifest.sync.retention).unwrap_or_default();
        let policy = policy_of(&said, &self.limits);
        known.0.insert(key, policy.clone());
        Ok(policy)
    }
}

/// The host's policy, with what a course says instead: never beyond the age that the host allows to
/// courses. What the host itself keeps for longer, it keeps for a course that does not say otherwise.
fn policy_of(said: &Retention, limits: &Limits) -> Policy {
    let most = i64::from(limits.course_days) * DAY;
    let tier = |days: Option<u32>, every| {
        days.map(|days| Tier { up_to: (i64::from(days) * DAY).min(most), every })
    };
    let tiers = [tier(said.all, 0), tier(said.hourly, HOUR), tier(said.daily, DAY)];
    let tiers: Vec<Tier> = tiers.into_iter().flatten().collect();
    limits.retention.with(&tiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_goes_no_further_than_the_host_allows() {
        let limits = Limits { course_days: 30, ..Limits::default() };
        let policy = |all, hourly, daily| {
            policy_of(&Retention { all, hourly, daily, unknown: None }, &limits)
        };
        let tiers = |tiers: &[(i64, i64)]| {
            let tier = |(days, every): &(i64, i64)| Tier { up_to: days * DAY, every: *every };
            Policy::new(tiers.iter().map(tier).collect(), true).unwrap()
        };
        assert_eq!(policy(None, None, None), Policy::default());
        assert_eq!(policy(None, None, Some(3660)), tiers(&[(1, 0), (7, HOUR), (30, DAY)]));
        assert_eq!(policy(Some(14), None, None), tiers(&[(14, 0), (92, DAY)]));
        assert_eq!(policy(Some(40), Some(40), Some(40)), tiers(&[(30, 0)]));
    }
}
