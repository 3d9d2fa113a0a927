//! Large immutable things under names: course packages and template packs.

pub mod folder;
pub mod memory;

use std::fmt;
use std::io;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

use super::Result;

/// Bytes on their way.
pub type ByteStream = BoxStream<'static, io::Result<Bytes>>;

/// The name of an object: parts of lower-case letters, digits, `.`, `_` and `-` with `/` between
/// them, at most 512 bytes, so that it means the same to every store and leads out of none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

/// The text is no object key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no object key")]
pub struct KeyError(String);

impl ObjectKey {
    /// Checks `text` and takes it.
    pub fn new(text: impl Into<String>) -> Result<Self, KeyError> {
        let text = text.into();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let fits = text.len() <= 512
            && text.split('/').all(|part| {
                !part.is_empty() && !part.starts_with('.') && part.bytes().all(allowed)
            });
        if fits { Ok(Self(text)) } else { Err(KeyError(text.chars().take(100).collect())) }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An object on its way out.
pub struct Object {
    /// In bytes.
    pub size: u64,
    /// What it holds.
    pub body: ByteStream,
}

/// Keeps objects.
///
/// An object is immutable in spirit: whoever puts the same key twice puts the same bytes. The store
/// does not rely on it.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Keeps what `body` yields, and gives its size.
    ///
    /// All or nothing: until this returns, a reader of `key` sees what was there before; if `body`
    /// fails, or the future is dropped, or the machine stops, that remains. After it returned, the
    /// object is durable. An object that was there is replaced; its readers go on with the old one.
    async fn put(&self, key: &ObjectKey, body: ByteStream) -> Result<u64>;

    /// The whole object, or `None` if there is none.
    async fn get(&self, key: &ObjectKey) -> Result<Option<Object>>;

    /// The bytes of `range` (cut to the object's end), or `None` if there is no object.
    async fn get_range(&self, key: &ObjectKey, range: Range<u64>) -> Result<Option<Bytes>>;

    /// The size of an object in bytes, or `None` if there is none.
    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>>;

    /// Removes an object; one that is not there is removed already.
    async fn delete(&self, key: &ObjectKey) -> Result<()>;

    /// The keys that begin with `prefix`, in order. A `prefix` is any text, not only whole parts.
    async fn list(&self, prefix: &str) -> Result<Vec<ObjectKey>>;

    /// Whether the store answers.
    async fn ping(&self) -> Result<()>;
}

/// The part of `range` that an object of `size` bytes has.
fn cut(range: Range<u64>, size: u64) -> Range<u64> {
    let end = range.end.min(size);
    range.start.min(end)..end
}

/// What a store says when what it was to keep did not come.
fn stream_failed(error: &io::Error) -> super::PortError {
    super::PortError::Failed(format!("the bytes to keep could not be read: {error}"))
}

#[cfg(test)]
mod contract;
