use super::*;
use crate::services::testing::{World, run};

#[test]
fn an_address_is_kept_in_small_letters_and_belongs_to_one_person() {
    let world = World::new();
    let add =
        |name: &str, email: &str| run(world.services.add_user(name, Some(email), Role::Learner));
    let ana = add("ana", "Ana@Example.org").unwrap();
    assert_eq!(ana.email.as_deref(), Some("ana@example.org"));
    let taken = add("bia", "ANA@example.org").unwrap_err().to_string();
    assert!(taken.contains("ana@example.org"), "{taken}");
}

#[test]
fn a_password_needs_an_address_and_a_length() {
    let world = World::new();
    let add = |email: Option<&str>, password: &str| {
        let password = Some(password);
        run(world.services.add_user_with_password("ana", email, Role::Learner, password))
    };
    assert!(add(None, "correct horse").unwrap_err().to_string().contains("address"));
    assert_eq!(add(Some("ana@example.org"), "short").unwrap_err().kind().1, "PASSWORD_TOO_SHORT");
    assert!(add(Some("ana@example.org"), "correct horse").is_ok());
}

#[test]
fn what_an_administrator_does_is_in_the_log() {
    let world = World::new();
    let ana = world.user("ana", Role::Learner);
    run(world.services.create_token("ana")).unwrap();
    run(world.services.invite(Role::Learner, None, INVITE_LIFETIME)).unwrap();
    let log = run(world.services.accounts.audit(None, 3)).unwrap();
    let events: Vec<_> = log.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(events, ["invite_created", "token_created", "user_created"]);
    assert_eq!(log[1].user, Some(UserId(ana.id)));
}

#[test]
fn roles_are_changed_by_an_admin_who_is_signed_in() {
    let world = World::new();
    let services = &world.services;
    let peer = Peer::default();
    let session = |user: User| {
        let session = services.new_session(&UserId(user.id), &peer, true).unwrap();
        run(services.accounts.create_session(&session.record)).unwrap();
        run(services.authenticate(session.secret.expose(), &peer)).unwrap()
    };
    let ana = session(world.user("ana", Role::Learner));
    let chief = session(world.user("chief", Role::Admin));
    let names = |login: &Login| {
        let people = run(services.people(login, ""));
        people.map(|people| people.into_iter().map(|user| user.username).collect::<Vec<_>>())
    };
    assert_eq!(names(&chief).unwrap(), ["ana", "chief", "root"]);
    run(services.set_role(&chief, "ana", Role::Author, &peer)).unwrap();
    assert_eq!(run(services.named("ana")).unwrap().role, Role::Author);
    let own = run(services.set_role(&chief, "chief", Role::Learner, &peer)).unwrap_err();
    assert_eq!(own.problem().code, "OWN_ROLE");
    assert!(run(services.set_role(&chief, "nobody", Role::Author, &peer)).is_err());

    let token = run(services.create_token("chief")).unwrap();
    let token = run(services.authenticate(&token, &peer)).unwrap();
    for other in [&ana, &token] {
        assert!(matches!(names(other), Err(ServiceError::NotFound)));
        let raised = run(services.set_role(other, "ana", Role::Admin, &peer));
        assert!(matches!(raised, Err(ServiceError::NotFound)));
    }
}
