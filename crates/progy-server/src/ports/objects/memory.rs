//! Objects in memory, for tests and the simulation.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{ByteStream, Object, ObjectKey, ObjectStore, cut, stream_failed};
use crate::ports::Result;

/// An [`ObjectStore`] that forgets everything when it is dropped. Its futures need no runtime.
#[derive(Default)]
pub struct MemoryObjects(Mutex<BTreeMap<ObjectKey, Bytes>>);

impl MemoryObjects {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another store with the same objects.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(Mutex::new(self.objects().clone()))
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ObjectStore for MemoryObjects {
    async fn put(&self, key: &ObjectKey, mut body: ByteStream) -> Result<u64> {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = body.try_next().await.map_err(|error| stream_failed(&error))? {
            bytes.extend_from_slice(&chunk);
        }
        let size = bytes.len() as u64;
        self.objects().insert(key.clone(), bytes.freeze());
        Ok(size)
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<Object>> {
        let object = |bytes: &Bytes| Object {
            size: bytes.len() as u64,
            body: stream::iter([Ok(bytes.clone())]).boxed(),
        };
        Ok(self.objects().get(key).map(object))
    }

    async fn get_range(&self, key: &ObjectKey, range: Range<u64>) -> Result<Option<Bytes>> {
        let part = |bytes: &Bytes| {
            let Range { start, end } = cut(range, bytes.len() as u64);
            // `cut` keeps both inside an object whose length is a `usize`.
            let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
            bytes.slice(at(start)..at(end))
        };
        Ok(self.objects().get(key).map(part))
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>> {
        Ok(self.objects().get(key).map(|bytes| bytes.len() as u64))
    }

    async fn delete(&self, key: &ObjectKey) -> Result<()> {
        self.objects().remove(key);
        Ok(())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectKey>> {
        let objects = self.objects();
        Ok(objects.keys().filter(|key| key.as_str().starts_with(prefix)).cloned().collect())
    }

    async fn ping(&self) -> Result<()> {
        Ok(())
    }
}
