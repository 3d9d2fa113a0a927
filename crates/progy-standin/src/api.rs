//! The REST routes.

use std::path::PathBuf;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::git::Asked;
use crate::record::now;
use crate::world::{Hook, Person, Repository, Token};
use crate::{Shared, World, documents};

/// What a GitHub App hears that was not given a permission.
const INACCESSIBLE: &str = "Resource not accessible by integration";

/// A refusal, ready to be sent.
type Refused = Box<Response>;

/// `GET /user`.
pub(crate) async fn user(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let world = shared.world();
    let (person, token) = match caller(&world, &headers) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    answer(StatusCode::OK, documents::user(&world.root, person), token)
}

/// `GET /user/emails`: 404 to a token without the scope, as everything that a token may not see.
pub(crate) async fn emails(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let world = shared.world();
    let (person, token) = match caller(&world, &headers) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let is_app = token.expires_at.is_some();
    if !is_app && !["user", "user:email"].iter().any(|scope| token.scopes.contains(*scope)) {
        return refuse(StatusCode::NOT_FOUND, "Not Found");
    }
    answer(StatusCode::OK, documents::emails(person), token)
}

/// `GET /repos/{owner}/{name}`.
pub(crate) async fn repository(
    State(shared): State<Shared>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let world = shared.world();
    let (person, token) = match caller(&world, &headers) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let found = world.repository(&owner, &name);
    if found.is_none()
        && let Some(id) = world.former(&owner, &name)
    {
        let to = format!("{}/api/v3/repositories/{id}", world.root);
        let body = json!({
            "message": "Moved Permanently",
            "url": to,
            "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api",
        });
        let location = [(header::LOCATION, to)];
        return (StatusCode::MOVED_PERMANENTLY, common(), location, Json(body)).into_response();
    }
    match found.filter(|(_, r)| visible(r, person, token)) {
        Some((owner, repository)) => {
            answer(StatusCode::OK, documents::repository(&world.root, owner, repository), token)
        }
        None => refuse(StatusCode::NOT_FOUND, "Not Found"),
    }
}

fn visible(repository: &Repository, person: &Person, token: &Token) -> bool {
    !repository.private || (repository.owner == person.id && may_write(token, true))
}

/// `GET /repositories/{id}`: where redirections of the one above lead.
pub(crate) async fn repository_called(
    State(shared): State<Shared>,
    Path(id): Path<u64>,
    headers: HeaderMap,
) -> Response {
    let world = shared.world();
    let (person, token) = match caller(&world, &headers) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    match world.repository_called(id).filter(|(_, r)| visible(r, person, token)) {
        Some((owner, found)) => {
            answer(StatusCode::OK, documents::repository(&world.root, owner, found), token)
        }
        None => refuse(StatusCode::NOT_FOUND, "Not Found"),
    }
}

/// `GET /repos/{owner}/{name}/hooks`.
pub(crate) async fn hooks(
    State(shared): State<Shared>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let world = shared.world();
    let (person, token) = match caller(&world, &headers) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let Some((_, found)) =
        world.repository(&owner, &name).filter(|(_, r)| visible(r, person, token))
    else {
        return refuse(StatusCode::NOT_FOUND, "Not Found");
    };
    if !administers(&world, token) {
        return refuse(StatusCode::FORBIDDEN, INACCESSIBLE);
    }
    let all = found.hooks.iter();
    let all: Value = all.map(|hook| documents::hook(&world.root, hook)).collect();
    answer(StatusCode::OK, all, token)
}

/// What `POST /repos/{owner}/{name}/hooks` takes.
#[derive(Deserialize)]
pub(crate) struct NewHook {
    config: NewHookConfig,
}

#[derive(Deserialize)]
struct NewHookConfig {
    url: String,
    secret: String,
}

