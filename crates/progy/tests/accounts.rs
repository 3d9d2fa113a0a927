//! Logging in and out, from outside: devices, a person with a browser, an administrator.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;
use world::person::Login;
use world::{Device, PROGY, World, assert_equal, eventually};

/// A file of the course that is synced.
const HELLO: &str = "content/01_intro/01_hello/exercise.rs";

/// The token that a device keeps.
fn kept(device: &Device) -> String {
    let file = fs::read_to_string(device.home.join("credentials.toml")).unwrap();
    file.split('"').find(|text| text.starts_with("progys_")).unwrap().to_owned()
}

#[test]
fn two_devices_log_in_and_one_is_revoked() {
    let world = World::new();
    world.publish_example("rust-basics");
    let ana = world.person("ana");
    let laptop = world.device_with("laptop", "");
    let desktop = world.device_with("desktop", "");

    // Given two devices that a person let in
    laptop.run(&["whoami"]).code(4).says("progy login");
    let said = ana.log_in(&laptop);
    assert!(said.contains("Welcome, ana!"), "{said}");
    ana.log_in(&desktop);
    let who = laptop.run(&["whoami", "--json"]).ok().json();
    assert_eq!((&who["username"], &who["email"]), (&json!("ana"), &json!("ana@example.org")));
    let sessions = ana.get("/api/auth/list-sessions");
    assert_eq!(sessions.as_array().unwrap().len(), 3, "two devices and the browser");
    laptop.run(&["init", "-c", "rust-basics"]).ok();
    desktop.run(&["init", "-c", "rust-basics"]).ok();
    laptop.write(HELLO, "// one\n");
    laptop.run(&["save"]).ok();

    // when the person ends the session of one,
    ana.revoke("laptop");

    // then every command of it that needs the server says what to run, and loses nothing,
    laptop.write(HELLO, "// two\n");
    laptop.run(&["save", "-m", "without a login"]).code(4).says("progy login").fails_clearly();
    for command in [&["sync"][..], &["whoami"], &["course", "list"]] {
        laptop.run(command).code(4).says("progy login").fails_clearly();
    }
    laptop.run(&["doctor"]).code(1).says("progy login");
    assert_eq!(laptop.status()["queued"], 1);
    laptop.offline().write(HELLO, "// three\n");
    laptop.offline().run(&["save", "-m", "offline"]).code_in(&[4, 5]);
    assert_eq!(laptop.status()["queued"], 2);

    // the other device goes on,
    desktop.run(&["sync"]).ok();
    assert_eq!(desktop.read(HELLO), "// one\n");

    // and after another login everything arrives.
    ana.log_in(&laptop);
    laptop.run(&["sync"]).ok();
    desktop.run(&["sync"]).ok();
    assert_equal(&[&laptop, &desktop]);
    assert_eq!(desktop.read(HELLO), "// three\n");
    assert_eq!(laptop.messages()[..2], ["offline", "without a login"]);
}

#[test]
fn a_device_that_is_turned_away_is_not_in() {
    let world = World::new();
    let ana = world.person("ana");
    let laptop = world.device_with("laptop", "");
    let login = laptop.begin_login();
    assert_eq!(login.code.len(), 9, "four letters, a dash, four letters");
    let expected = format!("{}/device?user_code={}", world.url(), login.code.replace('-', ""));
    assert_eq!(login.address, expected);
    ana.decide(&login, "deny");
    let (code, said) = login.end();
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("turned away") && said.contains("progy login"), "{said}");
    assert!(!laptop.home.join("credentials.toml").exists());

    // Without a server there is nobody to ask.
    laptop.offline().run(&["login"]).code(5).fails_clearly();
}

#[test]
fn logging_out_ends_the_session_also_when_nobody_hears_it() {
    let world = World::new();
    let ana = world.person("ana");
    let laptop = world.device_with("laptop", "");
    let works = |token: &str| world.curl(token, "GET", "/api/courses", None).0 == 200;

    ana.log_in(&laptop);
    let first = kept(&laptop);
    assert!(works(&first));
    // Another login ends the one before: nobody has that any more.
    ana.log_in(&laptop);
    let second = kept(&laptop);
    assert!(works(&second) && !works(&first));
    laptop.run(&["logout"]).ok().says("Logged out");
    assert!(!works(&second));
    laptop.run(&["logout"]).ok().says("were not logged in");
    laptop.run(&["whoami"]).code(4);

    // Offline the device forgets, and says that the server does not know.
    ana.log_in(&laptop);
    let third = kept(&laptop);
    let mut world = world;
    let person = ana_again(&world);
    world.kill();
    laptop.run(&["logout"]).ok().says("could not be told");
    world.start();
    let works = |token: &str| world.curl(token, "GET", "/api/courses", None).0 == 200;
    laptop.run(&["whoami"]).code(4);
    assert!(works(&third));
    let body = json!({ "token": third });
    world.post(&person, "/api/auth/revoke-session", &body);
    assert!(!works(&third));

    // A token for scripts is nobody's session: it stays.
    let token = world.token("ana");
    laptop.run(&["login", "--token", &token]).ok().says("Welcome, ana!");
    laptop.run(&["logout"]).ok();
    assert!(works(&token));
}

