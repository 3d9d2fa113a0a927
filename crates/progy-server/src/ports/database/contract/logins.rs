use progy_api::account::{Scope, Scopes};

use super::*;
use crate::ports::database::accounts::{AuditEntry, NewToken, Seen, Token, TokenId, Verification};

pub(super) async fn a_token_leads_to_its_user_until_it_is_revoked_or_expires(db: &dyn Adapter) {
    let [ana, bia] = [user("ana"), user("bia")];
    for user in [&ana, &bia] {
        add_user(db, user).await;
    }
    let (of_ana, of_bia) = (UserId(ana.id.clone()), UserId(bia.id));
    let token = |byte: u8, expires_at: Option<i64>| Token {
        id: TokenId(format!("token-{byte}")),
        user: of_ana.clone(),
        name: Some("CI".into()),
        scopes: Scopes::from_iter([Scope::Sync]),
        created_at: Timestamp(byte.into()),
        expires_at: expires_at.map(Timestamp),
        last_used_at: None,
        revoked_at: None,
    };
    for (byte, expires_at) in [(1, None), (2, Some(20))] {
        let new = NewToken { hash: [byte; 32], token: token(byte, expires_at) };
        db.create_token(&new).await.unwrap();
    }
    let (now, later) = (Timestamp(19), Timestamp(20));
    let found = db.token(&[1; 32], later).await.unwrap();
    assert_eq!(found, Some((token(1, None), ana.clone())));
    assert!(db.token(&[2; 32], now).await.unwrap().is_some());
    assert_eq!(db.token(&[2; 32], later).await.unwrap(), None);
    assert_eq!(db.token(&[3; 32], now).await.unwrap(), None);

    let id = TokenId("token-1".into());
    db.token_used(&id, Timestamp(9)).await.unwrap();
    assert!(!db.revoke_token(&of_bia, &id, now).await.unwrap());
    assert!(db.revoke_token(&of_ana, &id, now).await.unwrap());
    assert!(!db.revoke_token(&of_ana, &id, now).await.unwrap());
    assert!(!db.revoke_token(&of_ana, &TokenId("token-3".into()), now).await.unwrap());
    assert_eq!(db.token(&[1; 32], now).await.unwrap(), None);
    let used = Token { last_used_at: Some(Timestamp(9)), revoked_at: Some(now), ..token(1, None) };
    assert_eq!(db.tokens_of(&of_ana).await.unwrap(), [token(2, Some(20)), used]);
    assert_eq!(db.tokens_of(&of_bia).await.unwrap(), []);
}

pub(super) async fn a_session_lives_until_it_ends_or_expires(db: &dyn Adapter) {
    let ana = user("ana");
    add_user(db, &ana).await;
    let of_ana = UserId(ana.id.clone());
    let now = Timestamp(1_000);
    let record = session(&ana, 1, now);
    db.create_session(&record).await.unwrap();
    let at = |millis| db.session_by_token(&[1; 32], Timestamp(millis), Timestamp(millis));
    assert_eq!(at(1_000).await.unwrap(), Some((record.clone(), ana.clone())));
    assert!(at(record.expires_at.0 - 1).await.unwrap().is_some());
    assert_eq!(at(record.expires_at.0).await.unwrap(), None);

    // A use without prolonging it, and one that prolongs it.
    let mut seen = Seen {
        at: Timestamp(2_000),
        ip_address: Some("192.0.2.9".into()),
        user_agent: None,
        expires_at: None,
    };
    db.session_seen(&record.id, &seen).await.unwrap();
    let used = SessionRecord {
        last_seen_at: seen.at,
        ip_address: seen.ip_address.clone(),
        user_agent: None,
        ..record.clone()
    };
    assert_eq!(db.sessions_of(&of_ana, now).await.unwrap(), std::slice::from_ref(&used));
    let until = Timestamp(record.expires_at.0 + 5);
    seen.expires_at = Some(until);
    db.session_seen(&record.id, &seen).await.unwrap();
    let prolonged = SessionRecord { expires_at: until, updated_at: seen.at, ..used };
    assert_eq!(db.sessions_of(&of_ana, record.expires_at).await.unwrap(), [prolonged]);

    assert!(db.end_session(&of_ana, &record.id).await.unwrap());
    assert!(!db.end_session(&of_ana, &record.id).await.unwrap());
    assert_eq!(at(1_000).await.unwrap(), None);
    db.session_seen(&record.id, &seen).await.unwrap();
    assert_eq!(db.sessions_of(&of_ana, now).await.unwrap(), []);
}