/// `POST /repos/{owner}/{name}/hooks`.
pub(crate) async fn create_hook(
    State(shared): State<Shared>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
    Json(new): Json<NewHook>,
) -> Response {
    let mut world = shared.world();
    let (person, token) = match caller(&world, &headers) {
        Ok((person, token)) => (person.clone(), token.clone()),
        Err(refused) => return *refused,
    };
    let found = world.repository(&owner, &name).filter(|(_, r)| visible(r, &person, &token));
    let Some(id) = found.map(|(_, found)| found.id) else {
        return refuse(StatusCode::NOT_FOUND, "Not Found");
    };
    if !administers(&world, &token) {
        return refuse(StatusCode::FORBIDDEN, INACCESSIBLE);
    }
    let NewHookConfig { url, secret } = new.config;
    let hook = Hook { id: world.number(), url, secret };
    let document = documents::hook(&world.root, &hook);
    if let Some(found) = world.repositories.iter_mut().find(|r| r.id == id) {
        found.hooks.push(hook);
    }
    answer(StatusCode::CREATED, document, &token)
}

/// `DELETE /repos/{owner}/{name}/hooks/{id}`.
pub(crate) async fn delete_hook(
    State(shared): State<Shared>,
    Path((owner, name, hook)): Path<(String, String, u64)>,
    headers: HeaderMap,
) -> Response {
    let mut world = shared.world();
    let (person, token) = match caller(&world, &headers) {
        Ok((person, token)) => (person.clone(), token.clone()),
        Err(refused) => return *refused,
    };
    let found = world.repository(&owner, &name).filter(|(_, r)| visible(r, &person, &token));
    let id = found.map(|(_, found)| found.id).filter(|_| administers(&world, &token));
    let found = world.repositories.iter_mut().find(|r| Some(r.id) == id);
    let found = found.filter(|r| r.hooks.iter().any(|there| there.id == hook));
    let Some(found) = found else { return refuse(StatusCode::NOT_FOUND, "Not Found") };
    found.hooks.retain(|there| there.id != hook);
    (StatusCode::NO_CONTENT, common()).into_response()
}

/// Whether a token lets somebody into a repository, and where that is.
pub(crate) fn enter(
    world: &World,
    token: &str,
    asked: &Asked,
    query: &str,
) -> Result<(u64, PathBuf), Box<Response>> {
    let Some((person, token)) = world.token(token, now()) else {
        return Err(Box::new(crate::git::who_is_it("GitHub")));
    };
    let missing = || Box::new((StatusCode::NOT_FOUND, "Repository not found.\n").into_response());
    let Some((_, found)) = world.repository(&asked.owner, &asked.name) else {
        let moved = world.former(&asked.owner, &asked.name);
        let Some((owner, now)) = moved.and_then(|id| world.repository_called(id)) else {
            return Err(missing());
        };
        let (root, login, name, rest) = (&world.root, &owner.login, &now.name, &asked.rest);
        let to = format!("{root}/{login}/{name}.git/{rest}?{query}");
        let there = (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]);
        return Err(Box::new(there.into_response()));
    };
    let allowed = visible(found, person, token)
        && (!asked.push || found.owner == person.id && may_write(token, found.private));
    let path = world.files.as_ref().map(|files| files.path(found.id));
    path.filter(|_| allowed).map(|path| (found.id, path)).ok_or_else(missing)
}

/// What `POST /user/repos` takes.
#[derive(Deserialize)]
pub(crate) struct NewRepository {
    name: String,
    description: Option<String>,
    #[serde(default)]
    private: bool,
}

/// `POST /user/repos`.
pub(crate) async fn create_repository(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Json(new): Json<NewRepository>,
) -> Response {
    let mut world = shared.world();
    let (person, token) = match caller(&world, &headers) {
        Ok((person, token)) => (person.clone(), token.clone()),
        Err(refused) => return *refused,
    };
    if !may_write(&token, new.private) {
        return refuse(StatusCode::NOT_FOUND, "Not Found");
    }
    if !administers(&world, &token) {
        return refuse(StatusCode::FORBIDDEN, INACCESSIBLE);
    }
    let NewRepository { name, description, private } = new;
    let Some(repository) = world.create_repository(person.id, &name, description, private) else {
        let body = documents::name_taken();
        return (StatusCode::UNPROCESSABLE_ENTITY, common(), Json(body)).into_response();
    };
    let document = documents::repository(&world.root, &person, &repository);
    answer(StatusCode::CREATED, document, &token)
}