/// Signs in with the password.
fn ana_again(world: &World) -> String {
    let body = json!({ "email": "ana@example.org", "password": "correct horse" });
    let answer = world.post("", "/api/auth/sign-in/email", &body);
    answer["token"].as_str().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn the_browser_opens_where_there_is_one() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let laptop = world.device_with("laptop", "");
    let opened = world.folder.path().join("opened");
    let browser = world.folder.path().join("browser");
    fs::write(&browser, format!("#!/bin/sh\nprintf '%s' \"$1\" > '{}'\n", opened.display()))
        .unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = laptop.command(&["login"]);
    command.env("BROWSER", &browser);
    let login = Login::of(command);
    eventually("the browser", || fs::read_to_string(&opened).is_ok_and(|url| !url.is_empty()));
    assert_eq!(fs::read_to_string(&opened).unwrap(), login.address);
    world.person("ana").decide(&login, "approve");
    let (code, said) = login.end();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("browser should open"), "{said}");
}

#[test]
fn an_administrator_makes_and_revokes_tokens() {
    let world = World::new();
    world.add_user("ana", "author");
    let admin = |args: &[&str]| {
        let mut command = Command::new(PROGY);
        command.arg("admin").args(args).arg("--data").arg(world.data()).env("PROGY_LANG", "en");
        command.output().unwrap()
    };
    let said = |args: &[&str]| {
        let output = admin(args);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let created = said(&[
        "token",
        "create",
        "ana",
        "--scopes",
        "publish",
        "--expires",
        "30d",
        "--label",
        "CI",
    ]);
    let token = created.trim_end();
    assert!(token.starts_with("progy_") && !token.contains(char::is_whitespace), "{created:?}");
    let device = world.device_with("laptop", token);
    device.run(&["course", "list"]).ok();
    device.run(&["init", "-c", "rust-basics"]).code(1);

    let listed = said(&["token", "list", "ana", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let labelled = |value: &&serde_json::Value| value["label"] == "CI";
    let entry = listed.as_array().unwrap().iter().find(labelled).unwrap();
    assert_eq!(entry["scopes"], "publish");
    assert!(entry["expires_at"].is_string() && entry["last_used_at"].is_string());
    assert!(!listed.to_string().contains(token));
    let text = said(&["token", "list", "ana"]);
    assert!(
        text.contains("CI") && text.contains("publish") && text.contains("good until"),
        "{text}"
    );

    let id = entry["id"].as_str().unwrap();
    said(&["token", "revoke", "ana", &id[..12]]);
    device.run(&["course", "list"]).code(4).says("progy login");
    assert_eq!(admin(&["token", "revoke", "ana", id]).status.code(), Some(1));
    assert_eq!(admin(&["token", "revoke", "nobody", id]).status.code(), Some(1));
    for bad in [&["--scopes", "everything"][..], &["--expires", "soon"]] {
        let refused = admin(&[&["token", "create", "ana"], bad].concat());
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    }
    assert!(said(&["token", "list", "ana"]).contains("revoked"));
}

#[test]
fn an_administrator_adds_people_and_invites_them() {
    let world = World::new();
    let data = world.data();
    let mut command = Command::new(PROGY);
    command.args(["admin", "user", "add", "bia", "--email", "bia@example.org", "--password-stdin"]);
    command.arg("--data").arg(&data).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse\n").unwrap();
    assert!(child.wait().unwrap().success());
    let body = json!({ "email": "bia@example.org", "password": "correct horse" });
    let answer = world.post("", "/api/auth/sign-in/email", &body);
    assert_eq!(answer["user"]["username"], "bia");

    let invite = || {
        let mut command = Command::new(PROGY);
        command.args(["admin", "invite", "--role", "author", "--email", "caio@example.org"]);
        let output = command.arg("--data").arg(&data).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let code = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("/sign-up?invited") && !said.contains(&code), "{said}");
        code
    };
    let code = invite();
    let register = |name: &str| {
        let body = json!({ "name": name, "email": format!("{name}@example.org"),
            "password": "correct horse", "invite": code });
        world.post("", "/api/auth/sign-up/email", &body)
    };
    assert_eq!(register("dora")["code"], "INVALID_INVITE");
    assert_eq!(register("caio")["user"]["role"], "author");
    assert_eq!(register("caio")["code"], "INVALID_INVITE");
}
