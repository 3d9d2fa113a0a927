//! What can go wrong.

use std::io;

use progy_core::RelPath;
use progy_core::path::PathError;

use crate::BlobId;

/// Why blobs could not be made, or not be understood.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The blob is not where it was looked for.
    #[error("blob {0} is missing")]
    Missing(BlobId),
    /// The bytes under this name do not have this hash.
    #[error("blob {0} is damaged")]
    Damaged(BlobId),
    /// The blob has the hash that it should, and is nothing that Progy writes.
    #[error("blob {id} cannot be understood: {reason}")]
    Malformed {
        /// The blob.
        id: BlobId,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file's chunks do not make up the file that was announced.
    #[error("the chunks do not make up the file: {0}")]
    WrongContent(&'static str),
    /// The bytes are no pack.
    #[error("the pack cannot be understood: {0}")]
    NotAPack(&'static str),
    /// The path of an entry is not fit for a workspace.
    #[error("a tree holds a path that it must not: {0}")]
    Path(#[from] PathError),
    /// A path is a file and a folder.
    #[error("{0:?} is a file and a folder at once")]
    FileAndFolder(String),
    /// Entries came out of order, or twice.
    #[error("{0:?} is out of order")]
    OutOfOrder(String),
    /// Folders are nested too deep.
    #[error("{0:?} lies too deep")]
    TooDeep(String),
    /// There are more paths than [`crate::tree::MAX_ENTRIES`].
    #[error("a tree holds too many paths")]
    TooMany,
    /// A link leads out of the workspace.
    #[error("the link {0:?} leads out of the workspace")]
    Escapes(RelPath),
    /// The path belongs to the device's own state.
    #[error("{0:?} is kept for Progy itself")]
    Private(RelPath),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Of this crate.
pub type Result<T> = std::result::Result<T, Error>;
