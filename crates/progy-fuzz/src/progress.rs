//! Progress records of somebody else.

use progy_core::progress::{Attempt, Day, Progress};
use progy_core::{DeviceId, LessonId, Timestamp};

use crate::{parts, same_as_json, same_as_postcard};

/// Two progresses in JSON: each is checked, both are joined, and the learner goes on.
pub fn progress_records(data: &[u8]) {
    let [one, other] = parts::<2>(data);
    let read = |part: &[u8]| serde_json::from_slice::<Progress>(part);
    let Ok(one) = read(one) else { return };
    let other = read(other).unwrap_or_default();
    for progress in [&one, &other] {
        same_as_json(progress);
        same_as_postcard(progress);
        assert_eq!(progress.is_empty(), *progress == Progress::default());
        assert!(progress.covers(progress));
        assert_eq!(progress.digest().len(), 64);
        summary(progress);
    }
    join(&one, &other);
    if one.check().is_ok() {
        go_on(one);
    }
}

fn joined(one: &Progress, other: &Progress) -> Progress {
    let mut joined = one.clone();
    joined.join(other);
    joined
}

fn join(one: &Progress, other: &Progress) {
    let both = joined(one, other);
    assert_eq!(both, joined(other, one), "commutative");
    assert_eq!(both, joined(&both, other), "idempotent");
    assert_eq!(both, joined(other, &one.missing_from(other)), "what is missing is enough");
    assert!(both.covers(one) && both.covers(other));
    assert_eq!(both.digest() == one.digest(), both == *one);
    summary(&both);
}

fn summary(progress: &Progress) {
    for today in [i32::MIN, -1, 20_780, i32::MAX].map(Day::from_days_since_epoch) {
        let summary = progress.summary(today);
        assert!(summary.stats.current_streak <= summary.stats.longest_streak);
        assert_eq!(summary.stats.total_exercises, progress.passed_count() as u64);
        same_as_json(&summary);
    }
}

/// What a device records on top of a progress that was let in may be let in again, whatever its
/// clock says.
fn go_on(mut progress: Progress) {
    let device = DeviceId::new(&"d".repeat(32)).expect("a device id");
    let lesson = LessonId::new("01_intro/01_hello").expect("a lesson id");
    let passed_before = progress.has_passed(&lesson);
    for at in [i64::MIN, 0, 1_800_000_000_000, i64::MAX].map(Timestamp) {
        let attempt = Attempt { passed: at.millis() > 0, xp: u32::MAX, at, day: Day::of(at) };
        progress.record_attempt(&lesson, &device, attempt);
        progress.record_quiz(&lesson, &device, attempt);
        assert!(!passed_before || progress.has_passed(&lesson), "a passed lesson stays passed");
    }
    assert!(progress.has_passed(&lesson));
    progress.check().expect("what this device recorded is within the limits");
    progress.reset(&lesson, &device);
    progress.check().expect("a reset is within the limits");
    same_as_json(&progress);
}
