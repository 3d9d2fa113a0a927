use super::*;
use crate::ports::database::accounts::{Invite, Link, LinkId, UserEdit};

fn with_email(name: &str, email: &str) -> User {
    User { email: Some(email.to_owned()), ..user(name) }
}

fn alone(user: &User) -> NewUser {
    NewUser { user: user.clone(), link: None, invite: None }
}

pub(super) async fn a_name_and_an_address_are_taken_once(db: &dyn Adapter) {
    let ana = User { role: Role::Author, ..with_email("ana", "ana@example.org") };
    add_user(db, &ana).await;
    let same_name = User { id: "another".into(), ..user("ana") };
    let taken = db.create_user(&alone(&same_name)).await.unwrap();
    assert_eq!(taken, UserChange::UsernameTaken);
    let same_address = with_email("bia", "ana@example.org");
    let taken = db.create_user(&alone(&same_address)).await.unwrap();
    assert_eq!(taken, UserChange::EmailTaken);

    assert_eq!(db.user_by_name("ana").await.unwrap(), Some(ana.clone()));
    assert_eq!(db.user_by_email("ana@example.org").await.unwrap(), Some(ana.clone()));
    assert_eq!(db.user(&UserId(ana.id.clone())).await.unwrap(), Some(ana));
    assert_eq!(db.user_by_name("bia").await.unwrap(), None);
    // Any number of people may have none.
    for name in ["bia", "caio"] {
        add_user(db, &user(name)).await;
    }
    db.ping().await.unwrap();
}

pub(super) async fn one_thing_about_a_person_changes_at_a_time(db: &dyn Adapter) {
    let mut ana = with_email("ana", "ana@example.org");
    let bia = with_email("bia", "bia@example.org");
    for user in [&ana, &bia] {
        add_user(db, user).await;
    }
    let id = UserId(ana.id.clone());
    let edit = async |id: &UserId, edit: UserEdit, now: i64| {
        db.edit_user(id, &edit, Timestamp(now)).await.unwrap()
    };
    assert!(edit(&id, UserEdit::Name("Ana Lima".into()), 7).await);
    (ana.name, ana.updated_at) = ("Ana Lima".into(), Timestamp(7));
    assert_eq!(db.user(&id).await.unwrap(), Some(ana.clone()));
    assert!(edit(&id, UserEdit::Role(Role::Admin), 8).await);
    (ana.role, ana.updated_at) = (Role::Admin, Timestamp(8));
    assert_eq!(db.user(&id).await.unwrap(), Some(ana.clone()));
    assert!(!edit(&id, UserEdit::EmailVerified("bia@example.org".into()), 9).await);
    assert_eq!(db.user(&id).await.unwrap(), Some(ana.clone()));
    assert!(edit(&id, UserEdit::EmailVerified("ana@example.org".into()), 9).await);
    (ana.email_verified, ana.updated_at) = (true, Timestamp(9));
    assert_eq!(db.user(&id).await.unwrap(), Some(ana));
    assert_eq!(db.user(&UserId(bia.id.clone())).await.unwrap(), Some(bia));
    assert!(!edit(&UserId("nobody".into()), UserEdit::Name("x".into()), 9).await);
}

pub(super) async fn people_are_listed_by_name_a_part_at_a_time(db: &dyn Adapter) {
    for name in ["caio", "ana", "bia"] {
        add_user(db, &user(name)).await;
    }
    let list = async |after: &str, limit: u32| -> Vec<String> {
        let users = db.users_after(after, limit).await.unwrap();
        users.into_iter().map(|user| user.username).collect()
    };
    assert_eq!(list("", 2).await, ["ana", "bia"]);
    assert_eq!(list("bia", 2).await, ["caio"]);
    assert_eq!(list("b", 1).await, ["bia"]);
    assert!(list("caio", 2).await.is_empty() && list("", 0).await.is_empty());
}

pub(super) async fn an_invite_admits_one_person_with_its_address(db: &dyn Adapter) {
    let invite = |byte: u8, email: Option<&str>| Invite {
        id: format!("invite-{byte}"),
        code: [byte; 32],
        role: Role::Author,
        email: email.map(str::to_owned),
        created_at: Timestamp(1),
        expires_at: Timestamp(100),
    };
    let ana = with_email("ana", "ana@example.org");
    db.create_invite(&invite(1, None)).await.unwrap();
    db.create_invite(&invite(2, Some("ana@example.org"))).await.unwrap();
    assert_eq!(db.invite(&[1; 32], Timestamp(99)).await.unwrap(), Some(invite(1, None)));
    assert_eq!(db.invite(&[1; 32], Timestamp(100)).await.unwrap(), None);

    let come = async |user: &User, byte: u8| {
        db.create_user(&NewUser { invite: Some([byte; 32]), ..alone(user) }).await.unwrap()
    };
    assert_eq!(come(&ana, 9).await, UserChange::InviteSpent);
    assert_eq!(come(&user("bia"), 2).await, UserChange::InviteSpent);
    let late = User { created_at: Timestamp(100), ..ana.clone() };
    assert_eq!(come(&late, 2).await, UserChange::InviteSpent);
    assert_eq!(come(&ana, 2).await, UserChange::Done);
    // Refused for another reason, it is not used up.
    assert_eq!(come(&User { id: "x".into(), ..user("ana") }, 1).await, UserChange::UsernameTaken);
    assert_eq!(come(&user("bia"), 1).await, UserChange::Done);
    assert_eq!(come(&user("caio"), 1).await, UserChange::InviteSpent);
    assert_eq!(db.invite(&[1; 32], Timestamp(2)).await.unwrap(), None);

    let link = |person: &User| {
        let id = LinkId(format!("link-{}", person.id));
        Link::new(id, UserId(person.id.clone()), Link::GITHUB, "77", Timestamp(1))
    };
    let [dora, eva] = [user("dora"), user("eva")];
    let linked = NewUser { link: Some(link(&dora)), ..alone(&dora) };
    assert_eq!(db.create_user(&linked).await.unwrap(), UserChange::Done);
    let taken = NewUser { link: Some(link(&eva)), ..alone(&eva) };
    assert_eq!(db.create_user(&taken).await.unwrap(), UserChange::LinkTaken);
    assert_eq!(db.user_by_name("eva").await.unwrap(), None);
}
