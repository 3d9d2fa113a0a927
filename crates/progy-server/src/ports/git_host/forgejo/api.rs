//! The routes of Forgejo and Gitea (`/api/v1`) that are used, one method each.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder, Url};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;

use super::answer::{Answer, ApiError, Result};
use crate::ports::web::{self, MAX_BODY, Patience, Web, bounded, number};
use crate::secret::Secret;

/// For a whole answer: a password costs the other side a part of a second.
const ANSWER: Duration = Duration::from_secs(20);
/// Items of a page; servers cut it to what they give.
const PAGE: usize = 50;
/// Pages that are looked through.
const PAGES: usize = 20;
/// How often a password is set that somebody else replaces at once.
const TRIES: u32 = 4;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Account {
    pub(super) id: i64,
    pub(super) login: String,
    /// Shown to administrators, whatever its owner wants.
    #[serde(default)]
    pub(super) email: String,
    #[serde(default)]
    pub(super) is_admin: bool,
    #[serde(default)]
    pub(super) restricted: bool,
    #[serde(default)]
    pub(super) prohibit_login: bool,
    #[serde(default)]
    pub(super) visibility: String,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Repository {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) owner: Owner,
    #[serde(default)]
    pub(super) private: bool,
    #[serde(default)]
    pub(super) archived: bool,
    #[serde(default)]
    pub(super) default_branch: String,
    /// Whether the host runs what a push asks it to.
    #[serde(default)]
    pub(super) has_actions: bool,
}

/// Whose a repository is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Owner {
    pub(super) login: String,
}

/// A token, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ListedToken {
    pub(super) name: String,
}

#[derive(Deserialize)]
struct NewToken {
    sha1: Secret,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    data: Vec<Account>,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Hook {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) active: bool,
    #[serde(default)]
    pub(super) config: HookConfig,
}

/// Where a webhook goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub(super) struct HookConfig {
    #[serde(default)]
    pub(super) url: String,
}

#[derive(Deserialize)]
struct Protection {
    #[serde(default)]
    rule_name: String,
    #[serde(default)]
    branch_name: String,
}

/// What a token is to be good for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// `read:repository` or `write:repository`.
    pub(super) scope: &'a str,
    /// The one repository: owner and name.
    pub(super) repository: (&'a str, &'a str),
}

/// A question about tokens.
struct About<'a> {
    method: Method,
    login: &'a str,
    token: Option<&'a str>,
    body: Option<&'a serde_json::Value>,
    /// Of a list.
    page: usize,
}

impl About<'_> {
    fn fill(&self, request: RequestBuilder) -> RequestBuilder {
        match (&self.method, self.body) {
            (_, Some(body)) => request.json(body),
            (&Method::GET, None) => request.query(&[("page", self.page), ("limit", PAGE)]),
            _ => request,
        }
    }
}

/// Who asks.
#[derive(Clone, Copy)]
enum Asks<'a> {
    Admin,
    Password(&'a str, &'a Secret),
    Token(&'a Secret),
}

/// What may be changed of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(super) struct RepositoryEdit<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) private: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) archived: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default_branch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) has_actions: Option<bool>,
}

/// A server, and an administrator's token.
pub(super) struct Api {
    base: Url,
    token: Secret,
    web: Web,
    /// The server has no routes by which an administrator makes others' tokens: older ones.
    old: AtomicBool,
    /// Held while an account's password counts.
    with_password: Mutex<()>,
}

impl Api {
    pub(super) fn new(root: &Url, token: Secret) -> Self {
        let web = Web::new([root], Patience::Whole(ANSWER));
        let base = web::below(root, &["api", "v1"]);
        Self { base, token, web, old: AtomicBool::new(false), with_password: Mutex::default() }
    }

    fn request(&self, method: Method, path: &[&str], asks: Asks<'_>) -> Result<RequestBuilder> {
        let request = self.web.client()?.request(method, web::below(&self.base, path));
        let token = match asks {
            Asks::Password(login, password) => {
                return Ok(request.basic_auth(login, Some(password.expose())));
            }
            Asks::Admin => &self.token,
            Asks::Token(token) => token,
        };
        let mut header = HeaderValue::from_str(&format!("token {}", token.expose()))
            .map_err(|_| ApiError::Unauthorized)?;
        header.set_sensitive(true);
        Ok(request.header(AUTHORIZATION, header))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        let response = request.send().await.map_err(|error| web::unreachable(&error))?;
        let retry_after = number(response.headers(), "retry-after");
        let status = response.status().as_u16();
        let answer = Answer { status, retry_after, body: bounded(response, MAX_BODY).await? };
        answer.accept().map(|()| answer)
    }

    async fn get(&self, path: &[&str]) -> Result<Answer> {
        self.send(self.request(Method::GET, path, Asks::Admin)?).await
    }

    async fn change(&self, method: Method, path: &[&str], body: &impl Serialize) -> Result<Answer> {
        self.send(self.request(method, path, Asks::Admin)?.json(body)).await
    }

