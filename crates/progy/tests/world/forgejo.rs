//! A server beside a stand-in for Forgejo, which keeps the repositories.

use std::fs;

use progy_standin::forgejo::{Age, Forgejo as Standin};
use tokio::runtime::Runtime;

use super::World;

/// The stand-in, with what it runs on.
pub(crate) struct Forgejo {
    // In this order: the stand-in ends first.
    pub(crate) standin: Standin,
    _runtime: Runtime,
}

impl World {
    /// A server whose repositories are at a Forgejo of this age, which tells it of pushes.
    pub(crate) fn with_forgejo(age: Age) -> (Self, Forgejo) {
        Self::with_forgejo_asked_every(3600, age)
    }

    /// The same, which is asked for pushes as well, every so many seconds.
    pub(crate) fn with_forgejo_asked_every(seconds: u32, age: Age) -> (Self, Forgejo) {
        let runtime = Runtime::new().unwrap();
        let standin = runtime.block_on(Standin::start(age)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("forgejo-token"), standin.world().admin_token()).unwrap();
        let config = format!(
            "[git]\nhost = \"forgejo\"\npoll = {seconds}\n[git.forgejo]\nurl = {:?}\n\
             token_file = \"forgejo-token\"\n",
            standin.root_url()
        );
        let world = Self::configured(folder, &config);
        (world, Forgejo { standin, _runtime: runtime })
    }
}
