//! The pages in a real browser, beside real devices: headless Chromium through `WebDriver`.
//!
//! Needs Debian's chromium and chromium-driver: `scripts/test browser` installs them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;
use world::browser::{Browser, Setup};
use world::person::Login;
use world::{Device, World};

const PASSWORD: &str = "correct horse";

/// Registers somebody on the page that is open.
fn register(browser: &Browser, name: &str, button: &str) {
    browser.fill("name", name);
    browser.fill("email", &format!("{}@example.org", name.to_lowercase()));
    browser.fill("password", PASSWORD);
    browser.press(button);
}

/// The device has heard of it, and greets.
#[track_caller]
fn greets(login: Login, name: &str) {
    let (code, said) = login.end();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("Welcome, {name}!")), "{said}");
}

#[test]
#[ignore = "needs Chromium: scripts/test browser"]
fn somebody_registers_lets_a_device_in_and_puts_it_out() {
    let world = World::new();
    let laptop = world.device_with("laptop", "");
    let browser = Browser::start(&world.url(), Setup::default());

    // Given somebody who follows the address that `progy login` shows, and has no account yet,
    let login = laptop.begin_login();
    browser.open(&login.address);
    browser.sees("Sign in to let your device in.");
    browser.press("Register");
    register(&browser, "Ana", "Register");

    // they see what asks, with the same code, and let it in,
    browser.sees(&login.code);
    browser.sees("laptop");
    browser.sees("127.0.0.1");
    browser.press("Let it in");
    browser.sees("You can go back to the terminal");
    greets(login, "Ana");
    laptop.run(&["whoami"]).ok().says("Ana at ");

    // and find it on their account page.
    browser.press("Your account and devices");
    browser.sees("laptop");
    browser.sees("this browser");
    let row = "//li[.//strong='laptop']//button";
    browser.click_path(row);
    browser.sees("It is signed out.");
    assert!(!browser.text().contains("laptop"));
    laptop.run(&["whoami"]).code(4).says("progy login");

    // A wrong password is said, with the mistake in focus; a right one lets in.
    browser.press("Sign out");
    browser.sees("You are signed out.");
    browser.fill("login", "ana");
    browser.fill("password", "wrong horse");
    browser.press("Sign in");
    browser.sees("do not belong together");
    browser.fill("password", PASSWORD);
    browser.press("Sign in");
    browser.sees("Devices and browsers");

    // A token is shown once, and works until it is revoked.
    browser.press("Make a token");
    browser.fill("label", "CI");
    let make = browser.find("form[action='/account/tokens'] button");
    browser.click(&make);
    let token = browser.property(&browser.find(".secret"), "textContent");
    let machine = world.device_with("machine", &token);
    machine.run(&["whoami"]).ok();
    browser.press("Revoke");
    browser.sees("The token is revoked.");
    machine.run(&["whoami"]).code(4);

    // Turned away, a device hears it.
    let login = laptop.begin_login();
    browser.open("/device");
    browser.fill("user_code", &login.code.to_lowercase());
    browser.press("Continue");
    browser.press("Turn it away");
    browser.sees("The device was turned away");
    let (code, said) = login.end();
    assert_eq!(code, 4, "{said}");
}

#[test]
#[ignore = "needs Chromium: scripts/test browser"]
fn somebody_with_a_phone_without_scripts_reads_portuguese() {
    let world = World::new();
    let laptop = world.device_with("laptop", "");
    let phone = Browser::start(&world.url(), Setup::PHONE);
    phone.open("data:text/html,<noscript>no scripts</noscript>");
    phone.sees("no scripts");
    let login = laptop.begin_login();
    phone.open(&login.address);
    phone.sees("Entre para liberar seu dispositivo.");
    assert!(phone.fits(), "the page to sign in is too wide");
    phone.press("Cadastrar-se");
    assert!(phone.fits(), "the page to register is too wide");
    register(&phone, "Ana", "Cadastrar-se");
    phone.sees(&login.code);
    assert!(phone.fits(), "the page of the device is too wide");
    phone.press("Liberar");
    phone.sees("Pode voltar ao terminal");
    greets(login, "Ana");
    phone.press("Sua conta e seus dispositivos");
    phone.sees("este navegador");
    assert!(phone.fits(), "the page of the account is too wide");
    assert_eq!(phone.property(&phone.find("html"), "lang"), "pt-BR");
    phone.press("English");
    phone.sees("this browser");
    phone.open("/nowhere");
    phone.sees("There is nothing here");
    phone.open("/account");
    phone.press("Sign out everywhere");
    phone.sees("You are signed out.");
    laptop.run(&["whoami"]).code(4);
}

