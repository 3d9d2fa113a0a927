//! Every page for people who cannot see, hear or point, in the light theme and in the dark one: axe-core
//! in a real browser.
//!
//! Needs Chromium, and axe-core at `PROGY_AXE`: `scripts/test browser` brings both.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;

use serde_json::json;
use world::World;
use world::browser::{Browser, Setup};

const PASSWORD: &str = "correct horse";
/// Pages that lead elsewhere, and what is no page.
const NO_PAGES: [&str; 2] = ["/", "/assets/{name}"];

/// A browser that looks closely at each page.
struct Inspector {
    browser: Browser,
    axe: String,
    seen: RefCell<BTreeSet<String>>,
}

impl Inspector {
    fn new(world: &World) -> Self {
        let axe = std::env::var("PROGY_AXE").expect("scripts/test says where axe-core is");
        Self {
            browser: Browser::start(&world.url(), Setup::default()),
            axe: fs::read_to_string(axe).unwrap(),
            seen: RefCell::default(),
        }
    }

    /// The page that is open has nothing to complain of, in either theme.
    #[track_caller]
    fn accepts(&self, what: &str) {
        let path = self.browser.path();
        self.seen.borrow_mut().insert(path.split('?').next().unwrap().to_owned());
        for dark in [false, true] {
            self.browser.dark(dark);
            let found = self.browser.script(&format!(
                "{}
                 const dark = matchMedia('(prefers-color-scheme: dark)').matches;
                 const found = await axe.run(document, {{ resultTypes: ['violations'] }});
                 const report = found.violations.map((one) => [one.id, one.help,
                     one.nodes.map((node) => [node.html, node.failureSummary])]);
                 return {{ dark, checked: found.passes.length, report }};",
                self.axe
            ));
            let page = format!("{what} ({path}, dark: {dark})");
            assert_eq!(found["dark"], json!(dark), "{page}: {found:#}");
            assert!(found["checked"].as_u64() > Some(10), "{page}: {found:#}");
            assert_eq!(found["report"], json!([]), "{page}: {:#}", found["report"]);
        }
    }
}

#[test]
#[ignore = "needs Chromium and axe-core: scripts/test browser"]
fn every_page_is_accessible_in_both_themes() {
    let (world, _github) = World::with_github();
    let inspector = Inspector::new(&world);
    let browser = &inspector.browser;
    let look = |path: &str, what: &str| {
        browser.open(path);
        inspector.accepts(what);
    };
    look("/sign-in", "signing in");
    browser.fill("login", "nobody");
    browser.fill("password", PASSWORD);
    browser.press("Sign in");
    browser.sees("do not belong together");
    inspector.accepts("a mistake");
    look("/sign-up?invited", "registering");
    look("/device", "signing in for a device");
    look("/nowhere", "a page that is not there");
    look("/api/auth/error?error=access_denied", "an error of GitHub's");

    browser.open("/sign-up");
    browser.fill("name", "Ana");
    browser.fill("email", "ana@example.org");
    browser.fill("password", PASSWORD);
    browser.press("Register");
    browser.sees("Devices and browsers");
    browser.press("Link GitHub");
    browser.press("Authorize as octocat");
    browser.sees("GitHub is linked.");
    inspector.accepts("an account, with something done");
    browser.press("Make a token");
    inspector.accepts("an account, with everything open");
    browser.fill("label", "CI");
    browser.click(&browser.find("form[action='/account/tokens'] button"));
    browser.sees("CI");
    inspector.accepts("a new token");

    look("/device", "typing a code");
    browser.fill("user_code", "BCDFGHJK");
    browser.press("Continue");
    inspector.accepts("a code that is not there");
    for (button, said) in [("Let it in", "You can go back"), ("Turn it away", "was turned away")] {
        let login = world.device_with("laptop", "").begin_login();
        look(&login.address, "a device that asks");
        browser.press(button);
        browser.sees(said);
        inspector.accepts(button);
        login.end();
    }
    look("/account", "an account with a device");
    browser.press("Português");
    browser.sees("este navegador");
    inspector.accepts("an account in Portuguese");
    browser.press("English");

    // The people, as an administrator sees them.
    browser.press("Sign out");
    browser.open("/sign-up?invited");
    browser.fill("invite", &world.invite("admin"));
    browser.fill("name", "Chief");
    browser.fill("email", "chief@example.org");
    browser.fill("password", PASSWORD);
    browser.press("Register");
    browser.sees("Devices and browsers");
    look("/admin/people", "people");

    let seen = inspector.seen.borrow();
    let missing = |page: &&str| !seen.contains(*page) && !NO_PAGES.contains(page);
    let missing: Vec<_> = progy_server::shown().into_iter().filter(|page| missing(page)).collect();
    assert!(missing.is_empty(), "nobody has looked at {missing:?}, only at {seen:?}");
}
