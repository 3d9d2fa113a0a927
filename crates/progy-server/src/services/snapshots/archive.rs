//! A snapshot as a `.tar.gz`, whatever its size.

use flate2::Compression;
use flate2::write::GzEncoder;
use progy_snapshot::file::{Content, Recipe};
use progy_snapshot::recipe::{Chunks, Item as Piece};
use progy_snapshot::tree::{FileItem, Item, entries};
use progy_snapshot::{BlobId, Error};
use tar::{Builder, EntryType, Header};

use super::files::SnapshotTree;
use super::pour::{Spout, pour};
use super::shelf::{Shelf, Trouble};
use crate::ports::objects::ByteStream;
use crate::services::Services;
use crate::services::archive::{CHUNK, failed, write_part};
use crate::{Result, ServiceError};

type Out = Builder<GzEncoder<Vec<u8>>>;

impl Services {
    /// All files, links and empty folders of a snapshot. Every chunk is checked before it is sent; one
    /// that is damaged is named in the log, and cuts the archive short.
    pub(in crate::services) async fn snapshot_archive(
        &self,
        tree: &SnapshotTree<'_>,
    ) -> Result<ByteStream> {
        let SnapshotTree { user, course, version, workspace, root } = tree;
        let shelf = self.shelf(user, course, version, Some(*workspace)).await?;
        let root = *root;
        Ok(pour(async move |spout: Spout| {
            write(&shelf, root, &spout).await.map_err(ServiceError::from)
        }))
    }
}

async fn write(shelf: &Shelf, root: BlobId, spout: &Spout) -> Result<(), Trouble> {
    let mut out = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut entries = entries(shelf, root);
    while let Some((path, item)) = shelf.next(&mut entries).await? {
        let path = path.as_str();
        match item {
            Item::File(file) => write_file(shelf, &mut out, path, &file, spout).await?,
            Item::Symlink(target) => {
                let mut header = header(EntryType::Symlink, 0o777, 0, 0);
                out.append_link(&mut header, path, target.as_str()).map_err(failed)?;
            }
            Item::Folder => {
                let mut header = header(EntryType::Directory, 0o755, 0, 0);
                let path = format!("{path}/");
                out.append_data(&mut header, path, std::io::empty()).map_err(failed)?;
            }
        }
        if !send(&mut out, spout).await {
            return Ok(());
        }
    }
    let rest = out.into_inner().and_then(GzEncoder::finish).map_err(failed)?;
    drop(spout.send(rest).await);
    Ok(())
}

async fn write_file(
    shelf: &Shelf,
    out: &mut Out,
    path: &str,
    file: &FileItem,
    spout: &Spout,
) -> Result<(), Trouble> {
    let FileItem { content, executable, modified } = file;
    let mode = if *executable { 0o755 } else { 0o644 };
    let mut header = header(EntryType::Regular, mode, content.size, *modified);
    // The header alone; the chunks follow.
    out.append_data(&mut header, path, std::io::empty()).map_err(failed)?;
    let lists = match content.recipe {
        Recipe::Lists(top) => Some(top),
        Recipe::Whole if content.size == 0 => return Ok(()),
        Recipe::Whole => None,
    };
    let Some(top) = lists else {
        let id = BlobId::of_content(&content.hash);
        let id = id.ok_or(Trouble::Wrong(Error::WrongContent("it is named as Git does")))?;
        let bytes = chunk(shelf, Piece { id, len: content.size }).await?;
        return Ok(write_part(out, &bytes, Some(content.size))?);
    };
    let (mut whole, mut left) = (blake3::Hasher::new(), content.size);
    let mut chunks = Chunks::new(shelf, top, content.size);
    while let Some(piece) = shelf.next(&mut chunks).await? {
        let bytes = chunk(shelf, piece).await?;
        whole.update(&bytes);
        left = left.saturating_sub(piece.len);
        write_part(out, &bytes, (left == 0).then_some(content.size))?;
        if !send(out, spout).await {
            return Ok(());
        }
    }
    right(content, &whole)
}

/// Whether the chunks made up the file that was announced.
fn right(content: &Content, whole: &blake3::Hasher) -> Result<(), Trouble> {
    if progy_core::ContentHash::from_blake3(whole.finalize()) == content.hash {
        return Ok(());
    }
    Err(Trouble::Wrong(Error::WrongContent("they have another hash")))
}

async fn chunk(shelf: &Shelf, piece: Piece) -> Result<Vec<u8>, Trouble> {
    let bytes = shelf.get(&piece.id).await?.ok_or(Trouble::Missing(piece.id))?;
    if bytes.len() as u64 == piece.len {
        return Ok(bytes);
    }
    Err(Trouble::Wrong(Error::WrongContent("a chunk has another length")))
}

fn header(kind: EntryType, mode: u32, size: u64, modified: i64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(u64::try_from(modified.div_euclid(1_000_000_000)).unwrap_or(0));
    header
}

/// Sends what is ready, if it is much; tells whether anybody still reads.
async fn send(out: &mut Out, spout: &Spout) -> bool {
    let ready = out.get_mut().get_mut();
    ready.len() < CHUNK || spout.send(std::mem::take(ready)).await.is_ok()
}
