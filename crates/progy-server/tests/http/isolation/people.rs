//! Ana, who has everything, and those who must not learn of it.

use std::collections::BTreeSet;

use progy_api::account::Role;
use progy_api::account::session::Session;
use progy_api::account::social::LinkedAccount;
use progy_api::sync::{SyncAnswer, SyncRequest};
use progy_core::{ContentHash, DeviceId, DeviceName, RevisionId, SaveId};
use progy_server::admin;
use progy_server::services::accounts::tokens::TokenWish;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::server::{Server, package, save};
use crate::snapshots::Snapshot;

/// What Ana wrote; it compresses to something that holds it as it is.
const WORDS: &[u8] = b"anastasias own words, which are nobody elses\n";

/// Everything that names something of one learner's. In the place of Ana's own, [`Ids::nobodys`] has
/// names of the same form that nothing has.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    pub(super) course: String,
    pub(super) scope: String,
    pub(super) revision: String,
    pub(super) save: String,
    pub(super) content: String,
    /// A chunk of a snapshot, the root of its tree, and the pack that brought both.
    pub(super) blob: String,
    pub(super) root: String,
    pub(super) pack: String,
    pub(super) user: String,
    pub(super) email: String,
    pub(super) session: String,
    pub(super) session_secret: String,
    pub(super) token: String,
    pub(super) link: String,
    pub(super) user_code: String,
    pub(super) device_code: String,
    pub(super) invite: String,
}

impl Ids {
    /// Each with its name, the longest first: one may be a part of another.
    pub(super) fn named(&self) -> Vec<(&'static str, &str)> {
        let mut named = vec![
            ("course", self.course.as_str()),
            ("scope", &self.scope),
            ("revision", &self.revision),
            ("save", &self.save),
            ("content", &self.content),
            ("blob", &self.blob),
            ("root", &self.root),
            ("pack", &self.pack),
            ("user", &self.user),
            ("email", &self.email),
            ("session", &self.session),
            ("session_secret", &self.session_secret),
            ("token", &self.token),
            ("link", &self.link),
            ("user_code", &self.user_code),
            ("device_code", &self.device_code),
            ("invite", &self.invite),
        ];
        named.sort_by_key(|(_, id)| std::cmp::Reverse(id.len()));
        named
    }

    /// The same of nobody.
    fn nobodys(&self) -> Self {
        Self {
            course: self.course.clone(),
            scope: "evangelia".to_owned(),
            revision: another(&self.revision),
            save: another(&self.save),
            content: another(&self.content),
            blob: another(&self.blob),
            root: another(&self.root),
            pack: another(&self.pack),
            user: another(&self.user),
            email: "evangelia@example.org".to_owned(),
            session: another(&self.session),
            session_secret: another(&self.session_secret),
            token: another(&self.token),
            link: another(&self.link),
            user_code: another(&self.user_code),
            device_code: another(&self.device_code),
            invite: another(&self.invite),
        }
    }
}

/// A name of the same form: hexadecimal digits stay such, and so do the letters of a user code.
fn another(id: &str) -> String {
    const CODE: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let (prefix, rest) = id.split_once('_').map_or(("", id), |(prefix, rest)| (prefix, rest));
    let turned = rest.bytes().map(|c| match c {
        b'0'..=b'9' => b'0' + (c - b'0' + 1) % 10,
        b'a'..=b'f' => b'a' + (c - b'a' + 1) % 6,
        _ => CODE.iter().position(|known| *known == c).map_or(c, |at| CODE[(at + 1) % CODE.len()]),
    });
    let turned = String::from_utf8(turned.collect()).unwrap();
    if prefix.is_empty() { turned } else { format!("{prefix}_{turned}") }
}

/// Somebody who asks.
pub(super) struct Actor {
    pub(super) name: &'static str,
    /// What they send, if anything.
    pub(super) token: Option<String>,
    /// Whether it lets them in.
    pub(super) is_somebody: bool,
    /// What they ask for as if it was theirs, where nobody has it.
    pub(super) absent: Ids,
    /// How they sign in again, if they can.
    email: Option<&'static str>,
}

/// A server with Ana's things in it, and with the others.
pub(super) struct People {
    pub(super) server: Server,
    pub(super) ana: Ids,
    pub(super) actors: Vec<Actor>,
    /// What is Ana's, beyond what names it: her words, her name.
    pub(super) private: Vec<String>,
}

