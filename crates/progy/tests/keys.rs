//! The keys of the server's vault are changed, and whoever changes them dies.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use world::github::{Browser, GitHub};
use world::{PROGY, World};

/// How many people have linked GitHub; one of them unlinks in each round.
const PEOPLE: u64 = 12;
/// How often a rotation is killed in each round.
const KILLS: u64 = 8;

fn rotation(world: &World) -> Command {
    let mut command = Command::new(PROGY);
    command.args(["admin", "keys", "rotate", "--data"]).arg(world.data());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn tokens_of(github: &GitHub, person: u64) -> usize {
    github.standin.world().tokens().filter(|(_, token)| token.person == person).count()
}

#[test]
fn a_rotation_that_is_killed_at_any_moment_leaves_tokens_that_the_server_reads() {
    let (mut world, github) = World::with_github();
    let jars: Vec<PathBuf> = (1..=PEOPLE).map(|number| world.linked(&github, number).jar).collect();
    let began = Instant::now();
    assert!(rotation(&world).status().unwrap().success());
    let whole = u64::try_from(began.elapsed().as_micros()).unwrap();

    let mut killed = 0;
    for (number, jar) in (1..).zip(jars) {
        for kill in 0..KILLS {
            let mut child = rotation(&world).spawn().unwrap();
            // Every part of it is hit, in another order in each round.
            let part = (kill + number * 3) % KILLS;
            std::thread::sleep(Duration::from_micros(whole * (2 * part + 1) / (2 * KILLS)));
            let _ = child.kill();
            killed += u32::from(!child.wait().unwrap().success());
        }
        // The server starts, and reads the token that it takes back.
        world.kill();
        world.start();
        assert_eq!(tokens_of(&github, number), 1);
        let browser = Browser { world: &world, jar };
        let answer = browser.post("unlink-account", &json!({ "providerId": "github" }));
        assert_eq!(answer, json!({ "status": true }));
        assert_eq!(tokens_of(&github, number), 0, "{}", world.server_log());
    }
    assert!(killed > 20, "only {killed} were killed before they were done");

    // And one that nobody kills leaves one key.
    assert!(rotation(&world).status().unwrap().success());
    let keys = fs::read_to_string(world.data().join("vault.keys")).unwrap();
    let keys = keys.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(keys, 1);
}
