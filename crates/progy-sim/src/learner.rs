//! The learner at a machine: edits of every kind, drawn from a seed and from what is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::disk::volume::{Ino, Node};
use crate::ledger::{self, Token};
use crate::machine::{Denied, Machine};
use crate::rng::Rng;
use crate::trace::locked;

/// Where learners write. Few, so that devices meet; some are a file here and a folder there.
const PATHS: [&str; 14] = [
    "content/01_intro/01_hello/exercise.rs",
    "content/01_intro/02_vars/exercise.rs",
    "content/01_intro/02_vars/extra.txt",
    "content/02_more/01_loops/exercise.rs",
    "notes.txt",
    "src/main.rs",
    "src/lib/util.rs",
    "src/lib",
    "src",
    "data.bin",
    "docs/a.log",
    "run.sh",
    ".env",
    "node_modules/x.js",
];

/// Lines of ignore files.
const PATTERNS: [&str; 8] =
    ["*.log", "notes.txt", "src/", "!notes.txt", "/run.sh", "data.*", "!*.log", "extra.txt"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    Insert,
    Replace,
    DropLine,
    Create,
    Delete,
    Rename,
    ToFolder,
    ToFile,
    Mode,
    Link,
    Ignore,
    Binary,
    Duplicate,
    Empty,
}

const EDITS: [(u32, Edit); 14] = [
    (30, Edit::Insert),
    (22, Edit::Replace),
    (6, Edit::DropLine),
    (14, Edit::Create),
    (6, Edit::Delete),
    (5, Edit::Rename),
    (3, Edit::ToFolder),
    (3, Edit::ToFile),
    (4, Edit::Mode),
    (3, Edit::Link),
    (3, Edit::Ignore),
    (5, Edit::Binary),
    (2, Edit::Duplicate),
    (1, Edit::Empty),
];

/// The learner's files: whatever is not Progy's own.
pub(crate) fn files(machine: &Machine) -> Vec<(String, Ino)> {
    let mut files = machine.volume.below("");
    files.retain(|(path, _)| !path.starts_with(".progy/") && path != "progy.toml");
    files
}

/// Every token in the learner's files.
pub(crate) fn tokens(machine: &Machine) -> BTreeSet<Token> {
    files(machine).iter().flat_map(|(_, ino)| tokens_of(machine, *ino)).collect()
}

/// The tokens in a file's content, or in a link's target.
pub(crate) fn tokens_of(machine: &Machine, ino: Ino) -> BTreeSet<Token> {
    match machine.volume.inode(ino).map(|inode| &inode.node) {
        Ok(Node::File(bytes)) => ledger::tokens(bytes),
        Ok(Node::Link(target)) => ledger::tokens(target.as_bytes()),
        _ => BTreeSet::new(),
    }
}

/// The learner edits something. An edit that cannot be made is not made.
pub(crate) fn edit(machine: &mut Machine, seed: u64) {
    let rng = &mut Rng::new(seed);
    let edit = rng.weighted(&EDITS);
    let before = counted(machine);
    // What cannot be done, for instance because a folder is in the way, is left.
    let _ = Hand { machine, rng }.make(edit);
    machine.volume.flush_names();
    let after = counted(machine);
    let only =
        |these: &BTreeMap<Token, usize>, those: &BTreeMap<Token, usize>| -> BTreeSet<Token> {
            these.keys().filter(|token| !those.contains_key(token)).copied().collect()
        };
    let (written, removed) = (only(&after, &before), only(&before, &after));
    // Another device may take it out of the file in which it still is.
    let fewer = |(token, count): (&Token, &usize)| {
        after.get(token).is_some_and(|left| left < count).then_some(*token)
    };
    let fewer: BTreeSet<Token> = before.iter().filter_map(fewer).collect();
    machine.shared.trace.say(|| {
        let texts = |tokens: &BTreeSet<Token>| -> Vec<String> {
            tokens.iter().map(|token| ledger::text(*token)).collect()
        };
        let (came, went) = (texts(&written).join(" "), texts(&removed).join(" "));
        format!("{}     learner: came {came}, went {went}", machine.name)
    });
    let mut ledger = locked(&machine.shared.ledger);
    for token in removed {
        ledger.removed(token);
    }
    ledger.may_be_gone(&fewer);
    for token in written {
        ledger.written(token);
    }
}

