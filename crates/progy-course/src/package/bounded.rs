//! Readers that a hostile package cannot lead past a limit.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many more bytes of a [`Source`] may be read. Clones share one count.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<AtomicU64>);

impl Budget {
    /// At most `bytes`.
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    /// Lets any number of bytes be read from now on.
    pub(super) fn lift(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }

    /// Whether it is used up.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left() == 0
    }

    fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn spend(&self, bytes: u64) {
        self.0.store(self.left().saturating_sub(bytes), Ordering::Relaxed);
    }
}

/// The bytes of a package, of which no more than a budget may be read.
///
/// While the directory is read, the budget bounds what the zip reader can be made to keep in
/// memory. It also keeps its buffer when the zip reader seeks a few bytes ahead, as that does for
/// each entry.
pub(super) struct Source<R> {
    inner: BufReader<R>,
    at: u64,
    len: u64,
    budget: Budget,
}

impl<R: Read + Seek> Source<R> {
    /// The bytes of `inner` from its beginning.
    pub(super) fn new(mut inner: R, budget: Budget) -> io::Result<Self> {
        let len = inner.seek(SeekFrom::End(0))?;
        inner.rewind()?;
        Ok(Self { inner: BufReader::new(inner), at: 0, len, budget })
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.len
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.budget.left()).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 && !buffer.is_empty() {
            return Err(io::Error::other("more would be read than a package needs"));
        }
        let read = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.at = self.at.saturating_add(read as u64);
        self.budget.spend(read as u64);
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for Source<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
        };
        let target = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let distance = i128::from(target) - i128::from(self.at);
        match i64::try_from(distance) {
            Ok(distance) => self.inner.seek_relative(distance)?,
            Err(_) => {
                self.inner.seek(SeekFrom::Start(target))?;
            }
        }
        self.at = target;
        Ok(target)
    }
}

/// The content of one entry: exactly as many bytes as its header declared, or an error.
pub(super) struct EntryReader<R> {
    inner: R,
    left: u64,
}

impl<R> EntryReader<R> {
    pub(super) fn new(inner: R, declared: u64) -> Self {
        Self { inner, left: declared }
    }
}

impl<R: Read> Read for EntryReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let lies = || io::Error::new(io::ErrorKind::InvalidData, "not of the declared size");
        if self.left == 0 {
            // Reading to the very end also makes the zip reader compare the checksum.
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(lies()),
            };
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        match self.inner.read(buffer.get_mut(..most).unwrap_or_default())? {
            0 => Err(lies()),
            read => {
                self.left -= read as u64;
                Ok(read)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn an_entry_is_as_long_as_declared() {
        let read = |declared| {
            let mut all = Vec::new();
            EntryReader::new(&b"12345"[..], declared).read_to_end(&mut all).map(|_| all)
        };
        assert_eq!(read(5).unwrap(), b"12345");
        for lie in [0, 4, 6, u64::MAX] {
            assert_eq!(read(lie).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn no_more_than_the_budget_is_read() {
        let budget = Budget::new(10);
        let mut source = Source::new(Cursor::new(vec![7; 100]), budget.clone()).unwrap();
        let mut all = Vec::new();
        assert!(source.read_to_end(&mut all).is_err());
        assert_eq!(all.len(), 10);
        assert!(budget.is_exhausted());
        budget.lift();
        source.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), 100);
    }

    #[test]
    fn seeking_is_the_same_as_without_a_buffer() {
        let bytes: Vec<u8> = (0..=255).cycle().take(40_000).collect();
        let mut source = Source::new(Cursor::new(bytes.clone()), Budget::new(6)).unwrap();
        for at in [0, 10, 9000, 5, 39_999, 20_000] {
            assert_eq!(source.seek(SeekFrom::Start(at)).unwrap(), at);
            let mut byte = [0];
            source.read_exact(&mut byte).unwrap();
            assert_eq!(byte[0], bytes[usize::try_from(at).unwrap()]);
        }
        assert_eq!(source.seek(SeekFrom::End(-1)).unwrap(), 39_999);
        assert_eq!(source.seek(SeekFrom::Current(-9)).unwrap(), 39_990);
        assert!(source.seek(SeekFrom::Current(i64::MIN)).is_err());
        assert_eq!(source.at, 39_990);
    }
}