impl People {
    pub(super) async fn gather() -> Self {
        let server = Server::start_with(|config| {
            // Nobody goes there: to begin is enough.
            config.github = Some(toml::from_str(GITHUB).unwrap());
        })
        .await;
        let root = server.token("root", Role::Admin).await;
        for course in ["intro", "zzyzx", "basics"] {
            let published = server.publish(&root, course, package(course, "1.0.0")).await;
            assert_eq!(published.status, 201);
        }
        let ana = server.ana().await;
        let absent = ana.nobodys();
        let elsewhere = Ids { course: "zzyzx".to_owned(), ..absent.clone() };
        let dead = server.dead_secrets().await;
        let bob = server.member("bob", None).await;
        let invite = admin::invite(&server.config, Role::Author, None, None).await.unwrap();
        let caio = server.member("caio", Some(&invite)).await;
        server.sync(&caio, &save(b"caios words\n", None)).await.json::<SyncAnswer>();
        let pat = admin::create_token(&server.config, "caio").await.unwrap();

        let actor = |name, token: Option<String>, absent: &Ids| {
            let absent = absent.clone();
            Actor { name, token, is_somebody: false, absent, email: None }
        };
        let mut actors = vec![
            Actor {
                is_somebody: true,
                email: Some("bob@example.org"),
                ..actor("bob, who never started a course", Some(bob), &elsewhere)
            },
            Actor {
                is_somebody: true,
                email: Some("caio@example.org"),
                ..actor("caio, who takes the same course", Some(caio), &absent)
            },
            Actor { is_somebody: true, ..actor("a token of caio's", Some(pat), &absent) },
            actor("nobody", None, &elsewhere),
            actor("who guesses a token", Some("progy_guess".to_owned()), &elsewhere),
        ];
        let dead = dead.into_iter().map(|(name, secret)| actor(name, Some(secret), &elsewhere));
        actors.extend(dead);
        let private = ["anastasia", "anas-laptop", "anas-message", "own words"];
        let private = private.map(str::to_owned).to_vec();
        Self { server, ana, actors, private }
    }

    /// Signs the actors in again whose sessions have ended.
    pub(super) async fn wake(&mut self) {
        for actor in &mut self.actors {
            let Some(email) = actor.email else { continue };
            let body = json!({ "email": email, "password": "correct horse" });
            let answer = self.server.as_page("/api/auth/sign-in/email", &body).send().await;
            let token = answer.json::<Value>()["token"].as_str().unwrap().to_owned();
            actor.token = Some(token);
        }
    }

