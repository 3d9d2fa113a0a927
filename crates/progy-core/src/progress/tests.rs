//! What a learner sees, told by example.

use serde_json::json;

use super::*;
use crate::Timestamp;

pub(super) fn lesson(name: &str) -> LessonId {
    LessonId::new(name).unwrap()
}

pub(super) fn device(number: u8) -> DeviceId {
    DeviceId::new(&format!("{number:032x}")).unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// 2026-11-23T00:00:00Z
pub(super) const MONDAY: i64 = 1_795_392_000_000;

pub(super) fn pass(xp: u32, minute: i64) -> Attempt {
    let at = Timestamp(MONDAY + minute * 60_000);
    Attempt { passed: true, xp, at, day: Day::of(at) }
}

fn fail(minute: i64) -> Attempt {
    Attempt { passed: false, ..pass(0, minute) }
}

pub(super) fn joined(one: &Progress, other: &Progress) -> Progress {
    let mut all = one.clone();
    all.join(other);
    all
}

fn exercise(progress: &Progress, name: &str) -> Option<LessonSummary> {
    progress.summary(day("2026-11-23")).exercises.remove(&lesson(name))
}

#[test]
fn a_pass_on_one_device_and_failures_on_another_are_a_pass() {
    let (mut a, mut b) = (Progress::default(), Progress::default());
    a.record_attempt(&lesson("1"), &device(1), pass(10, 5));
    b.record_attempt(&lesson("1"), &device(2), fail(7));
    b.record_attempt(&lesson("1"), &device(2), fail(9));
    assert!(!b.has_passed(&lesson("1")));
    assert_eq!(exercise(&b, "1").unwrap().status, Status::Fail);
    b.join(&a);
    assert!(b.has_passed(&lesson("1")));
    assert_eq!(b.passed_count(), 1);
    assert_eq!(
        exercise(&b, "1").unwrap(),
        LessonSummary {
            status: Status::Pass,
            xp_earned: 10,
            completed_at: Some("2026-11-23T00:05:00.000Z".to_owned()),
            attempts: 3,
        }
    );
}

#[test]
fn experience_counts_once_however_often_and_wherever_a_lesson_is_passed() {
    let (mut a, mut b) = (Progress::default(), Progress::default());
    a.record_attempt(&lesson("1"), &device(1), pass(10, 5));
    a.record_attempt(&lesson("1"), &device(1), pass(10, 6));
    b.record_attempt(&lesson("1"), &device(2), pass(15, 1));
    b.record_attempt(&lesson("2"), &device(2), pass(5, 2));
    b.record_quiz(&lesson("2"), &device(2), pass(3, 3));
    let stats = joined(&a, &b).summary(day("2026-11-23")).stats;
    assert_eq!((stats.total_xp, stats.total_exercises), (15 + 5 + 3, 2));
}

#[test]
fn a_reset_takes_back_what_every_device_passed_before() {
    let mut a = Progress::default();
    a.record_attempt(&lesson("1"), &device(1), pass(10, 5));
    let mut b = a.clone();
    b.reset(&lesson("1"), &device(2));
    assert!(!b.has_passed(&lesson("1")));
    assert_eq!(exercise(&b, "1"), None);
    // A comes back with what was reset, and passes again only by trying again.
    a.join(&b);
    assert!(!a.has_passed(&lesson("1")));
    a.record_attempt(&lesson("1"), &device(1), fail(8));
    assert_eq!(exercise(&a, "1").unwrap().status, Status::Fail);
    a.record_attempt(&lesson("1"), &device(1), pass(7, 9));
    b.join(&a);
    let again = exercise(&b, "1").unwrap();
    assert_eq!((again.status, again.xp_earned, again.attempts), (Status::Pass, 7, 3));
    assert_eq!(again.completed_at.as_deref(), Some("2026-11-23T00:09:00.000Z"));
}

#[test]
fn a_reset_of_nothing_is_nothing() {
    let mut progress = Progress::default();
    progress.reset(&lesson("1"), &device(1));
    assert!(progress.is_empty());
    progress.record_attempt(&lesson("1"), &device(1), fail(1));
    progress.reset(&lesson("1"), &device(1));
    let once = progress.clone();
    progress.reset(&lesson("1"), &device(2));
    assert_eq!(progress, once);
}

#[test]
fn streaks() {
    let active = |days: &[&str]| Progress {
        days: days.iter().map(|text| day(text)).collect(),
        ..Progress::default()
    };
    let streaks = |progress: &Progress, today: &str| {
        let stats = progress.summary(day(today)).stats;
        (stats.current_streak, stats.longest_streak, stats.last_active_date)
    };
    assert_eq!(streaks(&Progress::default(), "2026-11-23"), (0, 0, None));
    let progress = active(&[
        "2026-10-30",
        "2026-10-31",
        "2026-11-01",
        "2026-11-02",
        "2026-11-20",
        "2026-11-21",
        "2026-11-22",
    ]);
    let last = Some(day("2026-11-22"));
    assert_eq!(streaks(&progress, "2026-11-22"), (3, 4, last));
    assert_eq!(streaks(&progress, "2026-11-23"), (3, 4, last), "yesterday still counts");
    assert_eq!(streaks(&progress, "2026-11-24"), (0, 4, last));
    // A device further east is a day ahead; a clock a year ahead is wrong.
    let ahead = active(&["2026-11-22", "2026-11-23", "2027-11-22", "2027-11-23", "2027-11-24"]);
    assert_eq!(streaks(&ahead, "2026-11-22"), (2, 2, Some(day("2026-11-23"))));
    assert_eq!(streaks(&ahead, "2026-11-21"), (1, 1, last));
    assert_eq!(streaks(&ahead, "2026-11-01"), (0, 0, None));
}

#[test]
fn a_clock_that_is_far_off_makes_nothing_that_is_refused() {
    let mut progress = Progress::default();
    for at in [i64::MIN, 0, i64::MAX] {
        let day = Day::of(Timestamp(at));
        let attempt = Attempt { passed: true, xp: u32::MAX, at: Timestamp(at), day };
        progress.record_attempt(&lesson("1"), &device(1), attempt);
        progress.record_attempt(&lesson("1"), &device(1), Attempt { passed: false, ..attempt });
    }
    assert_eq!(progress.check(), Ok(()));
    assert!(progress.days.is_empty());
    assert_eq!(exercise(&progress, "1").unwrap().attempts, 6);
}

#[test]
fn the_summary_has_the_names_that_users_know() {
    let mut progress = Progress::default();
    progress.record_attempt(&lesson("01_intro/01_hello"), &device(1), pass(10, 5));
    progress.record_attempt(&lesson("01_intro/02_next"), &device(1), fail(6));
    progress.record_quiz(&lesson("01_intro/01_hello"), &device(1), pass(5, 7));
    let summary = progress.summary(day("2026-11-23"));
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(
        json,
        json!({
            "stats": {
                "totalXp": 15,
                "currentStreak": 1,
                "longestStreak": 1,
                "lastActiveDate": "2026-11-23",
                "totalExercises": 1,
            },
            "exercises": {
                "01_intro/01_hello": {
                    "status": "pass",
                    "xpEarned": 10,
                    "completedAt": "2026-11-23T00:05:00.000Z",
                    "attempts": 1,
                },
                "01_intro/02_next": {
                    "status": "fail",
                    "xpEarned": 0,
                    "completedAt": null,
                    "attempts": 1,
                },
            },
            "quizzes": {
                "01_intro/01_hello": {
                    "status": "pass",
                    "xpEarned": 5,
                    "completedAt": "2026-11-23T00:07:00.000Z",
                    "attempts": 1,
                },
            },
        })
    );
    assert_eq!(serde_json::from_value::<Summary>(json).unwrap(), summary);
    let nothing = serde_json::to_value(Progress::default().summary(day("2026-11-23"))).unwrap();
    assert_eq!(nothing["stats"]["lastActiveDate"], json!(null));
}

#[test]
fn what_newer_versions_add_is_skipped_and_what_is_absent_is_nothing() {
    let progress: Progress = serde_json::from_value(json!({
        "lessons": {"1": {device(1).as_str(): {"passed_at": MONDAY, "hints": 3}}},
        "badges": ["first"],
    }))
    .unwrap();
    assert!(progress.has_passed(&lesson("1")));
    assert_eq!(serde_json::from_str::<Progress>("{}").unwrap(), Progress::default());
    for bad in [
        json!({"lessons": {"../x": {}}}),
        json!({"lessons": {"1": {"device": {}}}}),
        json!({"days": ["yesterday"]}),
    ] {
        assert!(serde_json::from_value::<Progress>(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn a_progress_past_the_limits_is_refused() {
    let one = |record: Record| Progress {
        lessons: [(lesson("1"), [(device(1), record)].into())].into(),
        ..Progress::default()
    };
    let refused = |progress: &Progress| progress.check().unwrap_err();
    let record = Record { xp: 10_000, epoch: 1_000_000, ..Record::default() };
    assert_eq!(one(record).check(), Ok(()));
    let xp = one(Record { xp: 10_001, ..record });
    assert_eq!(refused(&xp), ProgressError::Xp { lesson: lesson("1"), xp: 10_001 });
    let epoch = one(Record { epoch: 1_000_001, ..record });
    assert_eq!(refused(&epoch), ProgressError::Epoch { lesson: lesson("1"), epoch: 1_000_001 });
    let time = one(Record { failed_at: Some(Timestamp(0)), ..record });
    assert_eq!(refused(&time), ProgressError::Time(lesson("1")));
    let quiz = Progress { quizzes: xp.lessons.clone(), ..Progress::default() };
    assert!(quiz.check().is_err());

    let days = |from: &str, count: i32| Progress {
        days: (0..count).map(|after| day(from).plus(after)).collect(),
        ..Progress::default()
    };
    assert_eq!(days("2000-01-01", 20_000).check(), Ok(()));
    assert_eq!(refused(&days("2000-01-01", 20_001)), ProgressError::Days(20_001));
    assert_eq!(refused(&days("1999-12-31", 2)), ProgressError::Day(day("1999-12-31")));
    assert_eq!(refused(&days("2199-12-31", 2)), ProgressError::Day(day("2200-01-01")));

    let devices = (0..65).map(|number| (device(number), record)).collect();
    let devices = Progress { lessons: [(lesson("1"), devices)].into(), ..Progress::default() };
    assert_eq!(refused(&devices), ProgressError::Devices { lesson: lesson("1"), devices: 65 });

    let lessons = |count: usize| (0..count).map(|i| (lesson(&i.to_string()), Records::new()));
    let full = Progress {
        lessons: lessons(15_000).collect(),
        quizzes: lessons(5_000).collect(),
        ..Progress::default()
    };
    assert_eq!(full.check(), Ok(()));
    let over = Progress { quizzes: lessons(5_001).collect(), ..full };
    assert_eq!(refused(&over), ProgressError::Lessons(20_001));
}
