use progy_api::account::Role;
use proptest::prelude::*;

use super::*;
use crate::services::testing::{World, run};

const CLIENT: &str = "progy-cli";

fn here() -> Peer {
    Peer { address: "192.0.2.1".parse().ok(), user_agent: Some("progy/1".into()) }
}

fn code(world: &World) -> CodeAnswer {
    let request = CodeRequest {
        client_id: Some(CLIENT.into()),
        scope: Some("sync".into()),
        user_id: None,
        device_name: Some("laptop.local".into()),
    };
    run(world.services.device_code(&request, "https://progy.example.org", &here())).unwrap()
}

fn ask(world: &World, code: &CodeAnswer) -> std::result::Result<TokenAnswer, &'static str> {
    let request = TokenRequest {
        grant_type: Some(GRANT_TYPE.into()),
        device_code: Some(code.device_code.clone()),
        client_id: Some(CLIENT.into()),
    };
    run(world.services.device_token(&request, &here())).map_err(|failure| name(&failure))
}

fn name(failure: &DeviceFailure) -> &'static str {
    match failure {
        DeviceFailure::Answer { error, .. } => error,
        DeviceFailure::Service(ServiceError::RateLimited { .. }) => "rate_limited",
        DeviceFailure::Service(other) => panic!("{other}"),
    }
}

/// Somebody signed in with a session.
fn person(world: &World, username: &str) -> Login {
    let user = world.user(username, Role::Learner);
    let session = world.services.new_session(&UserId(user.id), &here(), true).unwrap();
    run(world.services.accounts.create_session(&session.record)).unwrap();
    run(world.services.authenticate(session.secret.expose(), &here())).unwrap()
}

fn look(world: &World, code: &str, login: Option<&Login>) -> Result<DeviceRequest> {
    run(world.services.device_request(code, login, &here()))
}

fn decide(world: &World, code: &str, login: &Login, decision: Decision) -> Result<()> {
    run(world.services.decide_device(Some(code), login, decision, &here()))
}

#[test]
fn a_device_gets_in_once_its_person_has_looked_and_approved() {
    let world = World::new();
    let ana = person(&world, "ana");
    let code = code(&world);
    assert_eq!((code.user_code.len(), code.interval, code.expires_in), (8, 5, 900));
    let complete = format!("https://progy.example.org/device?user_code={}", code.user_code);
    assert_eq!(code.verification_uri_complete, complete);
    assert_eq!(ask(&world, &code), Err("authorization_pending"));

    // A stranger sees that there is a code, and nothing else.
    let seen = look(&world, &code.user_code, None).unwrap();
    assert_eq!((seen.status.as_str(), seen.client_id), ("pending", None));
    let too_early = decide(&world, &code.user_code, &ana, Decision::Approve).unwrap_err();
    assert_eq!(name(&too_early), "invalid_request");
    assert!(too_early.to_string().contains("not been claimed"));

    let (start, end) = code.user_code.split_at(4);
    let typed = format!(" {}-{} ", start.to_lowercase(), end.to_lowercase());
    let seen = look(&world, &typed, Some(&ana)).unwrap();
    assert_eq!(seen.client_id.as_deref(), Some(CLIENT));
    assert_eq!(seen.device_name.as_deref(), Some("laptop"));
    assert_eq!(seen.ip_address.as_deref(), Some("192.0.2.1"));
    decide(&world, &typed, &ana, Decision::Approve).unwrap();
    world.clock.pass(INTERVAL);
    let token = ask(&world, &code).unwrap();
    assert_eq!((token.token_type.as_str(), token.scope.as_str()), ("Bearer", "sync"));

    let login = run(world.services.authenticate(&token.access_token, &here())).unwrap();
    assert_eq!(login.user, ana.user);
    assert_eq!(login.shown().device_name.as_deref(), Some("laptop"));
    assert_eq!(ask(&world, &code), Err("invalid_grant"), "it is used");
}

#[test]
fn a_denied_or_expired_code_says_so_once() {
    let world = World::new();
    let ana = person(&world, "ana");
    let denied = code(&world);
    look(&world, &denied.user_code, Some(&ana)).unwrap();
    decide(&world, &denied.user_code, &ana, Decision::Deny).unwrap();
    let again = decide(&world, &denied.user_code, &ana, Decision::Approve).unwrap_err();
    assert_eq!(again.to_string(), "Device code already processed");
    assert_eq!(ask(&world, &denied), Err("access_denied"));
    assert_eq!(ask(&world, &denied), Err("invalid_grant"));

    let old = code(&world);
    look(&world, &old.user_code, Some(&ana)).unwrap();
    decide(&world, &old.user_code, &ana, Decision::Approve).unwrap();
    world.clock.pass(LIFE);
    let late = decide(&world, &old.user_code, &ana, Decision::Approve).unwrap_err();
    assert_eq!(name(&late), "expired_token");
    assert_eq!(name(&look(&world, &old.user_code, None).unwrap_err()), "expired_token");
    assert_eq!(ask(&world, &old), Err("expired_token"), "also if it was approved");
    assert_eq!(ask(&world, &old), Err("invalid_grant"));
}

#[test]
fn who_polls_too_fast_is_told_and_loses_nothing() {
    let world = World::new();
    let code = code(&world);
    assert_eq!(ask(&world, &code), Err("authorization_pending"));
    for _ in 0..4 {
        world.clock.pass(INTERVAL / 5);
        assert_eq!(ask(&world, &code), Err("slow_down"));
    }
    world.clock.pass(INTERVAL / 5);
    assert_eq!(ask(&world, &code), Err("authorization_pending"));
    world.clock.pass(-LIFE);
    assert_eq!(ask(&world, &code), Err("authorization_pending"), "the clock was set back");
}

