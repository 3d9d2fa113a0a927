//! The disk of a [`Machine`] as Progy sees it.

pub(crate) mod volume;

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use progy_client::disk::{Disk, Kind, Listed, Meta, Reader};
use progy_client::layout;
use progy_core::RelPath;

use crate::machine::{Fate, Machine, Want};
use crate::trace::locked;
use volume::{Ino, Node, Volume};

/// The workspace on a machine's disk.
#[derive(Debug, Clone)]
pub(crate) struct SimDisk(pub(crate) Arc<Mutex<Machine>>);

impl SimDisk {
    /// A call that is done, or is not.
    fn call<T>(
        &self,
        op: &str,
        path: &str,
        want: Want,
        act: impl FnOnce(&mut Machine) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut machine = locked(&self.0);
        match machine.enter(op, path, want)? {
            Fate::Done => act(&mut machine),
            Fate::Torn(kind) => Err(kind.into()),
        }
    }

    /// A call of which a part may be done: `act` gets a share out of 256 if it is to stop there.
    fn long_call<T>(
        &self,
        op: &str,
        path: &str,
        act: impl FnOnce(&mut Machine, Option<usize>) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut machine = locked(&self.0);
        match machine.enter(op, path, Want::WriteOwn)? {
            Fate::Done => act(&mut machine, None),
            Fate::Torn(kind) => {
                let share = machine.fortune.as_mut().map_or(0, |fortune| fortune.rng.below(256));
                act(&mut machine, Some(share))?;
                Err(kind.into())
            }
        }
    }
}

/// What `volume` knows of `ino`.
pub(crate) fn meta(volume: &Volume, ino: Ino) -> io::Result<Meta> {
    let inode = volume.inode(ino)?;
    let (kind, size) = match &inode.node {
        Node::File(bytes) => (Kind::File, bytes.len()),
        Node::Folder(_) => (Kind::Folder, 0),
        Node::Link(target) => (Kind::Symlink, target.len()),
    };
    Ok(Meta {
        kind,
        size: size as u64,
        modified: inode.modified,
        changed: inode.changed,
        inode: ino,
        executable: inode.executable,
    })
}

/// The first `share` of 256 parts of `bytes`.
fn part(bytes: &[u8], share: Option<usize>) -> &[u8] {
    share.map_or(bytes, |share| &bytes[..bytes.len() * share / 256])
}

