//! The login in the keyring of a desktop: the real binary, a real D-Bus, a real GNOME Keyring.
//!
//! Needs Debian's dbus and gnome-keyring: `scripts/test keyring` installs them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;

use world::keyring::Desktop;
use world::{Device, World};

const HELLO: &str = "content/01_intro/01_hello/exercise.rs";

fn file(device: &Device) -> String {
    fs::read_to_string(device.home.join("credentials.toml")).unwrap()
}

#[test]
#[ignore = "needs GNOME Keyring: scripts/test keyring"]
fn a_login_is_in_the_keyring_of_the_desktop() {
    let world = World::new();
    world.publish_example("rust-basics");
    let token = world.add_user("ana", "learner");
    let device = world.device_with("laptop", "");
    let mut desktop = Desktop::start();

    // Given a desktop whose keyring is open, a login is kept there and nowhere else,
    desktop.unlock();
    desktop.run(&device, &["login", "--token", &token]).ok();
    assert!(file(&device).contains("keyring") && !file(&device).contains(&token));
    let written = String::from_utf8_lossy(&desktop.written()).into_owned();
    assert!(written.contains("GnomeKeyring") && !written.contains(&token));
    desktop.run(&device, &["whoami"]).ok().says("ana at ");
    desktop.run(&device, &["init", "-c", "rust-basics"]).ok();

    // also after the next start of the desktop.
    desktop.unlock();
    desktop.run(&device, &["whoami"]).ok();

    // When it is locked, or not there, work goes on here and says why it cannot be published.
    desktop.lock();
    device.write(HELLO, "// locked\n");
    desktop.run(&device, &["save"]).code(4).says("it is locked").says("progy login");
    desktop.lock_up();
    device.write(HELLO, "// gone\n");
    desktop.run(&device, &["save"]).code(4).says("progy login").fails_clearly();
    device.run(&["whoami"]).code(4).says("there is none here");
    desktop.run(&device, &["doctor"]).code(1).says("keyring");
    desktop.run(&device, &["status"]).ok();
    desktop.unlock();
    desktop.run(&device, &["sync"]).ok();

    // A keyring that is locked at login leaves it to the file, which then needs no keyring;
    desktop.lock();
    desktop.run(&device, &["login", "--token", &token]).ok();
    assert!(file(&device).contains(&token));
    device.run(&["whoami"]).ok();

    // and logging out takes it out of the keyring.
    desktop.unlock();
    desktop.run(&device, &["login", "--token", &token]).ok();
    assert!(!file(&device).contains(&token));
    let before = desktop.written().len();
    desktop.run(&device, &["logout"]).ok();
    assert!(desktop.written().len() < before);
    desktop.run(&device, &["whoami"]).code(4).says("You are not logged in");
}
