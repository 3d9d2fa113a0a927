//! Who is there, and what was granted. No I/O; the time is passed in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::deliver::Delivery;
use crate::git::Repositories;
use crate::{Mood, documents};

/// How long a code is good for, in seconds.
const CODE_LIFE: u64 = 600;

/// Which kind of application is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Tokens last, and have scopes.
    #[default]
    OAuth,
    /// Tokens expire, and are refreshed.
    App,
}

/// The application that the stand-in knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its name to the world.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Its kind.
    pub kind: Kind,
    /// The callback that is registered; without one any is taken.
    pub redirect_uri: Option<String>,
    /// How long tokens of a GitHub App last.
    pub token_life: Duration,
    /// Whether a GitHub App may make repositories and webhooks, and not only use what is there.
    pub administers: bool,
}

impl Default for App {
    fn default() -> Self {
        Self {
            client_id: "Iv1.standin".to_owned(),
            client_secret: "standin-secret".to_owned(),
            kind: Kind::OAuth,
            redirect_uri: None,
            token_life: Duration::from_hours(8),
            administers: true,
        }
    }
}

/// An address of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The address.
    pub email: String,
    /// Whether it was verified.
    pub verified: bool,
    /// Whether it is the primary one.
    pub primary: bool,
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Never changes.
    pub id: u64,
    /// May change.
    pub login: String,
    /// What the person is called.
    pub name: Option<String>,
    /// In the order in which they are listed.
    pub emails: Vec<Email>,
}

impl Person {
    /// A person with one verified address.
    pub fn new(id: u64, login: &str, email: &str) -> Self {
        let email = Email { email: email.to_owned(), verified: true, primary: true };
        Self { id, login: login.to_owned(), name: None, emails: vec![email] }
    }
}

/// What a browser asks for on the page of the application.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Ask {
    /// Which application.
    #[serde(default)]
    pub client_id: String,
    /// Where to go back to.
    pub redirect_uri: Option<String>,
    /// What it wants.
    #[serde(default)]
    pub scope: String,
    /// What to send back.
    pub state: Option<String>,
    /// Of PKCE.
    pub code_challenge: Option<String>,
    /// `S256` or nothing else.
    pub code_challenge_method: Option<String>,
}

/// What the token route is asked.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct TokenAsk {
    /// Which application.
    #[serde(default)]
    pub client_id: String,
    /// Its secret.
    #[serde(default)]
    pub client_secret: String,
    /// `refresh_token`, or nothing.
    pub grant_type: Option<String>,
    /// What the browser brought.
    pub code: Option<String>,
    /// As on the page.
    pub redirect_uri: Option<String>,
    /// Of PKCE.
    pub code_verifier: Option<String>,
    /// Of the grant before.
    pub refresh_token: Option<String>,
}

/// What the token route answers when it does not refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Granted {
    /// The token.
    pub access_token: String,
    /// In seconds; of a GitHub App.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// Of a GitHub App.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// In seconds; of a GitHub App.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_expires_in: Option<u64>,
    /// With commas.
    pub scope: String,
    /// `bearer`.
    pub token_type: &'static str,
}

/// Why the token route refuses, as GitHub words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The code.
    pub error: &'static str,
    /// For people.
    pub error_description: &'static str,
    /// For people who want to know more.
    pub error_uri: &'static str,
}

const DOCS: &str = "https://docs.github.com/apps/managing-oauth-apps/\
    troubleshooting-oauth-app-access-token-request-errors";

const fn refusal(error: &'static str, error_description: &'static str) -> Refusal {
    Refusal { error, error_description, error_uri: DOCS }
}

struct Code {
    person: u64,
    scopes: BTreeSet<String>,
    redirect_uri: String,
    challenge: Option<String>,
    made: u64,
}

/// A token that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whom it speaks for.
    pub person: u64,
    /// What it may do.
    pub scopes: BTreeSet<String>,
    /// In seconds since 1970.
    pub expires_at: Option<u64>,
    refresh: Option<String>,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub owner: u64,
    /// What it says of itself.
    pub description: Option<String>,
    /// Whether others may see it.
    pub private: bool,
    /// Who is told of pushes.
    pub hooks: Vec<Hook>,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its number.
    pub id: u64,
    /// Where it goes.
    pub url: String,
    /// What it is signed with.
    pub secret: String,
}

