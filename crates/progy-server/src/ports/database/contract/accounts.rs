use super::*;
use crate::ports::database::NewToken;

pub(super) async fn a_name_is_taken_once(db: &dyn Database) {
    let ana = User { email: Some("ana@example.org".into()), role: Role::Author, ..user("ana") };
    assert!(db.create_user(&ana, Timestamp(1)).await.unwrap());
    let other = User { id: "another".into(), ..user("ana") };
    assert!(!db.create_user(&other, Timestamp(2)).await.unwrap());
    assert_eq!(db.user_by_name("ana").await.unwrap(), Some(ana));
    assert_eq!(db.user_by_name("bia").await.unwrap(), None);
    db.ping().await.unwrap();
}

pub(super) async fn a_token_leads_to_its_user_until_it_is_revoked(db: &dyn Database) {
    let ana = user("ana");
    db.create_user(&ana, Timestamp(1)).await.unwrap();
    let token = |byte| NewToken {
        hash: [byte; 32],
        user: UserId(ana.id.clone()),
        created_at: Timestamp(1),
    };
    for byte in [1, 2] {
        db.create_token(&token(byte)).await.unwrap();
    }
    let now = Timestamp(9);
    assert_eq!(db.user_by_token(&[1; 32], now).await.unwrap(), Some(ana.clone()));
    assert_eq!(db.user_by_token(&[3; 32], now).await.unwrap(), None);
    assert!(db.revoke_token(&[1; 32], now).await.unwrap());
    assert!(!db.revoke_token(&[1; 32], now).await.unwrap());
    assert!(!db.revoke_token(&[3; 32], now).await.unwrap());
    assert_eq!(db.user_by_token(&[1; 32], now).await.unwrap(), None);
    assert_eq!(db.user_by_token(&[2; 32], now).await.unwrap(), Some(ana));
}
