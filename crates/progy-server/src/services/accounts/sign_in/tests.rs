use progy_api::account::Role;
use progy_api::problem::code;

use super::*;
use crate::ServiceError;
use crate::services::testing::{World, code, run};

const PASSWORD: &str = "correct horse";

fn typed(email: &str, password: &str) -> Credentials {
    let claim = Claim::Email(email.into());
    Credentials { claim, password: password.into(), remember: true, replaces: None }
}

fn from(address: &str) -> Peer {
    Peer { address: address.parse().ok(), user_agent: None }
}

fn with_ana() -> World {
    let world = World::new();
    let services = &world.services;
    let email = Some("ana@example.org");
    run(services.add_user_with_password("ana", email, Role::Learner, Some(PASSWORD))).unwrap();
    run(services.add_user("bia", Some("bia@example.org"), Role::Learner)).unwrap();
    world
}

#[test]
fn an_address_and_its_password_let_somebody_in() {
    let world = with_ana();
    let peer = from("192.0.2.1");
    let signed_in = run(world.services.sign_in(&typed(" ANA@example.org", PASSWORD), &peer));
    let SignedIn { user, session } = signed_in.unwrap();
    assert_eq!(user.username, "ana");
    let login = run(world.services.authenticate(session.secret.expose(), &peer)).unwrap();
    assert_eq!(login.user, user);

    // Signing in again ends what the browser carried.
    let again = Credentials {
        replaces: Some(session.secret.expose().to_owned()),
        ..typed("ana@example.org", PASSWORD)
    };
    run(world.services.sign_in(&again, &peer)).unwrap();
    let before = run(world.services.authenticate(session.secret.expose(), &peer));
    assert_eq!(code(before), code::UNAUTHORIZED);
}

#[test]
fn a_user_name_does_where_it_is_asked_for() {
    let world = with_ana();
    let sign_in = |claim: Claim, password: &str| {
        let typed = Credentials { claim, ..typed("", password) };
        run(world.services.sign_in(&typed, &from("192.0.2.1"))).map(|in_| in_.user.username)
    };
    let either = |text: &str| Claim::EmailOrUsername(text.to_owned());
    for claim in [either(" Ana "), either("ana"), either("ANA@example.org")] {
        assert_eq!(sign_in(claim, PASSWORD).unwrap(), "ana");
    }
    let refused = |claim, password| sign_in(claim, password).unwrap_err().problem().code;
    for name in ["ana", "bia", "nobody"] {
        assert_eq!(refused(either(name), "wrong horse"), "INVALID_EMAIL_OR_PASSWORD", "{name}");
    }
    assert_eq!(refused(either("no name"), PASSWORD), "INVALID_USERNAME");
    assert_eq!(refused(either("a@b@c"), PASSWORD), "INVALID_EMAIL");
    assert_eq!(refused(Claim::Email("ana".into()), PASSWORD), "INVALID_EMAIL");
}

#[test]
fn nobody_learns_whether_an_address_is_known() {
    let world = with_ana();
    let refused = |email: &str, password: &str| {
        let answer = run(world.services.sign_in(&typed(email, password), &from("192.0.2.1")));
        answer.map(drop).unwrap_err().problem()
    };
    let wrong = refused("ana@example.org", "wrong horse");
    assert_eq!((wrong.status, wrong.code.as_str()), (401, "INVALID_EMAIL_OR_PASSWORD"));
    assert_eq!(refused("nobody@example.org", PASSWORD), wrong);
    assert_eq!(refused("bia@example.org", PASSWORD), wrong, "without a password");
    assert_eq!(refused("nowhere", PASSWORD).code, "INVALID_EMAIL");
    assert_eq!(refused("ana@example.org", &"x".repeat(129)).code, "PASSWORD_TOO_LONG");
}

#[test]
fn guessing_is_slow_for_an_account_from_everywhere_and_for_an_address_at_any() {
    let world = with_ana();
    let guess = |email: &str, address: &str| {
        run(world.services.sign_in(&typed(email, "wrong horse"), &from(address)))
            .map(drop)
            .unwrap_err()
    };
    let limited = |error: ServiceError| matches!(error, ServiceError::RateLimited { .. });
    for n in 0..10 {
        assert!(!limited(guess("ana@example.org", &format!("198.51.100.{n}"))));
    }
    let ServiceError::RateLimited { seconds } = guess("ana@example.org", "198.51.100.99") else {
        panic!("not limited")
    };
    assert_eq!(seconds, 60);
    // An unknown account is limited in the same way.
    for n in 0..10 {
        assert!(!limited(guess("nobody@example.org", &format!("198.51.100.{n}"))));
    }
    assert!(limited(guess("nobody@example.org", "198.51.100.99")));

    let tries = (0..40).take_while(|n| !limited(guess(&format!("a{n}@b.c"), "192.0.2.1"))).count();
    assert_eq!(tries, 30);
    world.clock.pass(60_000);
    assert!(!limited(guess("ana@example.org", "192.0.2.1")));
}

#[test]
fn what_was_refused_is_in_the_log() {
    let world = with_ana();
    for email in ["ana@example.org", "nobody@example.org"] {
        let refused = run(world.services.sign_in(&typed(email, "secret horse"), &from("::1")));
        assert!(refused.is_err());
    }
    let log = run(world.services.accounts.audit(None, 2)).unwrap();
    assert!(log.iter().all(|entry| entry.event == "sign_in_refused"), "{log:?}");
    assert!(log.iter().all(|entry| entry.ip_address.as_deref() == Some("::1")));
    assert!(log[0].user.is_none() && log[1].user.is_some());
    assert!(!format!("{log:?}").contains("horse"));
}
