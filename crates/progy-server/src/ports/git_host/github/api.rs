//! The routes of GitHub's that are about repositories, for the learner whose token it is.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Method, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::json;

use crate::ports::Clock;
use crate::ports::git_host::told::Address;
use crate::ports::github::answer::Answer;
use crate::ports::github::http::{API_JSON, API_VERSION, X_API_VERSION};
use crate::ports::github::{GitHubError, Result};
use crate::ports::web::{self, MAX_BODY, Patience, Web, bounded, number, text};
use crate::secret::Secret;

/// For a whole answer.
const ANSWER: Duration = Duration::from_secs(15);
/// How GitHub says that there is a repository of this name.
const TAKEN: &str = "already exists";

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Repository {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) owner: Owner,
    pub(super) private: bool,
    #[serde(default)]
    pub(super) archived: bool,
}

/// Whose a repository is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Owner {
    pub(super) login: String,
}

/// What is to be done about webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hooks {
    /// There is to be one.
    Made,
    /// One of ours that has an old secret gets the new one. A learner who removed it wants none.
    Renewed,
}

#[derive(Deserialize)]
struct Hook {
    id: u64,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    config: HookConfig,
}

#[derive(Default, Deserialize)]
struct HookConfig {
    #[serde(default)]
    url: String,
}

/// GitHub's API.
pub(super) struct Api {
    base: Url,
    web: Web,
    clock: Arc<dyn Clock>,
}

impl Api {
    pub(super) fn new(base: Url, clock: Arc<dyn Clock>) -> Self {
        let web = Web::new([&base], Patience::Whole(ANSWER));
        Self { base, web, clock }
    }

    fn request(&self, method: Method, url: Url, token: &Secret) -> Result<RequestBuilder> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
            .map_err(|_| GitHubError::Unauthorized)?;
        bearer.set_sensitive(true);
        Ok(self
            .web
            .client()?
            .request(method, url)
            .header(ACCEPT, API_JSON)
            .header(X_API_VERSION, API_VERSION)
            .header(AUTHORIZATION, bearer))
    }

    /// The answer, and where it points if it points elsewhere.
    async fn send(&self, request: RequestBuilder) -> Result<(Answer, Option<String>)> {
        let response = request.send().await.map_err(|error| web::unreachable(&error))?;
        let headers = response.headers();
        let location = text(headers, LOCATION.as_str()).map(str::to_owned);
        let answer = Answer {
            status: response.status().as_u16(),
            retry_after: number(headers, "retry-after"),
            remaining: number(headers, "x-ratelimit-remaining"),
            reset: number(headers, "x-ratelimit-reset"),
            scopes: None,
            body: bounded(response, MAX_BODY).await?,
        };
        Ok((answer, location))
    }

    /// `GET /repos/{owner}/{name}`, wherever it is by now; `None` if it is gone, or not for this token.
    pub(super) async fn repository(
        &self,
        token: &Secret,
        owner: &str,
        name: &str,
    ) -> Result<Option<Repository>> {
        let url = web::below(&self.base, &["repos", owner, name]);
        let request = self.request(Method::GET, url, token)?;
        let (mut answer, location) = self.send(request).await?;
        if let Some(id) = location.filter(|_| matches!(answer.status, 301 | 302 | 307 | 308)) {
            // Renamed, or moved to another owner. Only where it can lead is followed: to the
            // repository's number, below the same address.
            let id = self.number_in(&id).ok_or(GitHubError::Moved)?;
            let url = web::below(&self.base, &["repositories", &id.to_string()]);
            (answer, _) = self.send(self.request(Method::GET, url, token)?).await?;
        }
        match answer.json(self.clock.now()) {
            Ok(found) => Ok(Some(found)),
            Err(GitHubError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The number of a repository in an address of the API.
    fn number_in(&self, location: &str) -> Option<u64> {
        let url = self.base.join(location).ok()?;
        let folder = web::below(&self.base, &["repositories", ""]);
        url.as_str().strip_prefix(folder.as_str())?.parse().ok()
    }

    /// `POST /user/repos`; `None` if there is one of this name.
    pub(super) async fn create(
        &self,
        token: &Secret,
        name: &str,
        description: &str,
    ) -> Result<Option<Repository>> {
        let body = json!({
            "name": name,
            "private": true,
            "auto_init": false,
            "description": description,
        });
        let url = web::below(&self.base, &["user", "repos"]);
        let request = self.request(Method::POST, url, token)?.json(&body);
        match self.send(request).await?.0.json(self.clock.now()) {
            Ok(made) => Ok(Some(made)),
            Err(GitHubError::Invalid(why)) if why.iter().any(|why| why.contains(TAKEN)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Has this server be told of pushes, by one webhook with this secret.
    pub(super) async fn settle_hook(
        &self,
        token: &Secret,
        (owner, name): (&str, &str),
        address: &Address,
        secret: &Secret,
        wanted: Hooks,
    ) -> Result<()> {
        let hooks = web::below(&self.base, &["repos", owner, name, "hooks"]);
        let (answer, _) = self.send(self.request(Method::GET, hooks.clone(), token)?).await?;
        let all: Vec<Hook> = answer.json(self.clock.now())?;
        let url = address.url.as_str();
        let good = all.iter().find(|hook| hook.active && hook.config.url == url);
        let good = good.map(|hook| hook.id);
        // One that the learner has switched off stays off.
        let of_old = |hook: &&Hook| {
            hook.active && hook.config.url.starts_with(&address.below) && Some(hook.id) != good
        };
        let stale: Vec<u64> = all.iter().filter(of_old).map(|hook| hook.id).collect();
        if good.is_none() && (wanted == Hooks::Made || !stale.is_empty()) {
            self.create_hook(token, hooks.clone(), url, secret).await?;
        }
        for id in stale {
            let url = web::below(&hooks, &[&id.to_string()]);
            let (answer, _) = self.send(self.request(Method::DELETE, url, token)?).await?;
            match answer.accept(self.clock.now()) {
                Ok(()) | Err(GitHubError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn create_hook(
        &self,
        token: &Secret,
        hooks: Url,
        url: &str,
        secret: &Secret,
    ) -> Result<()> {
        let body = json!({
            "name": "web",
            "active": true,
            "events": ["push"],
            "config": { "url": url, "content_type": "json", "secret": secret.expose() },
        });
        let (answer, _) = self.send(self.request(Method::POST, hooks, token)?.json(&body)).await?;
        answer.accept(self.clock.now())
    }
}