/// Whether the application was given more than what is in repositories; an OAuth app's scope says so.
fn administers(world: &World, token: &Token) -> bool {
    token.expires_at.is_none() || world.app().administers
}

fn may_write(token: &Token, private: bool) -> bool {
    let is_app = token.expires_at.is_some();
    is_app || token.scopes.contains("repo") || (!private && token.scopes.contains("public_repo"))
}

/// What `DELETE /applications/{client_id}/token` takes.
#[derive(Deserialize)]
pub(crate) struct Revocation {
    access_token: String,
}

/// `DELETE /applications/{client_id}/token`.
pub(crate) async fn delete_token(
    State(shared): State<Shared>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    Json(revocation): Json<Revocation>,
) -> Response {
    let mut world = shared.world();
    let app = world.app();
    let expected = STANDARD.encode(format!("{}:{}", app.client_id, app.client_secret));
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given != Some(&format!("Basic {expected}")) || client_id != app.client_id {
        return refuse(StatusCode::UNAUTHORIZED, "Requires authentication");
    }
    if world.revoke(&revocation.access_token) {
        (StatusCode::NO_CONTENT, common()).into_response()
    } else {
        let body = documents::validation_failed();
        (StatusCode::UNPROCESSABLE_ENTITY, common(), Json(body)).into_response()
    }
}

/// Whatever else is asked for.
pub(crate) async fn nothing() -> Response {
    refuse(StatusCode::NOT_FOUND, "Not Found")
}

/// Whose token the request has. GitHub also wants to know which program asks.
fn caller<'a>(world: &'a World, headers: &HeaderMap) -> Result<(&'a Person, &'a Token), Refused> {
    if headers.get(header::USER_AGENT).is_none() {
        let message = "Request forbidden by administrative rules. Please make sure your request \
            has a User-Agent header";
        return Err(refuse(StatusCode::FORBIDDEN, message).into());
    }
    let version = headers.get("x-github-api-version").map(HeaderValue::as_bytes);
    if version.is_some_and(|version| version != b"2022-11-28") {
        return Err(refuse(StatusCode::BAD_REQUEST, "The API version is not supported").into());
    }
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some((scheme, token)) = given.and_then(|given| given.split_once(' ')) else {
        return Err(refuse(StatusCode::UNAUTHORIZED, "Requires authentication").into());
    };
    let known = ["bearer", "token"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let found = world.token(token, now()).filter(|_| known);
    found.ok_or_else(|| refuse(StatusCode::UNAUTHORIZED, "Bad credentials").into())
}

fn answer(status: StatusCode, body: Value, token: &Token) -> Response {
    let mut headers = common();
    if token.expires_at.is_none() {
        let scopes = token.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        if let Ok(scopes) = HeaderValue::from_str(&scopes) {
            headers.insert(HeaderName::from_static("x-oauth-scopes"), scopes);
        }
    }
    (status, headers, Json(body)).into_response()
}

pub(crate) fn refuse(status: StatusCode, message: &str) -> Response {
    let body = json!({
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": status.as_str(),
    });
    (status, common(), Json(body)).into_response()
}

/// What every answer of the API has.
pub(crate) fn common() -> HeaderMap {
    let fixed = |name, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
    let mut headers = HeaderMap::from_iter([
        fixed("x-github-media-type", "github.v3; format=json"),
        fixed("x-github-api-version-selected", "2022-11-28"),
        fixed("x-ratelimit-limit", "5000"),
        fixed("x-ratelimit-remaining", "4987"),
        fixed("x-ratelimit-resource", "core"),
    ]);
    headers.insert("x-ratelimit-reset", HeaderValue::from(now() + 3600));
    headers
}
