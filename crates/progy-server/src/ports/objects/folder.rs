//! The embedded default: objects as files in a folder.
//!
//! An object is written under a name of its own in `.incoming`, flushed, and renamed to its place.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use tempfile::NamedTempFile;

use super::{ByteStream, Object, ObjectKey, ObjectStore, cut, stream_failed};
use crate::ports::{PortError, Result};

/// Where objects are while they are not whole; no key begins with a dot.
const INCOMING: &str = ".incoming";
/// How much of a file is in memory at once, in bytes.
const CHUNK: usize = 256 << 10;
/// What was left in `.incoming` for so long belongs to a process that was killed.
const ABANDONED: Duration = Duration::from_hours(24);

/// An [`ObjectStore`] in a folder. Its methods need a tokio runtime, whose blocking threads do the
/// work.
pub struct FolderObjects {
    root: PathBuf,
}

impl FolderObjects {
    /// Opens the folder `root`, making it (for this user of the machine alone) if there is none.
    pub fn open(root: &Path) -> Result<Self> {
        let incoming = root.join(INCOMING);
        make_folder(&incoming).map_err(failed(root))?;
        // Only tidiness: an error is no reason not to start.
        remove_abandoned(&incoming).ok();
        Ok(Self { root: root.to_owned() })
    }

    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        act: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = tokio::task::spawn_blocking(act).await;
        done.map_err(|error| PortError::Failed(error.to_string()))?.map_err(failed(&self.root))
    }
}

#[async_trait]
impl ObjectStore for FolderObjects {
    async fn put(&self, key: &ObjectKey, mut body: ByteStream) -> Result<u64> {
        let incoming = self.root.join(INCOMING);
        // Removed when it is dropped, as it is if this future is.
        let mut file = self.blocking(move || NamedTempFile::new_in(incoming)).await?;
        let mut size = 0;
        while let Some(chunk) = body.try_next().await.map_err(|error| stream_failed(&error))? {
            size += chunk.len() as u64;
            file = self
                .blocking(move || {
                    file.write_all(&chunk)?;
                    Ok(file)
                })
                .await?;
        }
        let (root, path) = (self.root.clone(), self.path(key));
        self.blocking(move || settle(file, &root, &path)).await?;
        Ok(size)
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<Object>> {
        let path = self.path(key);
        let opened = self.blocking(move || {
            let Some(file) = open(&path)? else { return Ok(None) };
            let size = file.metadata()?.len();
            Ok(Some((file, size)))
        });
        let Some((file, size)) = opened.await? else { return Ok(None) };
        Ok(Some(Object { size, body: chunks(file) }))
    }

    async fn get_range(&self, key: &ObjectKey, range: Range<u64>) -> Result<Option<Bytes>> {
        let path = self.path(key);
        self.blocking(move || {
            let Some(mut file) = open(&path)? else { return Ok(None) };
            let Range { start, end } = cut(range, file.metadata()?.len());
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(start))?;
            file.take(end - start).read_to_end(&mut bytes)?;
            Ok(Some(Bytes::from(bytes)))
        })
        .await
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>> {
        let path = self.path(key);
        self.blocking(move || match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(metadata.len())),
            Ok(_) => Ok(None),
            Err(error) => absent(error).map(|()| None),
        })
        .await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<()> {
        let path = self.path(key);
        self.blocking(move || {
            if open(&path)?.is_none() {
                return Ok(());
            }
            fs::remove_file(&path).or_else(absent)?;
            path.parent().map_or(Ok(()), flush_folder)
        })
        .await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectKey>> {
        let (root, prefix) = (self.root.clone(), prefix.to_owned());
        self.blocking(move || {
            let mut keys = Vec::new();
            list_folder(&root, "", &prefix, &mut keys)?;
            keys.sort();
            Ok(keys)
        })
        .await
    }

    async fn ping(&self) -> Result<()> {
        let incoming = self.root.join(INCOMING);
        self.blocking(move || NamedTempFile::new_in(incoming).map(drop)).await
    }
}

/// Brings a written file to its place, durably: its bytes, then its name, then the names of the
/// folders that were made for it.
fn settle(file: NamedTempFile, root: &Path, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    let Some(folder) = path.parent() else { return Ok(()) };
    make_folder(folder)?;
    file.persist(path).map_err(|error| error.error)?;
    for folder in folder.ancestors().take_while(|folder| folder.starts_with(root)) {
        flush_folder(folder)?;
    }
    Ok(())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes names in a folder durable. Windows has no such call and needs none.
fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The file at `path`, or `None` if there is none (or a folder).
fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
        Ok(_) => Ok(None),
        Err(error) => absent(error).map(|()| None),
    }
}

/// Nothing, if the error says that there is no such file.
fn absent(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(()),
        _ => Err(error),
    }
}

fn chunks(file: File) -> ByteStream {
    stream::try_unfold(file, async |file| {
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = Vec::with_capacity(CHUNK);
            (&file).take(CHUNK as u64).read_to_end(&mut chunk)?;
            Ok::<_, io::Error>((Bytes::from(chunk), file))
        });
        let (chunk, file) = read.await.map_err(io::Error::other)??;
        Ok(if chunk.is_empty() { None } else { Some((chunk, file)) })
    })
    .boxed()
}

fn list_folder(
    folder: &Path,
    below: &str,
    prefix: &str,
    keys: &mut Vec<ObjectKey>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let key = format!("{below}{name}");
        if entry.file_type()?.is_dir() {
            let inside = format!("{key}/");
            if inside.starts_with(prefix) || prefix.starts_with(&inside) {
                list_folder(&entry.path(), &inside, prefix, keys)?;
            }
        } else if key.starts_with(prefix) {
            keys.extend(ObjectKey::new(key));
        }
    }
    Ok(())
}

fn remove_abandoned(incoming: &Path) -> io::Result<()> {
    for entry in fs::read_dir(incoming)? {
        let entry = entry?;
        let age = SystemTime::now().duration_since(entry.metadata()?.modified()?);
        if age.is_ok_and(|age| age > ABANDONED) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn failed(root: &Path) -> impl Fn(io::Error) -> PortError {
    let root = root.display().to_string();
    move |error| PortError::Unavailable(format!("{root}: {error}"))
}
