//! A web application as its tools make it, with everything installed: `scripts/test clients` runs this,
//! for npm fetches what the project needs.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::path::Path;
use std::process::Command;

use world::project::assert_as_seen;
use world::{Device, Run, World, assert_equal};

const COURSE: &str = "rust-basics";
const SCAFFOLD: &str = "create-vite@9.3.0";

/// Runs npm in a folder of a workspace.
#[track_caller]
fn npm(device: &Device, folder: &str, args: &[&str]) -> Run {
    let mut command = Command::new("npm");
    command.args(args).current_dir(device.at(folder)).env("npm_config_update_notifier", "false");
    Run::of(command, &[&["npm"], args].concat()).ok()
}

fn files_below(folder: &Path) -> usize {
    let items = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap());
    items
        .map(|item| if item.file_type().unwrap().is_dir() { files_below(&item.path()) } else { 1 })
        .sum()
}

#[test]
#[ignore = "fetches packages; scripts/test clients runs it"]
fn a_web_application_goes_on_elsewhere() {
    let world = World::new();
    world.publish_example(COURSE);
    let token = world.add_user("ana", "learner");
    let laptop = world.device_with("laptop", &token);
    laptop.run(&["init", "-c", COURSE, "--strategy", "snapshot"]).ok();

    npm(
        &laptop,
        "",
        &["exec", "--yes", SCAFFOLD, "--", "app", "--template", "vanilla-ts", "--no-interactive"],
    );
    npm(&laptop, "app", &["install", "--no-audit", "--no-fund"]);
    npm(&laptop, "app", &["run", "build"]);
    let installed = files_below(&laptop.at("app/node_modules"));
    assert!(installed > 500, "{installed}");
    laptop.write("app/src/greeting.ts", "export const greeting = 'olá';\n");
    laptop.run(&["save"]).ok();
    assert_eq!(laptop.status()["changed"], serde_json::json!([]));

    let desktop = world.device_with("desktop", &token);
    let begun = desktop.run(&["init", "-c", COURSE, "--yes"]).ok();
    begun.says("In app/: npm ci");
    for made in ["app/node_modules", "app/dist"] {
        assert!(!desktop.exists(made) && laptop.exists(made), "{made} travelled");
    }
    std::fs::remove_dir_all(laptop.at("app/dist")).unwrap();
    assert_as_seen(&desktop, &laptop);

    // What was told makes it work here.
    npm(&desktop, "app", &["ci", "--no-audit", "--no-fund"]);
    npm(&desktop, "app", &["run", "build"]);
    desktop.write("app/src/greeting.ts", "export const greeting = 'oi';\n");
    desktop.run(&["save"]).ok();
    // To install changed nothing that travels.
    let log = desktop.run(&["log", "--json"]).ok().json();
    let before = log[1]["id"].as_str().unwrap();
    let differs = desktop.run(&["diff", before]).ok().stdout();
    assert!(differs.contains("greeting.ts") && !differs.contains("package"), "{differs}");

    laptop.run(&["sync"]).ok();
    assert_eq!(laptop.read("app/src/greeting.ts"), "export const greeting = 'oi';\n");
    assert_eq!(files_below(&laptop.at("app/node_modules")), installed, "sync left them alone");
    for device in [&laptop, &desktop] {
        std::fs::remove_dir_all(device.at("app/node_modules")).unwrap();
        let _ = std::fs::remove_dir_all(device.at("app/dist"));
    }
    assert_equal(&[&laptop, &desktop]);
    assert_as_seen(&desktop, &laptop);
}
