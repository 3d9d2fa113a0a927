//! What is forgotten once nobody needs it any more.

use progy_core::Timestamp;

use super::Services;
use crate::Result;
use crate::ports::database::accounts::Forgotten;

/// How long after its end something is forgotten, in milliseconds: a day. Until then who comes with
/// it can be told that it is too old.
const REMEMBERED: i64 = 24 * 60 * 60 * 1_000;
/// Rounds in one go. What is left then waits for the next.
const ROUNDS: usize = 1_000;

impl Services {
    /// Forgets what ended a day ago, and the lines of the log that are older than `keep`
    /// milliseconds. In small steps, between which others write.
    pub async fn forget_the_old(&self, keep: i64) -> Result<Forgotten> {
        let now = self.clock.now().0;
        let expired = Timestamp(now.saturating_sub(REMEMBERED));
        let audit = Timestamp(now.saturating_sub(keep));
        let mut all = Forgotten::default();
        for _ in 0..ROUNDS {
            let some = self.accounts.forget(expired, audit).await?;
            if some == Forgotten::default() {
                break;
            }
            all.expired += some.expired;
            all.audit += some.audit;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use progy_api::account::Role;
    use progy_api::account::device::CodeRequest;

    use super::*;
    use crate::ports::database::UserId;
    use crate::ports::database::accounts::Verification;
    use crate::services::accounts::Peer;
    use crate::services::accounts::sessions::LIFETIME;
    use crate::services::testing::{World, run};

    const DAY: i64 = REMEMBERED;

    #[test]
    fn what_is_over_is_forgotten_and_what_is_not_stays() {
        let world = World::new();
        let services = &world.services;
        let ana = world.user("ana", Role::Learner);
        let begin = || {
            let owner = UserId(ana.id.clone());
            let session = services.new_session(&owner, &Peer::default(), true).unwrap();
            run(services.accounts.create_session(&session.record)).unwrap();
            session
        };
        let forget = || run(services.forget_the_old(400 * DAY)).unwrap();
        begin();
        run(services.invite(Role::Learner, None, DAY)).unwrap();
        let ask = CodeRequest { client_id: Some("cli".into()), ..CodeRequest::default() };
        run(services.device_code(&ask, "http://x", &Peer::default())).unwrap();
        let now = services.clock.now();
        run(services.accounts.keep_verification(&Verification {
            id: "1".into(),
            identifier: "state".into(),
            value: "value".into(),
            expires_at: Timestamp(now.0 + 1),
            created_at: now,
        }))
        .unwrap();
        assert_eq!(forget(), Forgotten::default());

        // The code and the state are over; a day later nobody asks for them.
        world.clock.pass(DAY);
        assert_eq!(forget().expired, 0);
        world.clock.pass(DAY);
        assert_eq!(forget(), Forgotten { expired: 2, audit: 0 });
        // The invitation, and at last the session.
        world.clock.pass(1);
        assert_eq!(forget().expired, 1);
        world.clock.pass(LIFETIME - DAY);
        assert_eq!(forget().expired, 1);
        let alive = begin();
        assert_eq!(forget(), Forgotten::default());
        run(services.authenticate(alive.secret.expose(), &Peer::default())).unwrap();
    }

    #[test]
    fn the_log_is_kept_for_its_time() {
        let world = World::new();
        let services = &world.services;
        world.user("ana", Role::Learner);
        let lines = || run(services.accounts.audit(None, 99)).unwrap().len() as u64;
        let old = lines();
        assert!(old > 0);
        world.clock.pass(30 * DAY);
        world.user("bia", Role::Learner);
        let all = lines();
        assert_eq!(run(services.forget_the_old(30 * DAY)).unwrap().audit, 0);
        world.clock.pass(1);
        assert_eq!(run(services.forget_the_old(30 * DAY)).unwrap().audit, old);
        assert_eq!(lines(), all - old);
    }

    #[test]
    fn much_is_forgotten_in_steps() {
        let world = World::new();
        let services = &world.services;
        for n in 0..4_500 {
            let subject = n.to_string();
            let event = crate::ports::database::accounts::AuditEvent::TokenUsed;
            run(services.note(super::super::audit::Note::of(event).subject(&subject))).unwrap();
        }
        world.clock.pass(2);
        assert!(run(services.forget_the_old(1)).unwrap().audit >= 4_500);
        assert_eq!(run(services.accounts.audit(None, 9)).unwrap(), []);
    }
}