/// In how many of the learner's files each token is.
fn counted(machine: &Machine) -> BTreeMap<Token, usize> {
    let mut counts = BTreeMap::new();
    for token in files(machine).iter().flat_map(|(_, ino)| tokens_of(machine, *ino)) {
        *counts.entry(token).or_default() += 1;
    }
    counts
}

/// The learner's hand on the machine.
struct Hand<'a> {
    machine: &'a mut Machine,
    rng: &'a mut Rng,
}

impl Hand<'_> {
    fn make(&mut self, edit: Edit) -> Option<()> {
        match edit {
            Edit::Insert | Edit::Replace | Edit::DropLine => self.edit_lines(edit),
            Edit::Create => {
                let path = self.free_path()?;
                let lines = 1 + self.rng.below(4);
                let text: String = (0..lines).map(|_| self.line(14)).collect();
                self.write(&path, text.as_bytes())
            }
            Edit::Binary => {
                let path =
                    if self.rng.percent(50) { self.file()?.0 } else { "data.bin".to_owned() };
                let token = self.token();
                let bytes = format!("\0\u{1}{token}\0{}", "x".repeat(self.rng.below(30)));
                self.write(&path, bytes.as_bytes())
            }
            Edit::Empty => {
                let path = self.file()?.0;
                self.write(&path, b"")
            }
            Edit::Delete => {
                let path = self.any()?.0;
                self.remove(&path)
            }
            Edit::Rename => {
                let from = self.any()?.0;
                let to = self.free_path()?;
                self.say("rename", &format!("{from} to {to}"));
                let now = self.machine.file_time();
                self.machine.volume.make_folders(&to, now).ok()?;
                self.machine.volume.place(&from, &to, now).ok()?;
                self.sweep(&from);
                Some(())
            }
            Edit::ToFolder => {
                let path = self.file()?.0;
                self.remove(&path)?;
                let below = format!("{path}/inner.txt");
                let line = self.line(14);
                self.write(&below, line.as_bytes())
            }
            Edit::ToFile => {
                let path = self.any()?.0;
                let folder =
                    path.match_indices('/').map(|(at, _)| &path[..at]).next_back()?.to_owned();
                self.remove(&folder)?;
                let line = self.line(14);
                self.write(&folder, line.as_bytes())
            }
            Edit::Mode => {
                let (path, ino) = self.file()?;
                self.say("chmod", &path);
                let executable = !self.machine.volume.inode(ino).ok()?.executable;
                let now = self.machine.file_time();
                self.machine.volume.set_executable(ino, executable, now);
                Some(())
            }
            Edit::Link => self.link(),
            Edit::Ignore if self.machine.calm => None,
            Edit::Ignore => {
                let path = *self.rng.pick(&[".gitignore", ".progyignore", "src/.gitignore"])?;
                let pattern = self.rng.pick(&PATTERNS)?;
                let mut text = self.read(path).unwrap_or_default();
                text.extend_from_slice(format!("{pattern}\n").as_bytes());
                self.write(path, &text)
            }
            Edit::Duplicate => {
                let (_, ino) = self.file()?;
                let bytes = self.machine.volume.bytes(ino).ok()?;
                let path = self.free_path()?;
                self.write(&path, &bytes)
            }
        }
    }

    fn edit_lines(&mut self, edit: Edit) -> Option<()> {
        let (path, ino) = self.file()?;
        let bytes = self.machine.volume.bytes(ino).ok()?;
        if bytes.contains(&0) || path.ends_with("ignore") {
            return None;
        }
        let mut lines: Vec<Vec<u8>> =
            bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let at = self.rng.below(lines.len().max(1));
        match edit {
            Edit::Replace if !lines.is_empty() => {
                // As long as the line that was there: the size of the file stays.
                let length = lines[at].iter().filter(|byte| **byte != b'\n').count();
                let line = self.line(length);
                lines[at] = line.into_bytes();
            }
            Edit::DropLine if !lines.is_empty() => drop(lines.remove(at)),
            _ => {
                let at = self.rng.below(lines.len() + 1);
                lines.insert(at, self.line(14).into_bytes());
            }
        }
        self.write(&path, &lines.concat())
    }

    fn link(&mut self) -> Option<()> {
        let path = if self.rng.percent(70) { "link".to_owned() } else { self.free_path()? };
        if self.machine.volume.find(&path).ok()?.is_some() {
            self.remove(&path)?;
        }
        let token = self.token();
        self.say("link", &path);
        let now = self.machine.file_time();
        self.machine.volume.make_folders(&path, now).ok()?;
        self.machine.volume.link(&path, &format!("not/there-{token}"), now).ok()
    }

    /// A line with a token of its own, `length` long if a token fits in.
    fn line(&mut self, length: usize) -> String {
        let token = self.token();
        let rest = length.saturating_sub(token.len());
        format!("{token}{}\n", ".".repeat(rest))
    }

    fn token(&mut self) -> String {
        ledger::text(locked(&self.machine.shared.ledger).fresh())
    }

    /// Some file or link.
    fn any(&mut self) -> Option<(String, Ino)> {
        let files = files(self.machine);
        self.rng.pick(&files).cloned()
    }

    /// Some regular file.
    fn file(&mut self) -> Option<(String, Ino)> {
        let mut files = files(self.machine);
        files.retain(|(_, ino)| self.machine.volume.bytes(*ino).is_ok());
        self.rng.pick(&files).cloned()
    }

    /// Some path where nothing is.
    fn free_path(&mut self) -> Option<String> {
        let path = *self.rng.pick(&PATHS)?;
        self.machine.volume.find(path).ok()?.is_none().then(|| path.to_owned())
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let ino = self.machine.volume.find(path).ok()??;
        Some(self.machine.volume.bytes(ino).ok()?.to_vec())
    }

    /// Saves a file as editors do: in place, or as a new file that takes the old one's name.
    fn write(&mut self, path: &str, bytes: &[u8]) -> Option<()> {
        if self.is_closed(path) {
            return None;
        }
        self.say("write", path);
        let now = self.machine.file_time();
        let volume = &mut self.machine.volume;
        volume.make_folders(path, now).ok()?;
        let there = volume.find(path).ok()?;
        let ino = match there {
            Some(ino) if self.rng.percent(40) => {
                let executable = volume.inode(ino).ok()?.executable;
                volume.bytes(ino).ok()?;
                let beside = format!("{path}~");
                let new = volume.write(&beside, bytes, executable, now).ok()?;
                volume.rename(&beside, path, now).ok()?;
                new
            }
            _ => volume.write(path, bytes, false, now).ok()?,
        };
        self.machine.volume.flush_content(ino);
        Some(())
    }

    fn remove(&mut self, path: &str) -> Option<()> {
        if self.is_closed(path) {
            return None;
        }
        self.say("delete", path);
        let now = self.machine.file_time();
        self.machine.volume.remove(path, now).ok()?;
        self.sweep(path);
        Some(())
    }

    /// Some learners remove folders that got empty, some leave them.
    fn sweep(&mut self, path: &str) {
        let folders: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..at]).collect();
        if self.rng.percent(50) {
            return;
        }
        for folder in folders.into_iter().rev() {
            if self.machine.volume.names(folder).is_ok_and(|names| names.is_empty()) {
                let now = self.machine.file_time();
                let _ = self.machine.volume.remove(folder, now);
            }
        }
    }

    /// What Progy may not touch the learner leaves alone too.
    fn is_closed(&self, path: &str) -> bool {
        match &self.machine.denied {
            None => false,
            Some(
                Denied::Unreadable(denied) | Denied::Closed(denied) | Denied::ReadOnly(denied),
            ) => denied.starts_with(path) || path.starts_with(denied.as_str()),
        }
    }

    fn say(&self, what: &str, path: &str) {
        let name = self.machine.name;
        self.machine.shared.trace.say(|| format!("{name}     learner: {what} {path}"));
    }
}
