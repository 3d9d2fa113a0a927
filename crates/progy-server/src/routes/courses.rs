//! The registry: courses, published and downloaded.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use progy_api::registry::{CourseDocument, CourseList, CourseVersion};
use progy_core::CourseId;
use semver::Version;

use crate::http::extract::Names;
use crate::http::failure::{Failure, RANGE_NOT_SATISFIABLE};
use crate::http::login::{Browsing, Caller, Publishing};
use crate::http::range::Selection;
use crate::http::{blocking, transfer};
use crate::openapi::Binary;
use crate::routes::AppState;
use crate::services::registry::may_publish;

/// Lists the courses.
#[utoipa::path(get, path = "/api/courses", tag = "courses",
    responses((status = 200, description = "All courses, by id", body = CourseList)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    _: Caller<Browsing>,
) -> Result<Json<CourseList>, Failure> {
    Ok(Json(state.services.list_courses().await?))
}

/// Describes a course.
#[utoipa::path(get, path = "/api/courses/{id}", tag = "courses",
    params(("id" = String, Path, description = "Course id, percent-encoded")),
    responses(
        (status = 200, description = "The course and its versions", body = CourseDocument),
        (status = 404, description = "`no_course`")))]
pub(crate) async fn describe(
    State(state): State<AppState>,
    _: Caller<Browsing>,
    Names(id): Names<CourseId>,
) -> Result<Json<CourseDocument>, Failure> {
    Ok(Json(state.services.course(&id).await?))
}

/// Downloads a package.
///
/// Its `ETag` is its BLAKE3 hash. A download that was cut off goes on with `Range`.
#[utoipa::path(get, path = "/api/courses/{id}/versions/{version}", tag = "courses",
    params(
        ("id" = String, Path, description = "Course id, percent-encoded"),
        ("version" = String, Path, description = "Version, as semver writes it"),
        ("If-None-Match" = Option<String>, Header, description = "Hashes that the device has"),
        ("Range" = Option<String>, Header, description = "One range of bytes"),
        ("If-Range" = Option<String>, Header, description = "The hash that the range is of")),
    responses(
        (status = 200, description = "The package", body = Binary, content_type = "application/zip"),
        (status = 206, description = "The range of it", body = Binary, content_type = "application/zip"),
        (status = 304, description = "The device has it"),
        (status = 404, description = "`no_course`"),
        (status = 416, description = "`range_not_satisfiable`: the range is beyond the end")))]
pub(crate) async fn download(
    State(state): State<AppState>,
    _: Caller<Browsing>,
    Names((id, version)): Names<(CourseId, Version)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let package = state.services.package(&id, &version).await?;
    let (size, etag) = (package.size, format!("\"{}\"", package.hash));
    let selection = Selection::of(&headers, size, &etag);
    let about = [
        (header::ETAG, etag),
        // A version never changes; but who may read it can.
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let zip = (header::CONTENT_TYPE, "application/zip".to_owned());
    Ok(match selection {
        Selection::NotModified => (StatusCode::NOT_MODIFIED, about).into_response(),
        Selection::Whole => {
            let length = (header::CONTENT_LENGTH, size.to_string());
            (about, [zip, length], Body::from_stream(package.body)).into_response()
        }
        Selection::Part { first, last } => {
            let length = (header::CONTENT_LENGTH, (last - first + 1).to_string());
            let range = (header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}"));
            let body = Body::from_stream(transfer::part(package.body, first, last));
            (StatusCode::PARTIAL_CONTENT, about, [zip, length, range], body).into_response()
        }
        Selection::OutOfRange => {
            let detail = format!("the package has {size} bytes");
            let status = StatusCode::RANGE_NOT_SATISFIABLE;
            let failure = Failure::new(status, RANGE_NOT_SATISFIABLE, detail);
            ([(header::CONTENT_RANGE, format!("bytes */{size}"))], failure).into_response()
        }
    })
}

/// Publishes a package.
///
/// An author publishes in their own scope `@name/…`, an admin also unscoped ids. The same package
/// again is no error.
#[utoipa::path(put, path = "/api/courses/{id}/versions/{version}", tag = "courses",
    params(
        ("id" = String, Path, description = "Course id, percent-encoded"),
        ("version" = String, Path, description = "Version, as semver writes it")),
    request_body(content = Binary, content_type = "application/zip",
        description = "The package, at most 100 MiB"),
    responses(
        (status = 200, description = "The same package was there", body = CourseVersion),
        (status = 201, description = "Published", body = CourseVersion),
        (status = 403, description = "`forbidden`: not with this role, or not in this scope"),
        (status = 409, description = "`version_exists`: with another content"),
        (status = 413, description = "`too_large`"),
        (status = 422, description = "`invalid_package`")))]
pub(crate) async fn publish(
    State(state): State<AppState>,
    caller: Caller<Publishing>,
    Names((id, version)): Names<(CourseId, Version)>,
    body: Body,
) -> Result<(StatusCode, Json<CourseVersion>), Failure> {
    // Before the upload, which is long.
    let user = caller.into_user();
    may_publish(&user, &id)?;
    let package = transfer::receive(body, &state.uploads).await?;
    let services = state.services;
    let published =
        blocking(async move { services.publish(&user, &id, &version, package).await }).await??;
    let status = if published.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(published.version)))
}
