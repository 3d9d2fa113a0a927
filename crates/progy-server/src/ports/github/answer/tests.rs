use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn answer(status: u16, body: &serde_json::Value) -> Answer {
    Answer { status, body: Zeroizing::new(body.to_string().into_bytes()), ..Answer::default() }
}

#[test]
fn an_oauth_apps_grant() {
    let body = json!({"access_token": "gho_1", "token_type": "bearer", "scope": "repo,user:email"});
    let grant = answer(200, &body).grant(NOW).unwrap();
    assert_eq!(grant.access.expose(), "gho_1");
    assert_eq!(grant.scopes, Scopes::parse("repo user:email"));
    assert_eq!((grant.expires_in, grant.refresh), (None, None));
}

#[test]
fn a_github_apps_grant() {
    let body = json!({"access_token": "ghu_1", "expires_in": 28800, "refresh_token": "ghr_1",
        "refresh_token_expires_in": 15_897_600, "scope": "", "token_type": "bearer"});
    let grant = answer(200, &body).grant(NOW).unwrap();
    assert!(grant.scopes.is_empty());
    assert_eq!(grant.expires_in, Some(Duration::from_hours(8)));
    assert_eq!(grant.refresh.unwrap().expose(), "ghr_1");
    assert_eq!(grant.refresh_expires_in, Some(Duration::from_hours(24 * 184)));
}

#[test]
fn an_error_with_status_200_is_an_error() {
    let body = json!({"error": "bad_verification_code",
        "error_description": "The code passed is incorrect or expired.\u{1b}[31m"});
    let error = answer(200, &body).grant(NOW).unwrap_err();
    let GitHubError::Refused { code, description } = error else { panic!("{error}") };
    assert_eq!(code, "bad_verification_code");
    assert_eq!(description, "The code passed is incorrect or expired. [31m");
}

#[test]
fn a_grant_without_a_token_that_can_be_sent_is_none() {
    for body in [
        json!({}),
        json!({"token_type": "bearer"}),
        json!({"access_token": "", "token_type": "bearer"}),
        json!({"access_token": "a b", "token_type": "bearer"}),
        json!({"access_token": "a\r\nHost: evil", "token_type": "bearer"}),
        json!({"access_token": "x".repeat(5000), "token_type": "bearer"}),
        json!({"access_token": "gho_1", "token_type": "mac"}),
        json!({"access_token": "gho_1"}),
        json!({"access_token": 7, "token_type": "bearer"}),
        json!([]),
    ] {
        let error = answer(200, &body).grant(NOW).unwrap_err();
        assert!(matches!(error, GitHubError::Garbage(_)), "{body}: {error}");
    }
    let page = Answer {
        status: 200,
        body: Zeroizing::new(b"<!DOCTYPE html><title>Sign in</title>".to_vec()),
        ..Answer::default()
    };
    assert!(matches!(page.grant(NOW), Err(GitHubError::Garbage(_))));
}

#[test]
fn what_a_status_means() {
    let of = |status| answer(status, &json!({"message": "why"})).accept(NOW);
    assert_eq!(of(200), Ok(()));
    assert_eq!(of(204), Ok(()));
    assert_eq!(of(301), Err(GitHubError::Moved));
    assert_eq!(of(401), Err(GitHubError::Unauthorized));
    assert_eq!(of(403), Err(GitHubError::Forbidden("why".into())));
    assert_eq!(of(404), Err(GitHubError::NotFound));
    assert_eq!(of(503), Err(GitHubError::Unreachable("HTTP 503".into())));
    let taken = json!({"message": "Repository creation failed.", "errors": [
        {"resource": "Repository", "message": "name already exists on this account"}, "odd"]});
    assert_eq!(
        answer(422, &taken).accept(NOW),
        Err(GitHubError::Invalid(vec![
            "Repository creation failed.".into(),
            "name already exists on this account".into()
        ]))
    );
}

