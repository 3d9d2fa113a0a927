//! Whether the server answers, knows the learner, and has the same time.

use progy_client::api::http::{HttpApi, Probe};
use progy_client::api::{AccountApi, ApiError};
use progy_client::env::{Env, SystemEnv};
use progy_core::Timestamp;

use super::{Check, Status};
use crate::context::Context;
use crate::failure::Exit;

/// How far the clocks may be apart without a word, in milliseconds.
const APART: u64 = 2 * 60 * 1000;

pub(super) async fn check(context: &Context) -> Vec<Check> {
    let api = match context.api_if_logged_in() {
        Ok(api) => api,
        Err(failure) => {
            let fix = text!(context, "fix-server-address");
            let detail = failure.text(&context.messages);
            return vec![Check::new("server", Status::Failed, detail, fix)];
        }
    };
    let server = api.server().as_str();
    match api.probe().await {
        Ok(probe) => {
            let took = probe.took.as_millis();
            let detail = text!(context, "doctor-server", server = server, took = took);
            let mut checks = vec![Check::ok("server", detail), login(context, &api).await];
            checks.extend(clock(context, &probe, SystemEnv.now()));
            checks
        }
        Err(error) => {
            let reason = match error {
                // It names the server already.
                ApiError::Unreachable(reason) => reason,
                other => format!("{server}: {other}"),
            };
            let detail = text!(context, "doctor-no-server", reason = reason);
            let fix = text!(context, "fix-server");
            vec![Check::new("server", Status::Failed, detail, fix)]
        }
    }
}

async fn login(context: &Context, api: &HttpApi) -> Check {
    let server = api.server().as_str();
    let fix = text!(context, "fix-login");
    if let Err(failure) = context.api() {
        // No token; or settings that cannot be read, which the failure says.
        let detail = match failure.exit {
            Exit::NotLoggedIn => text!(context, "doctor-no-token", server = server),
            _ => failure.text(&context.messages),
        };
        return Check::new("login", Status::Failed, detail, fix);
    }
    match api.whoami().await {
        Ok(user) => {
            let role = format!("{:?}", user.role).to_lowercase();
            Check::ok("login", text!(context, "doctor-login", name = user.name, role = role))
        }
        Err(error) => {
            let detail = text!(context, "doctor-no-login", reason = error);
            Check::new("login", Status::Failed, detail, fix)
        }
    }
}

/// `None` if the server does not tell its time. A wrong clock loses nothing, but tells the learner
/// wrong times and streaks.
fn clock(context: &Context, probe: &Probe, now: Timestamp) -> Option<Check> {
    let apart = now.millis().abs_diff(probe.clock?.millis());
    Some(if apart <= APART {
        Check::ok("clock", text!(context, "doctor-clock"))
    } else {
        let minutes = apart / 60_000;
        let detail = text!(context, "doctor-wrong-clock", count = minutes);
        Check::new("clock", Status::Warning, detail, text!(context, "fix-clock"))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use progy_client::config::Language;

    use super::*;

    #[test]
    fn clocks_may_differ_a_little() {
        let context = Context::test(Language::English);
        let status = |server: i64| {
            let probe = Probe { took: Duration::ZERO, clock: Some(Timestamp(server)) };
            clock(&context, &probe, Timestamp(1_000_000_000)).map(|check| check.status)
        };
        assert_eq!(status(1_000_000_000 - 60_000), Some(Status::Ok));
        assert_eq!(status(1_000_000_000 + 600_000), Some(Status::Warning));
        assert_eq!(status(0), Some(Status::Warning));
        let silent = Probe { took: Duration::ZERO, clock: None };
        assert!(clock(&context, &silent, Timestamp(0)).is_none());
    }
}
