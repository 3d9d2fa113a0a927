use progy_api::account::{Role, Scope};
use progy_api::problem::code;

use super::*;
use crate::services::testing::{World, code, run};

fn who(world: &World, secret: &str) -> Result<Login> {
    run(world.services.authenticate(secret, &Peer::default()))
}

#[test]
fn a_token_is_good_for_its_scopes_and_its_time() {
    let world = World::new();
    world.user("ana", Role::Learner);
    let wish = TokenWish {
        name: Some("CI".into()),
        scopes: Scopes::from_iter([Scope::Sync]),
        lifetime: Some(DAY),
    };
    let token = run(world.services.create_token_for("ana", &wish)).unwrap();
    let login = who(&world, token.expose()).unwrap();
    assert_eq!(login.scopes(), wish.scopes);
    assert_eq!(login.shown().device_name.as_deref(), Some("CI"));
    world.clock.pass(DAY);
    assert_eq!(code(who(&world, token.expose())), code::UNAUTHORIZED);

    let nothing = TokenWish { scopes: Scopes::default(), ..wish.clone() };
    let long = TokenWish { name: Some("x".repeat(101)), ..wish };
    for bad in [nothing, long] {
        let refused = run(world.services.create_token_for("ana", &bad));
        assert_eq!(code(refused), code::BAD_REQUEST);
    }
}

#[test]
fn a_token_is_revoked_by_how_its_id_begins() {
    let world = World::new();
    world.user("ana", Role::Learner);
    world.user("bia", Role::Learner);
    let [first, second] = [(); 2].map(|()| run(world.services.create_token("ana")).unwrap());
    let id = who(&world, &first).unwrap().shown().id;
    let revoke = |user: &str, id: &str| run(world.services.revoke_token(user, id));
    for (user, id) in [("ana", ""), ("bia", id.as_str()), ("ana", "none")] {
        assert!(matches!(revoke(user, id), Err(ServiceError::NoToken(_))), "{user} {id}");
    }
    revoke("ana", &id[..8]).unwrap();
    assert_eq!(code(who(&world, &first)), code::UNAUTHORIZED);
    assert!(who(&world, &second).is_ok());
    assert!(matches!(revoke("ana", &id), Err(ServiceError::NoToken(_))), "it is revoked");
    let tokens = run(world.services.tokens("ana")).unwrap();
    assert_eq!(tokens.iter().filter(|token| token.revoked_at.is_some()).count(), 1);
}

#[test]
fn the_first_use_of_a_day_is_in_the_log() {
    let world = World::new();
    let ana = world.user("ana", Role::Learner);
    let token = run(world.services.create_token("ana")).unwrap();
    let uses = || {
        let log = run(world.services.accounts.audit(Some(&UserId(ana.id.clone())), 99)).unwrap();
        log.iter().filter(|entry| entry.event == "token_used").count()
    };
    for _ in 0..3 {
        who(&world, &token).unwrap();
    }
    assert_eq!(uses(), 1);
    world.clock.pass(DAY);
    for _ in 0..3 {
        who(&world, &token).unwrap();
    }
    assert_eq!(uses(), 2);
}
