//! Who looks at a page.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::csrf::{self, Csrf};
use super::frame::Frame;
use super::language::Language;
use super::texts::Texts;
use super::{Answer, next};
use crate::http::cookie;
use crate::http::failure::{Failure, Foreign};
use crate::http::login::{Carried, Visitor};
use crate::routes::AppState;
use crate::services::accounts::sessions::{LIFETIME, NewSession};
use crate::services::accounts::{Login, Peer};

/// Somebody with a browser, signed in or not.
pub(crate) struct Viewer {
    /// Where from.
    pub(super) peer: Peer,
    /// Whether they may register without an invitation.
    pub(super) may_register: bool,
    login: Option<Login>,
    /// What the cookie of the session holds, whether or not it is good.
    secret: Option<String>,
    csrf: Csrf,
    texts: &'static Texts,
    here: String,
    /// For the answer.
    cookies: HeaderMap,
    /// Whether the browser came over HTTPS.
    pub(super) secure: bool,
}

impl FromRequestParts<AppState> for Viewer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let Visitor { login, secret, peer, secure } =
            Visitor::from_request_parts(parts, state).await?;
        // A page belongs to who carries a cookie: a token has no forms.
        let secret = secret.filter(|(_, how)| *how == Carried::Cookie).map(|(secret, _)| secret);
        let login = login.filter(|login| secret.is_some() && login.session().is_some());
        let mut cookies = HeaderMap::new();
        let mut held = secret.clone().filter(|_| login.is_some());
        if parts.method == Method::GET
            && let Some(login) = &login
            && let Some(fresh) = state.services.rotate(login).await?
        {
            let remembered = login.session().is_some_and(|session| session.remembered);
            let seconds = remembered.then_some(LIFETIME / 1_000);
            cookie::set_session(&mut cookies, fresh.expose(), seconds, secure);
            held = Some(fresh.into_string());
        }
        let held = match held {
            Some(held) => held,
            None => match cookie::visitor(&parts.headers, secure) {
                Some(visitor) if csrf::is_visitor(visitor) => visitor.to_owned(),
                _ => {
                    let visitor = csrf::new_visitor(&*state.services.entropy);
                    let visitor = visitor.map_err(crate::ServiceError::from)?;
                    cookie::set_visitor(&mut cookies, &visitor, secure);
                    visitor
                }
            },
        };
        let here = match parts.method {
            Method::GET => parts.uri.path_and_query().map(ToString::to_string),
            _ => Some(parts.uri.path().to_owned()),
        };
        Ok(Self {
            peer,
            may_register: state.site.is_open(parts),
            login,
            secret,
            csrf: Csrf::of(&held),
            texts: Texts::of(Language::of(&parts.headers)),
            here: next::own(here.as_deref()).unwrap_or("/").to_owned(),
            cookies,
            secure,
        })
    }
}

impl Viewer {
    /// The session, if they are signed in.
    pub(super) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// What the browser carries, for those who end it.
    pub(super) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    pub(super) fn texts(&self) -> &'static Texts {
        self.texts
    }

    /// Whether a form was on a page that this browser got.
    pub(super) fn admits(&self, token: &str) -> bool {
        self.csrf.admits(token)
    }

    /// The frame of a page with this title, at the path of the request.
    pub(super) fn frame(&self, title: &'static str) -> Frame {
        Frame {
            csrf: self.csrf.as_str().to_owned(),
            here: self.here.clone(),
            user: self.login.as_ref().map(|login| login.user.name.clone()),
            is_admin: self
                .login
                .as_ref()
                .is_some_and(|login| login.user.role == progy_api::account::Role::Admin),
            ..Frame::new(self.texts, title)
        }
    }

    /// A page.
    pub(super) fn page(&self, status: StatusCode, page: &impl Template) -> Answer {
        let mut response = rendered(status, page)?;
        self.give_cookies(&mut response);
        Ok(response)
    }

    /// To a path of ours, by GET (RFC 9110, section 15.4.4).
    pub(super) fn go(&self, to: &str) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        if let Ok(to) = HeaderValue::from_str(to) {
            response.headers_mut().insert(header::LOCATION, to);
        }
        self.give_cookies(&mut response);
        response
    }

    /// To sign in first, and then back to `next`.
    pub(super) fn sign_in_first(&self, next: &str) -> Response {
        self.go(&next::with("/sign-in", Some(next)))
    }

    /// As [`Self::go`], with a new session. What the visitor carried before is of no use any more.
    pub(super) fn enter(&self, session: &NewSession, to: &str) -> Response {
        let mut response = self.go(to);
        let headers = response.headers_mut();
        let seconds = cookie::lifetime(session);
        cookie::set_session(headers, session.secret.expose(), seconds, self.secure);
        cookie::clear_visitor(headers, self.secure);
        response
    }

    /// As [`Self::go`], without a session.
    pub(super) fn leave(&self, to: &str) -> Response {
        let mut response = self.go(to);
        cookie::clear(response.headers_mut(), self.secure);
        response
    }

    fn give_cookies(&self, response: &mut Response) {
        for value in self.cookies.get_all(header::SET_COOKIE) {
            response.headers_mut().append(header::SET_COOKIE, value.clone());
        }
    }
}

/// A template as an answer that nobody rewrites.
pub(super) fn rendered(status: StatusCode, page: &impl Template) -> Answer {
    let html = page.render().map_err(|error| Failure::internal(&error))?;
    let mut response = (status, Html(html)).into_response();
    response.extensions_mut().insert(Foreign);
    Ok(response)
}
