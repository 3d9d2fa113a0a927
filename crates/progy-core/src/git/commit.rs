//! States with their history.
//!
//! What Progy knows of a save beyond what Git asks for stands in headers of its own, after Git's:
//! programs that do not know them pass them over, `git log` does not show them, and a commit that
//! the learner makes by hand simply has none.

use semver::Version;

use super::{Kind, Object, ObjectId};
use crate::{CourseId, DeviceName, LessonId, SaveId};

const SAVE: &str = "progy-save";
const DEVICE: &str = "progy-device";
const LESSON: &str = "progy-lesson";
const COURSE: &str = "progy-course";
/// A commit is not read past this size, in bytes.
const MAX: usize = 1 << 20;

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its topmost folder.
    pub tree: ObjectId,
    /// What it follows: nothing for the first, several for a merge.
    pub parents: Vec<ObjectId>,
    /// Who wrote it, and when.
    pub author: Signature,
    /// Who put it where it is, and when.
    pub committer: Signature,
    /// Headers that are neither Git's first four nor Progy's, as they stand, each with its lines.
    pub other: Vec<String>,
    /// What Progy knows of it.
    pub facts: Facts,
    /// What is said of it.
    pub message: String,
}

/// What Progy knows of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The save that made it.
    pub save: Option<SaveId>,
    /// The device that saved.
    pub device: Option<DeviceName>,
    /// The lesson that it is about.
    pub lesson: Option<LessonId>,
    /// The course whose template its files began with, and that template's version.
    pub course: Option<(CourseId, Version)>,
}

/// A person and a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The person's name, without `<`, `>` and line breaks.
    pub name: String,
    /// The address, without them either.
    pub email: String,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// The clock's distance from UTC, in minutes, east is positive.
    pub offset: i32,
}

/// The bytes are no commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the commit cannot be read: {0}")]
pub struct CommitError(&'static str);

impl Signature {
    /// A signature of anybody: what Git cannot write is left out of the name and the address.
    pub fn new(name: &str, email: &str, seconds: i64, offset: i32) -> Self {
        let plain = |text: &str| {
            let kept: String =
                text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect();
            // `git fsck` wants a name, and Git itself drops such characters at the ends.
            let trimmed = kept.trim_matches(|c: char| c.is_whitespace() || ".,:;\"\\'".contains(c));
            trimmed.to_owned()
        };
        let name = Some(plain(name)).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| "Progy".to_owned());
        Self { name, email: plain(email).replace(' ', ""), seconds, offset }
    }

    fn encode(&self) -> String {
        let Self { name, email, seconds, offset } = self;
        let sign = if *offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
        format!("{name} <{email}> {seconds} {sign}{hours:02}{minutes:02}")
    }

    fn parse(text: &str) -> Option<Self> {
        let (person, when) = text.rsplit_once('>')?;
        let (name, email) = person.split_once('<')?;
        let mut when = when.split_whitespace();
        // Old repositories hold commits without a readable date: they are from 1970.
        let seconds = when.next().and_then(|text| text.parse().ok()).unwrap_or(0);
        let offset = when.next().and_then(|text| text.parse::<i32>().ok()).unwrap_or(0);
        let offset = (offset / 100 * 60 + offset % 100).clamp(-24 * 60, 24 * 60);
        Some(Self { name: name.trim().to_owned(), email: email.trim().to_owned(), seconds, offset })
    }
}

impl Commit {
    /// Its object.
    pub fn object(&self) -> Object {
        let mut lines = vec![format!("tree {}", self.tree)];
        lines.extend(self.parents.iter().map(|parent| format!("parent {parent}")));
        lines.push(format!("author {}", self.author.encode()));
        lines.push(format!("committer {}", self.committer.encode()));
        lines.extend(self.other.iter().cloned());
        let Facts { save, device, lesson, course } = &self.facts;
        let course = course.as_ref().map(|(course, version)| format!("{course} {version}"));
        let facts = [
            (SAVE, save.as_ref().map(SaveId::as_str)),
            (DEVICE, device.as_ref().map(DeviceName::as_str)),
            (LESSON, lesson.as_ref().map(LessonId::as_str)),
            (COURSE, course.as_deref()),
        ];
        let facts = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        lines.extend(facts.map(|(name, value)| format!("{name} {value}")));
        let mut text = lines.join("\n");
        text.push_str("\n\n");
        // Git ends a message with a line break, and takes no zero byte.
        let message: String = self.message.chars().filter(|c| *c != '\0').collect();
        text.push_str(message.trim_end());
        text.push('\n');
        Object::new(Kind::Commit, text.into_bytes())
    }

