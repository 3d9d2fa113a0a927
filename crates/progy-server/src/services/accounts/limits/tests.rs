use std::cell::Cell;

use progy_api::account::device::CodeRequest;
use progy_api::account::{Role, User};

use super::*;
use crate::ports::database::UserId;
use crate::services::accounts::Login;
use crate::services::accounts::device::{Decision, DeviceFailure};
use crate::services::accounts::profile::PasswordChange;
use crate::services::accounts::sign_in::{Claim, Credentials};
use crate::services::accounts::sign_up::Registration;
use crate::services::testing::{World, run};

#[test]
fn a_customer_is_one_network() {
    let same = |a: &str, b: &str| network(a.parse().unwrap()) == network(b.parse().unwrap());
    assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
    assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    assert!(!same("192.0.2.1", "192.0.2.2"));
    assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
}

/// A peer at the `n`th address.
fn at(n: u32) -> Peer {
    let address = std::net::Ipv4Addr::from(0xC633_6400 + n);
    Peer { address: Some(address.into()), user_agent: None }
}

/// For how many seconds somebody has to wait, if they tried too often.
#[allow(clippy::needless_pass_by_value, reason = "it is called with what was just answered")]
fn wait<T>(result: Result<T>) -> Option<u64> {
    match result {
        Err(ServiceError::RateLimited { seconds }) => Some(seconds),
        _ => None,
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is called with what was just answered")]
fn wait_for_device<T>(result: std::result::Result<T, DeviceFailure>) -> Option<u64> {
    match result {
        Err(DeviceFailure::Service(ServiceError::RateLimited { seconds })) => Some(seconds),
        _ => None,
    }
}

/// `attempt` may be made as often as the rule says, then once each time that `every` has passed;
/// `elsewhere` is not concerned.
fn holds(
    world: &World,
    attempt: Attempt,
    mut again: impl FnMut() -> Option<u64>,
    elsewhere: impl FnOnce() -> Option<u64>,
) {
    let Rule { burst, every } = attempt.rule();
    let seconds = u64::try_from(every / 1_000).unwrap();
    for n in 0..burst {
        assert_eq!(again(), None, "{attempt:?}, the {n}th");
    }
    assert_eq!(again(), Some(seconds), "{attempt:?}");
    world.clock.pass(every - 1_000);
    assert_eq!(again(), Some(1), "{attempt:?}: what is refused is not counted");
    world.clock.pass(1_000);
    assert_eq!(again(), None, "{attempt:?}");
    assert_eq!(again(), Some(seconds), "{attempt:?}");
    assert_eq!(elsewhere(), None, "{attempt:?}");
}

/// Somebody with a session.
fn person(world: &World, name: &str) -> Login {
    let email = format!("{name}@example.org");
    let added = world.services.add_user(name, Some(&email), Role::Learner);
    let User { id, .. } = run(added).unwrap();
    let session = world.services.new_session(&UserId(id), &Peer::default(), true).unwrap();
    run(world.services.accounts.create_session(&session.record)).unwrap();
    run(world.services.authenticate(session.secret.expose(), &Peer::default())).unwrap()
}

#[test]
fn passwords_are_tried_slowly_from_an_address_and_at_an_account() {
    let world = World::new();
    let sign_in = |email: &str, peer: &Peer| {
        let password = "wrong horse".to_owned();
        let claim = Claim::Email(email.to_owned());
        let typed = Credentials { claim, password, remember: true, replaces: None };
        wait(run(world.services.sign_in(&typed, peer)))
    };
    let n = Cell::new(0);
    let next = || n.replace(n.get() + 1);
    let guess = || sign_in(&format!("somebody{}@example.org", next()), &at(0));
    holds(&world, Attempt::SignIn, guess, || sign_in("ana@example.org", &at(1)));
    // From ever new addresses.
    let guess = || sign_in("ana@example.org", &at(100 + next()));
    world.clock.pass(MINUTE);
    holds(&world, Attempt::SignInTo, guess, || sign_in("bia@example.org", &at(2)));
}

#[test]
fn one_account_has_one_count_however_it_is_named() {
    let world = World::new();
    let ana = person(&world, "ana");
    let password = || "wrong horse".to_owned();
    let sign_in = |name: &str| {
        let claim = Claim::EmailOrUsername(name.to_owned());
        let typed = Credentials { claim, password: password(), remember: true, replaces: None };
        wait(run(world.services.sign_in(&typed, &Peer::default())))
    };
    let change = || {
        let typed = PasswordChange { current: password(), new: password(), ends_others: false };
        wait(run(world.services.change_password(&ana, &typed, &Peer::default())))
    };
    let Rule { burst, .. } = Attempt::SignInTo.rule();
    for n in 0..burst {
        let name = if n % 2 == 0 { "ana" } else { "ANA@example.org" };
        assert_eq!(sign_in(name), None, "the {n}th");
    }
    for name in ["ana", "ana@example.org", " Ana "] {
        assert_eq!(sign_in(name), Some(60), "{name}");
    }
    assert_eq!(change(), Some(60));
    // Who is not here is counted the same, by what was typed.
    for _ in 0..burst {
        assert_eq!(sign_in("nobody"), None);
    }
    assert_eq!(sign_in("nobody"), Some(60));
    assert_eq!(sign_in("nobody@example.org"), None);
}

#[test]
fn people_register_slowly() {
    let world = World::new();
    let sign_up = |peer: &Peer| {
        // Also what is refused counts: a taken address is found out by trying.
        let typed = Registration {
            name: "Ana".to_owned(),
            email: "no address".to_owned(),
            password: "correct horse".to_owned(),
            username: None,
            image: None,
            invite: None,
            remember: true,
        };
        wait(run(world.services.sign_up(&typed, true, peer)))
    };
    holds(&world, Attempt::SignUp, || sign_up(&at(0)), || sign_up(&at(1)));
}

#[test]
fn codes_are_drawn_and_typed_slowly() {
    let world = World::new();
    let services = &world.services;
    let draw = |peer: &Peer| {
        let ask = CodeRequest { client_id: Some("cli".into()), ..CodeRequest::default() };
        wait_for_device(run(services.device_code(&ask, "http://x", peer)))
    };
    holds(&world, Attempt::DeviceCode, || draw(&at(0)), || draw(&at(1)));
    let look = |login: Option<&Login>, peer: &Peer| {
        wait_for_device(run(services.device_request("BCDFGHJK", login, peer)))
    };
    holds(&world, Attempt::UserCode, || look(None, &at(0)), || look(None, &at(1)));
    // To decide is to guess as well; and who is signed in guesses no faster from many addresses.
    let (ana, bia) = (person(&world, "ana"), person(&world, "bia"));
    let n = Cell::new(100);
    let decide = || {
        let peer = at(n.replace(n.get() + 1));
        let code = Some("BCDFGHJK");
        wait_for_device(run(services.decide_device(code, &ana, Decision::Deny, &peer)))
    };
    holds(&world, Attempt::UserCodeBy, decide, || look(Some(&bia), &at(2)));
    assert!(look(Some(&ana), &at(3)).is_some());
}

#[test]
fn the_way_to_github_is_taken_slowly() {
    let world = World::new();
    let go = |peer: &Peer| wait(run(world.services.limit_address(Attempt::Social, peer)));
    holds(&world, Attempt::Social, || go(&at(0)), || go(&at(1)));
}

#[test]
fn what_is_done_on_the_servers_machine_is_not_counted() {
    let world = World::new();
    for _ in 0..1_000 {
        run(world.services.limit_address(Attempt::SignUp, &Peer::default())).unwrap();
    }
}
