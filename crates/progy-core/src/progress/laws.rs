//! What must hold for every progress: the laws of a semilattice, and what devices rely on.

use proptest::prelude::*;

use super::tests::{MONDAY, device, joined, lesson, pass};
use super::*;
use crate::Timestamp;

/// Any state at all, also such as no device would make, in a small world so that records meet.
fn any_progress() -> impl Strategy<Value = Progress> {
    let time = || proptest::option::of((0..4i64).prop_map(|minute| Timestamp(MONDAY + minute)));
    let record = (0..3u32, 0..4u64, time(), time(), 0..3u32).prop_map(
        |(epoch, attempts, passed_at, failed_at, xp)| Record {
            epoch,
            attempts,
            passed_at,
            failed_at,
            xp,
        },
    );
    let records = proptest::collection::btree_map((0..3u8).prop_map(device), record, 0..3);
    let lessons = proptest::collection::btree_map("[12]".prop_map(|it| lesson(&it)), records, 0..3);
    let days = proptest::collection::btree_set(
        (0..5).prop_map(|it| Day::of(Timestamp(MONDAY)).plus(it)),
        0..4,
    );
    (lessons.clone(), lessons, days).prop_map(|(lessons, quizzes, days)| Progress {
        lessons,
        quizzes,
        days,
    })
}

/// What a device may do.
#[derive(Debug, Clone)]
enum Act {
    Attempt(bool, u32, i64),
    Quiz(bool, u32, i64),
    Reset,
    /// Hears of another device's progress.
    Hear(u8),
}

fn any_acts() -> impl Strategy<Value = Vec<(u8, Act)>> {
    let attempt = || (any::<bool>(), 0..20u32, 0..5000i64);
    let act = prop_oneof![
        4 => attempt().prop_map(|(passed, xp, at)| Act::Attempt(passed, xp, at)),
        1 => attempt().prop_map(|(passed, xp, at)| Act::Quiz(passed, xp, at)),
        1 => Just(Act::Reset),
        3 => (0..3u8).prop_map(Act::Hear),
    ];
    proptest::collection::vec((0..3u8, act), 0..30)
}

proptest! {
    #[test]
    fn join_is_commutative(a in any_progress(), b in any_progress()) {
        prop_assert_eq!(joined(&a, &b), joined(&b, &a));
    }

    #[test]
    fn join_is_associative(a in any_progress(), b in any_progress(), c in any_progress()) {
        prop_assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
    }

    #[test]
    fn join_is_idempotent(a in any_progress(), b in any_progress()) {
        prop_assert_eq!(&joined(&a, &a), &a);
        let once = joined(&a, &b);
        prop_assert_eq!(&joined(&once, &b), &once);
        prop_assert_eq!(&joined(&a, &Progress::default()), &a);
    }

    #[test]
    fn join_only_grows(a in any_progress(), b in any_progress()) {
        let all = joined(&a, &b);
        prop_assert!(all.covers(&a) && all.covers(&b));
        prop_assert_eq!(a.covers(&b), all == a);
        for (id, records) in &a.lessons {
            let newest = |progress: &Progress| {
                progress.lessons.get(id).and_then(|it| it.values().map(|it| it.epoch).max())
            };
            // Only a reset that `b` knew of takes a pass back.
            if record::has_passed(records) && newest(&b) <= newest(&a) {
                prop_assert!(all.has_passed(id));
            }
        }
    }

    #[test]
    fn what_is_missing_is_enough_and_no_more(a in any_progress(), b in any_progress()) {
        let missing = a.missing_from(&b);
        prop_assert_eq!(joined(&b, &missing), joined(&b, &a));
        prop_assert_eq!(missing.is_empty(), b.covers(&a));
        prop_assert!(a.covers(&missing));
        // Without any one of its parts it would not be enough.
        for (lessons, pick) in [(&missing.lessons, 0), (&missing.quizzes, 1)] {
            for (id, records) in lessons {
                for device in records.keys() {
                    let mut less = missing.clone();
                    let all = if pick == 0 { &mut less.lessons } else { &mut less.quizzes };
                    all.get_mut(id).unwrap().remove(device);
                    prop_assert_ne!(joined(&b, &less), joined(&b, &a));
                }
            }
        }
        prop_assert!(missing.days.is_disjoint(&b.days));
    }

    #[test]
    fn digests_tell_progresses_apart(a in any_progress(), b in any_progress()) {
        prop_assert_eq!(a.digest() == b.digest(), a == b);
        prop_assert_eq!(a.digest().len(), 64);
        let text = serde_json::to_string(&a).unwrap();
        prop_assert_eq!(serde_json::from_str::<Progress>(&text).unwrap(), a);
    }

    /// However devices hear of each other: once all have, all know the same, every attempt is
    /// counted, and the limits hold.
    #[test]
    fn devices_agree(acts in any_acts()) {
        let mut devices = [Progress::default(), Progress::default(), Progress::default()];
        let (mut tried, id) = (0, lesson("1"));
        for (who, act) in acts {
            let own = device(who);
            let before = devices[usize::from(who)].clone();
            let this = &mut devices[usize::from(who)];
            match act {
                Act::Attempt(passed, xp, at) => {
                    tried += 1;
                    this.record_attempt(&id, &own, Attempt { passed, ..pass(xp, at) });
                    prop_assert!(this.has_passed(&id) == (passed || before.has_passed(&id)));
                }
                Act::Quiz(passed, xp, at) => {
                    this.record_quiz(&id, &own, Attempt { passed, ..pass(xp, at) });
                }
                Act::Reset => {
                    this.reset(&id, &own);
                    prop_assert!(!this.has_passed(&id));
                }
                Act::Hear(other) => {
                    let news = devices[usize::from(other)].missing_from(&before);
                    devices[usize::from(who)].join(&news);
                }
            }
            // Whatever a device does, what it knew before is part of what it knows now.
            prop_assert!(devices[usize::from(who)].covers(&before));
        }
        let [a, b, c] = &devices;
        let all = joined(&joined(a, b), c);
        prop_assert_eq!(&joined(c, &joined(b, a)), &all);
        prop_assert_eq!(all.check(), Ok(()));
        let counted: u64 = all.lessons.values().flat_map(Records::values).map(|it| it.attempts).sum();
        prop_assert_eq!(counted, tried);
    }
}