#[test]
fn only_who_claimed_a_code_decides() {
    let world = World::new();
    let (ana, bia) = (person(&world, "ana"), person(&world, "bia"));
    let code = code(&world);
    look(&world, &code.user_code, Some(&ana)).unwrap();
    let seen = look(&world, &code.user_code, Some(&bia)).unwrap();
    assert_eq!((seen.client_id, seen.device_name, seen.ip_address), (None, None, None));
    for decision in [Decision::Approve, Decision::Deny] {
        let refused = decide(&world, &code.user_code, &bia, decision).unwrap_err();
        assert!(matches!(
            refused,
            DeviceFailure::Answer { status: 403, error: "access_denied", .. }
        ));
    }
    decide(&world, &code.user_code, &ana, Decision::Approve).unwrap();
}

#[test]
fn guesses_are_counted_and_codes_are_too() {
    let world = World::new();
    let ana = person(&world, "ana");
    let guess = || name(&look(&world, "BCDFGHJK", Some(&ana)).unwrap_err());
    assert_eq!((0..99).take_while(|_| guess() == "invalid_request").count(), 20);
    let stranger = || name(&look(&world, "BCDFGHJK", None).unwrap_err());
    assert_eq!((0..99).take_while(|_| stranger() == "invalid_request").count(), 39);

    let request = CodeRequest { client_id: Some(CLIENT.into()), ..CodeRequest::default() };
    let ask = || run(world.services.device_code(&request, "http://x", &here())).is_ok();
    assert_eq!((0..99).take_while(|_| ask()).count(), 30);
}

#[test]
fn requests_must_be_whole() {
    let world = World::new();
    let code = code(&world);
    let whole = || TokenRequest {
        grant_type: Some(GRANT_TYPE.into()),
        device_code: Some(code.device_code.clone()),
        client_id: Some(CLIENT.into()),
    };
    for (request, expected) in [
        (TokenRequest { grant_type: Some("password".into()), ..whole() }, "invalid_request"),
        (TokenRequest { device_code: None, ..whole() }, "invalid_request"),
        (TokenRequest { client_id: Some(String::new()), ..whole() }, "invalid_request"),
        (TokenRequest { client_id: Some("another".into()), ..whole() }, "invalid_grant"),
        (TokenRequest { device_code: Some("progyd_x".into()), ..whole() }, "invalid_grant"),
    ] {
        let refused = run(world.services.device_token(&request, &here())).unwrap_err();
        assert_eq!(name(&refused), expected, "{request:?}");
    }
    for client_id in [None, Some(String::new()), Some("x".repeat(192))] {
        let request = CodeRequest { client_id, ..CodeRequest::default() };
        let refused = run(world.services.device_code(&request, "http://x", &here()));
        assert_eq!(name(&refused.unwrap_err()), "invalid_request");
    }
}

#[test]
fn a_code_can_be_meant_for_one_person() {
    let world = World::new();
    let (ana, bia) = (person(&world, "ana"), person(&world, "bia"));
    let for_whom = |user: &str| {
        let request = CodeRequest {
            client_id: Some(CLIENT.into()),
            user_id: Some(user.to_owned()),
            ..CodeRequest::default()
        };
        run(world.services.device_code(&request, "http://x", &here())).unwrap().user_code
    };
    let code = for_whom(&ana.user.id);
    assert!(look(&world, &code, Some(&bia)).unwrap().client_id.is_none());
    assert!(decide(&world, &code, &bia, Decision::Approve).is_err());
    decide(&world, &code, &ana, Decision::Approve).unwrap();
    let code = for_whom("nobody");
    assert!(look(&world, &code, Some(&bia)).unwrap().client_id.is_some());
}

#[test]
fn every_character_is_drawn() {
    let world = World::new();
    let drawn: String = (0..200).map(|_| world.services.new_user_code().unwrap()).collect();
    for c in ALPHABET {
        let count = drawn.bytes().filter(|drawn| drawn == c).count();
        assert!((40..130).contains(&count), "{}: {count} of 80", char::from(*c));
    }
}

proptest! {
    #[test]
    fn any_text_is_a_code_or_none(text in ".{0,40}") {
        if let Some(code) = normal(&text) {
            prop_assert_eq!(normal(&code), Some(code.clone()));
            prop_assert_eq!(code.len(), LENGTH);
        }
    }

    #[test]
    fn a_code_may_be_typed_with_anything_between(
        code in "[BCDFGHJKLMNPQRSTVWXZ]{8}", between in "[ ._-]{0,3}"
    ) {
        let (start, end) = code.split_at(4);
        let typed = format!("{between}{}{between}{end}{between}", start.to_lowercase());
        prop_assert_eq!(normal(&typed), Some(code));
    }
}

#[test]
fn a_program_cannot_write_what_it_likes_on_the_page_that_asks() {
    let world = World::new();
    let ask = |client: &str| {
        let request = CodeRequest { client_id: Some(client.into()), ..CodeRequest::default() };
        run(world.services.device_code(&request, "http://x", &Peer::default()))
    };
    assert!(ask("progy-test 1.0").is_ok());
    // RFC 6749, appendix A.1: visible ASCII. Nothing that breaks the line or turns it around.
    for bad in ["x\n", "x\u{202e}", "é", "\u{1b}[1m", "\0", &"x".repeat(192)] {
        assert!(matches!(ask(bad), Err(DeviceFailure::Answer { status: 400, .. })), "{bad:?}");
    }
}
