//! No request of one learner reads, changes or learns of the existence of another's data.
//!
//! The routes come from the `OpenAPI` document; [`cases`] says of each how to call it with Ana's
//! identifiers. They are called by other learners, by nobody, and with secrets of Ana's that count no
//! more; what they are answered must be the same, to the byte, as for identifiers that nothing has,
//! and everything of Ana's must be as it was.

mod cases;
mod people;

use std::collections::BTreeMap;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Method;
use serde_json::Value;

use self::cases::{Body, CASES, Case, Probe, Sees};
use self::people::{Actor, Ids, People, anas_save};
use crate::client::Request;
use crate::server::Server;

/// How long the beginning of an endless answer is listened to.
const LISTEN: Duration = Duration::from_millis(300);

/// An operation of the document.
struct Operation {
    method: String,
    path: String,
    /// Whether the document says that it answers who is nobody.
    public: bool,
}

impl Operation {
    /// All that the document has. What ends the sessions that ask comes last.
    async fn all(server: &Server) -> Vec<Self> {
        let document: Value = server.get("/api/openapi.json").send().await.json();
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let ways = operation.get("security").unwrap_or(&document["security"]);
                let public = ways.as_array().unwrap().contains(&serde_json::json!({}));
                operations.push(Self { method: method.clone(), path: path.clone(), public });
            }
        }
        operations.sort_by_key(Self::ends_sessions);
        operations
    }

    /// Whether it ends sessions of whoever asks.
    fn ends_sessions(&self) -> bool {
        let path = self.path.strip_prefix("/api/auth/");
        path.is_some_and(|path| {
            matches!(path, "sign-out" | "revoke-sessions" | "revoke-other-sessions")
        })
    }

    fn case(&self) -> &'static Case {
        let of_this = |case: &&Case| case.method == self.method && case.path == self.path;
        CASES.iter().find(of_this).unwrap_or_else(|| {
            panic!(
                "`{} {}` has no case: add one to CASES in tests/http/isolation/cases.rs that says \
                 how to call it with Ana's identifiers, what another learner may see of them, and, \
                 if it answers who is nobody, why",
                self.method, self.path
            )
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_tells_one_learner_of_another() {
    let mut people = People::gather().await;
    let operations = Operation::all(&people.server).await;
    assert!(operations.len() > 30, "the document has all routes");
    let described = |case: &Case| {
        let same =
            |operation: &&Operation| operation.method == case.method && operation.path == case.path;
        operations.iter().find(same).is_some()
    };
    for case in CASES {
        assert!(described(case), "no route for the case of `{} {}`", case.method, case.path);
    }
    let mut before = people.belongings();
    assert!(before.len() > 8, "{before:#?}");
    for operation in &operations {
        let case = operation.case();
        let named = format!("{} {}", operation.method, operation.path);
        assert_eq!(
            case.public.is_some(),
            operation.public,
            "`{named}`: the case and the document disagree on whether it answers who is nobody"
        );
        if operation.ends_sessions() {
            people.wake().await;
        }
        for actor in &people.actors {
            ask(&people, operation, case, actor).await;
        }
        let after = people.belongings();
        let lost: Vec<_> = before.difference(&after).collect();
        assert!(lost.is_empty(), "`{named}` changed what is Ana's: {lost:#?}");
        let may_add = |row: &str| case.adds.is_some_and(|(table, _)| row.starts_with(table));
        let added: Vec<_> = after.difference(&before).filter(|row| !may_add(row)).collect();
        assert!(added.is_empty(), "`{named}` added to what is Ana's: {added:#?}");
        before = after;
    }
    // And the owner was not locked out by any of it.
    let path = format!("/api/workspaces/intro/revisions/{}", people.ana.revision);
    let own = people.server.get(&path).token(&people.ana.session_secret).send().await;
    assert_eq!(own.status, 200);
}

/// Calls one route as one person.
async fn ask(people: &People, operation: &Operation, case: &Case, actor: &Actor) {
    let anas = (case.probes)(&people.ana);
    let nobodys = (case.probes)(&actor.absent);
    for (anas, nobodys) in anas.iter().zip(&nobodys) {
        let what = format!("{} {} by {}", operation.method, anas.path, actor.name);
        assert!(!anas.path.contains(['{', '}']), "{what}: a parameter is not filled in");
        let theirs = Seen::of(people, operation, anas, actor).await;
        theirs.tells_nothing(people, anas, &what);

        if !operation.public && !actor.is_somebody {
            assert_eq!(theirs.status, 401, "{what}: {}", theirs.text);
        } else {
            let denied = matches!(theirs.status, 401 | 403 | 404);
            let (allowed, why) = match anas.sees {
                Sees::Refusal => (false, ""),
                Sees::Own(statuses, why) | Sees::Differs(statuses, why) => {
                    (statuses.contains(&theirs.status), why)
                }
            };
            assert!(denied || allowed, "{what}: {} ({why}) {}", theirs.status, theirs.text);
            if matches!(anas.sees, Sees::Differs(..)) {
                continue;
            }
        }
        let absent = Seen::of(people, operation, nobodys, actor).await;
        assert_eq!(
            theirs.without(&people.ana, anas),
            absent.without(&actor.absent, nobodys),
            "{what}: it can be told from what nobody has"
        );
    }
}

/// An answer, without what is different each time.
#[derive(Debug)]
struct Seen {
    status: u16,
    headers: BTreeMap<String, String>,
    text: String,
}

impl Seen {
    async fn of(people: &People, operation: &Operation, probe: &Probe, actor: &Actor) -> Self {
        let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).unwrap();
        let request = people.server.request(method, &probe.path);
        let request = match &probe.body {
            Body::Nothing => request,
            Body::Json(value) => request.json(value),
            Body::Package(bytes) => request.body(bytes.clone()),
            Body::Git(service) => {
                let kind = format!("application/x-{service}-request");
                request.header("content-type", &kind).body("0000")
            }
        };
        let request = match &actor.token {
            Some(token) => request.token(token),
            None => request,
        };
        Self::whole(request).await
    }

    async fn whole(request: Request) -> Self {
        let (parts, mut body) = request.open().await.into_parts();
        let mut bytes = Vec::new();
        let read = async {
            while let Some(frame) = body.frame().await {
                bytes.extend_from_slice(frame.unwrap().data_ref().unwrap());
            }
        };
        // Events have no end; what they tell, they tell at once.
        let ended = tokio::time::timeout(LISTEN, read).await.is_ok();
        let events = parts.headers.get("content-type").is_some_and(|k| k == "text/event-stream");
        assert!(ended || events, "an answer did not end");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let id = parts.headers["x-request-id"].to_str().unwrap().to_owned();
        let headers = parts.headers.iter().filter(|(name, _)| *name != "date");
        let headers = headers.map(|(name, value)| {
            (name.to_string(), value.to_str().unwrap().replace(&id, "<request>"))
        });
        let headers = headers.collect();
        Self { status: parts.status.as_u16(), headers, text: text.replace(&id, "<request>") }
    }

    /// With names in the place of the identifiers that the request had.
    fn without(&self, ids: &Ids, probe: &Probe) -> (u16, String) {
        let sent = probe.sent();
        let mut text = format!("{:?}\n{}", self.headers, self.text);
        for (name, id) in ids.named().into_iter().filter(|(_, id)| sent.contains(id)) {
            text = text.replace(id, &format!("<{name}>"));
        }
        (self.status, text)
    }

    /// Nothing of Ana's is in it but what the request itself said.
    fn tells_nothing(&self, people: &People, probe: &Probe, what: &str) {
        let sent = probe.sent();
        let told = format!("{:?} {}", self.headers, self.text);
        let ids = people.ana.named().into_iter().filter(|(name, _)| *name != "course");
        let ids = ids.map(|(_, id)| id);
        for secret in ids.chain(people.private.iter().map(String::as_str)) {
            assert!(sent.contains(secret) || !told.contains(secret), "{what}: {secret} in {told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_of_anothers_saves() {
    let people = People::gather().await;
    let server = &people.server;
    let caio = people.actors.iter().find(|actor| actor.name.starts_with("caio")).unwrap();
    let token = caio.token.as_deref().unwrap();
    let events = server.get("/api/workspaces/intro/events").token(token);
    let events = tokio::spawn(Seen::whole(events));
    tokio::time::sleep(LISTEN / 3).await;
    let head = people.ana.revision.parse().unwrap();
    let mut save = crate::server::save(b"more words\n", Some(&head));
    save.device_name = anas_save(None).device_name;
    let saved = server.sync(&people.ana.session_secret, &save).await;
    let saved: progy_api::sync::SyncAnswer = saved.json();
    let heard = events.await.unwrap().text;
    assert_eq!(heard.matches("event: head").count() + heard.matches("event:head").count(), 1);
    assert!(!heard.contains(saved.head.unwrap().as_str()) && !heard.contains("anas"), "{heard}");
}
