use progy_api::problem::code;

use super::*;
use crate::services::testing::{World, code, run};

#[test]
fn a_token_stands_for_its_user() {
    let world = World::new();
    let services = &world.services;
    let ana = run(services.add_user("ana", Some("ana@example.org"), Role::Author)).unwrap();
    let token = run(services.create_token("ana")).unwrap();
    let other = run(services.create_token("ana")).unwrap();
    assert!(token.starts_with("progy_") && token.len() == 49, "{token}");
    assert_ne!(token, other);
    assert_eq!(run(services.authenticate(&token)).unwrap(), ana);
    assert_eq!(run(services.authenticate(&other)).unwrap(), ana);
    let nearly = &token[..token.len() - 1];
    for bad in ["", "progy_", "ana", nearly, &"x".repeat(10_000)] {
        assert_eq!(code(run(services.authenticate(bad))), code::UNAUTHORIZED);
    }
    assert!(matches!(run(services.create_token("bia")), Err(ServiceError::NoUser(_))));
    run(services.ready()).unwrap();
}

#[test]
fn the_token_itself_is_not_kept() {
    let world = World::new();
    world.user("ana", Role::Learner);
    let token = run(world.services.create_token("ana")).unwrap();
    let kept = world.db.snapshot().unwrap();
    let secret = token.strip_prefix(TOKEN_PREFIX).unwrap().as_bytes();
    assert!(!kept.windows(secret.len()).any(|window| window == secret));
}

#[test]
fn a_name_can_be_a_scope_and_is_taken_once() {
    let world = World::new();
    let add = |name: &str| run(world.services.add_user(name, None, Role::Learner));
    for bad in ["", "Ana", "ana/x", "@ana", "a b", "..", "ana.", &"a".repeat(65)] {
        assert_eq!(code(add(bad)), code::BAD_REQUEST, "{bad:?}");
    }
    add("ana-2.x").unwrap();
    assert!(matches!(add("ana-2.x"), Err(ServiceError::UserExists(_))));
    let no_address = run(world.services.add_user("bia", Some("nowhere"), Role::Learner));
    assert_eq!(code(no_address), code::BAD_REQUEST);
}