#[test]
#[ignore = "needs Chromium: scripts/test browser"]
fn somebody_comes_by_github_links_and_unlinks() {
    let (world, _github) = World::with_github();
    let browser = Browser::start(&world.url(), Setup::default());
    let laptop = world.device_with("laptop", "");

    // By GitHub alone, also for a device that waits.
    let login = laptop.begin_login();
    browser.open(&login.address);
    browser.press("Sign in with GitHub");
    browser.press("Cancel");
    browser.sees("You did not allow it on GitHub's page.");
    browser.press("Sign in with GitHub");
    browser.press("Authorize as octocat");
    browser.sees(&login.code);
    browser.press("Let it in");
    browser.sees("You can go back to the terminal");
    greets(login, "octocat");
    browser.open("/account");
    browser.press("Unlink GitHub");
    browser.sees("This is your only way to sign in.");
    browser.fill("password", PASSWORD);
    browser.press("Set a password");
    browser.sees("Your password is changed.");
    browser.press("Unlink GitHub");
    browser.sees("GitHub is unlinked");
    browser.press("Link GitHub");
    browser.press("Authorize as octocat");
    browser.sees("GitHub is linked.");

    // Somebody else cannot have the same account.
    let other = Browser::start(&world.url(), Setup::default());
    other.open("/sign-up");
    register(&other, "Bia", "Register");
    other.sees("Devices and browsers");
    other.press("Link GitHub");
    other.press("Authorize as octocat");
    other.sees("belongs to another person here");
}

#[test]
#[ignore = "needs Chromium: scripts/test browser"]
fn an_invitation_is_typed_and_works_with_github_as_well() {
    let (world, _github) = World::with_github_and("[accounts]\nregistration = \"invited\"\n");
    let browser = Browser::start(&world.url(), Setup::default());
    browser.open("/sign-up");
    browser.sees("needs an invitation");
    browser.press("Register with GitHub");
    browser.press("Authorize as octocat");
    browser.sees("Only people with an invitation");
    browser.open("/sign-up?invited");
    browser.fill("invite", &world.invite("author"));
    browser.press("Register with GitHub");
    browser.press("Authorize as octocat");
    browser.sees("Devices and browsers");
    browser.sees("author");
}

/// The file of the course that somebody edits.
const HELLO: &str = "content/01_intro/01_hello/exercise.rs";

/// Signs a device out, on the account page.
fn put_out(browser: &Browser, device: &str) {
    browser.click_path(&format!("//li[.//strong='{device}']//button"));
    browser.sees("It is signed out.");
    assert!(!browser.text().contains(device), "{}", browser.text());
}

/// The device is out: it says what to run, and work goes on without the server.
#[track_caller]
fn is_out_and_works_on(device: &Device) {
    device.run(&["whoami"]).code(4).says("progy login").fails_clearly();
    device.run(&["sync"]).code(4).says("progy login").fails_clearly();
    device.write(HELLO, format!("// from the {}\n", device.name));
    device.run(&["save", "-m", "without a login"]).code(4).says("progy login").fails_clearly();
    let status = device.status();
    assert_eq!((&status["queued"], &status["changed"]), (&json!(1), &json!([])), "{status}");
}