/// Everything that the stand-in knows.
#[derive(Default)]
pub struct World {
    app: App,
    /// Where it is, for addresses in its answers.
    pub(crate) root: String,
    people: BTreeMap<u64, Person>,
    codes: BTreeMap<String, Code>,
    tokens: BTreeMap<String, Token>,
    /// All repositories.
    pub repositories: Vec<Repository>,
    /// The names that repositories had, by the ids of their owners.
    former: Vec<(u64, String, u64)>,
    pub(crate) files: Option<Repositories>,
    /// After so many requests of the API that are carried out, one more is, and its answer is lost.
    pub lose_answer_after: Option<usize>,
    /// Who agrees at once, without being asked.
    pub agrees: Option<u64>,
    /// Scopes that a person takes back on the page, whatever is asked for.
    pub withheld: BTreeSet<String>,
    /// How it behaves.
    pub mood: Mood,
    made: u64,
}

impl World {
    pub(crate) fn new(app: App, root: &str) -> Self {
        Self { app, root: root.to_owned(), ..Self::default() }
    }

    /// The application, to be looked at and changed.
    pub fn app_mut(&mut self) -> &mut App {
        &mut self.app
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Adds a person, or replaces the one with the same id.
    pub fn put(&mut self, person: Person) {
        self.people.insert(person.id, person);
    }

    /// A person by id.
    pub fn person(&self, id: u64) -> Option<&Person> {
        self.people.get(&id)
    }

    /// All people.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// All tokens that are good for something.
    pub fn tokens(&self) -> impl Iterator<Item = (&str, &Token)> {
        self.tokens.iter().map(|(text, token)| (text.as_str(), token))
    }

    /// The person takes everything back that was granted.
    pub fn revoke_all(&mut self, person: u64) {
        self.tokens.retain(|_, token| token.person != person);
    }

    /// The application gives a token back. False if there is none.
    pub(crate) fn revoke(&mut self, token: &str) -> bool {
        self.tokens.remove(token).is_some()
    }

    /// Whose token it is, if it is one that is still good.
    pub(crate) fn token(&self, token: &str, now: u64) -> Option<(&Person, &Token)> {
        let token = self.tokens.get(token)?;
        let good = token.expires_at.is_none_or(|at| at > now);
        Some((self.people.get(&token.person)?, token)).filter(|_| good)
    }

    /// Where a browser goes when `person` agrees to `ask`: back, with a code. An error if GitHub
    /// would show a page of its own.
    pub(crate) fn agree(
        &mut self,
        ask: &Ask,
        person: u64,
        now: u64,
    ) -> Result<String, &'static str> {
        let back = self.back(ask)?;
        let asked: BTreeSet<String> = match self.app.kind {
            Kind::OAuth => split(&ask.scope).difference(&self.withheld).cloned().collect(),
            Kind::App => BTreeSet::new(),
        };
        self.made += 1;
        let code = format!("{:020x}", self.made);
        let granted = Code {
            person,
            scopes: normalised(asked),
            redirect_uri: back.clone(),
            challenge: ask.code_challenge.clone(),
            made: now,
        };
        self.codes.insert(code.clone(), granted);
        Ok(address(&back, &[("code", &code)], ask.state.as_deref()))
    }

