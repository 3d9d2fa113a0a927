//! Signing in with GitHub, and linking it.

use axum::Json;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header, request};
use axum::response::Response;
use progy_api::account::session::Status;
use progy_api::account::social::{LinkedAccount, SocialAnswer, SocialRequest, UnlinkRequest};
use serde::Deserialize;

use super::no_store;
use crate::error::ServiceError;
use crate::http::cookie;
use crate::http::extract::Query;
use crate::http::failure::Failure;
use crate::http::form::JsonOrForm;
use crate::http::login::{Carried, Visitor};
use crate::http::site::Site;
use crate::pages;
use crate::routes::AppState;
use crate::secret::Secret;
use crate::services::accounts::{Login, Refusal};
use crate::services::github::finish::{Back, Finished};
use crate::services::github::start::Wish;

/// The only provider.
const GITHUB: &str = "github";
/// Where a browser goes that did not say.
const HOME: &str = "/";
/// Where a browser goes if something went wrong and it did not say.
const ERROR: &str = "/api/auth/error";

/// Begins to sign in with GitHub: the answer says where the browser has to go.
#[utoipa::path(post, path = "/api/auth/sign-in/social", tag = "accounts", security(()),
    request_body = SocialRequest,
    responses(
        (status = 200, description = "Where to go", body = SocialAnswer),
        (status = 400, description = "`VALIDATION_ERROR`"),
        (status = 403, description = "`INVALID_ORIGIN`, `INVALID_CALLBACK_URL`, \
            `INVALID_ERROR_CALLBACK_URL`, `INVALID_NEW_USER_CALLBACK_URL`"),
        (status = 404, description = "`PROVIDER_NOT_FOUND`"),
        (status = 429, description = "`rate_limited`")))]
pub(crate) async fn sign_in(
    State(state): State<AppState>,
    parts: request::Parts,
    visitor: Visitor,
    JsonOrForm(body): JsonOrForm<SocialRequest>,
) -> Result<(HeaderMap, Json<SocialAnswer>), Failure> {
    start(&state, &parts, &visitor, None, body).await
}

/// Begins to link GitHub to the person who is signed in.
#[utoipa::path(post, path = "/api/auth/link-social", tag = "accounts",
    request_body = SocialRequest,
    responses(
        (status = 200, description = "Where to go", body = SocialAnswer),
        (status = 400, description = "`VALIDATION_ERROR`"),
        (status = 403, description = "`INSUFFICIENT_SCOPE`, `INVALID_ORIGIN`, \
            `INVALID_CALLBACK_URL`, `INVALID_ERROR_CALLBACK_URL`, \
            `INVALID_NEW_USER_CALLBACK_URL`"),
        (status = 404, description = "`PROVIDER_NOT_FOUND`"),
        (status = 429, description = "`rate_limited`")))]
pub(crate) async fn link(
    State(state): State<AppState>,
    parts: request::Parts,
    visitor: Visitor,
    JsonOrForm(body): JsonOrForm<SocialRequest>,
) -> Result<(HeaderMap, Json<SocialAnswer>), Failure> {
    let login = visitor.member().map_err(ServiceError::from)?;
    start(&state, &parts, &visitor, Some(login), body).await
}

async fn start(
    state: &AppState,
    parts: &request::Parts,
    visitor: &Visitor,
    link: Option<&Login>,
    body: Result<SocialRequest, String>,
) -> Result<(HeaderMap, Json<SocialAnswer>), Failure> {
    let body = body.map_err(|why| ServiceError::from(Refusal::Invalid(why)))?;
    if body.provider != GITHUB || !state.services.has_github() {
        return Err(ServiceError::from(Refusal::ProviderNotFound).into());
    }
    let check = |target, name| ours(&state.site, &parts.headers, target, name);
    let callback = check(body.callback_url, "callbackURL")?;
    let wish = Wish {
        callback: callback.unwrap_or_else(|| HOME.to_owned()),
        error: check(body.error_callback_url, "errorCallbackURL")?,
        new_user: check(body.new_user_callback_url, "newUserCallbackURL")?,
        scopes: body.scopes.unwrap_or_default(),
        login: body.login_hint,
        invite: body.additional_data.and_then(|more| more.invite),
        open: state.site.is_open(parts),
    };
    let started = state.services.start_github(wish, link, &visitor.peer).await?;
    let mut headers = no_store();
    cookie::set_ticket(&mut headers, started.ticket.expose(), visitor.secure);
    let redirect = !body.disable_redirect.unwrap_or(false);
    if redirect && let Ok(location) = HeaderValue::from_str(&started.url) {
        headers.insert(header::LOCATION, location);
    }
    Ok((headers, Json(SocialAnswer { url: started.url, redirect })))
}

/// An address that a browser may be sent to: a path here, or a page of a trusted origin.
fn ours(
    site: &Site,
    headers: &HeaderMap,
    target: Option<String>,
    name: &'static str,
) -> Result<Option<String>, ServiceError> {
    match target {
        Some(target) if !site.leads_home(&target, headers) => {
            Err(Refusal::InvalidTarget(name).into())
        }
        target => Ok(target.filter(|target| !target.is_empty())),
    }
}