    async fn delete(&self, path: &[&str]) -> Result<()> {
        self.send(self.request(Method::DELETE, path, Asks::Admin)?).await.map(drop)
    }

    /// `GET /user`: whose our own token is.
    pub(super) async fn own_account(&self) -> Result<Account> {
        self.get(&["user"]).await?.json()
    }

    /// `GET /users/{login}`.
    pub(super) async fn account(&self, login: &str) -> Result<Option<Account>> {
        let found: Option<Account> = absent(self.get(&["users", login]).await)?;
        // Who was renamed may be answered under the old name.
        Ok(found.filter(|account| account.login.eq_ignore_ascii_case(login)))
    }

    /// `GET /users/search?uid=…`.
    pub(super) async fn account_called(&self, id: i64) -> Result<Option<Account>> {
        let request = self.request(Method::GET, &["users", "search"], Asks::Admin)?;
        let found: Found = self.send(request.query(&[("uid", id)])).await?.json()?;
        Ok(found.data.into_iter().find(|account| account.id == id))
    }

    /// `POST /admin/users`.
    pub(super) async fn create_account(
        &self,
        login: &str,
        email: &str,
        password: &Secret,
    ) -> Result<Account> {
        let body = json!({
            "username": login,
            "email": email,
            "password": password.expose(),
            "must_change_password": false,
            "send_notify": false,
            "visibility": "private",
            "restricted": true,
        });
        self.change(Method::POST, &["admin", "users"], &body).await?.json()
    }

    /// `PATCH /admin/users/{login}`: as an account of ours is to be.
    pub(super) async fn mend_account(&self, login: &str) -> Result<()> {
        let body = json!({
            "source_id": 0,
            "login_name": login,
            "active": true,
            "prohibit_login": false,
            "visibility": "private",
            "restricted": true,
        });
        self.change(Method::PATCH, &["admin", "users", login], &body).await.map(drop)
    }

    /// `PATCH /admin/users/{login}`: another password.
    pub(super) async fn set_password(&self, login: &str, password: &Secret) -> Result<()> {
        let body = json!({
            "source_id": 0,
            "login_name": login,
            "password": password.expose(),
            "must_change_password": false,
        });
        self.change(Method::PATCH, &["admin", "users", login], &body).await.map(drop)
    }

    /// `POST /admin/users/{login}/rename`.
    pub(super) async fn rename_account(&self, from: &str, to: &str) -> Result<()> {
        let path = ["admin", "users", from, "rename"];
        self.change(Method::POST, &path, &json!({ "new_username": to })).await.map(drop)
    }

    /// `GET /repos/{owner}/{name}`.
    pub(super) async fn repository(&self, owner: &str, name: &str) -> Result<Option<Repository>> {
        let found = absent(self.get(&["repos", owner, name]).await)?;
        Ok(found.filter(|repository: &Repository| repository.name.eq_ignore_ascii_case(name)))
    }

    /// The same as the owner of a token sees it: whether the token is good for it.
    pub(super) async fn repository_by(
        &self,
        token: &Secret,
        owner: &str,
        name: &str,
    ) -> Result<Repository> {
        let request = self.request(Method::GET, &["repos", owner, name], Asks::Token(token))?;
        self.send(request).await?.json()
    }

    /// `GET /repositories/{id}`.
    pub(super) async fn repository_called(&self, id: i64) -> Result<Option<Repository>> {
        absent(self.get(&["repositories", &id.to_string()]).await)
    }

    /// `POST /admin/users/{owner}/repos`.
    pub(super) async fn create_repository(&self, owner: &str, name: &str) -> Result<Repository> {
        let body = json!({
            "name": name,
            "private": true,
            "auto_init": false,
            "default_branch": "main",
        });
        self.change(Method::POST, &["admin", "users", owner, "repos"], &body).await?.json()
    }

    /// `PATCH /repos/{owner}/{name}`.
    pub(super) async fn edit_repository(
        &self,
        owner: &str,
        name: &str,
        edit: &RepositoryEdit<'_>,
    ) -> Result<()> {
        self.change(Method::PATCH, &["repos", owner, name], edit).await.map(drop)
    }

    /// `DELETE /repos/{owner}/{name}`; no error if there is none.
    pub(super) async fn delete_repository(&self, owner: &str, name: &str) -> Result<()> {
        unless_absent(self.delete(&["repos", owner, name]).await)
    }

    /// Whether `main` is protected.
    pub(super) async fn is_protected(&self, owner: &str, name: &str) -> Result<bool> {
        let path = ["repos", owner, name, "branch_protections"];
        let rules: Vec<Protection> = self.get(&path).await?.json()?;
        Ok(rules.iter().any(|rule| rule.rule_name == "main" || rule.branch_name == "main"))
    }

    /// `POST /repos/{owner}/{name}/branch_protections`: `main` is pushed to by who may write, is never
    /// force-pushed and never deleted.
    pub(super) async fn protect(&self, owner: &str, name: &str) -> Result<()> {
        let body = json!({ "rule_name": "main", "branch_name": "main", "enable_push": true });
        let path = ["repos", owner, name, "branch_protections"];
        self.change(Method::POST, &path, &body).await.map(drop)
    }

