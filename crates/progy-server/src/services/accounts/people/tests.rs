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