/// What GitHub puts into the address.
#[derive(Deserialize)]
pub(crate) struct Answered {
    state: Option<Secret>,
    code: Option<Secret>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Where GitHub sends the browser back to. Always sends it on: to where it asked for, or, with
/// `error` and perhaps `error_description`, to where it asked for in that case.
#[utoipa::path(get, path = "/api/auth/callback/github", tag = "accounts", security(()),
    params(
        ("state" = Option<String>, Query, description = "Which request this answers"),
        ("code" = Option<String>, Query, description = "What a token is had for"),
        ("error" = Option<String>, Query, description = "Why there is no code"),
        ("error_description" = Option<String>, Query, description = "The same, for people")),
    responses(
        (status = 302, description = "On to the page that was asked for"),
        (status = 404, description = "`PROVIDER_NOT_FOUND`"),
        (status = 429, description = "`rate_limited`")))]
pub(crate) async fn callback(
    State(state): State<AppState>,
    headers: HeaderMap,
    visitor: Visitor,
    Query(answered): Query<Answered>,
) -> Result<(StatusCode, HeaderMap), Failure> {
    let secure = visitor.secure;
    let ticket = cookie::ticket(&headers, secure).map(Secret::new);
    let before = visitor.secret.as_ref().filter(|(_, how)| *how == Carried::Cookie);
    let back = Back {
        state: answered.state.filter(|state| !state.is_empty()),
        code: answered.code.filter(|code| !code.is_empty()),
        error: answered.error,
        error_description: answered.error_description,
    };
    let finished = state
        .services
        .finish_github(
            &back,
            ticket.as_ref(),
            visitor.login.as_ref(),
            before.map(|(secret, _)| secret.as_str()),
            &visitor.peer,
        )
        .await?;
    let mut headers = no_store();
    // The address has a code in it, which is nobody's business.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    cookie::clear_ticket(&mut headers, secure);
    let to = match finished {
        Finished::SignedIn { who, to } => {
            cookie::set(&mut headers, &who.session, secure);
            to
        }
        Finished::Linked { to } => to,
        Finished::Failed { to, error, description } => {
            let to = to.unwrap_or_else(|| ERROR.to_owned());
            with_error(&to, &error, description.as_deref())
        }
    };
    let to = HeaderValue::from_str(&to).map_err(|error| Failure::internal(&error))?;
    headers.insert(header::LOCATION, to);
    Ok((StatusCode::FOUND, headers))
}

/// `to` with the error in its query.
fn with_error(to: &str, error: &str, description: Option<&str>) -> String {
    let pairs = [("error", Some(error)), ("error_description", description)];
    let pairs: Vec<(&str, &str)> =
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    let (page, fragment) = to.split_once('#').map_or((to, None), |(page, at)| (page, Some(at)));
    let mark = if page.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|at| format!("#{at}")).unwrap_or_default();
    format!("{page}{mark}{query}{fragment}")
}

/// What the page of errors is asked to show.
#[derive(Deserialize)]
pub(crate) struct Shown {
    error: Option<String>,
}

/// A page for people that says that signing in did not work.
#[utoipa::path(get, path = "/api/auth/error", tag = "accounts", security(()),
    params(("error" = Option<String>, Query, description = "The code")),
    responses((status = 200, description = "The page", content_type = "text/html")))]
pub(crate) async fn error(
    State(state): State<AppState>,
    headers: HeaderMap,
    extensions: Extensions,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let fits = |c: &char| c.is_ascii_lowercase() || *c == '_';
    let code: String = shown.error.unwrap_or_default().chars().filter(fits).take(64).collect();
    pages::failure::social(&headers, state.site.is_secure(&headers, &extensions), &code)
}

/// The ways in that the person has.
#[utoipa::path(get, path = "/api/auth/list-accounts", tag = "accounts",
    responses(
        (status = 200, description = "The accounts", body = Vec<LinkedAccount>),
        (status = 403, description = "`INSUFFICIENT_SCOPE`: a personal access token asks")))]
pub(crate) async fn list(
    State(state): State<AppState>,
    visitor: Visitor,
) -> Result<(HeaderMap, Json<Vec<LinkedAccount>>), Failure> {
    let login = visitor.member().map_err(ServiceError::from)?;
    Ok((no_store(), Json(state.services.linked_accounts(login).await?)))
}

/// Removes one of the ways in, with its tokens.
#[utoipa::path(post, path = "/api/auth/unlink-account", tag = "accounts",
    request_body = UnlinkRequest,
    responses(
        (status = 200, description = "It is gone", body = Status),
        (status = 400, description = "`ACCOUNT_NOT_FOUND`, `FAILED_TO_UNLINK_LAST_ACCOUNT`, \
            `VALIDATION_ERROR`"),
        (status = 403, description = "`INSUFFICIENT_SCOPE`, `INVALID_ORIGIN`")))]
pub(crate) async fn unlink(
    State(state): State<AppState>,
    visitor: Visitor,
    JsonOrForm(body): JsonOrForm<UnlinkRequest>,
) -> Result<(HeaderMap, Json<Status>), Failure> {
    let login = visitor.member().map_err(ServiceError::from)?;
    let body = body.map_err(|why| ServiceError::from(Refusal::Invalid(why)))?;
    let (id, provider) = (body.account_id.as_deref(), body.provider_id.as_deref());
    state.services.unlink_account(login, id, provider, &visitor.peer).await?;
    Ok((no_store(), Json(Status { status: true })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_added_to_the_address() {
        for (to, expected) in [
            ("/login", "/login?error=no_code"),
            ("/login?from=x", "/login?from=x&error=no_code"),
            ("https://a.example/#/login", "https://a.example/?error=no_code#/login"),
        ] {
            assert_eq!(with_error(to, "no_code", None), expected);
        }
        let both = with_error("/", "access_denied", Some("not & never"));
        assert_eq!(both, "/?error=access_denied&error_description=not+%26+never");
    }
}
