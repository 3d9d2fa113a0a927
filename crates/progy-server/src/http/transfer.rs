//! Packages on their way in and out.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

use axum::body::{Body, Bytes};
use futures_util::{Stream, TryStreamExt, future};
use http_body_util::BodyExt;

use crate::http::blocking;
use crate::http::body::BodyError;
use crate::http::failure::Failure;
use crate::ports::objects::ByteStream;

/// Bytes that are gathered before they are written.
const WRITE: usize = 1 << 20;

/// Reads a body into a nameless file in `folder`, which is gone once nobody has it open, however
/// the process ends. The file is at its beginning.
pub(crate) async fn receive(mut body: Body, folder: &Path) -> Result<File, Failure> {
    let folder = folder.to_owned();
    let mut file = write(move || tempfile::tempfile_in(folder)).await?;
    let mut gathered = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::from(BodyError::from_axum(error)))?;
        gathered.extend_from_slice(&frame.into_data().unwrap_or_default());
        if gathered.len() >= WRITE {
            let bytes = std::mem::take(&mut gathered);
            file = write(move || file.write_all(&bytes).map(|()| file)).await?;
        }
    }
    write(move || {
        file.write_all(&gathered)?;
        file.rewind()?;
        Ok(file)
    })
    .await
}

async fn write(work: impl FnOnce() -> io::Result<File> + Send + 'static) -> Result<File, Failure> {
    let written = blocking(async move { work() }).await?;
    written.map_err(|error| Failure::internal(&error))
}

/// The bytes from `first` to `last`, both included, of what `whole` yields.
pub(crate) fn part(
    whole: ByteStream,
    first: u64,
    last: u64,
) -> impl Stream<Item = io::Result<Bytes>> {
    let mut offset = 0;
    whole
        .map_ok(move |mut bytes| {
            let begin = offset;
            offset += bytes.len() as u64;
            let keep_to = within(last.saturating_add(1), begin, bytes.len());
            bytes.truncate(keep_to);
            bytes.split_off(within(first, begin, bytes.len()))
        })
        .try_filter(|bytes| future::ready(!bytes.is_empty()))
}

/// Where the absolute `offset` lies in a piece of `length` bytes that begins at `begin`.
fn within(offset: u64, begin: u64, length: usize) -> usize {
    usize::try_from(offset.saturating_sub(begin)).unwrap_or(length).min(length)
}