impl Disk for SimDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        self.call("list", folder, Want::Read, |machine| {
            let volume = &machine.volume;
            let named = volume.names(folder)?;
            named
                .into_iter()
                .map(|(name, ino)| {
                    Ok(Listed { name: Ok(name.to_string()), meta: meta(volume, ino)? })
                })
                .collect()
        })
    }

    fn meta(&self, path: &str) -> io::Result<Option<Meta>> {
        self.call("meta", path, Want::Look, |machine| match machine.volume.find(path) {
            Ok(Some(ino)) => meta(&machine.volume, ino).map(Some),
            Ok(None) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        self.call("read", path, Want::Read, |machine| {
            let bytes = machine.volume.bytes(machine.volume.at(path)?)?;
            if bytes.len() as u64 > limit {
                return Err(ErrorKind::FileTooLarge.into());
            }
            Ok(bytes.to_vec())
        })
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Reader>> {
        self.call("open", path, Want::Read, |machine| {
            let ino = machine.volume.at(path)?;
            machine.volume.bytes(ino)?;
            let reader =
                OpenFile { machine: Arc::clone(&self.0), path: path.to_owned(), ino, at: 0 };
            Ok(Box::new(reader) as Box<dyn Reader>)
        })
    }

    fn read_link(&self, path: &str) -> io::Result<String> {
        self.call("read_link", path, Want::Read, |machine| {
            match &machine.volume.inode(machine.volume.at(path)?)?.node {
                Node::Link(target) => Ok(target.to_string()),
                _ => Err(ErrorKind::InvalidInput.into()),
            }
        })
    }

    fn write(&self, path: &str, bytes: &[u8], executable: bool) -> io::Result<()> {
        self.long_call("write", path, |machine, share| {
            let now = machine.file_time();
            machine.volume.make_folders(path, now)?;
            machine.volume.write(path, part(bytes, share), executable, now)?;
            Ok(())
        })
    }

    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.long_call("append", path, |machine, share| {
            let now = machine.file_time();
            machine.volume.make_folders(path, now)?;
            let mut whole = match machine.volume.find(path)? {
                Some(ino) => machine.volume.bytes(ino)?.to_vec(),
                None => Vec::new(),
            };
            whole.extend_from_slice(part(bytes, share));
            machine.volume.write(path, &whole, false, now)?;
            Ok(())
        })
    }

    fn write_link(&self, path: &str, target: &str) -> io::Result<()> {
        self.call("write_link", path, Want::WriteOwn, |machine| {
            let now = machine.file_time();
            machine.volume.make_folders(path, now)?;
            machine.volume.link(path, target, now)
        })
    }

    fn flush(&self, paths: &[&str]) -> io::Result<()> {
        let mut machine = locked(&self.0);
        let fate = machine.enter("flush", paths.first().unwrap_or(&""), Want::Look)?;
        let mut reached = paths.len();
        if fate != Fate::Done
            && let Some(fortune) = &mut machine.fortune
        {
            reached = fortune.rng.below(paths.len() + 1);
        }
        for path in paths.iter().take(reached) {
            if let Some(ino) = machine.volume.find(path).unwrap_or_default() {
                machine.volume.flush_content(ino);
            }
        }
        match fate {
            Fate::Done => {
                machine.volume.flush_names();
                Ok(())
            }
            Fate::Torn(kind) => Err(kind.into()),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call("rename", to, Want::WriteOwn, |machine| {
            let now = machine.file_time();
            machine.volume.make_folders(to, now)?;
            machine.volume.rename(from, to, now)
        })
    }

    fn place(&self, from: &str, to: &str) -> io::Result<()> {
        locked(&self.0).may_change(from)?;
        self.call("place", to, Want::Change, |machine| {
            let now = machine.file_time();
            machine.volume.at(from)?;
            machine.volume.make_folders(to, now)?;
            machine.volume.place(from, to, now)
        })
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        locked(&self.0).may_change(one)?;
        self.call("exchange", other, Want::Change, |machine| {
            let now = machine.file_time();
            machine.volume.exchange(one, other, now)
        })
    }

    fn set_executable(&self, path: &str, executable: bool) -> io::Result<()> {
        self.call("set_executable", path, Want::Change, |machine| {
            let now = machine.file_time();
            let ino = machine.volume.at(path)?;
            machine.volume.set_executable(ino, executable, now);
            Ok(())
        })
    }

    fn set_modified(&self, path: &str, modified: i64) -> io::Result<()> {
        self.call("set_modified", path, Want::WriteOwn, |machine| {
            let now = machine.file_time();
            let ino = machine.volume.at(path)?;
            machine.volume.set_modified(ino, modified, now);
            Ok(())
        })
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.call("remove", path, Want::WriteOwn, |machine| match machine.volume.find(path)? {
            Some(ino) if matches!(machine.volume.inode(ino)?.node, Node::Folder(_)) => {
                Err(ErrorKind::IsADirectory.into())
            }
            Some(_) => {
                let now = machine.file_time();
                machine.volume.remove(path, now)
            }
            None => Ok(()),
        })
    }

    fn make_folder(&self, path: &str) -> io::Result<()> {
        self.call("make_folder", path, Want::Change, |machine| {
            let now = machine.file_time();
            match machine.volume.make_folders(&format!("{path}/"), now) {
                Err(error) if error.kind() == ErrorKind::NotADirectory => {
                    Err(ErrorKind::AlreadyExists.into())
                }
                other => other,
            }
        })
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.call("remove_folder", path, Want::Change, |machine| {
            let Some(ino) = machine.volume.find(path)? else { return Ok(()) };
            match &machine.volume.inode(ino)?.node {
                Node::Folder(names) if names.is_empty() => {
                    let now = machine.file_time();
                    machine.volume.remove(path, now)
                }
                Node::Folder(_) => Err(ErrorKind::DirectoryNotEmpty.into()),
                _ => Err(ErrorKind::NotADirectory.into()),
            }
        })
    }

    fn remove_all(&self, path: &str) -> io::Result<()> {
        let mut machine = locked(&self.0);
        let fate = machine.enter("remove_all", path, Want::WriteOwn)?;
        if machine.volume.find(path)?.is_none() {
            return Ok(());
        }
        machine.note_purge(path);
        let now = machine.file_time();
        match fate {
            Fate::Done => machine.volume.remove(path, now),
            Fate::Torn(kind) => {
                // One name after the other, in any order, up to some point.
                for (file, _) in machine.volume.below(path) {
                    if machine.fortune.as_mut().is_some_and(|fortune| fortune.rng.percent(50)) {
                        machine.volume.remove(&file, now)?;
                    }
                }
                Err(kind.into())
            }
        }
    }

    fn file_time(&self) -> io::Result<i64> {
        self.write(&format!("{}/time", layout::TMP), b".", false)?;
        Ok(locked(&self.0).file_time())
    }

    fn parallelism(&self) -> usize {
        1
    }

    fn can_hold(&self, _: &RelPath) -> bool {
        true
    }
}

/// A file that is open: what is written to it meanwhile is read, whatever its name is by then.
#[derive(Debug)]
struct OpenFile {
    machine: Arc<Mutex<Machine>>,
    path: String,
    ino: Ino,
    at: usize,
}

impl Read for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut machine = locked(&self.machine);
        let mut most = buffer.len();
        // Packages are read in many small steps; between those nothing of interest can happen.
        if !self.path.starts_with(layout::FOLDER) {
            if let Fate::Torn(kind) = machine.enter("more of", &self.path, Want::Read)? {
                return Err(kind.into());
            }
            if let Some(fortune) = &mut machine.fortune
                && fortune.rng.percent(10)
            {
                most = most.min(1 + fortune.rng.below(40));
            }
        }
        let bytes = machine.volume.bytes(self.ino)?;
        let rest = bytes.get(self.at..).unwrap_or_default();
        let size = rest.len().min(most);
        buffer[..size].copy_from_slice(&rest[..size]);
        self.at += size;
        Ok(size)
    }
}

impl Seek for OpenFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let size = locked(&self.machine).volume.bytes(self.ino)?.len() as u64;
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (size, by),
            SeekFrom::Current(by) => (self.at as u64, by),
        };
        let at = from.checked_add_signed(by).ok_or(ErrorKind::InvalidInput)?;
        self.at = usize::try_from(at).map_err(|_| ErrorKind::InvalidInput)?;
        Ok(at)
    }
}
