//! The routes of `/api/v1`.

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;
use super::world::{Account, Age, Answer, Hook, Token, World};
use crate::git::basic;

/// Whoever asks, and how they say so.
struct Caller {
    id: u64,
    admin: bool,
    by_password: bool,
    token: Option<Token>,
}

pub(super) async fn answer(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut world = shared.world();
    let (status, document) = route(&mut world, &method, &uri, &headers, &body);
    let lost = world.lose_answer_after.take();
    if lost == Some(0) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    world.lose_answer_after = lost.map(|left| left - 1);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_redirection() {
        let to = document.as_str().unwrap_or_default().to_owned();
        return (status, [(header::LOCATION, to)]).into_response();
    }
    if document.is_null() {
        return status.into_response();
    }
    (status, axum::Json(document)).into_response()
}

fn refuse(status: u16, message: &str) -> Answer {
    let url = "http://127.0.0.1/api/swagger";
    (status, json!({ "message": message, "url": url }))
}

fn missing() -> Answer {
    let document = json!({
        "message": "The target couldn't be found.",
        "url": "http://127.0.0.1/api/swagger",
        "errors": [],
    });
    (404, document)
}

fn caller(world: &World, headers: &HeaderMap) -> Option<Caller> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    if let Some(secret) = header.strip_prefix("token ") {
        let (token, account) = world.known(secret)?;
        let (id, admin, token) = (account.id, account.admin, Some(token.clone()));
        return Some(Caller { id, admin, by_password: false, token });
    }
    let (login, password) = basic(headers)?;
    let account = world.account(&login)?;
    let good = account.password == password;
    let caller = Caller { id: account.id, admin: account.admin, by_password: true, token: None };
    good.then_some(caller)
}

fn route(
    world: &mut World,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Value,
) -> Answer {
    let Some(caller) = caller(world, headers) else {
        return refuse(401, "invalid username, password or token");
    };
    let parts: Vec<&str> = uri.path().trim_start_matches('/').split('/').collect();
    let query = uri.query().unwrap_or_default();
    match (method.as_str(), parts.as_slice()) {
        ("GET", ["user"]) => {
            let own = world.accounts.iter().find(|account| account.id == caller.id);
            own.map_or_else(missing, |own| (200, world.account_document(own)))
        }
        ("GET", ["users", "search"]) => search(world, query),
        ("GET", ["users", login]) => account(world, login),
        (_, ["users", login, "tokens", ..]) => {
            let own = world.account(login).is_some_and(|account| account.id == caller.id);
            if !caller.by_password {
                return refuse(401, "auth method not allowed");
            }
            if !own && !caller.admin {
                return refuse(403, "doer should be the site admin or be same as the contextUser");
            }
            let rest = parts.get(3).copied();
            tokens(world, method, login, rest, query, body)
        }
        _ if matches!(parts.first(), Some(&"admin")) => {
            if !caller.admin {
                return refuse(403, "user should be the site admin");
            }
            admin(world, method, &parts, query, body)
        }
        ("GET", ["repositories", id]) => {
            let found = world.repositories.iter().find(|r| r.id.to_string() == *id);
            found.map_or_else(missing, |found| (200, world.repository_document(found)))
        }
        (_, ["repos", owner, name, rest @ ..]) => {
            repository(world, &caller, method, owner, name, rest, body)
        }
        _ => missing(),
    }
}

fn account(world: &World, login: &str) -> Answer {
    if let Some(found) = world.account(login) {
        return (200, world.account_document(found));
    }
    let former = world.former.iter().find(|(name, _)| name.eq_ignore_ascii_case(login));
    let now = former.and_then(|(_, id)| world.accounts.iter().find(|a| a.id == *id));
    match now {
        Some(now) => (301, json!(format!("/api/v1/users/{}", now.login))),
        None => missing(),
    }
}

fn search(world: &World, query: &str) -> Answer {
    let uid = query.strip_prefix("uid=").and_then(|id| id.parse::<u64>().ok());
    let found = world.accounts.iter().filter(|account| Some(account.id) == uid);
    let data: Vec<Value> = found.map(|account| world.account_document(account)).collect();
    (200, json!({ "ok": true, "data": data }))
}

fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

fn flag(body: &Value, name: &str) -> Option<bool> {
    body.get(name).and_then(Value::as_bool)
}

