//! What the repositories of a course share: the files of a version as one commit.
//!
//! A template is a repository that is made once and never changed. Its commit is
//! [`progy_core::git::template_commit`], which a device can compute by itself: that commit is
//! advertised to who pushes (`.have`), so that neither side sends what came with the course.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use progy_core::ContentHash;
use progy_core::git::Kind;
use sha1::{Digest, Sha1};
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;

use super::layout::{self, Layout};
use super::program::Program;
use super::{blocking, disk};
use crate::ports::git_host::Template;
use crate::ports::git_host::naming::GitTemplate;
use crate::ports::{PortError, Result};

/// Makes the template's repository at `place`, unless somebody else is faster.
///
/// The contents are read twice, once for their ids and once to be packed, and never all at once.
pub(super) async fn make(
    program: &Program,
    layout: &Layout,
    place: &Path,
    template: &dyn Template,
) -> Result<()> {
    let named = GitTemplate::of(template).await?;
    let aside = layout.temporary()?;
    let folder = aside.clone();
    blocking(move || layout::create_aside(&folder)).await?;
    let commit = named.commit(template).object();
    // A file may have the bytes of a link's target; no pack has an object twice.
    let objects = &named.built.objects;
    let contents: Vec<_> =
        named.contents.iter().filter(|(_, (id, _))| !objects.contains_key(id)).collect();

    let arguments = ["index-pack", "--stdin", "--strict", "--threads=1"];
    let mut child = program
        .within(&aside, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| disk(&error))?;
    let input = child.stdin.take();
    let mut pack = Pack::begin(
        input.ok_or_else(|| PortError::Failed("git has no pipes".to_owned()))?,
        contents.len() + objects.len() + 1,
    )
    .await?;
    for (content, (_, size)) in contents {
        pack.content(template, content, *size).await?;
    }
    for object in objects.values().chain([&commit]) {
        pack.object(object.kind, &object.bytes).await?;
    }
    pack.end().await?;
    let status = child.wait().await.map_err(|error| disk(&error))?;
    if !status.success() {
        return Err(PortError::Failed(format!("git index-pack: {status}")));
    }
    let place = place.to_owned();
    blocking(move || {
        layout::set_main(&aside, commit.id)?;
        layout::put(&aside, &place)
    })
    .await
}

/// A pack that is being written (gitformat-pack).
struct Pack {
    out: ChildStdin,
    hash: Sha1,
}

impl Pack {
    async fn begin(out: ChildStdin, objects: usize) -> Result<Self> {
        let objects = u32::try_from(objects);
        let objects = objects.map_err(|error| PortError::Failed(error.to_string()))?;
        let mut pack = Self { out, hash: Sha1::new() };
        pack.write(b"PACK\0\0\0\x02").await?;
        pack.write(&objects.to_be_bytes()).await?;
        Ok(pack)
    }

    async fn object(&mut self, kind: Kind, bytes: &[u8]) -> Result<()> {
        self.write(&header(kind, bytes.len() as u64)).await?;
        let mut zlib = zlib();
        zlib.write_all(bytes).map_err(|error| disk(&error))?;
        let packed = zlib.finish().map_err(|error| disk(&error))?;
        self.write(&packed).await
    }

    /// A file of a template, piece by piece.
    async fn content(
        &mut self,
        template: &dyn Template,
        content: &ContentHash,
        size: u64,
    ) -> Result<()> {
        self.write(&header(Kind::Blob, size)).await?;
        let mut zlib = zlib();
        let mut part = 0;
        while let Some(bytes) = template.part(content, part).await? {
            zlib.write_all(&bytes).map_err(|error| disk(&error))?;
            let ready = std::mem::take(zlib.get_mut());
            self.write(&ready).await?;
            part += 1;
        }
        let rest = zlib.finish().map_err(|error| disk(&error))?;
        self.write(&rest).await
    }

    async fn end(mut self) -> Result<()> {
        let hash = self.hash.finalize();
        self.out.write_all(&hash).await.map_err(|error| disk(&error))?;
        self.out.shutdown().await.map_err(|error| disk(&error))
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes).await.map_err(|error| disk(&error))
    }
}

/// Templates are written once and sent often.
fn zlib() -> ZlibEncoder<Vec<u8>> {
    ZlibEncoder::new(Vec::new(), Compression::best())
}

/// What comes before an object: its kind and size, seven bits a byte after the first four.
fn header(kind: Kind, size: u64) -> Vec<u8> {
    let kind = match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
    };
    let low = |size: u64, bits: u32| u8::try_from(size & ((1 << bits) - 1)).unwrap_or(0);
    let mut bytes = vec![kind << 4 | low(size, 4)];
    let mut rest = size >> 4;
    while rest > 0 {
        if let Some(last) = bytes.last_mut() {
            *last |= 0x80;
        }
        bytes.push(low(rest, 7));
        rest >>= 7;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_git() {
        assert_eq!(header(Kind::Blob, 0), [0x30]);
        assert_eq!(header(Kind::Commit, 15), [0x1f]);
        assert_eq!(header(Kind::Tree, 16), [0xa0, 0x01]);
        assert_eq!(header(Kind::Blob, 0x7ff), [0xbf, 0x7f]);
        assert_eq!(header(Kind::Blob, 0x800), [0xb0, 0x80, 0x01]);
    }
}
