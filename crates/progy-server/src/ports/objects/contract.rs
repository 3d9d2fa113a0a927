//! What every [`ObjectStore`] must do.

use std::io;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::folder::FolderObjects;
use super::memory::MemoryObjects;
use super::{ByteStream, ObjectKey, ObjectStore};

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn body(chunks: &[&'static [u8]]) -> ByteStream {
    let chunks: Vec<io::Result<Bytes>> =
        chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk))).collect();
    stream::iter(chunks).boxed()
}

async fn read(store: &dyn ObjectStore, name: &str) -> Option<Vec<u8>> {
    let object = store.get(&key(name)).await.unwrap()?;
    let bytes: Vec<Bytes> = object.body.try_collect().await.unwrap();
    let bytes = bytes.concat();
    assert_eq!(bytes.len() as u64, object.size);
    Some(bytes)
}

async fn what_is_put_comes_back(store: &dyn ObjectStore) {
    assert_eq!(read(store, "a/b").await, None);
    assert_eq!(store.put(&key("a/b"), body(&[b"hel", b"", b"lo"])).await.unwrap(), 5);
    assert_eq!(read(store, "a/b").await.unwrap(), b"hello");
    assert_eq!(store.size(&key("a/b")).await.unwrap(), Some(5));
    assert_eq!(store.size(&key("a")).await.unwrap(), None);
    assert_eq!(read(store, "a").await, None);
    store.put(&key("empty"), body(&[])).await.unwrap();
    assert_eq!(read(store, "empty").await.unwrap(), b"");
    store.ping().await.unwrap();
}

async fn a_large_object_streams(store: &dyn ObjectStore) {
    static MEGABYTE: [u8; 1 << 20] = [7; 1 << 20];
    store.put(&key("large"), body(&[&MEGABYTE, &MEGABYTE, b"end"])).await.unwrap();
    let bytes = read(store, "large").await.unwrap();
    assert_eq!(bytes.len(), (2 << 20) + 3);
    assert!(bytes.ends_with(b"\x07end"));
}

async fn ranges_are_cut_to_the_object(store: &dyn ObjectStore) {
    store.put(&key("x"), body(&[b"0123456789"])).await.unwrap();
    let range = async |range| store.get_range(&key("x"), range).await.unwrap().unwrap();
    assert_eq!(range(2..5).await, "234");
    assert_eq!(range(8..50).await, "89");
    assert_eq!(range(50..60).await, "");
    assert_eq!(range(0..u64::MAX).await, "0123456789");
    assert_eq!(store.get_range(&key("y"), 0..1).await.unwrap(), None);
}

async fn a_put_that_fails_changes_nothing(store: &dyn ObjectStore) {
    let broken = || {
        let chunks = [Ok(Bytes::from_static(b"half")), Err(io::Error::other("cut"))];
        stream::iter(chunks).boxed()
    };
    assert!(store.put(&key("new"), broken()).await.is_err());
    assert_eq!(read(store, "new").await, None);
    store.put(&key("old"), body(&[b"whole"])).await.unwrap();
    assert!(store.put(&key("old"), broken()).await.is_err());
    assert_eq!(read(store, "old").await.unwrap(), b"whole");
    assert_eq!(store.list("").await.unwrap(), [key("old")]);
}

async fn a_put_replaces(store: &dyn ObjectStore) {
    store.put(&key("x"), body(&[b"first"])).await.unwrap();
    let reader = store.get(&key("x")).await.unwrap().unwrap();
    store.put(&key("x"), body(&[b"second"])).await.unwrap();
    assert_eq!(read(store, "x").await.unwrap(), b"second");
    let bytes: Vec<Bytes> = reader.body.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), b"first");
}

async fn deleting_twice_is_deleting(store: &dyn ObjectStore) {
    store.put(&key("a/x"), body(&[b"1"])).await.unwrap();
    store.put(&key("a/y"), body(&[b"2"])).await.unwrap();
    for _ in 0..2 {
        store.delete(&key("a/x")).await.unwrap();
    }
    store.delete(&key("a")).await.unwrap();
    assert_eq!(read(store, "a/x").await, None);
    assert_eq!(read(store, "a/y").await.unwrap(), b"2");
}

async fn lists_by_any_prefix(store: &dyn ObjectStore) {
    for name in ["b/2", "a/1", "b/10", "bb", "b/c/d"] {
        store.put(&key(name), body(&[b"x"])).await.unwrap();
    }
    let list = async |prefix: &str| -> Vec<String> {
        store.list(prefix).await.unwrap().iter().map(ToString::to_string).collect()
    };
    assert_eq!(list("").await, ["a/1", "b/10", "b/2", "b/c/d", "bb"]);
    assert_eq!(list("b").await, ["b/10", "b/2", "b/c/d", "bb"]);
    assert_eq!(list("b/").await, ["b/10", "b/2", "b/c/d"]);
    assert_eq!(list("b/1").await, ["b/10"]);
    assert_eq!(list("b/c/").await, ["b/c/d"]);
    assert!(list("c").await.is_empty());
}

macro_rules! contract {
    ($($case:ident)*) => {
        mod memory {
            $(#[tokio::test]
            async fn $case() {
                super::$case(&super::MemoryObjects::new()).await;
            })*
        }
        mod folder {
            $(#[tokio::test]
            async fn $case() {
                let folder = tempfile::tempdir().unwrap();
                let store = super::FolderObjects::open(&folder.path().join("objects")).unwrap();
                super::$case(&store).await;
            })*
        }
    };
}

contract! {
    what_is_put_comes_back
    a_large_object_streams
    ranges_are_cut_to_the_object
    a_put_that_fails_changes_nothing
    a_put_replaces
    deleting_twice_is_deleting
    lists_by_any_prefix
}

#[test]
fn keys_lead_nowhere_else() {
    for bad in
        ["", "/a", "a/", "a//b", "..", "a/../b", ".incoming/x", "A", "a b", "a\\b", "ç", "a:b"]
    {
        assert!(ObjectKey::new(bad).is_err(), "{bad:?}");
    }
    assert!(ObjectKey::new("x".repeat(513)).is_err());
    assert!(ObjectKey::new("packages/0a-b_c.progy").is_ok());
}

#[test]
fn memory_needs_no_runtime() {
    use futures_util::FutureExt;
    let store = MemoryObjects::new();
    assert!(store.put(&key("x"), body(&[b"1"])).now_or_never().is_some());
    assert!(read(&store, "x").now_or_never().is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("objects");
    let store = FolderObjects::open(&root).unwrap();
    store.put(&key("a/b"), body(&[b"1"])).await.unwrap();
    let mode = |path: &str| root.join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("a"), mode("a/b")), (0o700, 0o700, 0o600));
}
