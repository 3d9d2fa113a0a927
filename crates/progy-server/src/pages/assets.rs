//! The stylesheet and the icon, each under a name that changes with its content.

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use progy_api::problem::code;

use crate::http::extract::Names;
use crate::http::failure::Failure;

const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");
/// For a year: another content has another name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOLDER: &str = "/assets/";

static STYLE_PATH: LazyLock<String> = LazyLock::new(|| path("style", "css", STYLE));
static ICON_PATH: LazyLock<String> = LazyLock::new(|| path("icon", "svg", ICON));

fn path(name: &str, extension: &str, content: &str) -> String {
    let hash = blake3::hash(content.as_bytes()).to_hex();
    let short = hash.get(..16).unwrap_or(&hash);
    format!("{FOLDER}{name}-{short}.{extension}")
}

/// Where the stylesheet is.
pub(super) fn style_path() -> &'static str {
    &STYLE_PATH
}

/// Where the icon is.
pub(super) fn icon_path() -> &'static str {
    &ICON_PATH
}

/// `GET /assets/{name}`.
pub(crate) async fn show(Names(name): Names<String>) -> Result<Response, Failure> {
    let is = |path: &str| path.strip_prefix(FOLDER) == Some(&name);
    let (kind, content) = match () {
        () if is(style_path()) => ("text/css; charset=utf-8", STYLE),
        () if is(icon_path()) => ("image/svg+xml", ICON),
        () => return Err(Failure::new(StatusCode::NOT_FOUND, code::NOT_FOUND, "no such file")),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER)),
    ];
    Ok((headers, content).into_response())
}
