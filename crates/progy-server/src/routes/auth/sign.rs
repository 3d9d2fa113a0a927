//! Signing up and in with an address and a password.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, request};
use progy_api::account::credential::{SignInAnswer, SignInRequest, SignUpAnswer, SignUpRequest};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::no_store;
use crate::error::ServiceError;
use crate::http::failure::Failure;
use crate::http::form::JsonOrForm;
use crate::http::login::{Carried, Visitor};
use crate::http::{blocking, cookie};
use crate::routes::AppState;
use crate::services::accounts::Refusal;
use crate::services::accounts::sign_in::{Claim, Credentials};
use crate::services::accounts::sign_up::Registration;

/// Passwords that are hashed at once; each takes 19 MiB and a processor for some ten milliseconds.
const AT_ONCE: usize = 2;
/// Requests that wait for that at most. Beyond, they are told to come back.
const WAITING: usize = 64;

/// Shares processors and memory among those who sign in.
#[derive(Debug, Clone)]
pub(crate) struct Hashing {
    waiting: Arc<Semaphore>,
    working: Arc<Semaphore>,
}

impl Hashing {
    /// Nobody is at it.
    pub(crate) fn new() -> Self {
        let [waiting, working] = [WAITING, AT_ONCE].map(Semaphore::new).map(Arc::new);
        Self { waiting, working }
    }

    /// Does work that hashes a password, once it is its turn.
    pub(crate) async fn run<F>(&self, work: F) -> Result<F::Output, Failure>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let turn = self.turn().await?;
        blocking(async move {
            let _turn = turn;
            work.await
        })
        .await
    }

    /// The right to hash one password.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let busy = || Failure::from(ServiceError::Unavailable(None));
        let _waiting = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| busy())?;
        Arc::clone(&self.working).acquire_owned().await.map_err(|_| busy())
    }
}

/// Adds a person, and signs them in. What the browser carried before ends.
#[utoipa::path(post, path = "/api/auth/sign-up/email", tag = "accounts", security(()),
    request_body = SignUpRequest,
    responses(
        (status = 200, description = "The person, with a session", body = SignUpAnswer),
        (status = 400, description = "`EMAIL_PASSWORD_SIGN_UP_DISABLED`, `INVALID_EMAIL`, \
            `PASSWORD_TOO_SHORT`, `PASSWORD_TOO_LONG`, `USERNAME_IS_ALREADY_TAKEN`, \
            `INVALID_USERNAME`, `INVALID_INVITE`, `VALIDATION_ERROR`"),
        (status = 403, description = "`INVALID_ORIGIN`"),
        (status = 422, description = "`USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL`"),
        (status = 429, description = "`rate_limited`")))]
pub(crate) async fn up(
    State(state): State<AppState>,
    parts: request::Parts,
    visitor: Visitor,
    JsonOrForm(body): JsonOrForm<SignUpRequest>,
) -> Result<(HeaderMap, Json<SignUpAnswer>), Failure> {
    let body = body.map_err(|why| ServiceError::from(Refusal::Invalid(why)))?;
    let SignUpRequest { name, email, password, username, image, invite, remember } = body;
    let registration = Registration {
        name,
        email,
        password,
        username,
        image,
        invite,
        remember: remember.unwrap_or(true),
    };
    let open = state.site.is_open(&parts);
    let Visitor { secret, peer, secure, .. } = visitor;
    let before = secret.filter(|(_, how)| *how == Carried::Cookie);
    let (services, from) = (Arc::clone(&state.services), peer.clone());
    let work = async move { services.sign_up(&registration, open, &from).await };
    let signed_in = state.hashing.run(work).await??;
    if let Some((before, _)) = before {
        state.services.sign_out(&before, &peer).await?;
    }
    let mut headers = no_store();
    cookie::set(&mut headers, &signed_in.session, secure);
    let token = signed_in.session.secret.into_string();
    Ok((headers, Json(SignUpAnswer { token, user: signed_in.user })))
}

/// Signs a person in. What the browser carried before ends.
#[utoipa::path(post, path = "/api/auth/sign-in/email", tag = "accounts", security(()),
    request_body = SignInRequest,
    responses(
        (status = 200, description = "The person, with a session", body = SignInAnswer),
        (status = 400, description = "`INVALID_EMAIL`, `PASSWORD_TOO_LONG`, `VALIDATION_ERROR`"),
        (status = 401, description = "`INVALID_EMAIL_OR_PASSWORD`"),
        (status = 403, description = "`INVALID_ORIGIN`"),
        (status = 429, description = "`rate_limited`")))]
pub(crate) async fn sign_in(
    State(state): State<AppState>,
    visitor: Visitor,
    JsonOrForm(body): JsonOrForm<SignInRequest>,
) -> Result<(HeaderMap, Json<SignInAnswer>), Failure> {
    let body = body.map_err(|why| ServiceError::from(Refusal::Invalid(why)))?;
    let Visitor { secret, peer, secure, .. } = visitor;
    let before = secret.filter(|(_, how)| *how == Carried::Cookie);
    let credentials = Credentials {
        claim: Claim::Email(body.email),
        password: body.password,
        remember: body.remember.unwrap_or(true),
        replaces: before.map(|(secret, _)| secret),
    };
    let services = Arc::clone(&state.services);
    let work = async move { services.sign_in(&credentials, &peer).await };
    let signed_in = state.hashing.run(work).await??;
    let mut headers = no_store();
    cookie::set(&mut headers, &signed_in.session, secure);
    let token = signed_in.session.secret.into_string();
    Ok((headers, Json(SignInAnswer { redirect: false, token, user: signed_in.user })))
}
