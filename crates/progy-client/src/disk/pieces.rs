//! A file of any size, written in pieces.

use std::io::{self, Write};

use super::Disk;

/// So much is gathered before the disk is asked to write it, in bytes.
const PIECE: usize = 1 << 20;

/// Writes a file of Progy's own, or a new one in `.progy/`. What is small is written at once, as by
/// [`Disk::write`]. Not durable.
pub struct Pieces<'a> {
    disk: &'a dyn Disk,
    path: &'a str,
    executable: bool,
    gathered: Vec<u8>,
    has_begun: bool,
}

impl std::fmt::Debug for Pieces<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pieces").field("path", &self.path).finish_non_exhaustive()
    }
}

impl<'a> Pieces<'a> {
    /// A file at `path`; one that is there is replaced.
    pub fn new(disk: &'a dyn Disk, path: &'a str, executable: bool) -> Self {
        Self { disk, path, executable, gathered: Vec::new(), has_begun: false }
    }

    /// Writes what was gathered.
    pub fn finish(mut self) -> io::Result<()> {
        if self.gathered.is_empty() && self.has_begun { Ok(()) } else { self.put() }
    }

    fn put(&mut self) -> io::Result<()> {
        if self.has_begun {
            self.disk.append(self.path, &self.gathered)?;
        } else {
            self.disk.write(self.path, &self.gathered, self.executable)?;
            self.has_begun = true;
        }
        self.gathered.clear();
        Ok(())
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE {
            self.put()?;
        }
        Ok(bytes.len())
    }

    /// Nothing: see [`Pieces::finish`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
