use progy_api::account::{Role, User};

use super::super::secrets::digest;
use super::super::sign_in::{Claim, Credentials};
use super::*;
use crate::services::testing::{World, run};

const PASSWORD: &str = "correct horse";

fn here() -> Peer {
    Peer { address: "192.0.2.1".parse().ok(), user_agent: None }
}

/// Somebody signed in, with a password or without.
fn person(world: &World, password: Option<&str>) -> Login {
    let email = Some("ana@example.org");
    let added = world.services.add_user_with_password("ana", email, Role::Learner, password);
    session(world, &run(added).unwrap())
}

fn session(world: &World, user: &User) -> Login {
    let owner = UserId(user.id.clone());
    let session = world.services.new_session(&owner, &here(), true).unwrap();
    run(world.services.accounts.create_session(&session.record)).unwrap();
    run(world.services.authenticate(session.secret.expose(), &here())).unwrap()
}

fn change(current: &str, new: &str) -> PasswordChange {
    PasswordChange { current: current.to_owned(), new: new.to_owned(), ends_others: true }
}

fn lets_in(world: &World, password: &str) -> bool {
    let claim = Claim::EmailOrUsername("ana".to_owned());
    let typed =
        Credentials { claim, password: password.to_owned(), remember: true, replaces: None };
    run(world.services.sign_in(&typed, &here())).is_ok()
}

#[test]
fn a_new_password_replaces_the_old_and_ends_other_sessions() {
    let world = World::new();
    let ana = person(&world, Some(PASSWORD));
    session(&world, &ana.user);
    assert!(run(world.services.has_password(&ana)).unwrap());
    let to = |current: &str, new: &str| {
        let change = change(current, new);
        run(world.services.change_password(&ana, &change, &here()))
            .map_err(|error| error.problem().code)
    };
    assert_eq!(to("wrong horse", "battery staple"), Err("INVALID_PASSWORD".to_owned()));
    assert_eq!(to(PASSWORD, "short"), Err("PASSWORD_TOO_SHORT".to_owned()));
    assert_eq!(to(PASSWORD, &"x".repeat(129)), Err("PASSWORD_TOO_LONG".to_owned()));
    assert_eq!(to(&"x".repeat(129), "battery staple"), Err("PASSWORD_TOO_LONG".to_owned()));
    assert_eq!(run(world.services.sessions(&ana)).unwrap().len(), 2, "nothing has changed");
    to(PASSWORD, "battery staple").unwrap();
    assert_eq!(run(world.services.sessions(&ana)).unwrap().len(), 1, "the one that asked");
    assert!(lets_in(&world, "battery staple") && !lets_in(&world, PASSWORD));
}

#[test]
fn who_has_no_password_gets_one_and_guesses_are_counted() {
    let world = World::new();
    let ana = person(&world, None);
    assert!(!run(world.services.has_password(&ana)).unwrap());
    run(world.services.change_password(&ana, &change("", PASSWORD), &here())).unwrap();
    assert!(lets_in(&world, PASSWORD));
    let guess = || {
        let change = change("a guess", "new one!");
        run(world.services.change_password(&ana, &change, &here())).unwrap_err().problem().code
    };
    // Ten in all: one was the new password, one the sign-in with it.
    let mut codes: Vec<String> = (0..9).map(|_| guess()).collect();
    assert_eq!(codes.pop().as_deref(), Some("rate_limited"));
    assert!(codes.iter().all(|code| code == "INVALID_PASSWORD"), "{codes:?}");
}

#[test]
fn a_name_is_changed_and_everything_else_stays() {
    let world = World::new();
    let ana = person(&world, None);
    run(world.services.rename(&ana, " Ana Lima ")).unwrap();
    assert!(run(world.services.rename(&ana, "a\nb")).is_err());
    let kept = run(world.services.accounts.user_by_name("ana")).unwrap().unwrap();
    assert_eq!(kept, User { name: "Ana Lima".to_owned(), ..ana.user.clone() });
}

#[test]
fn what_others_change_meanwhile_stays() {
    let world = World::new();
    let ana = person(&world, None);
    let chief = run(world.services.add_user("chief", None, Role::Admin)).unwrap();
    let chief = session(&world, &chief);
    run(world.services.set_role(&chief, "ana", Role::Admin, &here())).unwrap();
    let id = UserId(ana.user.id.clone());
    let admin = run(world.services.accounts.user(&id)).unwrap().unwrap();
    let stale = Login { user: admin, ..ana };
    // She is an admin no more when her request arrives where it is written.
    run(world.services.set_role(&chief, "ana", Role::Learner, &here())).unwrap();
    run(world.services.rename(&stale, "Ana Lima")).unwrap();
    let kept = run(world.services.accounts.user(&id)).unwrap().unwrap();
    assert_eq!((&*kept.name, kept.role), ("Ana Lima", Role::Learner));
}

#[test]
fn signing_out_everywhere_ends_every_session_of_the_person_alone() {
    let world = World::new();
    let ana = person(&world, Some(PASSWORD));
    session(&world, &ana.user);
    let bia = session(&world, &world.user("bia", Role::Learner));
    let token = run(world.services.create_token("ana")).unwrap();
    run(world.services.sign_out_everywhere(&ana, &here())).unwrap();
    assert!(run(world.services.sessions(&ana)).unwrap().is_empty());
    assert_eq!(run(world.services.sessions(&bia)).unwrap().len(), 1);
    let now = world.services.clock.now();
    let kept = run(world.services.accounts.token(&digest(&token), now)).unwrap();
    assert!(kept.is_some(), "tokens have a list of their own");
}
