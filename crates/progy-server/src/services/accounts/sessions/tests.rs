use progy_api::account::Role;

use super::*;
use crate::services::testing::{World, run};

fn from(address: &str) -> Peer {
    Peer { address: address.parse().ok(), user_agent: Some("a browser".into()) }
}

/// A session of `user`, and what they carry for it.
fn begun(world: &World, user: &User, remembered: bool) -> NewSession {
    let owner = UserId(user.id.clone());
    let session = world.services.new_session(&owner, &from("192.0.2.1"), remembered).unwrap();
    run(world.services.accounts.create_session(&session.record)).unwrap();
    session
}

fn who(world: &World, session: &NewSession) -> Option<Login> {
    run(world.services.authenticate(session.secret.expose(), &from("192.0.2.7"))).ok()
}

#[test]
fn use_prolongs_a_session_and_seven_quiet_days_end_it() {
    let world = World::new();
    let session = begun(&world, &world.user("ana", Role::Learner), true);
    for _ in 0..30 {
        world.clock.pass(DAY);
        assert!(who(&world, &session).is_some());
    }
    world.clock.pass(LIFETIME - 1);
    assert!(who(&world, &session).is_some());
    world.clock.pass(LIFETIME);
    assert!(who(&world, &session).is_none());
}

#[test]
fn a_session_that_is_not_remembered_ends_after_a_day_of_use() {
    let world = World::new();
    let session = begun(&world, &world.user("ana", Role::Learner), false);
    for _ in 0..23 {
        world.clock.pass(DAY / 24);
        assert!(who(&world, &session).is_some());
    }
    world.clock.pass(DAY / 24);
    assert!(who(&world, &session).is_none());
}

#[test]
fn a_use_is_written_down_every_few_minutes() {
    let world = World::new();
    let session = begun(&world, &world.user("ana", Role::Learner), true);
    world.clock.pass(SEEN_AFTER - 1);
    let login = who(&world, &session).unwrap();
    assert_eq!(login.shown().ip_address.as_deref(), Some("192.0.2.1"));
    world.clock.pass(1);
    let login = who(&world, &session).unwrap();
    assert_eq!(login.shown().ip_address.as_deref(), Some("192.0.2.7"));
    // What is shown now is what is kept.
    assert_eq!(run(world.services.sessions(&login)).unwrap(), [login.shown()]);
    assert_eq!(login.session().unwrap().expires_at, session.record.expires_at, "not prolonged");
}

#[test]
fn a_clock_that_was_set_back_changes_nothing() {
    let world = World::new();
    let session = begun(&world, &world.user("ana", Role::Learner), true);
    world.clock.pass(-30 * DAY);
    let login = who(&world, &session).unwrap();
    assert_eq!(login.session(), Some(&session.record));
    assert_eq!(run(world.services.rotate(&login)).unwrap(), None);
}

#[test]
fn what_a_browser_carries_is_replaced_daily() {
    let world = World::new();
    let session = begun(&world, &world.user("ana", Role::Learner), true);
    world.clock.pass(DAY - 1);
    let login = who(&world, &session).unwrap();
    assert_eq!(run(world.services.rotate(&login)).unwrap(), None);
    world.clock.pass(1);
    let login = who(&world, &session).unwrap();
    let secret = run(world.services.rotate(&login)).unwrap().unwrap();
    let both = run(world.services.rotate(&login)).unwrap();
    assert_eq!(both, None, "a second request that was on its way");
    let replaced = NewSession { secret, ..session.clone() };
    world.clock.pass(GRACE - 1);
    assert!(who(&world, &session).is_some() && who(&world, &replaced).is_some());
    world.clock.pass(1);
    assert!(who(&world, &session).is_none() && who(&world, &replaced).is_some());
}

#[test]
fn a_person_ends_their_own_sessions_only() {
    let world = World::new();
    let (ana, bia) = (world.user("ana", Role::Learner), world.user("bia", Role::Learner));
    let [first, second, third] = [(); 3].map(|()| begun(&world, &ana, true));
    let other = begun(&world, &bia, true);
    let login = who(&world, &first).unwrap();
    let revoke = |named: &str| run(world.services.revoke_session(&login, named, &from("::1")));

    assert!(!revoke(&other.record.id.0).unwrap());
    assert!(!revoke(other.secret.expose()).unwrap());
    assert!(!revoke("nothing").unwrap());
    assert!(who(&world, &other).is_some());
    assert!(!revoke(&second.record.id.0).unwrap());
    assert!(!revoke(third.secret.expose()).unwrap());
    assert!(who(&world, &second).is_none() && who(&world, &third).is_none());
    assert!(revoke(&first.record.id.0).unwrap(), "the one that asks");
    assert!(who(&world, &first).is_none());

    let log = run(world.services.accounts.audit(Some(&UserId(ana.id)), 9)).unwrap();
    let revoked = log.iter().filter(|entry| entry.event == "session_revoked").count();
    assert_eq!(revoked, 3);
}

#[test]
fn signing_out_ends_the_session_and_leaves_tokens_alone() {
    let world = World::new();
    let session = begun(&world, &world.user("ana", Role::Learner), true);
    let token = run(world.services.create_token("ana")).unwrap();
    for secret in [session.secret.expose(), session.secret.expose(), &token, "nothing"] {
        run(world.services.sign_out(secret, &Peer::default())).unwrap();
    }
    assert!(who(&world, &session).is_none());
    assert!(run(world.services.authenticate(&token, &Peer::default())).is_ok());
}
