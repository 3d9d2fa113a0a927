//! A server beside a stand-in for GitHub.

use std::path::PathBuf;
use std::process::Command;

use progy_standin::{App, Person, Standin};
use serde_json::{Value, json};
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

/// Somebody's browser, by curl: keeps cookies, and says where it was sent.
pub(crate) struct Browser<'w> {
    pub(crate) world: &'w World,
    /// Where its cookies are.
    pub(crate) jar: PathBuf,
}

impl Browser<'_> {
    pub(crate) fn curl(&self, args: &[&str]) -> String {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-H", &format!("Origin: {}", self.world.url())]);
        curl.arg("-b").arg(&self.jar).arg("-c").arg(&self.jar).args(args);
        let output = curl.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn post(&self, route: &str, body: &Value) -> Value {
        let url = format!("{}/api/auth/{route}", self.world.url());
        let json = "Content-Type: application/json";
        let answer = self.curl(&["-H", json, "--data", &body.to_string(), &url]);
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{route}: {error}: {answer}"))
    }

    /// Where a page sends it.
    pub(crate) fn follow(&self, url: &str) -> String {
        self.curl(&["-o", "/dev/null", "-w", "%{redirect_url}", url])
    }
}

impl World {
    /// Somebody registers as `ana-NUMBER`, and links GitHub.
    pub(crate) fn linked(&self, github: &GitHub, number: u64) -> Browser<'_> {
        let name = format!("ana-{number}");
        let email = format!("{name}@example.org");
        let browser = Browser { world: self, jar: self.folder.path().join(format!("{name}.jar")) };
        browser.post(
            "sign-up/email",
            &json!({ "name": name, "email": email, "password": "correct horse" }),
        );
        github.standin.world().put(Person::new(number, &name, &email));
        github.standin.world().agrees = Some(number);
        let wish = json!({ "provider": "github", "callbackURL": "/account" });
        let away = browser.post("link-social", &wish);
        let back = browser.follow(away["url"].as_str().unwrap());
        let there = browser.follow(&back);
        assert!(there.ends_with("/account"), "{there}");
        browser
    }
}
