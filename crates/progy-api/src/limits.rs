//! What both sides refuse, in bytes and counts.

/// A file under the `patch` strategy: 1 MiB.
pub const PATCH_FILE: u64 = 1 << 20;
/// All files of a workspace that differ from the template, under `patch`: 10 MiB.
pub const PATCH_WORKSPACE: u64 = 10 << 20;
/// A file under the `git` strategy: 50 MiB, from where on GitHub warns.
pub const GIT_FILE: u64 = 50 << 20;
/// The body of `POST /api/sync`: what a full workspace needs in base64 with its names, 20 MiB.
pub const SYNC_BODY: usize = 20 << 20;
/// Changes in one `POST /api/sync`.
pub const SYNC_CHANGES: usize = 50_000;
/// A course package as it travels: 100 MiB.
pub const PACKAGE: u64 = 100 << 20;
/// A message of a save, in characters.
pub const MESSAGE: usize = 500;
/// Contents asked for at once, as the sum of their sizes: 4 MiB (one more file may go over).
pub const CONTENTS: u64 = 4 << 20;
/// Contents asked for at once, as a count.
pub const CONTENTS_COUNT: usize = 2_000;
/// Blobs named in one request of `/api/snapshots/…`.
pub const BLOBS: usize = 4096;
/// A pack as it travels: one that is begun at 16 MiB at the latest, with its index.
pub const PACK: u64 = 24 << 20;
/// What an answer with blobs holds, unless one frame alone has more: 16 MiB.
pub const BLOBS_ANSWER: u64 = 16 << 20;
/// The files of a revision that are listed one by one; of more only the root of their tree is told.
pub const LISTED_FILES: usize = 20_000;
/// Revisions on one page of the history.
pub const PAGE: u32 = 100;
