use super::*;
use crate::services::testing::{World, run};

fn typed(name: &str, email: &str) -> Registration {
    Registration {
        name: name.into(),
        email: email.into(),
        password: "correct horse".into(),
        username: None,
        image: None,
        invite: None,
        remember: true,
    }
}

fn come(world: &World, typed: &Registration, open: bool) -> Result<User, (u16, String)> {
    let answer = run(world.services.sign_up(typed, open, &Peer::default()));
    answer.map(|signed_in| signed_in.user).map_err(|error| {
        let problem = error.problem();
        (problem.status, problem.code)
    })
}

#[test]
fn somebody_comes_in_under_a_name_of_their_own() {
    let world = World::new();
    let ana = come(&world, &typed("Ana Lima", "Ana@Example.org"), true).unwrap();
    assert_eq!((ana.username.as_str(), ana.name.as_str()), ("ana-lima", "Ana Lima"));
    assert_eq!((ana.email.as_deref(), ana.role), (Some("ana@example.org"), Role::Learner));
    let other = come(&world, &typed("Ana Lima", "lima@example.org"), true).unwrap();
    assert!(other.username.starts_with("ana-lima-"), "{}", other.username);
    let chosen = Registration { username: Some("ana".into()), ..typed("Ana", "a@example.org") };
    assert_eq!(come(&world, &chosen, true).unwrap().username, "ana");
}

#[test]
fn what_cannot_be_is_refused_in_the_words_of_better_auth() {
    let world = World::new();
    let good = || typed("Ana", "ana@example.org");
    come(&world, &Registration { username: Some("ana".into()), ..good() }, true).unwrap();
    let with = |change: fn(&mut Registration)| {
        let mut registration = typed("Bia", "bia@example.org");
        change(&mut registration);
        come(&world, &registration, true).unwrap_err()
    };
    for (change, status, code) in [
        ((|r| r.email = "x".into()) as fn(&mut Registration), 400, "INVALID_EMAIL"),
        (|r| r.name = " ".into(), 400, "VALIDATION_ERROR"),
        (|r| r.image = Some("javascript:alert(1)".into()), 400, "VALIDATION_ERROR"),
        (|r| r.password = "short".into(), 400, "PASSWORD_TOO_SHORT"),
        (|r| r.password = "x".repeat(129), 400, "PASSWORD_TOO_LONG"),
        (|r| r.username = Some("Bia!".into()), 400, "INVALID_USERNAME"),
        (|r| r.username = Some("ana".into()), 400, "USERNAME_IS_ALREADY_TAKEN"),
        (|r| r.email = "ANA@example.org".into(), 422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"),
        (|r| r.invite = Some("progyi_x".into()), 400, "INVALID_INVITE"),
    ] {
        assert_eq!(with(change), (status, code.to_owned()));
    }
    assert!(come(&world, &typed("Bia", "bia@example.org"), true).is_ok());
}

#[test]
fn where_it_is_not_open_an_invitation_opens_it_once() {
    let world = World::new();
    let closed = come(&world, &typed("Ana", "ana@example.org"), false).unwrap_err();
    assert_eq!(closed, (400, "EMAIL_PASSWORD_SIGN_UP_DISABLED".to_owned()));
    let invite = |email: Option<&str>| {
        let code = run(world.services.invite(Role::Author, email, 1_000)).unwrap();
        code.into_string()
    };
    let with = |code: &str, email: &str| {
        let registration = Registration { invite: Some(code.to_owned()), ..typed("Ana", email) };
        come(&world, &registration, false).map_err(|(_, code)| code)
    };
    let code = invite(None);
    assert_eq!(with(&code, "ana@example.org").unwrap().role, Role::Author);
    assert_eq!(with(&code, "bia@example.org"), Err("INVALID_INVITE".into()));
    let code = invite(Some("bia@example.org"));
    assert_eq!(with(&code, "caio@example.org"), Err("INVALID_INVITE".into()));
    assert!(with(&code, "Bia@example.org").is_ok());
    let code = invite(None);
    world.clock.pass(1_000);
    assert_eq!(with(&code, "dora@example.org"), Err("INVALID_INVITE".into()));
}

#[test]
fn registering_is_slow_for_one_address() {
    let world = World::new();
    let peer = Peer { address: "192.0.2.1".parse().ok(), user_agent: None };
    let come = || {
        // Refused for the password, so that nothing is hashed.
        let typed = Registration { password: String::new(), ..typed("Ana", "ana@example.org") };
        run(world.services.sign_up(&typed, true, &peer)).unwrap_err().kind().0
    };
    assert_eq!((0..40).take_while(|_| come() == 400).count(), 30);
    assert_eq!(come(), 429);
}
