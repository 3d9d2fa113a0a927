//! Which revisions stay.
//!
//! What is near is kept whole, what is far is thinned out: of each hour, day or week one revision
//! stays, the last. Hours make up days, so that what stays as the last of its day was the last of its
//! hour: as time goes on revisions only go, and none that went is missed later.

use std::collections::HashSet;

use progy_core::Timestamp;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// One revision, as far as this matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    /// When it was saved, by the server's clock: that of a device may be years off.
    pub saved_at: Timestamp,
    /// Whether it completed a lesson.
    pub completes_lesson: bool,
    /// Whether it is the head, what a device has as its base, or what an upload builds upon.
    pub in_use: bool,
}

/// Up to some age, one revision for each span of time stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// Up to which age, in milliseconds.
    pub up_to: i64,
    /// The last of each such span stays, in milliseconds; 0 keeps all. Spans are counted from 1970 in
    /// UTC.
    pub every: i64,
}

/// What stays, besides what is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    tiers: Vec<Tier>,
    lessons: bool,
}

/// The tiers would bring back what is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "each tier has to reach further back than the one before, in spans that are made up of its spans"
)]
pub struct PolicyError;

impl Default for Policy {
    /// Everything for a day, hourly for a week, daily for three months (92 days), and every completed
    /// lesson.
    fn default() -> Self {
        let tier = |up_to, every| Tier { up_to, every };
        Self { tiers: vec![tier(DAY, 0), tier(7 * DAY, HOUR), tier(92 * DAY, DAY)], lessons: true }
    }
}

impl Policy {
    /// A policy of `tiers`, nearest first; with `lessons`, revisions that complete one stay for ever.
    pub fn new(tiers: Vec<Tier>, lessons: bool) -> Result<Self, PolicyError> {
        let sound = |pair: &[Tier]| match pair {
            [near, far] => {
                far.up_to > near.up_to
                    && far.every >= near.every
                    && (near.every == 0 || far.every % near.every == 0)
            }
            _ => true,
        };
        let sane = |tier: &Tier| tier.up_to >= 0 && tier.every >= 0;
        if tiers.windows(2).all(sound) && tiers.iter().all(sane) {
            Ok(Self { tiers, lessons })
        } else {
            Err(PolicyError)
        }
    }

    /// The same with other ages for the spans of `tiers`. A tier that reaches no further than a nearer one
    /// has nothing left to say and goes, and so does one whose spans are not made up of those before.
    #[must_use]
    pub fn with(&self, tiers: &[Tier]) -> Self {
        let said = |tier: &&Tier| tiers.iter().all(|other| other.every != tier.every);
        let mut all: Vec<Tier> = self.tiers.iter().filter(said).chain(tiers).copied().collect();
        all.sort_by_key(|tier| (tier.every, tier.up_to));
        let mut kept: Vec<Tier> = Vec::new();
        for tier in all {
            let adds = kept.last().is_none_or(|near| {
                tier.up_to > near.up_to && (near.every == 0 || tier.every % near.every == 0)
            });
            if adds {
                kept.push(tier);
            }
        }
        Self { tiers: kept, lessons: self.lessons }
    }

    /// For each revision, whether it stays. They are in the order of the history, oldest first; the
    /// last is the head and stays.
    ///
    /// One from the future stays: a clock was wrong, and it will be judged when its time has come.
    pub fn keep(&self, revisions: &[Revision], now: Timestamp) -> Vec<bool> {
        // From the last to the first: the first one seen of a span is its last.
        let mut taken: HashSet<(i64, i64)> = HashSet::new();
        let mut keep: Vec<bool> = revisions
            .iter()
            .enumerate()
            .rev()
            .map(|(number, revision)| {
                let age = now.millis().saturating_sub(revision.saved_at.millis());
                // In every tier: a span may begin in a farther one than it ends in.
                let mut is_last = |every: i64| {
                    every == 0
                        || taken.insert((every, revision.saved_at.millis().div_euclid(every)))
                };
                let lasts: Vec<bool> = self.tiers.iter().map(|tier| is_last(tier.every)).collect();
                let tier = self.tiers.iter().position(|tier| age <= tier.up_to);
                let stays = tier.is_some_and(|tier| lasts.get(tier) == Some(&true));
                let is_head = number + 1 == revisions.len();
                stays || is_head || revision.in_use || self.lessons && revision.completes_lesson
            })
            .collect();
        keep.reverse();
        keep
    }
}