fn admin(world: &mut World, method: &Method, parts: &[&str], query: &str, body: &Value) -> Answer {
    match (method.as_str(), parts) {
        ("POST", ["admin", "users"]) => create_account(world, body),
        ("PATCH", ["admin", "users", login]) => {
            // Older versions want these two with every change.
            if text(body, "login_name").is_none() || body.get("source_id").is_none() {
                return refuse(422, "[SourceID]: Required");
            }
            let Some(account) = world.account_mut(login) else { return missing() };
            if let Some(password) = text(body, "password") {
                password.clone_into(&mut account.password);
            }
            if let Some(restricted) = flag(body, "restricted") {
                account.restricted = restricted;
            }
            if let Some(visibility) = text(body, "visibility") {
                visibility.clone_into(&mut account.visibility);
            }
            let account = account.clone();
            (200, world.account_document(&account))
        }
        ("DELETE", ["admin", "users", login]) => {
            if world.account(login).is_none() {
                return missing();
            }
            world.remove_account(login);
            (204, Value::Null)
        }
        ("POST", ["admin", "users", login, "rename"]) => {
            let new = text(body, "new_username").unwrap_or_default();
            if world.account(new).is_some() {
                return refuse(422, "user already exists");
            }
            world.rename(login, new);
            world.former.retain(|(name, _)| !name.eq_ignore_ascii_case(new));
            (204, Value::Null)
        }
        ("POST", ["admin", "users", login, "repos"]) => {
            let Some(owner) = world.account(login).map(|account| account.id) else {
                return missing();
            };
            let name = text(body, "name").unwrap_or_default();
            if world.repository(login, name).is_some() {
                return refuse(409, "The repository with the same name already exists.");
            }
            let private = flag(body, "private") == Some(true);
            let made = world.create_repository(owner, name, private);
            (201, world.repository_document(&made))
        }
        (_, ["admin", "users", login, "tokens", rest @ ..]) if world.age() == Age::New => {
            tokens(world, method, login, rest.first().copied(), query, body)
        }
        _ => missing(),
    }
}

fn create_account(world: &mut World, body: &Value) -> Answer {
    let (login, email) =
        (text(body, "username").unwrap_or_default(), text(body, "email").unwrap_or_default());
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if login.is_empty() || login.len() > 40 || !login.chars().all(plain) {
        return refuse(422, "name is invalid");
    }
    if world.account(login).is_some() {
        return refuse(422, &format!("user already exists [name: {login}]"));
    }
    if world.accounts.iter().any(|account| account.email == email) {
        return refuse(422, &format!("e-mail already in use [email: {email}]"));
    }
    let id = world.number();
    let account = Account {
        id,
        login: login.to_owned(),
        email: email.to_owned(),
        password: text(body, "password").unwrap_or_default().to_owned(),
        admin: false,
        restricted: flag(body, "restricted") == Some(true),
        visibility: text(body, "visibility").unwrap_or("public").to_owned(),
    };
    world.accounts.push(account.clone());
    (201, world.account_document(&account))
}

fn tokens(
    world: &mut World,
    method: &Method,
    login: &str,
    name: Option<&str>,
    query: &str,
    body: &Value,
) -> Answer {
    let Some(account) = world.account(login).map(|account| account.id) else { return missing() };
    match (method.as_str(), name) {
        ("GET", None) => {
            let first = !query.contains("page=") || query.contains("page=1&");
            let own = world.tokens.iter().filter(|token| first && token.account == account);
            let shown = own.map(|token| token_document(world, token, false));
            (200, shown.collect())
        }
        ("POST", None) => {
            let name = text(body, "name").unwrap_or_default();
            if world.tokens.iter().any(|token| token.account == account && token.name == name) {
                return refuse(400, "access token name has been used already");
            }
            let scopes: Vec<String> = body
                .get("scopes")
                .and_then(Value::as_array)
                .map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default();
            if scopes.is_empty() {
                return refuse(400, "access token must have a scope");
            }
            let mut limited = None;
            if world.age() == Age::New
                && let Some(some) = body.get("repositories").and_then(Value::as_array)
            {
                let mut ids = BTreeSet::new();
                for one in some {
                    let owner = text(one, "owner").unwrap_or_default();
                    let Some(found) =
                        world.repository(owner, text(one, "name").unwrap_or_default())
                    else {
                        return refuse(400, "repository does not exist");
                    };
                    ids.insert(found.id);
                }
                limited = Some(ids);
            }
            let token = world.give_token(account, name, scopes, limited);
            (201, token_document(world, &token, true))
        }
        ("DELETE", Some(name)) => {
            let before = world.tokens.len();
            world
                .tokens
                .retain(|t| t.account != account || (t.name != name && t.id.to_string() != name));
            if world.tokens.len() == before { missing() } else { (204, Value::Null) }
        }
        _ => missing(),
    }
}

