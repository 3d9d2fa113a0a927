//! The pictures of the README, taken of the real pages: `scripts/screenshots`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::path::Path;

use progy_api::delta::Base64;
use world::World;
use world::browser::{Browser, Setup};

/// The folder that the pictures go to.
const FOLDER: &str = "PROGY_SCREENSHOTS";

fn keep(browser: &Browser, name: &str) {
    let folder = std::env::var(FOLDER).expect("scripts/screenshots says where to");
    let text = serde_json::Value::String(browser.screenshot());
    let Base64(picture) = serde_json::from_value(text).unwrap();
    fs::write(Path::new(&folder).join(name), picture).unwrap();
}

#[test]
#[ignore = "makes pictures: scripts/screenshots"]
fn the_pictures_of_the_readme() {
    let (world, _github) = World::with_github();
    let start =
        |size, language| Browser::start(&world.url(), Setup { size, language, ..Setup::default() });
    let browser = start((720, 720), "en");
    browser.open("/sign-up");
    browser.fill("name", "Ana Lima");
    browser.fill("username", "ana");
    browser.fill("email", "ana@example.org");
    browser.fill("password", "correct horse");
    browser.press("Register");
    browser.sees("Devices and browsers");
    let mut logins = Vec::new();
    for name in ["desktop", "laptop"] {
        let login = world.device_with(name, "").begin_login();
        browser.open(&login.address);
        browser.sees(&login.code);
        if name == "laptop" {
            keep(&browser, "device.png");
        }
        browser.press("Let it in");
        browser.sees("You can go back to the terminal");
        logins.push(login);
    }
    for login in logins {
        assert_eq!(login.end().0, 0);
    }
    browser.press("Your account and devices");
    browser.sees("laptop");
    keep(&browser, "account.png");

    let phone = start((390, 760), "pt-BR");
    let login = world.device_with("servidor-da-escola", "").begin_login();
    phone.open(&login.address);
    phone.fill("login", "ana");
    phone.fill("password", "correct horse");
    phone.press("Entrar");
    phone.sees(&login.code);
    keep(&phone, "phone.png");
    phone.press("Recusar");
    assert_eq!(login.end().0, 4);
}