    /// Every row of the database that is about Ana, whatever tables there are, but for the log of
    /// what happened: attempts on her account are written down there.
    pub(super) fn belongings(&self) -> BTreeSet<String> {
        let path = self.server.config.data.join("progy.db");
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'audit'";
        let mut tables = database.prepare(tables).unwrap();
        let tables: Vec<String> =
            tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let workspaces = "SELECT id FROM workspace WHERE user = ?";
        let mut workspaces = database.prepare(workspaces).unwrap();
        let own: Vec<i64> = workspaces
            .query_map([&self.ana.user], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let own: Vec<String> = own.iter().map(|id| format!("workspace={id};")).collect();
        let mut rows = BTreeSet::new();
        for table in tables {
            let mut all = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns: Vec<String> = all.column_names().map(str::to_owned).collect();
            let mut found = all.query([]).unwrap();
            while let Some(row) = found.next().unwrap() {
                let values = columns
                    .iter()
                    .enumerate()
                    .map(|(at, column)| format!("{column}={};", written(row.get_ref(at).unwrap())));
                let text: String = values.collect();
                if text.contains(&self.ana.user) || own.iter().any(|id| text.contains(id)) {
                    rows.insert(format!("{table}: {text}"));
                }
            }
        }
        rows
    }
}

const GITHUB: &str =
    "client_id = 'isolation'\nclient_secret = 'isolation'\nbase_url = 'http://127.0.0.1:1'";

fn written(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

impl Server {
    /// Somebody with a session; as an author, if they come with an invitation.
    async fn member(&self, name: &str, invite: Option<&str>) -> String {
        let email = format!("{name}@example.org");
        let body = json!({ "name": name, "email": email, "password": "correct horse",
            "invite": invite });
        let answer = self.as_page("/api/auth/sign-up/email", &body).send().await;
        answer.json::<Value>()["token"].as_str().unwrap().to_owned()
    }

    /// Ana with a workspace, a repository, a session, a token, and a device that waits for her.
    async fn ana(&self) -> Ids {
        let secret = self.member("anastasia", None).await;
        let token = admin::create_token(&self.config, "anastasia").await.unwrap();
        let saved: SyncAnswer = self.sync(&secret, &anas_save(None)).await.json();
        let saved = saved.revision.unwrap();
        crate::git::ensure(self, &secret).await;
        // In another course: the store is the learner's, and so is what must not be seen of it.
        let snapshot = Snapshot::of(&[("mine.txt", WORDS)]);
        snapshot.save(self, &secret, "basics").await;
        let sessions = self.get("/api/auth/list-sessions").token(&secret).send().await;
        let sessions: Vec<Session> = sessions.json();
        let links = self.get("/api/auth/list-accounts").token(&secret).send().await;
        let links: Vec<LinkedAccount> = links.json();
        let ask = json!({ "client_id": "progy-cli", "device_name": "anas-laptop" });
        let code: Value = self.post("/api/auth/device/code").json(&ask).send().await.json();
        let text = |name: &str| code[name].as_str().unwrap().to_owned();
        let claim = format!("/api/auth/device?user_code={}", text("user_code"));
        self.get(&claim).token(&secret).send().await.json::<Value>();
        let tokens = admin::tokens(&self.config, "anastasia").await.unwrap();
        assert!(!token.is_empty());
        Ids {
            course: "intro".to_owned(),
            scope: "anastasia".to_owned(),
            revision: saved.id.to_string(),
            save: saved.save.to_string(),
            content: ContentHash::blake3(WORDS).to_string(),
            blob: ContentHash::blake3(WORDS).to_string(),
            root: snapshot.root.to_string(),
            pack: snapshot.name.to_string(),
            user: sessions[0].user_id.clone(),
            email: "anastasia@example.org".to_owned(),
            session: sessions[0].id.clone(),
            session_secret: secret,
            token: tokens[0].id.0.clone(),
            link: links[0].id.clone(),
            user_code: text("user_code"),
            device_code: text("device_code"),
            invite: admin::invite(&self.config, Role::Author, None, None).await.unwrap(),
        }
    }

    /// What let Ana in once, and does so no more.
    async fn dead_secrets(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let wish = TokenWish { lifetime: Some(-1), ..TokenWish::default() };
        let expired = admin::create_token_for(config, "anastasia", &wish).await.unwrap();
        let known = admin::tokens(config, "anastasia").await.unwrap();
        let revoked = admin::create_token(config, "anastasia").await.unwrap();
        let now = admin::tokens(config, "anastasia").await.unwrap();
        let new = now.iter().find(|token| known.iter().all(|old| old.id != token.id)).unwrap();
        admin::revoke_token(config, "anastasia", &new.id.0).await.unwrap();
        let body = json!({ "email": "anastasia@example.org", "password": "correct horse" });
        let signed_in = self.as_page("/api/auth/sign-in/email", &body).send().await;
        let session = signed_in.json::<Value>()["token"].as_str().unwrap().to_owned();
        let password = crate::git::credentials(self, &session, "write").await.git_token;
        let out = self.post("/api/auth/sign-out").token(&session).send().await;
        assert_eq!(out.status, 200);
        vec![
            ("who has an expired token of ana's", expired),
            ("who has a revoked token of ana's", revoked),
            ("who has an ended session of ana's", session),
            ("who shows the password of ana's repository as a login", password),
        ]
    }
}

/// A save in Ana's words.
pub(super) fn anas_save(parent: Option<&RevisionId>) -> SyncRequest {
    let mut request = save(WORDS, parent);
    request.device = DeviceId::new(&"a".repeat(32)).unwrap();
    request.device_name = DeviceName::new("anas-laptop").unwrap();
    let save = request.save.as_mut().unwrap();
    save.id = SaveId::new("a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5").unwrap();
    "anas-message".clone_into(&mut save.message);
    request
}
