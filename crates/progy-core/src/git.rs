//! Git's formats, as far as Progy writes or reads them itself: ids, trees, commits and the lines of
//! its wire protocol. Pure; where objects are kept is the client's and the server's affair.
//!
//! Sources: Git's own documentation, `gitformat-pack`, `gitprotocol-common`, `gitprotocol-pack`,
//! `gitprotocol-http` and `git-hash-object`.

mod commit;
mod object;
pub mod pkt_line;
mod tree;
pub mod wire;

pub use commit::{Commit, CommitError, Facts, Signature, template_commit};
pub(crate) use object::blob_hasher;
pub use object::{Kind, Object, ObjectId, ObjectIdError};
pub use tree::{Built, Mode, TreeEntry, TreeFormatError, UnfitPath, build, read};

/// The one branch that Progy saves on.
pub const BRANCH: &str = "refs/heads/main";
