//! Pages of other origins: which of them may use the API with a browser's session.

use hyper::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::server::Server;

const FRIEND: &str = "https://learn.example.org";
/// Almost, each in its way.
const STRANGERS: [&str; 8] = [
    "http://learn.example.org",
    "https://learn.example.org:8443",
    "https://learn.example.org.evil.test",
    "https://evil.test",
    "https://Learn.example.org",
    "https://learn.example.org/",
    "null",
    "*",
];
const PATH: &str = "/api/auth/sign-up/email";

/// What CORS says in an answer: the origin, and everything else.
fn said(answer: &Answer) -> (Option<&str>, bool) {
    let get = |name| answer.headers.get(name).map(|value| value.to_str().unwrap());
    let any = answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"));
    assert_ne!(get("access-control-allow-origin"), Some("*"));
    (get("access-control-allow-origin"), any)
}

impl Server {
    async fn with_a_friend() -> Self {
        Self::start_with(|config| {
            config.accounts.trusted_origins = vec![FRIEND.to_owned()];
        })
        .await
    }

    /// What a browser asks before it lets a page send JSON.
    fn preflight(&self, origin: &str) -> Request {
        self.request(Method::OPTIONS, PATH)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type")
    }
}

fn ana() -> Value {
    json!({ "name": "ana", "email": "ana@example.org", "password": "correct horse" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_trusted_origin_asks_sends_and_reads() {
    let server = Server::with_a_friend().await;
    let asked = server.preflight(FRIEND).send().await;
    assert_eq!(asked.status, 204);
    assert_eq!(said(&asked).0, Some(FRIEND));
    assert_eq!(asked.header("access-control-allow-credentials"), "true");
    assert_eq!(asked.header("access-control-allow-methods"), "GET, POST, PUT");
    assert_eq!(asked.header("access-control-allow-headers"), "authorization, content-type");
    assert_eq!(asked.header("vary"), "origin");

    let signed_up = server.post(PATH).header("origin", FRIEND).json(&ana()).send().await;
    assert_eq!((signed_up.status.as_u16(), said(&signed_up).0), (200, Some(FRIEND)));
    assert_eq!(signed_up.header("access-control-allow-credentials"), "true");
    assert!(signed_up.header("access-control-expose-headers").contains("set-auth-token"));
    let cookie = signed_up.header("set-cookie").split(';').next().unwrap().to_owned();
    let session = server.get("/api/auth/get-session").header("cookie", &cookie);
    let session = session.header("origin", FRIEND).send().await;
    assert_eq!(said(&session).0, Some(FRIEND));
    assert_eq!(session.json::<Value>()["user"]["email"], "ana@example.org");

    // It may read why it is refused, too.
    let refused = server.post(PATH).header("origin", FRIEND).json(&ana()).send().await;
    assert_eq!((refused.status.as_u16(), said(&refused).0), (422, Some(FRIEND)));
    let absent = server.get("/api/nowhere").header("origin", FRIEND).send().await;
    assert_eq!((absent.status.as_u16(), said(&absent).0), (404, Some(FRIEND)));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_are_told_nothing() {
    let server = Server::with_a_friend().await;
    for origin in STRANGERS {
        let asked = server.preflight(origin).send().await;
        assert_eq!((asked.status.as_u16(), said(&asked)), (405, (None, false)), "{origin}");
        let sent = server.post(PATH).header("origin", origin).json(&ana()).send().await;
        assert_eq!((sent.status.as_u16(), said(&sent)), (403, (None, false)), "{origin}");
        let read = server.get("/api/auth/get-session").header("origin", origin).send().await;
        assert_eq!((read.status.as_u16(), said(&read)), (200, (None, false)), "{origin}");
        assert_eq!(read.header("vary"), "origin", "{origin}");
    }
    // Pages for people are no API: nobody else's script reads their forms.
    let page = server.get("/sign-in").header("origin", FRIEND).send().await;
    assert_eq!(said(&page), (None, false));
    // And where nobody is trusted, nobody is.
    let alone = Server::start().await;
    let own = format!("http://{}", alone.address);
    for origin in [FRIEND, &own] {
        assert_eq!(said(&alone.preflight(origin).send().await), (None, false));
    }
}
