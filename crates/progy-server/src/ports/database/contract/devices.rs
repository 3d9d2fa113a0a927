use super::*;
use crate::ports::database::accounts::{DeviceCode, DeviceStatus};

const DAY: i64 = 24 * 60 * 60 * 1000;

fn code(n: u8, user_code: &str) -> DeviceCode {
    DeviceCode {
        id: format!("code-{n}"),
        device_code: [n; 32],
        user_code: user_code.to_owned(),
        user: None,
        expires_at: Timestamp(1_000),
        status: DeviceStatus::Pending,
        last_polled_at: None,
        polling_interval: 5_000,
        client_id: "progy-cli".into(),
        scope: Some("sync".into()),
        device_name: Some("laptop".into()),
        ip_address: Some("192.0.2.1".into()),
        user_agent: Some("progy".into()),
        created_at: Timestamp(1),
    }
}

pub(super) async fn codes_are_unique(db: &dyn Adapter) {
    let first = code(1, "ABCDEFGH");
    assert!(db.create_device_code(&first).await.unwrap());
    assert!(!db.create_device_code(&code(2, "ABCDEFGH")).await.unwrap());
    let same_secret = DeviceCode { id: "code-3".into(), ..code(1, "BCDEFGHJ") };
    assert!(!db.create_device_code(&same_secret).await.unwrap());
    assert!(db.create_device_code(&code(4, "CDEFGHJK")).await.unwrap());

    assert_eq!(db.device_code(&[1; 32]).await.unwrap(), Some(first.clone()));
    assert_eq!(db.device_code_by_user_code("ABCDEFGH").await.unwrap(), Some(first.clone()));
    assert_eq!(db.device_code(&[2; 32]).await.unwrap(), None);
    assert_eq!(db.device_code_by_user_code("BCDEFGHJ").await.unwrap(), None);
    db.device_code_polled(&first.id, Timestamp(7)).await.unwrap();
    let polled = DeviceCode { last_polled_at: Some(Timestamp(7)), ..first.clone() };
    assert_eq!(db.device_code(&[1; 32]).await.unwrap(), Some(polled));
    db.forget_device_code(&first.id).await.unwrap();
    assert_eq!(db.device_code(&[1; 32]).await.unwrap(), None);

    // An expired code is told apart from an unknown one for a day.
    let later =
        |n, at: i64| DeviceCode { created_at: Timestamp(at), ..code(n, &format!("LATER{n}")) };
    assert!(db.create_device_code(&later(5, DAY + 999)).await.unwrap());
    assert!(db.device_code(&[4; 32]).await.unwrap().is_some());
    assert!(db.create_device_code(&later(6, DAY + 1_000)).await.unwrap());
    assert_eq!(db.device_code(&[4; 32]).await.unwrap(), None);
}

pub(super) async fn the_first_to_claim_a_code_decides(db: &dyn Adapter) {
    let [ana, bia] = [user("ana"), user("bia")];
    for user in [&ana, &bia] {
        add_user(db, user).await;
    }
    let (of_ana, of_bia) = (UserId(ana.id), UserId(bia.id));
    db.create_device_code(&code(1, "ABCDEFGH")).await.unwrap();
    let decide = |user: &UserId, status| {
        let user = user.clone();
        async move { db.decide_device_code("code-1", &user, status).await.unwrap() }
    };
    assert!(!decide(&of_ana, DeviceStatus::Approved).await, "nobody has claimed it");
    let claimed = DeviceCode { user: Some(of_ana.clone()), ..code(1, "ABCDEFGH") };
    for user in [&of_ana, &of_bia, &of_ana] {
        let seen = db.claim_device_code("code-1", user).await.unwrap();
        assert_eq!(seen.as_ref(), Some(&claimed));
    }
    assert_eq!(db.claim_device_code("code-9", &of_ana).await.unwrap(), None);
    assert!(!decide(&of_bia, DeviceStatus::Approved).await);
    assert!(decide(&of_ana, DeviceStatus::Denied).await);
    assert!(!decide(&of_ana, DeviceStatus::Approved).await, "it is decided");
    let seen = db.device_code(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(seen.status, DeviceStatus::Denied);
}

pub(super) async fn an_approved_code_is_one_session(db: &dyn Adapter) {
    let [ana, bia] = [user("ana"), user("bia")];
    for user in [&ana, &bia] {
        add_user(db, user).await;
    }
    let of_ana = UserId(ana.id.clone());
    db.create_device_code(&code(1, "ABCDEFGH")).await.unwrap();
    let now = Timestamp(9);
    let record = session(&ana, 1, now);
    let redeem =
        async |record: &SessionRecord| db.redeem_device_code("code-1", record).await.unwrap();
    db.claim_device_code("code-1", &of_ana).await.unwrap();
    assert!(!redeem(&record).await, "it is not approved");
    assert!(db.decide_device_code("code-1", &of_ana, DeviceStatus::Approved).await.unwrap());
    assert!(!redeem(&session(&bia, 2, now)).await, "another approved it");
    let tries = futures_util::future::join_all((1..9).map(|byte| {
        let record = session(&ana, byte, now);
        async move { db.redeem_device_code("code-1", &record).await.unwrap() }
    }));
    assert_eq!(tries.await.into_iter().filter(|redeemed| *redeemed).count(), 1);
    assert_eq!(db.sessions_of(&of_ana, now).await.unwrap().len(), 1);
    assert_eq!(db.device_code(&[1; 32]).await.unwrap(), None);
}
