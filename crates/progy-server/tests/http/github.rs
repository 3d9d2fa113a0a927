//! How the server talks to GitHub, as the stand-in meets it.

use std::time::{Duration, Instant};

use hyper::Method;
use progy_server::Secret;
use progy_server::ports::github::http::{HttpGitHub, Settings};
use progy_server::ports::github::{
    AppKind, Authorization, GitHub, GitHubError, Grant, Scopes, trusted_email,
};
use progy_standin::{App, Kind, Mood, Person, Standin};

use crate::client::Request;

const REDIRECT: &str = "https://progy.example/api/auth/callback/github";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";
const OCTOCAT: u64 = 583_231;

/// GitHub with one person, who agrees at once.
async fn standin(kind: Kind) -> Standin {
    let app = App { kind, redirect_uri: Some(REDIRECT.to_owned()), ..App::default() };
    let standin = Standin::start(app).await.unwrap();
    {
        let mut world = standin.world();
        world.put(Person::new(OCTOCAT, "octocat", "octocat@example.org"));
        world.agrees = Some(OCTOCAT);
    }
    standin
}

fn client(standin: &Standin) -> HttpGitHub {
    let app = standin.world().app().clone();
    HttpGitHub::new(Settings {
        client_id: app.client_id,
        client_secret: Secret::new(app.client_secret),
        kind: if app.kind == Kind::App { AppKind::App } else { AppKind::OAuth },
        base: standin.base_url().parse().unwrap(),
        api: standin.api_url().parse().unwrap(),
    })
}

/// What the browser brings back from the page: the code.
async fn code(github: &HttpGitHub, scopes: &str) -> Secret {
    let address = github.authorize_url(&Authorization {
        state: &Secret::new("state"),
        verifier: &Secret::new(VERIFIER),
        redirect_uri: REDIRECT,
        scopes: &Scopes::parse(scopes),
        login: None,
    });
    let at = address.strip_prefix("http://").unwrap();
    let (host, path) = at.split_once('/').unwrap();
    let page = Request::new(host.parse().unwrap(), Method::GET, &format!("/{path}")).send().await;
    let back: reqwest::Url = page.header("location").parse().unwrap();
    assert!(back.as_str().starts_with(REDIRECT), "{back}");
    let value = |name: &str| {
        let pair = back.query_pairs().find(|(key, _)| key == name);
        pair.map(|(_, value)| value.into_owned())
    };
    assert_eq!(value("state").as_deref(), Some("state"));
    Secret::new(value("code").unwrap())
}

async fn grant(github: &HttpGitHub, scopes: &str) -> Grant {
    let code = code(github, scopes).await;
    github.exchange(&code, &Secret::new(VERIFIER), REDIRECT).await.unwrap()
}

