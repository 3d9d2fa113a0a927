//! How Progy's own files are framed: a name, a version, a checksum, then the value.
//!
//! ```text
//! 8 bytes   the kind of file, for instance "progySTA"
//! 1 byte    its version
//! 16 bytes  the first half of the BLAKE3 hash of what follows
//! …         the value, in postcard
//! ```
//!
//! The checksum tells a file that a dying disk or a power loss has cut from a whole one.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::disk::Disk;
use crate::{Error, Result};

/// A kind of file.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Eight bytes that begin it.
    pub magic: [u8; 8],
    /// The version that is written, and the newest that is read.
    pub version: u8,
}

/// No file of Progy's own is larger, in bytes.
const LIMIT: u64 = 256 << 20;
const SUM: usize = 16;

impl Format {
    /// The file that holds `value`.
    pub fn encode<T: Serialize>(self, value: &T) -> Result<Vec<u8>> {
        let body = postcard::to_stdvec(value)
            .map_err(|error| Error::Damaged(format!("a value to be written: {error}")))?;
        let mut file = Vec::with_capacity(self.magic.len() + 1 + SUM + body.len());
        file.extend_from_slice(&self.magic);
        file.push(self.version);
        file.extend_from_slice(blake3::hash(&body).as_bytes().split_at(SUM).0);
        file.extend_from_slice(&body);
        Ok(file)
    }

    /// The value in `file`, which is called `name` in errors.
    pub fn decode<T: DeserializeOwned>(self, name: &str, file: &[u8]) -> Result<T> {
        let damaged = || Error::Damaged(name.to_owned());
        let rest = file.strip_prefix(&self.magic).ok_or_else(damaged)?;
        let (version, rest) = rest.split_first().ok_or_else(damaged)?;
        if *version > self.version {
            return Err(Error::FromTheFuture(name.to_owned()));
        }
        let (sum, body) = rest.split_at_checked(SUM).ok_or_else(damaged)?;
        if blake3::hash(body).as_bytes().split_at(SUM).0 != sum || *version != self.version {
            return Err(damaged());
        }
        postcard::from_bytes(body).map_err(|_| damaged())
    }

    /// Reads the file at `path`; `None` if there is none.
    pub fn read<T: DeserializeOwned>(self, disk: &dyn Disk, path: &str) -> Result<Option<T>> {
        match disk.read(path, LIMIT) {
            Ok(file) => self.decode(path, &file).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::disk(path)(error)),
        }
    }

    /// Writes the file at `path` so that at every moment the old one or the new one is there, and
    /// the new one is on the medium when this returns.
    pub fn write<T: Serialize>(self, disk: &dyn Disk, path: &str, value: &T) -> Result<()> {
        let file = self.encode(value)?;
        let beside = format!("{path}.new");
        let fails = |error| Error::disk(path)(error);
        disk.write(&beside, &file, false).map_err(fails)?;
        disk.flush(&[&beside]).map_err(fails)?;
        disk.rename(&beside, path).map_err(fails)?;
        disk.flush(&[path]).map_err(fails)
    }

    /// Writes the file at `path`, which may be lost or cut by a power loss. For caches.
    pub fn write_cache<T: Serialize>(self, disk: &dyn Disk, path: &str, value: &T) -> Result<()> {
        let file = self.encode(value)?;
        let beside = format!("{path}.new");
        disk.write(&beside, &file, false).map_err(Error::disk(path))?;
        disk.rename(&beside, path).map_err(Error::disk(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format { magic: *b"progyTST", version: 1 };

    #[test]
    fn every_cut_and_every_flipped_bit_is_noticed() {
        let file = FORMAT.encode(&vec!["one".to_owned(), "two".to_owned()]).unwrap();
        let read = |file: &[u8]| FORMAT.decode::<Vec<String>>("test", file);
        assert_eq!(read(&file).unwrap(), ["one", "two"]);
        for end in 0..file.len() {
            assert!(read(&file[..end]).is_err());
        }
        for bit in 0..file.len() * 8 {
            let mut other = file.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&other).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_newer_version_is_named_as_such() {
        let newer = Format { version: 2, ..FORMAT }.encode(&1).unwrap();
        let read = FORMAT.decode::<u32>("test", &newer);
        assert!(matches!(read, Err(Error::FromTheFuture(_))));
    }
}
