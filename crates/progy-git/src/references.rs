//! The branch, and where the host has it.
//!
//! libgit2 reads them. They are moved as Git does it (the lock, the log, the new value in the place of
//! the old one; `gitrepository-layout`), but under a lock of our own kind.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use git2::Signature;
use progy_core::git::{BRANCH, ObjectId};

use crate::repository::PUBLISHED;
use crate::{Error, Repository, Result, id, shown};

/// What a log calls a commit that is none.
const NOTHING: &str = "0000000000000000000000000000000000000000";

impl Repository {
    /// The commit that the branch names; `None` before the first.
    pub fn main(&self) -> Result<Option<ObjectId>> {
        self.reference(BRANCH)
    }

    /// The newest commit that the host is known to have.
    pub fn published(&self) -> Result<Option<ObjectId>> {
        self.reference(PUBLISHED)
    }

    fn reference(&self, name: &str) -> Result<Option<ObjectId>> {
        match self.git.refname_to_id(name) {
            Ok(found) => Ok(Some(id(found))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves the branch from `old` to `new`; [`Error::Moved`] if it is not at `old`.
    pub fn move_main(&self, old: Option<ObjectId>, new: ObjectId, why: &str) -> Result<()> {
        self.point(BRANCH, new, why, |now| now == old)
    }

    /// Puts the branch anywhere, also back; with nothing it is deleted, by libgit2 and its locks: no
    /// device does that.
    pub fn reset_main(&self, to: Option<ObjectId>) -> Result<()> {
        match to {
            Some(to) => self.point(BRANCH, to, "progy: reset", |_| true),
            None if self.main()?.is_some() => Ok(self.git.find_reference(BRANCH)?.delete()?),
            None => Ok(()),
        }
    }

    /// Notes what the host has.
    pub fn set_published(&self, commit: ObjectId, why: &str) -> Result<()> {
        if self.published()? == Some(commit) {
            return Ok(());
        }
        self.point(PUBLISHED, commit, why, |_| true)
    }

    fn point(
        &self,
        name: &str,
        new: ObjectId,
        why: &str,
        may_leave: impl FnOnce(Option<ObjectId>) -> bool,
    ) -> Result<()> {
        self.find_commit(&new)?;
        let lock = self.own.lock(name)?;
        let now = self.reference(name)?;
        if !may_leave(now) {
            return Err(Error::Moved);
        }
        if now == Some(new) {
            return Ok(());
        }
        let line = self.log_line(now, new, why)?;
        self.note_move(name, &line)?;
        let head = self.git.find_reference("HEAD")?;
        if head.symbolic_target_bytes() == Some(name.as_bytes()) {
            self.note_move("HEAD", &line)?;
        }
        Ok(lock.put_bytes(format!("{new}\n").as_bytes())?)
    }

    fn log_line(&self, old: Option<ObjectId>, new: ObjectId, why: &str) -> Result<String> {
        let old = old.map_or_else(|| NOTHING.to_owned(), |old| old.to_string());
        // As libgit2 does where nobody was ever set.
        let who = self.git.signature().or_else(|_| Signature::now("unknown", "unknown"))?;
        let plain = |text: &str| shown(text).replace(['<', '>'], "");
        let (name, email) = (plain(who.name().unwrap_or("")), plain(who.email().unwrap_or("")));
        let (seconds, offset) = (who.when().seconds(), who.when().offset_minutes());
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
        let zone = format!("{sign}{hours:02}{minutes:02}");
        Ok(format!("{old} {new} {name} <{email}> {seconds} {zone}\t{why}\n"))
    }

    /// Adds a line to a reference's log, if it has one or is to have one.
    fn note_move(&self, name: &str, line: &str) -> Result<()> {
        let folder = if name == "HEAD" { self.git.path() } else { self.git.commondir() };
        let path = folder.join("logs").join(name);
        let config = self.git.config()?.snapshot()?;
        let is_wanted = config.get_string("core.logallrefupdates").map_or(true, |value| {
            value.eq_ignore_ascii_case("always") || git2::Config::parse_bool(value).unwrap_or(true)
        });
        let open = || OpenOptions::new().read(true).append(true).create(is_wanted).open(&path);
        let file = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound && !is_wanted => return Ok(()),
            Err(error) => make_room(&path, &error).and_then(|()| open()),
            opened => opened,
        };
        Ok(append(&mut file?, line)?)
    }
}

/// What keeps a file from being made is mended: folders above it that are missing, an empty one in
/// its place.
fn make_room(path: &Path, error: &io::Error) -> io::Result<()> {
    match (error.kind(), path.parent()) {
        (ErrorKind::NotFound, Some(folder)) => fs::create_dir_all(folder),
        _ => fs::remove_dir(path),
    }
}

/// Adds a line, after one that a kill has cut short.
fn append(file: &mut File, line: &str) -> io::Result<()> {
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let begin = if last == [b'\n'] { "" } else { "\n" };
    file.write_all(format!("{begin}{line}").as_bytes())
}