pub(super) async fn a_replaced_token_is_good_for_a_moment(db: &dyn Adapter) {
    let ana = user("ana");
    add_user(db, &ana).await;
    let record = session(&ana, 1, Timestamp(0));
    db.create_session(&record).await.unwrap();
    let rotate = |from: u8, to: u8, now| {
        let (from, to) = ([from; 32], [to; 32]);
        let id = record.id.clone();
        async move { db.rotate_session(&id, &from, &to, Timestamp(now)).await.unwrap() }
    };
    assert!(rotate(1, 2, 500).await);
    assert!(!rotate(1, 3, 501).await, "a second request with the old token");
    let good = async |byte: u8, rotated_since| {
        let (token, since) = ([byte; 32], Timestamp(rotated_since));
        db.session_by_token(&token, Timestamp(600), since).await.unwrap().is_some()
    };
    assert!(good(2, 600).await && good(1, 499).await);
    assert!(!good(1, 500).await && !good(3, 0).await);
    assert!(rotate(2, 4, 700).await);
    assert!(!good(1, 0).await && good(2, 0).await && good(4, 0).await);
}

pub(super) async fn nobody_ends_the_session_of_another(db: &dyn Adapter) {
    let [ana, bia] = [user("ana"), user("bia")];
    for user in [&ana, &bia] {
        add_user(db, user).await;
    }
    let (of_ana, of_bia) = (UserId(ana.id.clone()), UserId(bia.id.clone()));
    let now = Timestamp(1);
    for byte in [1, 2, 3] {
        db.create_session(&session(&ana, byte, now)).await.unwrap();
    }
    let other = session(&bia, 4, now);
    db.create_session(&other).await.unwrap();
    assert!(!db.end_session(&of_ana, &other.id).await.unwrap());
    let kept = SessionId("session-2".into());
    assert_eq!(db.end_sessions(&of_ana, Some(&kept)).await.unwrap(), 2);
    assert_eq!(db.sessions_of(&of_ana, now).await.unwrap(), [session(&ana, 2, now)]);
    assert_eq!(db.end_sessions(&of_ana, None).await.unwrap(), 1);
    assert_eq!(db.sessions_of(&of_bia, now).await.unwrap(), [other]);
}

pub(super) async fn what_was_given_out_comes_back_once(db: &dyn Adapter) {
    let state = |id: &str, identifier: &str, created_at: i64| Verification {
        id: id.into(),
        identifier: identifier.into(),
        value: format!("value of {id}"),
        expires_at: Timestamp(created_at + 10),
        created_at: Timestamp(created_at),
    };
    for (id, identifier, at) in [("1", "a", 0), ("2", "a", 1), ("3", "b", 1), ("4", "c", 5)] {
        db.keep_verification(&state(id, identifier, at)).await.unwrap();
    }
    let take =
        async |identifier, now| db.take_verification(identifier, Timestamp(now)).await.unwrap();
    assert_eq!(take("a", 5).await, Some(state("2", "a", 1)));
    assert_eq!(take("a", 5).await, None);
    assert_eq!(take("b", 11).await, None, "expired");
    db.keep_verification(&state("5", "d", 15)).await.unwrap();
    assert_eq!(take("c", 6).await, None, "forgotten");
    assert_eq!(take("d", 16).await, Some(state("5", "d", 15)));
}

pub(super) async fn the_log_grows(db: &dyn Adapter) {
    let entry = |at: i64, user: Option<&str>| AuditEntry {
        at: Timestamp(at),
        event: "signed_in".into(),
        user: user.map(|id| UserId(id.to_owned())),
        ip_address: Some("192.0.2.1".into()),
        subject: None,
        detail: Some(format!("line {at}")),
    };
    // Times may go backwards; the order is that of the calls.
    for (at, user) in [(3, Some("ana")), (1, None), (2, Some("bia")), (2, Some("ana"))] {
        db.record(&entry(at, user)).await.unwrap();
    }
    let of_ana = UserId("ana".into());
    let both = [entry(2, Some("ana")), entry(3, Some("ana"))];
    assert_eq!(db.audit(Some(&of_ana), 9).await.unwrap(), both);
    assert_eq!(db.audit(None, 2).await.unwrap(), [entry(2, Some("ana")), entry(2, Some("bia"))]);
}