    /// `GET /repos/{owner}/{name}/hooks`.
    pub(super) async fn hooks(&self, owner: &str, name: &str) -> Result<Vec<Hook>> {
        self.get(&["repos", owner, name, "hooks"]).await?.json()
    }

    /// `POST /repos/{owner}/{name}/hooks`: `url` is told of each push to `main`.
    pub(super) async fn create_hook(
        &self,
        owner: &str,
        name: &str,
        url: &str,
        secret: &Secret,
    ) -> Result<()> {
        // Forgejo takes Gitea's kind, and Gitea no other.
        let body = json!({
            "type": "gitea",
            "active": true,
            "events": ["push"],
            "branch_filter": "main",
            "config": { "url": url, "content_type": "json", "secret": secret.expose() },
        });
        self.change(Method::POST, &["repos", owner, name, "hooks"], &body).await.map(drop)
    }

    /// `DELETE /repos/{owner}/{name}/hooks/{id}`.
    pub(super) async fn delete_hook(&self, owner: &str, name: &str, id: i64) -> Result<()> {
        unless_absent(self.delete(&["repos", owner, name, "hooks", &id.to_string()]).await)
    }

    /// Makes a token of `login`'s. Where only the account itself can do that, `spare` becomes its
    /// password.
    pub(super) async fn create_token(
        &self,
        login: &str,
        wish: Wish<'_>,
        spare: &Secret,
    ) -> Result<Secret> {
        let (owner, name) = wish.repository;
        let body = json!({
            "name": wish.name,
            "scopes": [wish.scope],
            // A server that cannot limit a token to a repository passes this over.
            "repositories": [{ "owner": owner, "name": name }],
        });
        let about = About { method: Method::POST, login, token: None, body: Some(&body), page: 1 };
        Ok(self.of_tokens(about, spare).await?.json::<NewToken>()?.sha1)
    }

    /// Deletes a token of `login`'s by its name; no error if there is none.
    pub(super) async fn delete_token(&self, login: &str, name: &str, spare: &Secret) -> Result<()> {
        let token = Some(name);
        let about = About { method: Method::DELETE, login, token, body: None, page: 1 };
        unless_absent(self.of_tokens(about, spare).await.map(drop))
    }

    /// The names of `login`'s tokens.
    pub(super) async fn tokens(&self, login: &str, spare: &Secret) -> Result<Vec<ListedToken>> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let about = About { method: Method::GET, login, token: None, body: None, page };
            let some: Vec<ListedToken> = self.of_tokens(about, spare).await?.json()?;
            let last = some.is_empty();
            all.extend(some);
            if last {
                break;
            }
        }
        Ok(all)
    }

    /// Asks a route of tokens: as an administrator where the server has such routes, as newer
    /// versions of Forgejo do; as the account itself otherwise, with its password, which is another
    /// one each time and is never kept.
    async fn of_tokens(&self, about: About<'_>, spare: &Secret) -> Result<Answer> {
        let About { login, token, .. } = about;
        if !self.old.load(Ordering::Relaxed) {
            let path = ["admin", "users", login, "tokens"].into_iter().chain(token);
            let path: Vec<&str> = path.collect();
            let request = self.request(about.method.clone(), &path, Asks::Admin)?;
            match self.send(about.fill(request)).await {
                // An account, or a token, that is not there is answered in the same way as a route.
                Err(ApiError::NotFound | ApiError::Odd(405))
                    if self.is_without_admin_tokens().await? =>
                {
                    self.old.store(true, Ordering::Relaxed);
                }
                done => return done,
            }
        }
        let path: Vec<&str> = ["users", login, "tokens"].into_iter().chain(token).collect();
        let _alone = self.with_password.lock().await;
        let mut tries = 0;
        loop {
            tries += 1;
            self.set_password(login, spare).await?;
            let asks = Asks::Password(login, spare);
            let request = self.request(about.method.clone(), &path, asks)?;
            match self.send(about.fill(request)).await {
                // Another server has set another one in between.
                Err(ApiError::Unauthorized) if tries < TRIES => {}
                done => return done,
            }
        }
    }

    /// Whether an administrator has no routes for others' tokens, asked for an account that is
    /// certainly there: our own.
    async fn is_without_admin_tokens(&self) -> Result<bool> {
        let own = self.own_account().await?.login;
        match self.get(&["admin", "users", &own, "tokens"]).await {
            Ok(_) => Ok(false),
            Err(ApiError::NotFound | ApiError::Odd(405)) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

fn absent<T: serde::de::DeserializeOwned>(answer: Result<Answer>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => answer.json().map(Some),
        Err(ApiError::NotFound | ApiError::Moved) => Ok(None),
        Err(error) => Err(error),
    }
}

fn unless_absent(done: Result<()>) -> Result<()> {
    match done {
        Err(ApiError::NotFound) => Ok(()),
        done => done,
    }
}
