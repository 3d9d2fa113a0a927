use progy_api::account::Role;
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
    let who = |token: &str| run(services.authenticate(token, &Peer::default()));
    assert_eq!(who(&token).unwrap().user, ana);
    assert_eq!(who(&other).unwrap().user, ana);
    let nearly = &token[..token.len() - 1];
    let as_session = token.replace("progy_", "progys_");
    for bad in ["", "progy_", "ana", nearly, &as_session, &"x".repeat(10_000)] {
        assert_eq!(code(who(bad)), code::UNAUTHORIZED);
    }
    assert!(matches!(run(services.create_token("bia")), Err(ServiceError::NoUser(_))));
    run(services.ready()).unwrap();
}

#[test]
fn no_secret_is_kept() {
    let world = World::new();
    let ana = world.user("ana", Role::Learner);
    let services = &world.services;
    let user = crate::ports::database::UserId(ana.id);
    let session = services.new_session(&user, &Peer::default(), true).unwrap();
    run(services.accounts.create_session(&session.record)).unwrap();
    let request = progy_api::account::device::CodeRequest {
        client_id: Some("progy-cli".into()),
        ..Default::default()
    };
    let device = run(services.device_code(&request, "http://x", &Peer::default())).unwrap();
    let secrets = [
        run(services.create_token("ana")).unwrap(),
        session.secret.into_string(),
        device.device_code,
        run(services.invite(Role::Learner, None, 1_000)).unwrap().into_string(),
    ];
    let kept = world.db.snapshot().unwrap();
    for secret in secrets {
        let (_, chance) = secret.split_once('_').unwrap();
        assert!(!kept.windows(chance.len()).any(|window| window == chance.as_bytes()), "{secret}");
    }
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
