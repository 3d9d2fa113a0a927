//! What travels between a device and the server: one module a conversation.
//!
//! - [`sync`]: publishing a save (`POST /api/sync`);
//! - [`progress`]: where a learner stands (`GET /api/progress/{course}`);
//! - [`history`]: revisions, their files and contents (`/api/workspaces/{course}/…`);
//! - [`registry`]: courses (`/api/courses…`);
//! - [`snapshot`]: projects of any size (`/api/snapshots/…`);
//! - [`git`]: learners' repositories (`/api/git/…`);
//! - [`account`]: who is asking;
//! - [`problem`]: errors (RFC 9457);
//! - [`delta`]: how content is compressed against what the other side has.

pub mod account;
pub mod delta;
pub mod git;
pub mod history;
pub mod limits;
pub mod problem;
pub mod progress;
pub mod registry;
pub mod snapshot;
pub mod sync;
pub mod time;
