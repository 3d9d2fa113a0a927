//! A server beside a stand-in for GitHub.

use progy_standin::{App, Person, Standin};
use tokio::runtime::Runtime;

use super::World;

/// The stand-in, with what it runs on.
pub(crate) struct GitHub {
    // In this order: the stand-in ends first.
    pub(crate) standin: Standin,
    _runtime: Runtime,
}

impl World {
    /// A server that knows GitHub, where somebody called octocat is.
    pub(crate) fn with_github() -> (Self, GitHub) {
        Self::with_github_and("")
    }

    /// The same, with this in the configuration as well.
    pub(crate) fn with_github_and(more: &str) -> (Self, GitHub) {
        let runtime = Runtime::new().unwrap();
        let standin = runtime.block_on(Standin::start(App::default())).unwrap();
        let octocat = Person::new(583_231, "octocat", "octocat@example.org");
        standin.world().put(octocat);
        let app = standin.world().app().clone();
        let config = format!(
            "[github]\nclient_id = {:?}\nclient_secret = {:?}\nbase_url = {:?}\n{more}",
            app.client_id,
            app.client_secret,
            standin.base_url()
        );
        let world = Self::configured(tempfile::tempdir().unwrap(), &config);
        let uri = format!("{}/api/auth/callback/github", world.url());
        standin.world().app_mut().redirect_uri = Some(uri);
        (world, GitHub { standin, _runtime: runtime })
    }
}