#[test]
#[ignore = "needs Chromium: scripts/test browser"]
fn two_devices_come_in_by_password_and_by_github_and_all_is_revoked() {
    // Given a fresh server that knows GitHub, a fresh browser, and two devices,
    let (world, _github) = World::with_github();
    world.publish_example("rust-basics");
    let browser = Browser::start(&world.url(), Setup::default());
    let laptop = world.device_with("laptop", "");
    let desktop = world.device_with("desktop", "");

    // when somebody registers with a password, and lets the first one in,
    let login = laptop.begin_login();
    browser.open(&login.address);
    browser.press("Register");
    register(&browser, "Ana", "Register");
    browser.sees(&login.code);
    browser.press("Let it in");
    greets(login, "Ana");

    // and, with GitHub linked, comes back by GitHub alone and lets the second one in,
    browser.open("/account");
    browser.press("Link GitHub");
    browser.press("Authorize as octocat");
    browser.sees("GitHub is linked.");
    browser.press("Sign out");
    browser.sees("You are signed out.");
    let login = desktop.begin_login();
    browser.open(&login.address);
    browser.press("Sign in with GitHub");
    browser.press("Authorize as octocat");
    browser.sees(&login.code);
    browser.sees("desktop");
    browser.press("Let it in");
    greets(login, "Ana");

    // then both are the same person's, and share the work.
    for device in [&laptop, &desktop] {
        device.run(&["whoami"]).ok().says("Ana at ");
        device.run(&["init", "-c", "rust-basics"]).ok();
    }
    laptop.write(HELLO, "// one\n");
    laptop.run(&["save"]).ok();
    desktop.run(&["sync"]).ok();
    assert_eq!(desktop.read(HELLO), "// one\n");

    // When everything is revoked on the account page,
    browser.open("/account");
    put_out(&browser, "laptop");
    desktop.run(&["whoami"]).ok();
    put_out(&browser, "desktop");
    browser.press("Unlink GitHub");
    browser.sees("GitHub is unlinked");
    browser.press("Sign out everywhere");
    browser.sees("You are signed out.");
    browser.open("/account");
    assert!(browser.path().starts_with("/sign-in"), "{}", browser.path());

    // then both devices are out and work on,
    is_out_and_works_on(&laptop);
    is_out_and_works_on(&desktop);

    // GitHub no longer opens this account, and what waited arrives after the next login.
    browser.press("Sign in with GitHub");
    browser.press("Authorize as octocat");
    browser.sees("Devices and browsers");
    assert!(!browser.text().contains("ana@example.org"), "{}", browser.text());
    browser.press("Sign out");
    let login = laptop.begin_login();
    browser.open(&login.address);
    browser.fill("login", "ana");
    browser.fill("password", PASSWORD);
    browser.press("Sign in");
    browser.sees(&login.code);
    browser.press("Let it in");
    greets(login, "Ana");
    laptop.run(&["sync"]).ok();
    assert_eq!(laptop.status()["queued"], 0);
    assert_eq!(laptop.messages()[0], "without a login");
}

/// An origin of its own with one empty page, for as long as the test runs.
fn front_end() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut visitor in listener.incoming().flatten() {
            let _ = visitor.read(&mut [0; 4096]);
            let page = "<!doctype html><title>A front end</title>";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
            let _ = write!(visitor, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        }
    });
    format!("http://{address}")
}

#[test]
#[ignore = "needs Chromium: scripts/test browser"]
fn a_front_end_of_a_trusted_origin_uses_the_session_and_no_other_does() {
    let (friend, stranger) = (front_end(), front_end());
    let config = format!("[accounts]\ntrusted_origins = [{friend:?}]\n");
    let world = World::configured(tempfile::tempdir().unwrap(), &config);
    let browser = Browser::start(&world.url(), Setup::default());
    let api = format!("{}/api/auth", world.url());
    let register = format!(
        "const answer = await fetch('{api}/sign-up/email', {{
             method: 'POST', credentials: 'include',
             headers: {{ 'content-type': 'application/json' }},
             body: JSON.stringify({{ name: 'Ana', email: 'ana@example.org',
                 password: '{PASSWORD}' }}),
         }});
         return (await answer.json()).token === answer.headers.get('set-auth-token');"
    );
    let who = format!(
        "const answer = await fetch('{api}/get-session', {{ credentials: 'include' }});
         return (await answer.json())?.user.email;"
    );
    browser.open(&stranger);
    assert_eq!(browser.script(&register), json!("TypeError: Failed to fetch"));
    browser.open(&friend);
    assert_eq!(browser.script(&who), json!(null), "the stranger has registered nobody");
    assert_eq!(browser.script(&register), json!(true));
    assert_eq!(browser.script(&who), json!("ana@example.org"));
    browser.open(&stranger);
    assert_eq!(browser.script(&who), json!("TypeError: Failed to fetch"));
}