    /// Where a browser goes when the person does not agree.
    pub(crate) fn deny(&self, ask: &Ask) -> Result<String, &'static str> {
        let why = [
            ("error", "access_denied"),
            ("error_description", "The user has denied your application access."),
            ("error_uri", DOCS),
        ];
        Ok(address(&self.back(ask)?, &why, ask.state.as_deref()))
    }

    /// Where the answer goes; the real one redirects to the registered callback with
    /// `redirect_uri_mismatch`, which nobody should depend on.
    pub(crate) fn back(&self, ask: &Ask) -> Result<String, &'static str> {
        if ask.client_id != self.app.client_id {
            return Err("There is no such application.");
        }
        if ask.code_challenge.is_some() && ask.code_challenge_method.as_deref() != Some("S256") {
            return Err("Only S256 is taken.");
        }
        let asked = ask.redirect_uri.as_ref();
        match (&self.app.redirect_uri, asked) {
            (Some(registered), Some(asked)) if registered != asked => {
                Err("The redirect_uri is not associated with this application.")
            }
            (Some(uri), _) | (None, Some(uri)) => Ok(uri.clone()),
            (None, None) => Err("There is no redirect_uri."),
        }
    }

    /// The token route.
    pub(crate) fn grant(&mut self, ask: &TokenAsk, now: u64) -> Result<Granted, Refusal> {
        if ask.client_id != self.app.client_id || ask.client_secret != self.app.client_secret {
            return Err(refusal(
                "incorrect_client_credentials",
                "The client_id and/or client_secret passed are incorrect.",
            ));
        }
        match ask.grant_type.as_deref() {
            Some("refresh_token") => self.refresh(ask, now),
            None | Some("authorization_code") => self.redeem(ask, now),
            Some(_) => Err(refusal("unsupported_grant_type", "The grant type is not supported.")),
        }
    }

    fn redeem(&mut self, ask: &TokenAsk, now: u64) -> Result<Granted, Refusal> {
        let bad = refusal("bad_verification_code", "The code passed is incorrect or expired.");
        // A code is looked at once, whatever comes of it.
        let code = ask.code.as_ref().and_then(|code| self.codes.remove(code)).ok_or(bad)?;
        if code.made + CODE_LIFE < now {
            return Err(bad);
        }
        if ask.redirect_uri.as_ref().is_some_and(|uri| *uri != code.redirect_uri) {
            return Err(refusal(
                "redirect_uri_mismatch",
                "The redirect_uri MUST match the registered callback URL for this application.",
            ));
        }
        let proof = ask.code_verifier.as_deref().map(challenge);
        if code.challenge.is_some() && proof != code.challenge {
            return Err(bad);
        }
        Ok(self.give(code.person, code.scopes, now))
    }

    fn refresh(&mut self, ask: &TokenAsk, now: u64) -> Result<Granted, Refusal> {
        let asked = ask.refresh_token.as_deref();
        let found = self.tokens.iter().find(|(_, token)| {
            asked.is_some() && token.refresh.as_deref() == asked && self.app.kind == Kind::App
        });
        let Some((old, token)) = found.map(|(old, token)| (old.clone(), token.clone())) else {
            return Err(refusal(
                "bad_refresh_token",
                "The refresh token passed is incorrect or expired.",
            ));
        };
        // Both tokens of the pair are of no use from here on.
        self.tokens.remove(&old);
        Ok(self.give(token.person, token.scopes, now))
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    fn give(&mut self, person: u64, scopes: BTreeSet<String>, now: u64) -> Granted {
        self.made += 1;
        let text = |prefix: &str| format!("{prefix}_{:0>36}", format!("standin{}", self.made));
        let scope = scopes.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let life = self.app.token_life.as_secs();
        let expires = self.app.kind == Kind::App;
        let granted = Granted {
            access_token: text(if expires { "ghu" } else { "gho" }),
            expires_in: expires.then_some(life),
            refresh_token: expires.then(|| text("ghr")),
            refresh_token_expires_in: expires.then_some(15_897_600),
            scope,
            token_type: "bearer",
        };
        let refresh = granted.refresh_token.clone();
        let expires_at = expires.then(|| now + life);
        let token = Token { person, scopes, expires_at, refresh };
        self.tokens.insert(granted.access_token.clone(), token);
        granted
    }

    /// A repository by the login of its owner and its name.
    pub(crate) fn repository(&self, owner: &str, name: &str) -> Option<(&Person, &Repository)> {
        let owner = self.people.values().find(|p| p.login.eq_ignore_ascii_case(owner))?;
        let is_it = |r: &&Repository| r.owner == owner.id && r.name.eq_ignore_ascii_case(name);
        Some((owner, self.repositories.iter().find(is_it)?))
    }

    /// Gives a repository another name.
    pub fn rename_repository(&mut self, id: u64, name: &str) {
        let Some(found) = self.repositories.iter_mut().find(|r| r.id == id) else { return };
        self.former.push((found.owner, found.name.clone(), id));
        name.clone_into(&mut found.name);
    }

    /// Removes a repository.
    pub fn remove_repository(&mut self, id: u64) {
        self.repositories.retain(|repository| repository.id != id);
        self.former.retain(|(.., former)| *former != id);
        if let Some(files) = &self.files {
            files.remove(id);
        }
    }

    /// The repository that once had this name.
    pub(crate) fn former(&self, owner: &str, name: &str) -> Option<u64> {
        let owner = self.people.values().find(|p| p.login.eq_ignore_ascii_case(owner))?.id;
        let of =
            |(by, was, _): &&(u64, String, u64)| *by == owner && was.eq_ignore_ascii_case(name);
        self.former.iter().rev().find(of).map(|(.., id)| *id)
    }

    /// A repository by its id.
    pub(crate) fn repository_called(&self, id: u64) -> Option<(&Person, &Repository)> {
        let found = self.repositories.iter().find(|r| r.id == id)?;
        Some((self.people.get(&found.owner)?, found))
    }

    /// What `main` of a repository names.
    pub fn main(&self, id: u64) -> Option<String> {
        self.files.as_ref().and_then(|files| files.main(id))
    }

    /// A token of a person's, as if they had agreed to these scopes.
    pub fn give_token(&mut self, person: u64, scopes: &str) -> String {
        self.give(person, split(scopes), 0).access_token
    }

    /// Who has to be told of a push.
    pub(crate) fn pushed(&self, id: u64) -> Vec<Delivery> {
        let Some((owner, repository)) = self.repository_called(id) else { return Vec::new() };
        let document = documents::repository(&self.root, owner, repository);
        let body = json!({
            "ref": "refs/heads/main",
            "after": self.main(id),
            "repository": document,
        });
        let hooks = repository.hooks.iter();
        hooks
            .map(|hook| Delivery {
                url: hook.url.clone(),
                secret: hook.secret.clone(),
                body: body.clone(),
            })
            .collect()
    }

    /// Makes a repository; `None` if the name is taken.
    pub fn create_repository(
        &mut self,
        owner: u64,
        name: &str,
        description: Option<String>,
        private: bool,
    ) -> Option<Repository> {
        let taken = |r: &Repository| r.owner == owner && r.name.eq_ignore_ascii_case(name);
        if self.repositories.iter().any(taken) {
            return None;
        }
        self.made += 1;
        let (id, name) = (1000 + self.made, name.to_owned());
        let hooks = Vec::new();
        let repository = Repository { id, name, owner, description, private, hooks };
        if let Some(files) = &self.files {
            files.create(id);
        }
        self.repositories.push(repository.clone());
        Some(repository)
    }
}

/// Names that commas or spaces separate.
fn split(scopes: &str) -> BTreeSet<String> {
    let names = scopes.split(|c: char| c == ',' || c.is_whitespace());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// GitHub leaves out what another scope includes.
fn normalised(mut scopes: BTreeSet<String>) -> BTreeSet<String> {
    for (whole, part) in [("repo", "public_repo"), ("user", "user:email"), ("user", "read:user")] {
        if scopes.contains(whole) {
            scopes.remove(part);
        }
    }
    scopes
}

/// RFC 7636, section 4.2.
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

fn address(base: &str, query: &[(&str, &str)], state: Option<&str>) -> String {
    let pairs = query.iter().copied().chain(state.map(|state| ("state", state)));
    let query: Vec<String> =
        pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let mark = if base.contains('?') { '&' } else { '?' };
    format!("{base}{mark}{}", query.join("&"))
}

/// RFC 3986, section 2.1.
pub(crate) fn encoded(text: &str) -> String {
    let letter = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(b).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(letter).collect()
}
