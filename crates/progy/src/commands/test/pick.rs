//! Which lesson is meant.

use progy_core::LessonId;
use progy_core::course::{Lesson, Outline};
use progy_core::progress::Progress;

/// How many lessons are offered in the place of one that does not exist.
const OFFERED: usize = 3;

/// Why no single lesson is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unclear {
    /// There is none of that name; these are called alike.
    Unknown { name: String, near: Vec<LessonId> },
    /// There are several.
    Several { name: String, fitting: Vec<LessonId> },
    /// None was named, and all are passed.
    NothingLeft,
}

/// The lesson called `name`: its id, its last part, with or without the number, or how one of them
/// begins; the first of these rules that fits any lesson.
pub(super) fn named<'o>(outline: &'o Outline, name: &str) -> Result<&'o Lesson, Unclear> {
    let name = name.trim_end_matches('/');
    let rules: [fn(&LessonId, &str) -> bool; 5] = [
        |id, name| id.as_str() == name,
        |id, name| id.exercise() == name,
        |id, name| without_number(id.exercise()) == name,
        |id, name| id.as_str().starts_with(name),
        |id, name| id.exercise().starts_with(name),
    ];
    for rule in rules {
        let fitting: Vec<&Lesson> =
            outline.lessons().filter(|lesson| !name.is_empty() && rule(&lesson.id, name)).collect();
        match fitting.as_slice() {
            [] => {}
            [lesson] => return Ok(lesson),
            several => {
                let fitting = several.iter().map(|lesson| lesson.id.clone()).collect();
                return Err(Unclear::Several { name: name.to_owned(), fitting });
            }
        }
    }
    Err(Unclear::Unknown { name: name.to_owned(), near: near(outline, name) })
}

/// The first lesson that is not passed.
pub(super) fn next<'o>(outline: &'o Outline, progress: &Progress) -> Result<&'o Lesson, Unclear> {
    let mut lessons = outline.lessons();
    lessons.find(|lesson| !progress.has_passed(&lesson.id)).ok_or(Unclear::NothingLeft)
}

/// Lessons that hold the name without its number: `hello` or `02_hello` for `01_hello`.
fn near(outline: &Outline, name: &str) -> Vec<LessonId> {
    let last = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let word = without_number(&last);
    let ids = outline.lessons().map(|lesson| &lesson.id);
    let alike = ids.filter(|id| !word.is_empty() && id.exercise().to_lowercase().contains(word));
    alike.take(OFFERED).cloned().collect()
}

/// `hello` of `01_hello`.
fn without_number(name: &str) -> &str {
    name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_' || c == '-')
}

#[cfg(test)]
pub(super) mod tests {
    use progy_core::RelPath;
    use progy_core::course::Manifest;
    use progy_core::progress::{Attempt, Day};
    use progy_core::{DeviceId, Timestamp};

    use super::*;

    /// A course with these lessons.
    pub(in super::super) fn course(lessons: &[&str]) -> Outline {
        let manifest = Manifest::parse(br#"{"name": "x"}"#).unwrap();
        let paths: Vec<RelPath> = lessons
            .iter()
            .map(|lesson| RelPath::new(&format!("content/{lesson}/exercise.rs")).unwrap())
            .collect();
        Outline::build(&manifest, paths.iter(), |_| None).unwrap()
    }

    /// A progress in which these lessons are passed.
    pub(in super::super) fn passed(lessons: &[&str]) -> Progress {
        let mut progress = Progress::default();
        let at = Timestamp(1_700_000_000_000);
        let attempt = Attempt { passed: true, xp: 10, at, day: Day::of(at) };
        let device = DeviceId::new(&"a".repeat(32)).unwrap();
        for lesson in lessons {
            progress.record_attempt(&LessonId::new(lesson).unwrap(), &device, attempt);
        }
        progress
    }

    const LESSONS: [&str; 5] = [
        "01_intro/01_hello",
        "01_intro/02_types",
        "02_flow/01_if",
        "02_flow/02_types",
        "03_x/10_if_let",
    ];

    fn named_id(name: &str) -> Result<String, Unclear> {
        named(&course(&LESSONS), name).map(|lesson| lesson.id.to_string())
    }

    #[test]
    fn a_lesson_has_several_names() {
        for (name, expected) in [
            ("01_intro/02_types", "01_intro/02_types"),
            ("01_hello", "01_intro/01_hello"),
            ("01_hello/", "01_intro/01_hello"),
            ("02_flow/01", "02_flow/01_if"),
            ("01_h", "01_intro/01_hello"),
            ("hello", "01_intro/01_hello"),
            ("if", "02_flow/01_if"),
            ("01_if", "02_flow/01_if"),
            ("10", "03_x/10_if_let"),
        ] {
            assert_eq!(named_id(name).as_deref(), Ok(expected), "{name}");
        }
    }

    #[test]
    fn a_name_that_fits_several_is_none() {
        let Err(Unclear::Several { fitting, .. }) = named_id("02_types") else { panic!() };
        assert_eq!(fitting.len(), 2);
        assert!(matches!(named_id("01_intro"), Err(Unclear::Several { .. })));
        assert!(matches!(named_id(""), Err(Unclear::Unknown { near, .. }) if near.is_empty()));
    }

    #[test]
    fn a_wrong_name_finds_what_is_called_alike() {
        let Err(Unclear::Unknown { near, .. }) = named_id("03_Hello") else { panic!() };
        assert_eq!(near, [LessonId::new("01_intro/01_hello").unwrap()]);
        let Err(Unclear::Unknown { near, .. }) = named_id("99_") else { panic!() };
        assert_eq!(near, []);
    }

    #[test]
    fn the_next_one_is_the_first_that_is_not_passed() {
        let outline = course(&LESSONS);
        let next = |passed: &Progress| next(&outline, passed).map(|lesson| lesson.id.to_string());
        assert_eq!(next(&passed(&[])).unwrap(), LESSONS[0]);
        assert_eq!(next(&passed(&[LESSONS[0], LESSONS[2]])).unwrap(), LESSONS[1]);
        assert_eq!(next(&passed(&LESSONS)), Err(Unclear::NothingLeft));
    }
}
