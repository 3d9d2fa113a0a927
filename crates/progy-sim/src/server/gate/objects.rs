//! The server's objects, with others at work before each call.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use progy_server::ports::Result;
use progy_server::ports::objects::memory::MemoryObjects;
use progy_server::ports::objects::{ByteStream, Object, ObjectKey, ObjectStore};

use super::Gate;
use crate::sabotage::Sabotage;

/// An [`ObjectStore`] that waits when the database does. The server stops at calls of the database
/// alone: between two of those no more than one object changes.
pub(crate) struct GatedObjects {
    pub(crate) inner: Arc<MemoryObjects>,
    pub(crate) gate: Arc<Gate>,
}

#[async_trait]
impl ObjectStore for GatedObjects {
    async fn put(&self, key: &ObjectKey, body: ByteStream) -> Result<u64> {
        self.gate.wait().await;
        self.inner.put(key, body).await
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<Object>> {
        self.gate.wait().await;
        self.inner.get(key).await
    }

    async fn get_range(&self, key: &ObjectKey, range: Range<u64>) -> Result<Option<Bytes>> {
        self.gate.wait().await;
        self.inner.get_range(key, range).await
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>> {
        self.gate.wait().await;
        self.inner.size(key).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<()> {
        self.gate.wait().await;
        if self.gate.sabotage == Some(Sabotage::KeptObjects) {
            return Ok(());
        }
        self.gate.note_change();
        self.inner.delete(key).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectKey>> {
        self.gate.wait().await;
        self.inner.list(prefix).await
    }

    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }
}
