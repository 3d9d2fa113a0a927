//! What stays, whatever the history.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use progy_core::Timestamp;
use progy_snapshot::retention::{Policy, Revision, Tier};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn history() -> impl Strategy<Value = Vec<Revision>> {
    // Clocks jump back now and then.
    let step = prop_oneof![10 => 0..3 * HOUR, 5 => 0..3 * DAY, 1 => -3 * DAY..0];
    let one = (step, prop::bool::weighted(0.1), prop::bool::weighted(0.05));
    prop::collection::vec(one, 0..80).prop_map(|steps| {
        let mut at = 0;
        steps
            .into_iter()
            .map(|(step, completes_lesson, in_use)| {
                at += step;
                Revision { saved_at: Timestamp(at), completes_lesson, in_use }
            })
            .collect()
    })
}

fn kept(policy: &Policy, history: &[Revision], now: i64) -> Vec<Revision> {
    let keep = policy.keep(history, Timestamp(now));
    history.iter().zip(keep).filter(|(_, keep)| *keep).map(|(revision, _)| *revision).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_needed_stays(history in history(), now in -DAY..200 * DAY) {
        let keep = Policy::default().keep(&history, Timestamp(now));
        prop_assert_eq!(keep.len(), history.len());
        prop_assert!(keep.last().is_none_or(|head| *head));
        for (revision, keep) in history.iter().zip(keep) {
            let needed = revision.in_use || revision.completes_lesson;
            prop_assert!(keep || !needed);
            prop_assert!(keep || now - revision.saved_at.millis() > DAY);
        }
    }

    #[test]
    fn once_is_enough(history in history(), now in -DAY..200 * DAY) {
        let once = kept(&Policy::default(), &history, now);
        prop_assert_eq!(kept(&Policy::default(), &once, now), once);
    }

    #[test]
    fn what_is_gone_is_not_missed_later(history in history(), now in 0..150 * DAY, later in 0..100 * DAY) {
        let policy = Policy::default();
        let first = policy.keep(&history, Timestamp(now));
        let then = policy.keep(&history, Timestamp(now + later));
        for (first, then) in first.iter().zip(&then) {
            prop_assert!(*first || !*then);
        }
        // With the first round made, the second gives the same as if it had not been.
        let between = kept(&policy, &history, now);
        prop_assert_eq!(kept(&policy, &between, now + later), kept(&policy, &history, now + later));
    }
}

#[test]
fn one_of_each_span_stays_and_it_is_the_last() {
    let at =
        |time: i64| Revision { saved_at: Timestamp(time), completes_lesson: false, in_use: false };
    let minutes = |range: std::ops::Range<i64>| range.map(|n| at(n * 60_000)).collect::<Vec<_>>();
    let history = minutes(0..3 * 24 * 60);
    // Two days and twelve hours after the last: all of it is older than a day.
    let now = 3 * DAY + 2 * DAY;
    let kept_times: Vec<_> = kept(&Policy::default(), &history, now);
    assert_eq!(kept_times.len(), 72);
    assert_eq!(kept_times[0], at(HOUR - 60_000));
    assert_eq!(kept(&Policy::default(), &history, now + 30 * DAY).len(), 3);
    assert_eq!(kept(&Policy::default(), &history, now + 300 * DAY), [*history.last().unwrap()]);
}

#[test]
fn a_policy_that_would_bring_back_what_is_gone_is_none() {
    let tier = |up_to, every| Tier { up_to, every };
    assert!(Policy::new(vec![tier(DAY, HOUR), tier(2 * DAY, DAY)], true).is_ok());
    assert!(Policy::new(vec![], false).is_ok());
    assert!(Policy::new(vec![tier(DAY, DAY), tier(2 * DAY, HOUR)], true).is_err());
    assert!(Policy::new(vec![tier(DAY, 2), tier(2 * DAY, 3)], true).is_err());
    assert!(Policy::new(vec![tier(DAY, 0), tier(DAY, 0)], true).is_err());
    assert!(Policy::new(vec![tier(DAY, -1)], true).is_err());
}

#[test]
fn other_ages_for_some_spans() {
    let tier = |up_to: i64, every| Tier { up_to: up_to * DAY, every };
    let policy = |tiers: Vec<Tier>| Policy::new(tiers, true).unwrap();
    let usual = Policy::default();
    assert_eq!(usual.with(&[]), usual);
    let longer = usual.with(&[tier(365, DAY)]);
    assert_eq!(longer, policy(vec![tier(1, 0), tier(7, HOUR), tier(365, DAY)]));
    // All for ten days leaves nothing to the hours of seven.
    assert_eq!(usual.with(&[tier(10, 0)]), policy(vec![tier(10, 0), tier(92, DAY)]));
    assert_eq!(usual.with(&[tier(0, HOUR), tier(1, DAY)]), policy(vec![tier(1, 0)]));
    // Spans of ninety minutes do not make up days that are made up of hours.
    let odd = policy(vec![tier(1, 0), tier(5, 90 * 60_000)]);
    assert_eq!(odd.with(&[tier(3, HOUR)]), policy(vec![tier(1, 0), tier(3, HOUR)]));
    assert_eq!(policy(vec![]).with(&[tier(3, 0)]), policy(vec![tier(3, 0)]));
}
