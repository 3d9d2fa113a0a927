//! A disk with one of the faults of [`Sabotage`].

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use progy_client::disk::{Disk, Listed, Meta, Reader};
use progy_client::layout;
use progy_core::RelPath;

use super::Sabotage;
use crate::disk::SimDisk;
use crate::trace::locked;

/// What a look at a name told, to be told again.
#[derive(Debug, Default)]
struct Memory {
    /// By path, as of the last look before files began to be replaced.
    seen: BTreeMap<String, Meta>,
    /// Whether files are being replaced.
    replacing: bool,
}

/// A [`SimDisk`] that does not keep one of its laws.
#[derive(Debug)]
pub(crate) struct SabotagedDisk {
    inner: SimDisk,
    sabotage: Sabotage,
    memory: Mutex<Memory>,
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

impl SabotagedDisk {
    pub(crate) fn new(inner: SimDisk, sabotage: Sabotage) -> Self {
        Self { inner, sabotage, memory: Mutex::default() }
    }

    fn has(&self, sabotage: Sabotage) -> bool {
        self.sabotage == sabotage
    }

    /// The slot in which a file comes to lie looks as the file did when it was planned.
    fn remember_slot(&self, slot: &str, path: &str) {
        let mut memory = locked(&self.memory);
        if let Some(meta) = memory.seen.get(path).copied() {
            memory.seen.insert(slot.to_owned(), meta);
        }
    }
}

impl Disk for SabotagedDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        let listed = self.inner.list(folder)?;
        if self.has(Sabotage::BlindReplace) {
            let mut memory = locked(&self.memory);
            for item in &listed {
                if let Ok(name) = &item.name {
                    memory.seen.insert(join(folder, name), item.meta);
                }
            }
        }
        Ok(listed)
    }

    fn meta(&self, path: &str) -> io::Result<Option<Meta>> {
        let found = self.inner.meta(path)?;
        let memory = locked(&self.memory);
        let told = memory.seen.get(path).copied().filter(|_| memory.replacing);
        Ok(if found.is_some() { told.or(found) } else { found })
    }

    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        self.inner.read(path, limit)
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Reader>> {
        self.inner.open(path)
    }

    fn read_link(&self, path: &str) -> io::Result<String> {
        self.inner.read_link(path)
    }

    fn write(&self, path: &str, bytes: &[u8], executable: bool) -> io::Result<()> {
        self.inner.write(path, bytes, executable)
    }

    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.inner.append(path, bytes)
    }

    fn write_link(&self, path: &str, target: &str) -> io::Result<()> {
        self.inner.write_link(path, target)
    }

    fn flush(&self, paths: &[&str]) -> io::Result<()> {
        if self.has(Sabotage::NoFlush) { Ok(()) } else { self.inner.flush(paths) }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        if self.has(Sabotage::BlindReplace) && to == layout::JOURNAL {
            locked(&self.memory).replacing = true;
        }
        if self.has(Sabotage::TornRename) {
            self.inner.remove(to)?;
        }
        self.inner.rename(from, to)
    }

    fn place(&self, from: &str, to: &str) -> io::Result<()> {
        if self.has(Sabotage::DroppedCopies) && to.contains(".conflict-") {
            return self.inner.remove(from);
        }
        self.remember_slot(to, from);
        self.inner.place(from, to)
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        self.remember_slot(one, other);
        self.inner.exchange(one, other)
    }

    fn set_executable(&self, path: &str, executable: bool) -> io::Result<()> {
        self.inner.set_executable(path, executable)
    }

    fn set_modified(&self, path: &str, modified: i64) -> io::Result<()> {
        self.inner.set_modified(path, modified)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        if path == layout::JOURNAL {
            *locked(&self.memory) = Memory::default();
        }
        self.inner.remove(path)
    }

    fn make_folder(&self, path: &str) -> io::Result<()> {
        self.inner.make_folder(path)
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.inner.remove_folder(path)
    }

    fn remove_all(&self, path: &str) -> io::Result<()> {
        self.inner.remove_all(path)
    }

    fn file_time(&self) -> io::Result<i64> {
        let now = self.inner.file_time()?;
        // A tick later: whatever was written in this tick looks settled.
        let tick = locked(&self.inner.0).tick;
        Ok(if self.has(Sabotage::HiddenRacyMtime) { now + tick } else { now })
    }

    fn parallelism(&self) -> usize {
        self.inner.parallelism()
    }

    fn can_hold(&self, path: &RelPath) -> bool {
        self.inner.can_hold(path)
    }
}
