//! Which lessons may be done, in a course with an order.

use progy_core::LessonId;
use progy_core::course::{Lesson, Module, Outline, Progression};
use progy_core::progress::Progress;

/// What has to be passed before `lesson` may be done: the first of it; `None` if nothing.
///
/// In a course with an order that is every lesson before it, and what it and its module name as
/// prerequisites. Prerequisites about quizzes do not count: a quiz is not answered here.
pub(super) fn first_to_pass(
    outline: &Outline,
    progression: Progression,
    progress: &Progress,
    lesson: &Lesson,
) -> Option<LessonId> {
    if progression == Progression::Open || progress.has_passed(&lesson.id) {
        return None;
    }
    let before = outline.lessons().take_while(|other| other.id != lesson.id);
    let named = named_modules(outline, lesson)
        .flat_map(|module| &module.prerequisites)
        .chain(&lesson.prerequisites)
        .flat_map(|name| lessons_of(outline, name));
    before
        .chain(named)
        .map(|other| &other.id)
        .find(|id| **id != lesson.id && !progress.has_passed(id))
        .cloned()
}

fn named_modules<'o>(outline: &'o Outline, lesson: &'o Lesson) -> impl Iterator<Item = &'o Module> {
    let holds = |module: &&Module| module.lessons.iter().any(|other| other.id == lesson.id);
    outline.modules.iter().filter(holds)
}

/// The lessons that a prerequisite stands for; none for one that nobody knows.
fn lessons_of<'o>(outline: &'o Outline, prerequisite: &str) -> Vec<&'o Lesson> {
    match prerequisite.split_once(':') {
        Some(("exercise", id)) => outline.lessons().filter(|l| l.id.as_str() == id).collect(),
        Some(("module", name)) => {
            let is_it = |module: &&Module| module.name.as_deref() == Some(name);
            outline.modules.iter().filter(is_it).flat_map(|module| &module.lessons).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::pick::tests::{course, passed};
    use super::*;

    const LESSONS: [&str; 4] = ["01_a/01_x", "01_a/02_y", "02_b/01_z", "03_c/01_w"];

    fn blocking(
        outline: &Outline,
        progression: Progression,
        done: &[&str],
        of: &str,
    ) -> Option<String> {
        let lesson = outline.lessons().find(|lesson| lesson.id.as_str() == of).unwrap();
        first_to_pass(outline, progression, &passed(done), lesson).map(|id| id.to_string())
    }

    #[test]
    fn without_an_order_nothing_is_locked() {
        assert_eq!(blocking(&course(&LESSONS), Progression::Open, &[], LESSONS[3]), None);
    }

    #[test]
    fn in_order_each_lesson_needs_those_before_it() {
        let outline = course(&LESSONS);
        let blocking = |done: &[&str], of| blocking(&outline, Progression::Sequential, done, of);
        assert_eq!(blocking(&[], LESSONS[0]), None);
        assert_eq!(blocking(&[], LESSONS[2]).as_deref(), Some(LESSONS[0]));
        assert_eq!(blocking(&LESSONS[..1], LESSONS[2]).as_deref(), Some(LESSONS[1]));
        assert_eq!(blocking(&LESSONS[..2], LESSONS[2]), None);
        assert_eq!(blocking(&LESSONS[2..3], LESSONS[2]), None, "what was passed stays open");
    }

    #[test]
    fn prerequisites_may_come_later() {
        let mut outline = course(&LESSONS);
        outline.modules[0].lessons[0].prerequisites =
            vec!["quiz:x/y:80".into(), "?".into(), "exercise:02_b/01_z".into()];
        outline.modules[1].prerequisites = vec!["module:03_c".into()];
        let blocking = |done: &[&str], of| blocking(&outline, Progression::Sequential, done, of);
        assert_eq!(blocking(&[], LESSONS[0]).as_deref(), Some("02_b/01_z"));
        assert_eq!(blocking(&LESSONS[..2], LESSONS[2]).as_deref(), Some("03_c/01_w"));
    }
}
