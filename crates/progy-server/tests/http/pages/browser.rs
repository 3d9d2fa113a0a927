//! A browser without scripts: keeps cookies, fills forms in, follows where it is sent.

use std::collections::BTreeMap;

use hyper::Method;
use hyper::header::SET_COOKIE;

use crate::client::{Answer, Request};
use crate::server::Server;

/// What a person sits at.
pub(super) struct Browser<'a> {
    server: &'a Server,
    pub(super) cookies: BTreeMap<String, String>,
    language: &'a str,
}

impl Server {
    /// A browser that speaks English.
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser { server: self, cookies: BTreeMap::new(), language: "en" }
    }

    /// A browser of somebody who has just registered.
    pub(super) async fn browser_of(&self, name: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let email = format!("{name}@example.org");
        let typed = [("name", name), ("email", &email), ("password", "correct horse")];
        let page = browser.send("/sign-up", "/sign-up", &typed).await;
        assert_eq!(page.header("location"), "/account", "{}", page.text());
        browser
    }
}

impl<'a> Browser<'a> {
    pub(super) fn speaking(self, language: &'a str) -> Self {
        Self { language, ..self }
    }

    /// A request with what a browser puts on it.
    pub(super) fn request(&self, method: &Method, path: &str) -> Request {
        let mut request = self
            .server
            .request(method.clone(), path)
            .header("accept", "text/html,application/xhtml+xml")
            .header("accept-language", self.language)
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0");
        if *method == Method::POST {
            request = request
                .header("origin", &format!("http://{}", self.server.address))
                .header("content-type", "application/x-www-form-urlencoded");
        }
        let pairs: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { request } else { request.header("cookie", &pairs.join("; ")) }
    }

    /// Sends a request, and keeps the cookies of the answer.
    pub(super) async fn answer(&mut self, request: Request) -> Answer {
        let answer = request.send().await;
        for set in answer.headers.get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            assert!(set.contains("; HttpOnly; SameSite=Lax"), "{set}");
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// A page.
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(&Method::GET, path);
        self.answer(request).await
    }

    /// Sends a form of the page at `path` to `action`, with what is hidden in it.
    pub(super) async fn send(
        &mut self,
        path: &str,
        action: &str,
        typed: &[(&str, &str)],
    ) -> Answer {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        let mut pairs = hidden(page.text(), action);
        pairs.retain(|(name, _)| !typed.iter().any(|(typed, _)| typed == name));
        pairs.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &pairs).await
    }

    /// Sends these fields, whatever page they are from.
    pub(super) async fn post(&mut self, action: &str, pairs: &[(String, String)]) -> Answer {
        let body = encoded(pairs);
        let request = self.request(&Method::POST, action).body(body);
        self.answer(request).await
    }
}

/// The hidden fields of the first form of a page that is sent to `action`.
#[track_caller]
pub(super) fn hidden(page: &str, action: &str) -> Vec<(String, String)> {
    let start = format!("action=\"{action}\">");
    let (_, form) = page.split_once(&start).unwrap_or_else(|| panic!("no {action} in {page}"));
    let (form, _) = form.split_once("</form>").unwrap();
    let inputs = form.split("<input type=\"hidden\" ").skip(1);
    inputs
        .map(|input| {
            let of = |name: &str| {
                let (_, rest) = input.split_once(&format!("{name}=\"")).unwrap();
                rest.split('"').next().unwrap().replace("&#38;", "&").replace("&#x3D;", "=")
            };
            (of("name"), of("value"))
        })
        .collect()
}

/// As a browser encodes a form.
pub(super) fn encoded(pairs: &[(String, String)]) -> String {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|b| match b {
                b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
                b => format!("%{b:02X}"),
            })
            .collect()
    };
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}
