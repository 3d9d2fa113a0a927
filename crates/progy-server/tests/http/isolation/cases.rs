//! For every route of the document: how it is called with somebody else's things, and what of them
//! may be seen. A route without a case here fails the test.

use progy_core::{ContentHash, Strategy};
use serde_json::{Value, json};

use super::people::Ids;
use crate::server::{EXERCISE, package, save};

/// What another learner gets to see.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sees {
    /// 401, 403 or 404: the same for what Ana has and for what nobody has.
    Refusal,
    /// That, or an answer of one of these statuses about the one who asks, the same whatever Ana has.
    Own(&'static [u16], &'static str),
    /// An answer of one of these statuses that may differ, for a reason; still nothing of Ana is in
    /// it that was not in the request.
    Differs(&'static [u16], &'static str),
}

/// One request.
pub(super) struct Probe {
    /// With every parameter filled in.
    pub(super) path: String,
    pub(super) body: Body,
    pub(super) sees: Sees,
}

impl Probe {
    /// What of the request is text.
    pub(super) fn sent(&self) -> String {
        match &self.body {
            Body::Json(value) => format!("{} {value}", self.path),
            Body::Nothing | Body::Package(_) | Body::Git(_) => self.path.clone(),
        }
    }
}

/// What is sent.
pub(super) enum Body {
    Nothing,
    Json(Value),
    Package(Vec<u8>),
    /// To this service of Git's.
    Git(&'static str),
}

/// A route, and how it is called.
pub(super) struct Case {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Why it answers everybody, if it does.
    pub(super) public: Option<&'static str>,
    /// A table in which it may leave a row that names Ana, and why that is harmless.
    pub(super) adds: Option<(&'static str, &'static str)>,
    pub(super) probes: fn(&Ids) -> Vec<Probe>,
}

fn get(path: impl Into<String>, sees: Sees) -> Vec<Probe> {
    vec![Probe { path: path.into(), body: Body::Nothing, sees }]
}

fn json(path: impl Into<String>, body: Value, sees: Sees) -> Probe {
    Probe { path: path.into(), body: Body::Json(body), sees }
}

const fn private(method: &'static str, path: &'static str, probes: fn(&Ids) -> Vec<Probe>) -> Case {
    Case { method, path, public: None, adds: None, probes }
}

const fn public(
    method: &'static str,
    path: &'static str,
    why: &'static str,
    probes: fn(&Ids) -> Vec<Probe>,
) -> Case {
    Case { method, path, public: Some(why), adds: None, probes }
}

const EVERYBODY: Sees = Sees::Own(&[200], "courses are for everybody who is logged in");
const OWN: Sees = Sees::Own(&[200], "about the one who asks");

/// Every route.
pub(super) const CASES: &[Case] = &[
    public("get", "/healthz", "says that the process lives, and nothing else", |_| {
        get("/healthz", OWN)
    }),
    public("get", "/readyz", "says that the ports answer, and nothing else", |_| {
        get("/readyz", OWN)
    }),
    public("get", "/metrics", "sums of all requests, by route and not by person", |_| {
        get("/metrics", Sees::Differs(&[200], "the numbers grow with each request"))
    }),
    public("get", "/api/openapi.json", "the same on every server", |_| {
        get("/api/openapi.json", OWN)
    }),
    public("get", "/api/auth/get-session", "says who asks: nobody, perhaps", |_| {
        get("/api/auth/get-session", OWN)
    }),
    private("get", "/api/auth/list-sessions", |_| get("/api/auth/list-sessions", OWN)),
    private("post", "/api/auth/revoke-session", |ids| {
        const PASSED_OVER: Sees =
            Sees::Own(&[200], "Better Auth passes over what is unknown, and so what is another's");
        let path = "/api/auth/revoke-session";
        [&ids.session, &ids.session_secret, &ids.token, &ids.link]
            .map(|id| json(path, json!({ "token": id }), PASSED_OVER))
            .into()
    }),
    private("post", "/api/auth/revoke-sessions", |_| {
        vec![json("/api/auth/revoke-sessions", json!({}), LEAVES)]
    }),
    private("post", "/api/auth/revoke-other-sessions", |_| {
        vec![json("/api/auth/revoke-other-sessions", json!({}), LEAVES)]
    }),
    public("post", "/api/auth/sign-out", "nobody is signed in afterwards", |_| {
        vec![json("/api/auth/sign-out", json!({}), OWN)]
    }),
    public("post", "/api/auth/sign-up/email", "registers whoever has no account yet", |ids| {
        const TAKEN: Sees = Sees::Differs(
            &[422],
            "who wants an address has to be told that it is taken; it is counted by address",
        );
        let body = json!({ "name": "Mallory", "email": ids.email, "password": "correct horse" });
        vec![json("/api/auth/sign-up/email", body, TAKEN)]
    }),
    public("post", "/api/auth/sign-in/email", "lets in whoever knows the password", |ids| {
        let body = json!({ "email": ids.email, "password": "wrong horse" });
        vec![json("/api/auth/sign-in/email", body, Sees::Refusal)]
    }),
    public("post", "/api/auth/sign-in/social", "begins a way to GitHub", |_| {
        const CHANCE: Sees = Sees::Differs(&[200], "the address has a new state in it");
        vec![json("/api/auth/sign-in/social", json!({ "provider": "github" }), CHANCE)]
    }),
    private("post", "/api/auth/link-social", |_| {
        const CHANCE: Sees = Sees::Differs(&[200, 403], "the address has a new state in it");
        vec![json("/api/auth/link-social", json!({ "provider": "github" }), CHANCE)]
    }),
    public("get", "/api/auth/callback/github", "GitHub sends browsers there", |ids| {
        let path = format!("/api/auth/callback/github?state={}&code={}", ids.link, ids.session);
        get(path, Sees::Own(&[302], "on to the page of errors"))
    }),
    public("get", "/api/auth/error", "a page for people without an account", |_| {
        get("/api/auth/error?error=state_mismatch", OWN)
    }),
    private("get", "/api/auth/list-accounts", |_| get("/api/auth/list-accounts", OWN)),
    private("post", "/api/auth/unlink-account", |ids| {
        const UNKNOWN: Sees =
            Sees::Own(&[400], "Better Auth's status for an account that is not there");
        let path = "/api/auth/unlink-account";
        [json!({ "accountId": ids.link }), json!({ "accountId": ids.user })]
            .map(|body| json(path, body, UNKNOWN))
            .into()
    }),
    Case {
        adds: Some(("device_code", "a request that names Ana, which only she may see and decide")),
        ..public("post", "/api/auth/device/code", "begins a login: nobody is in yet", |ids| {
            const CHANCE: Sees = Sees::Differs(&[200], "the codes are drawn");
            let body = json!({ "client_id": "progy-cli", "user_id": ids.user });
            vec![json("/api/auth/device/code", body, CHANCE)]
        })
    },
    public("post", "/api/auth/device/token", "the device code is the credential", |ids| {
        const HELD: Sees = Sees::Differs(
            &[400],
            "who holds the 256 bits of a device code is that device; its client is checked",
        );
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        let body = json!({ "grant_type": grant, "client_id": "another-client",
            "device_code": ids.device_code });
        vec![json("/api/auth/device/token", body, HELD)]
    }),
    public("get", "/api/auth/device", "who holds the code may see whether it is open", |ids| {
        const HELD: Sees = Sees::Differs(
            &[200, 400],
            "the code is the secret; of the device only who has claimed it is told, and guesses \
             are counted",
        );
        get(format!("/api/auth/device?user_code={}", ids.user_code), HELD)
    }),
    private("post", "/api/auth/device/approve", |ids| {
        let body = json!({ "userCode": ids.user_code });
        vec![json("/api/auth/device/approve", body, CLAIMED)]
    }),
    private("post", "/api/auth/device/deny", |ids| {
        let body = json!({ "userCode": ids.user_code });
        vec![json("/api/auth/device/deny", body, CLAIMED)]
    }),
    private("get", "/api/courses", |_| get("/api/courses", EVERYBODY)),
    private("get", "/api/courses/{id}", |ids| {
        let own = format!("/api/courses/@{}%2Fsql", ids.scope);
        let mut probes = get(own, Sees::Refusal);
        probes.extend(get("/api/courses/basics", EVERYBODY));
        probes
    }),
    private("get", "/api/courses/{id}/versions/{version}", |ids| {
        let own = format!("/api/courses/@{}%2Fsql/versions/1.0.0", ids.scope);
        let mut probes = get(own, Sees::Refusal);
        probes.extend(get("/api/courses/basics/versions/1.0.0", EVERYBODY));
        probes
    }),
    private("put", "/api/courses/{id}/versions/{version}", |ids| {
        let id = format!("@{}/sql", ids.scope);
        let path = format!("/api/courses/{}/versions/1.0.0", id.replace('/', "%2F"));
        vec![Probe { path, body: Body::Package(package(&id, "1.0.0")), sees: Sees::Refusal }]
    }),
    private("get", "/api/progress/{course}", |ids| {
        get(format!("/api/progress/{}?base={}", ids.course, ids.revision), OWN)
    }),
    private("post", "/api/sync", |ids| {
        const UNKNOWN: Sees = Sees::Own(
            &[409, 422],
            "the asker's workspace has no such parent and no such content: merge, or send it",
        );
        let parent = ids.revision.parse().unwrap();
        let mut late = save(b"a guess\n", Some(&parent));
        late.save.as_mut().unwrap().id = ids.save.parse().unwrap();
        let mut late = serde_json::to_value(late).unwrap();
        late["course"] = json!(ids.course);
        let change = json!({ "path": EXERCISE, "op": "put", "hash": ids.content, "size": 45 });
        let mut known = serde_json::to_value(save(b"a guess\n", None)).unwrap();
        known["course"] = json!(ids.course);
        known["strategy"] = json!(Strategy::Patch);
        known["save"]["changes"] = json!([change]);
        let mut delta = known.clone();
        delta["save"]["changes"][0]["content"] = json!({ "reference": ids.content, "data": "" });
        [late, known, delta].map(|body| json("/api/sync", body, UNKNOWN)).into()
    }),
    private("get", "/api/workspaces/{course}/revisions", |ids| {
        let path = format!("/api/workspaces/{}/revisions", ids.course);
        let mut probes = get(path.clone(), OWN);
        probes.extend(get(format!("{path}?before={}", ids.revision), Sees::Refusal));
        probes
    }),
    private("get", "/api/workspaces/{course}/revisions/{rev}", |ids| {
        let Ids { course, revision, .. } = ids;
        get(format!("/api/workspaces/{course}/revisions/{revision}"), Sees::Refusal)
    }),
    private("get", "/api/workspaces/{course}/revisions/{rev}/archive.tar.gz", |ids| {
        let Ids { course, revision, .. } = ids;
        get(format!("/api/workspaces/{course}/revisions/{revision}/archive.tar.gz"), Sees::Refusal)
    }),
    private("post", "/api/workspaces/{course}/contents", |ids| {
        let wants = json!({ "version": "1.0.0", "wants": [{ "hash": ids.content },
            { "hash": ids.content, "have": ids.content }] });
        vec![json(format!("/api/workspaces/{}/contents", ids.course), wants, OWN)]
    }),
    private("post", "/api/workspaces/{course}/strategy", |ids| {
        const MOVED: Sees = Sees::Own(
            &[200, 409],
            "the asker's workspace is carried so already, or has no such head",
        );
        let change = json!({ "strategy": "patch", "head": ids.revision });
        vec![json(format!("/api/workspaces/{}/strategy", ids.course), change, MOVED)]
    }),
    private("get", "/api/workspaces/{course}/events", |ids| {
        get(format!("/api/workspaces/{}/events", ids.course), OWN)
    }),
    private("post", "/api/snapshots/{course}/have", |ids| {
        let body = json!({ "version": "1.0.0", "names": names(ids) });
        vec![json(format!("/api/snapshots/{}/have", ids.course), body, OWN)]
    }),
    private("put", "/api/snapshots/{course}/packs/{pack}", |ids| {
        const OWN_PACK: Sees =
            Sees::Own(&[422], "who has a pack has its bytes, too: these are others");
        let path = format!("/api/snapshots/{}/packs/{}", ids.course, ids.pack);
        vec![Probe { path, body: Body::Package(b"a guess".to_vec()), sees: OWN_PACK }]
    }),
    private("post", "/api/snapshots/{course}/blobs", |ids| {
        let these = json!({ "version": "1.0.0", "names": names(ids) });
        let below = json!({ "version": "1.0.0", "names": names(ids), "deep": true });
        let since = json!({ "version": "1.0.0", "names": "", "deep": true, "known": ids.root });
        let path = format!("/api/snapshots/{}/blobs", ids.course);
        [these, below, since].map(|body| json(&path, body, OWN)).into()
    }),
    private("post", "/api/snapshots/{course}/commit", |ids| {
        const NAMED: Sees = Sees::Differs(
            &[409],
            "the asker's workspace has another head or is carried another way; or the root that the \
             request named is said to be missing, in other letters",
        );
        let path = format!("/api/snapshots/{}/commit", ids.course);
        let body = json!({ "version": "1.0.0", "device": "d".repeat(32), "device_name": "laptop",
            "save": ids.save, "message": "a guess", "saved_at": 1, "root": ids.root });
        let mut late = body.clone();
        late["parent"] = json!(ids.revision);
        let mut known = body.clone();
        known["from"] = json!(Strategy::Patch);
        [body, late, known].map(|body| json(&path, body, NAMED)).into()
    }),
    private("post", "/api/git/ensure-repo", |ids| {
        const ONCE: Sees = Sees::Differs(
            &[200],
            "the asker's own repository, with their name; made by the first request",
        );
        vec![json("/api/git/ensure-repo", json!({ "course": ids.course }), ONCE)]
    }),
    private("post", "/api/git/credentials", |ids| {
        const CHANCE: Sees = Sees::Differs(&[200], "a new token for the asker's own repository");
        vec![json("/api/git/credentials", json!({ "course": ids.course }), CHANCE)]
    }),
    private("get", "/api/git/credentials", |_| {
        const ELSEWHERE: Sees = Sees::Own(&[409], "no repository of this server is at GitHub");
        get("/api/git/credentials", ELSEWHERE)
    }),
    private("post", "/api/git/pushed", |ids| {
        const OWN_PUSH: Sees = Sees::Own(&[204], "looks at the asker's own repository");
        vec![json("/api/git/pushed", json!({ "course": ids.course }), OWN_PUSH)]
    }),
    public("post", "/api/git/hooks/{host}", "hosts of repositories sign what they tell", |ids| {
        let told = json!({ "repository": { "id": 1, "full_name": ids.course } });
        vec![json("/api/git/hooks/forgejo", told, Sees::Refusal)]
    }),
    private("get", "/git/{user}/{repository}/info/refs", |ids| {
        let Ids { scope, course, .. } = ids;
        let path = format!("/git/{scope}/{course}.git/info/refs");
        let mut probes = get(format!("{path}?service=git-upload-pack"), Sees::Refusal);
        probes.extend(get(format!("{path}?service=git-receive-pack"), Sees::Refusal));
        probes
    }),
    private("post", "/git/{user}/{repository}/git-upload-pack", |ids| {
        vec![pack(ids, "git-upload-pack")]
    }),
    private("post", "/git/{user}/{repository}/git-receive-pack", |ids| {
        vec![pack(ids, "git-receive-pack")]
    }),
];

/// A chunk and a root of Ana's, as requests name them.
fn names(ids: &Ids) -> String {
    use base64::Engine;
    let bytes = [&ids.blob, &ids.root].map(|hex| {
        let hash: ContentHash = hex.parse().unwrap();
        hash.as_bytes().to_vec()
    });
    base64::engine::general_purpose::STANDARD.encode(bytes.concat())
}

const LEAVES: Sees =
    Sees::Differs(&[200], "the asker's own sessions end, so that the next request is nobody's");

/// A request of Git's own, which ends at once.
fn pack(ids: &Ids, service: &'static str) -> Probe {
    let Ids { scope, course, .. } = ids;
    let path = format!("/git/{scope}/{course}.git/{service}");
    Probe { path, body: Body::Git(service), sees: Sees::Refusal }
}

const CLAIMED: Sees = Sees::Differs(
    &[400, 403],
    "Better Auth's answers: who holds the code of a device that another has claimed may not decide",
);