fn refused<T: std::fmt::Debug>(result: Result<T, GitHubError>) -> String {
    match result {
        Err(GitHubError::Refused { code, .. }) => code,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_becomes_a_token_and_the_token_a_person() {
    let standin = standin(Kind::OAuth).await;
    let github = client(&standin);
    let grant = grant(&github, "user:email repo").await;
    assert_eq!(grant.scopes, Scopes::parse("repo user:email"));
    assert_eq!((grant.expires_in, &grant.refresh), (None, &None));
    let profile = github.profile(&grant.access).await.unwrap();
    assert_eq!((profile.id, profile.login.as_str()), (OCTOCAT, "octocat"));
    assert_eq!(profile.scopes, Some(grant.scopes));
    let emails = github.emails(&grant.access).await.unwrap();
    assert_eq!(trusted_email(&emails), Some("octocat@example.org"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_say_what_github_wants_and_no_address_holds_a_secret() {
    let standin = standin(Kind::OAuth).await;
    let github = client(&standin);
    let grant = grant(&github, "user:email").await;
    github.profile(&grant.access).await.unwrap();
    github.revoke(&grant.access).await.unwrap();
    let exchanges = standin.exchanges();
    assert_eq!(exchanges.len(), 4);
    for exchange in exchanges {
        assert!(!exchange.query.contains(grant.access.expose()), "{}", exchange.query);
        assert!(!exchange.path.contains(grant.access.expose()), "{}", exchange.path);
        if exchange.path.starts_with("/api") {
            let header = |name: &str| exchange.headers.get(name).map(String::as_str);
            assert!(header("user-agent").unwrap().starts_with("progy/"));
            assert_eq!(header("x-github-api-version"), Some("2022-11-28"));
            assert_eq!(header("accept"), Some("application/vnd.github+json"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_for_who_asked_and_where_it_was_asked_for() {
    let standin = standin(Kind::OAuth).await;
    let github = client(&standin);
    let verifier = Secret::new(VERIFIER);
    let first = code(&github, "repo").await;
    github.exchange(&first, &verifier, REDIRECT).await.unwrap();
    assert_eq!(
        refused(github.exchange(&first, &verifier, REDIRECT).await),
        "bad_verification_code"
    );
    let other = Secret::new("another-verifier-that-nobody-has-seen-before");
    let second = code(&github, "repo").await;
    assert_eq!(refused(github.exchange(&second, &other, REDIRECT).await), "bad_verification_code");
    let third = code(&github, "repo").await;
    let elsewhere = "https://progy.example/elsewhere";
    assert_eq!(
        refused(github.exchange(&third, &verifier, elsewhere).await),
        "redirect_uri_mismatch"
    );
    standin.world().app_mut().client_secret = "another".to_owned();
    let fourth = code(&github, "repo").await;
    assert_eq!(
        refused(github.exchange(&fourth, &verifier, REDIRECT).await),
        "incorrect_client_credentials"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_scopes_than_asked_for_are_seen() {
    let standin = standin(Kind::OAuth).await;
    standin.world().withheld = ["repo".to_owned(), "user:email".to_owned()].into();
    let github = client(&standin);
    let grant = grant(&github, "user:email repo gist").await;
    assert_eq!(grant.scopes, Scopes::parse("gist"));
    assert_eq!(github.emails(&grant.access).await, Err(GitHubError::NotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_known_as_one() {
    let standin = standin(Kind::OAuth).await;
    let github = client(&standin);
    let token = grant(&github, "repo").await.access;
    github.revoke(&token).await.unwrap();
    assert_eq!(github.profile(&token).await, Err(GitHubError::Unauthorized));
    github.revoke(&token).await.expect("to revoke what was revoked is no error");
    standin.world().app_mut().client_secret = "another".to_owned();
    assert_eq!(refused(github.revoke(&token).await), "incorrect_client_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_github_apps_token_is_refreshed_once() {
    let standin = standin(Kind::App).await;
    let github = client(&standin);
    let first = grant(&github, "repo").await;
    assert!(first.scopes.is_empty());
    assert_eq!(first.expires_in, Some(Duration::from_hours(8)));
    let refresh = first.refresh.unwrap();
    let second = github.refresh(&refresh).await.unwrap();
    assert_eq!(github.profile(&first.access).await, Err(GitHubError::Unauthorized));
    assert_eq!(github.profile(&second.access).await.unwrap().scopes, None);
    assert_eq!(refused(github.refresh(&refresh).await), "bad_refresh_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_say_how_long_to_wait() {
    let standin = standin(Kind::OAuth).await;
    let github = client(&standin);
    let token = grant(&github, "repo").await.access;
    for (mood, least, most) in [
        (Mood::Spent(90), 80, 90),
        (Mood::Busy { status: 403, seconds: 17 }, 17, 17),
        (Mood::Busy { status: 429, seconds: 18 }, 18, 18),
    ] {
        standin.world().mood = mood.clone();
        let Err(GitHubError::RateLimited(pause)) = github.profile(&token).await else {
            panic!("{mood:?} is no limit")
        };
        assert!((least..=most).contains(&pause.as_secs()), "{mood:?}: {pause:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_github_is_not_believed_and_gets_nothing() {
    let standin = standin(Kind::OAuth).await;
    let github = client(&standin);
    let token = grant(&github, "repo").await.access;
    let thief = self::standin(Kind::OAuth).await;
    let steal = format!("{}/api/v3/user", thief.base_url());
    for (mood, expected) in [
        (Mood::Page, "not GitHub"),
        (Mood::Odd, "not GitHub"),
        (Mood::Huge, "1 MiB"),
        (Mood::Down, "HTTP 502"),
        (Mood::Loop, "points elsewhere"),
        (Mood::Elsewhere(steal), "points elsewhere"),
    ] {
        standin.world().mood = mood.clone();
        for error in [
            github.profile(&token).await.unwrap_err(),
            github.emails(&token).await.unwrap_err(),
            github
                .exchange(&Secret::new("code"), &Secret::new(VERIFIER), REDIRECT)
                .await
                .unwrap_err(),
        ] {
            let shown = error.to_string();
            assert!(shown.contains(expected), "{mood:?}: {shown}");
            let shown = format!("{error} {error:?}");
            for secret in [token.expose(), VERIFIER, "standin-secret", "127.0.0.1"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
    assert_eq!(thief.exchanges(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends() {
    let standin = standin(Kind::OAuth).await;
    let github = client(&standin);
    let token = grant(&github, "repo").await.access;
    standin.world().mood = Mood::Silent;
    let asked = Instant::now();
    let error = github.profile(&token).await.unwrap_err();
    assert!(matches!(error, GitHubError::Unreachable(_)), "{error}");
    assert!(asked.elapsed() < Duration::from_secs(30));
    drop(standin);
    let error = github.profile(&token).await.unwrap_err();
    assert!(matches!(error, GitHubError::Unreachable(_)), "{error}");
}
