//! How the strategy *snapshot* stores the work, without I/O of its own, async, clock or randomness.
//!
//! Everything is a *blob*: bytes that are named by their BLAKE3 hash. The modules, in the order in
//! which a newcomer reads them:
//!
//! - [`blob`]: names of blobs, where they come from and where they go;
//! - [`chunk`]: a file is cut where its content says so;
//! - [`recipe`], [`file`](mod@file): the list of a file's chunks; a file to blobs and back;
//! - [`tree`]: folders as blobs that share what is the same, built, changed, compared by parts;
//! - [`pack`]: many blobs in one object;
//! - [`exchange`]: what has to be sent, and what fetched;
//! - [`retention`]: which revisions stay.
//!
//! `docs/formats.md` has every byte of it.

pub mod blob;
pub mod chunk;
mod encoding;
mod error;
pub mod exchange;
pub mod file;
pub mod pack;
pub mod recipe;
pub mod retention;
pub mod tree;

pub use blob::{Blob, BlobId, BlobSink, BlobSource, Kind, MemoryBlobs};
pub use error::{Error, Result};