fn token_document(world: &World, token: &Token, whole: bool) -> Value {
    let last = token.secret.get(32..).unwrap_or_default();
    let mut document = json!({
        "id": token.id,
        "name": token.name,
        "sha1": if whole { token.secret.as_str() } else { "" },
        "token_last_eight": last,
        "scopes": token.scopes,
    });
    if world.age() == Age::New
        && let Some(fields) = document.as_object_mut()
        && let Some(limited) = &token.repositories
    {
        let shown: Vec<Value> = world
            .repositories
            .iter()
            .filter(|repository| limited.contains(&repository.id))
            .map(|repository| json!({ "id": repository.id, "name": repository.name }))
            .collect();
        fields.insert("repositories".to_owned(), shown.into());
    }
    document
}

fn repository(
    world: &mut World,
    caller: &Caller,
    method: &Method,
    owner: &str,
    name: &str,
    rest: &[&str],
    body: &Value,
) -> Answer {
    let Some(found) = world.repository(owner, name).cloned() else { return missing() };
    let limited = caller.token.as_ref().and_then(|token| token.repositories.as_ref());
    let visible = (caller.admin || found.owner == caller.id)
        && limited.is_none_or(|some| some.contains(&found.id));
    if !visible {
        return missing();
    }
    match (method.as_str(), rest) {
        ("GET", []) => (200, world.repository_document(&found)),
        ("PATCH", []) => {
            let taken =
                text(body, "name").is_some_and(|new| world.repository(owner, new).is_some());
            let Some(repository) = world.repository_mut(owner, name) else { return missing() };
            if let Some(new) = text(body, "name") {
                if taken {
                    return refuse(422, "repo name is already taken");
                }
                new.clone_into(&mut repository.name);
            }
            if let Some(private) = flag(body, "private") {
                repository.private = private;
            }
            if let Some(archived) = flag(body, "archived") {
                repository.archived = archived;
            }
            if let Some(actions) = flag(body, "has_actions") {
                repository.actions = actions;
            }
            if let Some(branch) = text(body, "default_branch") {
                branch.clone_into(&mut repository.default_branch);
            }
            let repository = repository.clone();
            (200, world.repository_document(&repository))
        }
        ("DELETE", []) => {
            world.remove_repository(found.id);
            (204, Value::Null)
        }
        ("GET", ["branch_protections"]) => {
            let rule = json!({ "rule_name": "main", "branch_name": "main", "enable_push": true });
            (200, if found.protected { json!([rule]) } else { json!([]) })
        }
        ("POST", ["branch_protections"]) => {
            if found.protected {
                return refuse(403, "Branch protection already exist");
            }
            if let Some(repository) = world.repository_mut(owner, name) {
                repository.protected = true;
            }
            world.files.protect(found.id);
            (201, json!({ "rule_name": "main", "branch_name": "main", "enable_push": true }))
        }
        ("GET", ["hooks"]) => (200, found.hooks.iter().map(hook_document).collect()),
        ("POST", ["hooks"]) => {
            let config = body.get("config").cloned().unwrap_or_default();
            let hook = Hook {
                id: world.number(),
                url: text(&config, "url").unwrap_or_default().to_owned(),
                secret: text(&config, "secret").unwrap_or_default().to_owned(),
                active: flag(body, "active") == Some(true),
            };
            if let Some(repository) = world.repository_mut(owner, name) {
                repository.hooks.push(hook.clone());
            }
            (201, hook_document(&hook))
        }
        ("DELETE", ["hooks", id]) => {
            let Some(repository) = world.repository_mut(owner, name) else { return missing() };
            let before = repository.hooks.len();
            repository.hooks.retain(|hook| hook.id.to_string() != *id);
            if repository.hooks.len() == before { missing() } else { (204, Value::Null) }
        }
        _ => missing(),
    }
}

fn hook_document(hook: &Hook) -> Value {
    json!({
        "id": hook.id,
        "type": "gitea",
        "active": hook.active,
        "events": ["push"],
        "branch_filter": "main",
        "config": { "url": hook.url, "content_type": "json" },
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    })
}
