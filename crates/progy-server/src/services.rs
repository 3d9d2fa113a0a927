//! What the server decides: one file a conversation.
//!
//! - [`accounts`]: who is asking, and how they come to be somebody;
//! - [`registry`]: courses, published and downloaded;
//! - [`templates`]: the files of course versions, cached;
//! - [`sync`]: a save is published;
//! - [`progress`]: where a learner stands;
//! - [`history`], [`archive`]: revisions, contents and events;
//! - [`git`]: learners' repositories, for the strategy `git`;
//! - [`snapshots`]: projects of any size, for the strategy `snapshot`;
//! - [`github`]: signing in with GitHub, and the tokens that come of it;
//! - [`keys`]: what tokens of other services are encrypted under;
//! - [`health`]: whether the ports answer.

pub mod accounts;
pub mod archive;
mod cache;
mod contents;
pub mod git;
pub mod github;
pub mod health;
pub mod history;
pub mod keys;
pub mod progress;
pub mod registry;
pub mod snapshots;
mod strategy;
pub mod sync;
pub mod templates;

use std::path::Path;
use std::sync::Arc;

use crate::ports::database::sqlite::Sqlite;
use crate::ports::objects::folder::FolderObjects;
use crate::ports::rate_limits::InProcess;
use crate::ports::{
    Accounts, Clock, Database, Entropy, ObjectStore, RateLimits, SystemClock, SystemEntropy,
};
use progy_snapshot::retention::Policy;
use templates::Templates;

/// What the server refuses beyond [`progy_api::limits`], which both sides know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// What one learner's workspaces may hold together without packs of snapshots, in stored bytes.
    pub quota: u64,
    /// What the packs of one learner's snapshots may hold together, in bytes.
    pub packs: u64,
    /// What cached template trees may take, in bytes.
    pub tree_cache: usize,
    /// What cached template contents may take, in bytes.
    pub content_cache: usize,
    /// How many times as often as usual somebody may try to sign in, to register and the like.
    pub attempts: u32,
    /// Which snapshots of a workspace are kept, where its course does not say.
    pub retention: Policy,
    /// The age up to which a course may have snapshots kept, in days; with 0 no course has a say.
    pub course_days: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            quota: 50 << 20,
            packs: 1 << 30,
            tree_cache: 32 << 20,
            content_cache: 32 << 20,
            attempts: 1,
            retention: Policy::default(),
            course_days: 366,
        }
    }
}

/// Everything that the server decides, over its ports.
///
/// Keeps no state but caches of what is immutable: any number of replicas may share the ports.
/// Neither spawns nor sleeps.
pub struct Services {
    pub(crate) db: Arc<dyn Database>,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) rate_limits: Arc<dyn RateLimits>,
    pub(crate) templates: Arc<Templates>,
    pub(crate) limits: Limits,
    pub(crate) github: Option<Arc<github::GitHubAccess>>,
    pub(crate) git: Option<git::Repositories>,
    /// Indexes of packs that were read lately.
    pack_indexes: Arc<snapshots::PackIndexes>,
    /// Held by who makes blobs of a course version.
    template_turn: tokio::sync::Mutex<()>,
    /// Stores of blobs in which nothing is left to do.
    settled: snapshots::Settled,
}

impl Services {
    /// Services over these ports.
    pub fn new(
        db: Arc<dyn Database>,
        accounts: Arc<dyn Accounts>,
        objects: Arc<dyn ObjectStore>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        limits: Limits,
    ) -> Self {
        let templates =
            Templates::new(db.clone(), objects.clone(), limits.tree_cache, limits.content_cache);
        Self {
            db,
            accounts,
            objects,
            clock,
            entropy,
            rate_limits: Arc::new(InProcess::default()),
            templates: Arc::new(templates),
            limits,
            github: None,
            git: None,
            pack_indexes: Arc::new(snapshots::indexes()),
            template_turn: tokio::sync::Mutex::new(()),
            settled: snapshots::Settled::default(),
        }
    }

    /// Services over the embedded defaults, `SQLite` and a folder below `data`, which are made if
    /// they do not exist, for this user of the machine alone.
    ///
    /// Several processes may do this at once on the same folder (`serve` and `admin`).
    pub fn embedded(data: &Path, limits: Limits) -> Result<Self, crate::ports::PortError> {
        let db = Arc::new(Sqlite::open(data)?);
        let objects = FolderObjects::open(&data.join("objects"))?;
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        Ok(Self::new(db.clone(), db, Arc::new(objects), clock, entropy, limits))
    }
}

#[cfg(test)]
pub(crate) mod testing;
