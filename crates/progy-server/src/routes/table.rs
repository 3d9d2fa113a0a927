//! Routes that remember what they are, so that the document can be compared with them.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post, put};

use crate::config::Timeouts;
use crate::http::limits::{Allowance, hold};
use crate::routes::AppState;

/// A router under construction.
pub(crate) struct Routes {
    router: Router<AppState>,
    listed: Vec<(Method, &'static str)>,
    pages: Vec<(Method, &'static str)>,
    timeouts: Timeouts,
}

impl Routes {
    /// No routes yet.
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        Self { router: Router::new(), listed: Vec::new(), pages: Vec::new(), timeouts }
    }

    /// Adds a route that takes no body.
    pub(crate) fn get<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.add(Method::GET, path, Allowance::NO_BODY, get(handler))
    }

    /// Adds a route that takes a body.
    pub(crate) fn post<H, T>(self, path: &'static str, allowance: Allowance, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.add(Method::POST, path, allowance, post(handler))
    }

    /// Adds a route that takes a body.
    pub(crate) fn put<H, T>(self, path: &'static str, allowance: Allowance, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.add(Method::PUT, path, allowance, put(handler))
    }

    /// Adds a page for people, which is not part of the API and not in its document.
    pub(crate) fn page<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.pages.push((Method::GET, path));
        self.route(path, Allowance::NO_BODY, get(handler))
    }

    /// Adds what a form on a page is sent to.
    pub(crate) fn form<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.pages.push((Method::POST, path));
        self.route(path, Allowance::body(crate::pages::BODY), post(handler))
    }

    /// Method and path of each page and form.
    pub(crate) fn pages(&self) -> &[(Method, &'static str)] {
        &self.pages
    }

    /// Method and path of each route of the API.
    #[cfg(test)]
    pub(crate) fn listed(&self) -> &[(Method, &'static str)] {
        &self.listed
    }

    /// The finished router.
    pub(crate) fn into_router(self) -> Router<AppState> {
        self.router
    }

    fn add(
        mut self,
        method: Method,
        path: &'static str,
        allowance: Allowance,
        handler: MethodRouter<AppState>,
    ) -> Self {
        self.listed.push((method, path));
        self.route(path, allowance, handler)
    }

    fn route(
        mut self,
        path: &'static str,
        allowance: Allowance,
        handler: MethodRouter<AppState>,
    ) -> Self {
        let held = from_fn_with_state((allowance, self.timeouts), hold);
        self.router = self.router.route(path, handler.route_layer(held));
        self
    }
}