#[test]
fn too_much_is_told_from_what_is_forbidden() {
    let pause = |answer: Answer| match answer.accept(NOW) {
        Err(GitHubError::RateLimited(pause)) => Some(pause.as_secs()),
        _ => None,
    };
    let plain = |status| answer(status, &json!({"message": "no"}));
    assert_eq!(pause(plain(403)), None);
    assert_eq!(pause(plain(429)), Some(60));
    assert_eq!(pause(Answer { retry_after: Some(30), ..plain(403) }), Some(30));
    assert_eq!(pause(Answer { retry_after: Some(30), ..plain(429) }), Some(30));
    assert_eq!(pause(Answer { retry_after: Some(u64::MAX), ..plain(429) }), Some(7200));
    let spent = Answer { remaining: Some(0), reset: Some(1_800_000_090), ..plain(403) };
    assert_eq!(pause(spent.clone()), Some(90));
    // Their clock and ours may differ.
    assert_eq!(pause(Answer { reset: Some(1), ..spent.clone() }), Some(1));
    assert_eq!(pause(Answer { reset: Some(i64::MAX), ..spent.clone() }), Some(7200));
    assert_eq!(pause(Answer { reset: None, ..spent }), Some(60));
    assert_eq!(
        pause(Answer { remaining: Some(9), reset: Some(1_800_000_090), ..plain(403) }),
        None
    );
    let secondary = json!({"message": "You have exceeded a secondary rate limit."});
    assert_eq!(pause(answer(403, &secondary)), Some(60));
}

#[test]
fn a_profile_says_who_and_what_the_token_may_do() {
    let body = json!({"id": 583_231, "login": "octocat", "name": " The Octocat ",
        "avatar_url": "https://avatars.example/u/583231", "email": "not@trusted.example"});
    let answer = Answer { scopes: Some("repo, user:email".into()), ..answer(200, &body) };
    let profile = answer.profile(NOW).unwrap();
    assert_eq!((profile.id, profile.login.as_str()), (583_231, "octocat"));
    assert_eq!(profile.name.as_deref(), Some("The Octocat"));
    assert_eq!(profile.scopes, Some(Scopes::parse("repo user:email")));
}

#[test]
fn a_profile_of_nobody_is_none() {
    for body in [
        json!({"id": 0, "login": "octocat"}),
        json!({"id": -1, "login": "octocat"}),
        json!({"id": 1, "login": ""}),
        json!({"id": 1, "login": "../octocat"}),
        json!({"login": "octocat"}),
    ] {
        assert!(answer(200, &body).profile(NOW).is_err(), "{body}");
    }
    let odd = json!({"id": 1, "login": "o", "name": "  ", "avatar_url": "javascript:alert(1)"});
    let profile = answer(200, &odd).profile(NOW).unwrap();
    assert_eq!((profile.name, profile.avatar_url, profile.scopes), (None, None, None));
}

#[test]
fn only_the_verified_primary_address_is_trusted() {
    let emails = json!([
        {"email": "Second@Example.org", "verified": true, "primary": false, "visibility": null},
        {"email": "First@Example.org", "verified": true, "primary": true, "visibility": "public"},
        {"email": "no address", "verified": true, "primary": true},
    ]);
    let emails = answer(200, &emails).emails(NOW).unwrap();
    assert_eq!(emails.len(), 2);
    assert_eq!(super::super::trusted_email(&emails), Some("first@example.org"));
    let unverified = json!([
        {"email": "second@example.org", "verified": true, "primary": false},
        {"email": "first@example.org", "verified": false, "primary": true},
    ]);
    let emails = answer(200, &unverified).emails(NOW).unwrap();
    assert_eq!(super::super::trusted_email(&emails), None);
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_or_shows_a_token(
        status in any::<u16>(),
        retry_after in any::<Option<u64>>(),
        remaining in any::<Option<u64>>(),
        reset in any::<Option<i64>>(),
        body in prop_oneof![".{0,80}", r#"\{"(error|message|id|login|access_token)":"gho_secret.{0,20}"\}"#],
    ) {
        let body = Zeroizing::new(body.into_bytes());
        let answer = Answer { status, retry_after, remaining, reset, scopes: None, body };
        for error in [answer.grant(NOW).err(), answer.profile(NOW).err(), answer.emails(NOW).err()] {
            let access_token = String::from_utf8_lossy(&answer.body).contains("access_token");
            if let Some(error) = error && access_token {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("gho_secret"));
            }
        }
    }
}