/// What stock Git prints in a device's folder.
#[track_caller]
fn git(device: &Device, arguments: &[&str]) -> String {
    let (done, text) = device.git(arguments);
    assert!(done, "git {arguments:?}: {text}");
    text
}

#[test]
#[ignore = "needs Chromium: scripts/test browser"]
fn the_work_is_kept_in_ones_own_account_at_github() {
    // Given a server that keeps repositories at GitHub, and somebody who has not linked theirs,
    let (world, github) = World::with_github_and("[git]\nhost = \"github\"\npoll = 3600\n");
    world.publish_example("rust-basics");
    let browser = Browser::start(&world.url(), Setup::default());
    let laptop = world.device_with("laptop", "");
    let login = laptop.begin_login();
    browser.open(&login.address);
    browser.press("Register");
    register(&browser, "Ana", "Register");
    browser.sees(&login.code);
    browser.press("Let it in");
    greets(login, "Ana");

    // when they begin, then they hear what is missing, and once they have linked it all goes on.
    let init = ["init", "-c", "rust-basics", "--strategy", "git"];
    laptop.run(&init).code(4).says("GitHub").fails_clearly();
    browser.open("/account");
    browser.press("Link GitHub");
    browser.press("Authorize as octocat");
    browser.sees("GitHub is linked.");
    laptop.run(&init).ok();
    let kept: Vec<_> = github.standin.world().repositories.clone();
    let kept: Vec<_> =
        kept.iter().map(|it| (it.name.as_str(), it.private, it.hooks.len())).collect();
    assert_eq!(kept, [("progy-rust-basics", true, 1)]);

    // Two more devices find the work, bring theirs, and stock Git needs no password.
    let token = world.token("ana");
    let desktop = world.device_with("desktop", &token);
    let work = world.device_with("work", &token);
    laptop.write(HELLO, "// one\n");
    laptop.run(&["save", "-m", "one"]).ok();
    for device in [&desktop, &work] {
        device.run(&["init", "-c", "rust-basics"]).ok();
        assert_eq!(device.read(HELLO), "// one\n");
    }
    desktop.write("notes.md", "from the desktop\n");
    desktop.offline().run(&["save", "-m", "offline"]).code(5);
    work.write("unsaved.md", "in no save yet\n");
    laptop.write(HELLO, "// one\n// two\n");
    git(&laptop, &["commit", "-qam", "by hand"]);
    git(&laptop, &["push", "-q"]);
    desktop.run(&["sync"]).ok();
    work.run(&["sync"]).ok();
    git(&laptop, &["pull", "-q", "--rebase"]);
    for device in [&laptop, &desktop, &work] {
        device.run(&["sync"]).ok();
        assert_eq!(device.read(HELLO), "// one\n// two\n");
        assert_eq!(device.read("notes.md"), "from the desktop\n");
        assert_eq!(device.read("unsaved.md"), "in no save yet\n");
        assert_eq!(git(device, &["fsck", "--strict", "--no-dangling"]), "");
        assert_eq!(git(device, &["status", "--porcelain"]), "");
    }
    let config = std::fs::read_to_string(laptop.at(".git/config")).unwrap();
    assert!(!config.contains("gho_") && !config.contains("x-access-token"), "{config}");

    // Every other server of it tells the same history.
    let log = work.run(&["log", "--json"]).ok().json();
    let listed = world.curl(&token, "GET", "/api/workspaces/rust-basics/revisions", None);
    for message in ["one", "offline", "by hand"] {
        let of_work = log.as_array().unwrap().iter().any(|it| it["message"] == message);
        assert!(of_work && format!("{listed:?}").contains(message), "{message}: {listed:?}");
    }
}