    /// Reads a commit. A message in another encoding than UTF-8 is read as well as possible.
    pub fn parse(bytes: &[u8]) -> Result<Self, CommitError> {
        if bytes.len() > MAX {
            return Err(CommitError("it is too long"));
        }
        let mut text = String::from_utf8_lossy(bytes);
        // Git takes no zero byte; old programs may have written one, and a commit that is put on top
        // of another would carry it on.
        if text.contains('\0') {
            text = text.replace('\0', "").into();
        }
        let (head, message) = text.split_once("\n\n").unwrap_or((text.trim_end_matches('\n'), ""));
        let mut headers = headers(head).into_iter().peekable();
        let mut next = |name: &str| {
            let header = headers.peek().copied().unwrap_or_default();
            let value = header.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
            let found = value.map(str::to_owned);
            if found.is_some() {
                headers.next();
            }
            found
        };
        let id = |text: String| text.parse::<ObjectId>().map_err(|_| CommitError("a bad id"));
        let tree = id(next("tree").ok_or(CommitError("no tree"))?)?;
        let mut parents = Vec::new();
        while let Some(parent) = next("parent") {
            parents.push(id(parent)?);
        }
        let mut signature = |name| {
            let text = next(name).ok_or(CommitError("no author or committer"))?;
            Signature::parse(&text).ok_or(CommitError("a person that is none"))
        };
        let (author, committer) = (signature("author")?, signature("committer")?);
        let mut facts = Facts::default();
        let mut other = Vec::new();
        for header in headers {
            let (name, value) = header.split_once(' ').unwrap_or((header, ""));
            // A header of ours that cannot be read is as good as none: anybody may write one.
            match name {
                SAVE => facts.save = value.parse().ok(),
                DEVICE => facts.device = value.parse().ok(),
                LESSON => facts.lesson = value.parse().ok(),
                COURSE => facts.course = parse_course(value),
                _ => other.push(header.to_owned()),
            }
        }
        let message = message.trim_end().to_owned();
        Ok(Self { tree, parents, author, committer, other, facts, message })
    }
}

fn parse_course(value: &str) -> Option<(CourseId, Version)> {
    let (course, version) = value.split_once(' ')?;
    Some((course.parse().ok()?, version.parse().ok()?))
}

/// The headers, each with the lines that continue it.
fn headers(head: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    for line in head.split_inclusive('\n') {
        if !line.starts_with(' ') || starts.is_empty() {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([head.len()]);
    let parts = starts.iter().zip(ends);
    parts.filter_map(|(from, to)| Some(head.get(*from..to)?.trim_end_matches('\n'))).collect()
}

/// The commit that stands for a course version's template: the same on every machine, so that two
/// sides that have it need not send each other its files.
pub fn template_commit(course: &CourseId, version: &Version, tree: ObjectId) -> Commit {
    let nobody = Signature::new("Progy", "noreply@progy.invalid", 0, 0);
    Commit {
        tree,
        parents: Vec::new(),
        author: nobody.clone(),
        committer: nobody,
        other: Vec::new(),
        facts: Facts { course: Some((course.clone(), version.clone())), ..Facts::default() },
        message: format!("Template {course} {version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> Commit {
        Commit {
            tree: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap(),
            parents: vec![ObjectId::from_bytes([7; 20]), ObjectId::from_bytes([8; 20])],
            author: Signature::new("Ana Lição", "ana@example.org", 1_767_600_000, -180),
            committer: Signature::new("Ana Lição", "ana@example.org", 1_767_600_001, 330),
            other: vec!["encoding UTF-8".into(), "gpgsig -----BEGIN\n abc\n -----END".into()],
            facts: Facts {
                save: Some(SaveId::new(&"ab".repeat(16)).unwrap()),
                device: Some(DeviceName::new("notebook").unwrap()),
                lesson: Some(LessonId::new("01_intro/01_hello").unwrap()),
                course: Some((CourseId::new("@ana/x").unwrap(), Version::new(1, 2, 3))),
            },
            message: "Lesson 01_intro/01_hello: Completed\n\nwith\n\na body".into(),
        }
    }

    #[test]
    fn text_and_back() {
        let commit = commit();
        let object = commit.object();
        assert_eq!(Commit::parse(&object.bytes), Ok(commit));
    }

    /// The expected id is that of `git commit-tree`.
    #[test]
    fn a_plain_commit_is_that_of_git() {
        let plain = Commit {
            parents: Vec::new(),
            other: Vec::new(),
            facts: Facts::default(),
            message: "hello".into(),
            ..commit()
        };
        assert_eq!(plain.object().id.to_string(), "7c3b4e30babb320226da3ab759d34ed1716516dd");
    }

    #[test]
    fn names_that_git_cannot_write_are_mended() {
        let odd = Signature::new(" <x>\n\0, ", "a <b>@c\n", 1, 0);
        assert_eq!((odd.name.as_str(), odd.email.as_str()), ("x", "ab@c"));
        assert_eq!(Signature::new("<>", "", 0, 0).name, "Progy");
    }

    #[test]
    fn what_is_no_commit_is_refused() {
        let bytes = commit().object().bytes;
        let text = String::from_utf8(bytes).unwrap();
        for line in ["tree ", "author ", "committer "] {
            assert!(Commit::parse(text.replacen(line, "x", 1).as_bytes()).is_err(), "{line}");
        }
        assert!(Commit::parse(b"").is_err());
        let odd = text.replace("progy-save ab", "progy-save zz").replace("1.2.3", "one");
        let facts = Commit::parse(odd.as_bytes()).unwrap().facts;
        assert_eq!((facts.save, facts.course), (None, None));
    }

    #[test]
    fn the_template_is_the_same_everywhere() {
        let commit = commit();
        let course = CourseId::new("rustlings").unwrap();
        let one = template_commit(&course, &Version::new(6, 0, 0), commit.tree).object();
        assert_eq!(one.id.to_string(), "670d0ed75e15cb853ad93f40dee0b54a1877b60c");
    }
}
