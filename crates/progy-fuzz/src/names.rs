//! Paths, link targets, hashes, days and ids.

use std::fmt::Debug;
use std::fmt::Display;
use std::path::{Component, Path};
use std::str::FromStr;

use progy_core::progress::Day;
use progy_core::{
    ConflictName, ContentHash, CourseId, DeviceId, DeviceName, LessonId, LinkTarget, RelPath,
    RevisionId, SaveId, Strategy, conflict,
};

use crate::same_as_json;

/// The longest message about a wrong name: it may quote the name, but not all of it.
const LONGEST_ERROR: usize = 4000;

/// The whole text, and each of its lines, as each of the names. A line may be `path -> target`.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for name in std::iter::once(text).chain(text.lines()) {
        path(name);
        hash_and_day(name);
        ids(name);
        if let Some((path, target)) = name.split_once(" -> ") {
            link(path, target);
        }
    }
}

/// What parses is written as it was read, and in JSON too.
fn same<T>(text: &str) -> Option<T>
where
    T: FromStr<Err: Display> + Display + Debug + PartialEq,
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    match text.parse::<T>() {
        Ok(value) => {
            assert_eq!(value.to_string(), text);
            same_as_json(&value);
            Some(value)
        }
        Err(error) => {
            assert!(error.to_string().len() < LONGEST_ERROR, "{error}");
            None
        }
    }
}

fn path(text: &str) {
    let Some(path) = same::<RelPath>(text) else { return };
    // The standard library's own idea of a path that stays inside.
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_));
    assert!(Path::new(text).components().all(inside), "{path}");
    assert_eq!(Path::new(text).components().count(), path.parts().count());
    assert_eq!(path.with_name(path.name()), Ok(path.clone()));
    match path.parent() {
        Some(parent) => assert_eq!(parent.join(path.name()), Ok(path.clone())),
        None => assert_eq!(path.name(), text),
    }
    for folder in path.ancestors() {
        assert!(RelPath::new(folder).is_ok() && path.is_within(folder), "{folder}");
    }
    let folded = path.folded();
    if let Ok(folded) = RelPath::new(&folded) {
        assert_eq!(folded.folded(), folded.as_str(), "a folded name folds to itself");
        assert_eq!(folded.parts().count(), path.parts().count());
    }
    if path.portable().is_ok() {
        assert!(!text.contains(':') && !text.ends_with(['.', ' ']), "{path}");
    }
    conflict_copy(&path);
}

fn conflict_copy(path: &RelPath) {
    let device = DeviceName::new("laptop-2").expect("a device name");
    let hash = ContentHash::blake3(path.as_str().as_bytes());
    let copy = conflict::copy_path(path, &device, &hash, |_| true);
    let name = ConflictName::parse(&copy).expect("a copy has the name of one");
    assert!(path.name().starts_with(name.original.name()), "{copy}");
    assert_eq!((name.device.as_str(), name.digits), ("laptop-2", hash.short()));
    if let Some(name) = ConflictName::parse(path) {
        let ConflictName { original, device, digits } = name;
        assert_eq!(path.as_str(), format!("{original}.conflict-{device}-{digits}"));
    }
}

fn link(path: &str, target: &str) {
    let Ok(path) = RelPath::new(path) else { return };
    let Ok(link) = LinkTarget::new(&path, target) else { return };
    assert_eq!(link.as_str(), target);
    assert!(link.stays_inside(&path));
    same_as_json(&link);
    let mut depth = path.parts().count() - 1;
    for part in Path::new(target).components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => depth = depth.checked_sub(1).expect("it stays inside"),
            Component::RootDir | Component::Prefix(_) => panic!("{target} is absolute"),
        }
    }
}

fn hash_and_day(text: &str) {
    if let Some(hash) = same::<ContentHash>(text) {
        assert_eq!(ContentHash::from_bytes(hash.as_bytes()), Ok(hash));
        assert!(text.starts_with(&hash.short()));
    }
    if let Some(day) = same::<Day>(text) {
        assert_eq!(Day::from_days_since_epoch(day.days_since_epoch()), day);
    }
}

/// Ids that become parts of file names and routes lead nowhere else.
fn ids(text: &str) {
    let is_path = |text: &str| RelPath::new(text).is_ok();
    let is_name = |text: &str| is_path(text) && !text.contains('/');
    if let Some(course) = same::<CourseId>(text) {
        assert!(is_path(text) && is_name(course.slug()), "{course}");
        assert!(course.scope().is_none_or(is_name), "{course}");
    }
    if let Some(lesson) = same::<LessonId>(text) {
        assert!(is_path(text) && is_name(lesson.exercise()), "{lesson}");
        assert!(lesson.module().is_none_or(is_name), "{lesson}");
    }
    assert!(same::<DeviceName>(text).is_none_or(|device| is_name(device.as_str())));
    let nearest = DeviceName::from_any(text);
    assert_eq!(DeviceName::new(nearest.as_str()), Ok(nearest));
    same::<DeviceId>(text);
    same::<SaveId>(text);
    same::<RevisionId>(text);
    same::<Strategy>(text);
}
