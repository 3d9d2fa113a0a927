//! The `OpenAPI` document, generated from the handlers and the wire types.

use std::sync::OnceLock;

use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use progy_api::problem::Problem;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, PathItem, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::http::failure::PROBLEM_JSON;
use crate::routes;

/// The name of the security scheme in the document.
const BEARER: &str = "bearer";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Progy",
        description = "Keeps a learner's work the same on every device. Errors are RFC 9457 \
            problem documents with a stable `code`; those of the device routes, where OAuth asks \
            for it, `{error, error_description}`. A method that a path does not have is answered \
            with 405 `method_not_allowed`, an unknown path with 404 `not_found`.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "server", description = "For those who watch the server"),
        (name = "accounts", description = "Who is asking, in the words of Better Auth's client"),
        (name = "courses", description = "The registry"),
        (name = "workspaces", description = "A learner's copy of a course"),
        (name = "snapshots", description = "Projects of any size, in blobs"),
        (name = "git", description = "Learners' repositories")
    ),
    security(("bearer" = [])),
    components(schemas(Problem)),
    paths(
        routes::health::alive,
        routes::health::ready,
        routes::health::metrics,
        document,
        routes::auth::session::get,
        routes::auth::session::list,
        routes::auth::session::revoke,
        routes::auth::session::revoke_all,
        routes::auth::session::revoke_others,
        routes::auth::session::sign_out,
        routes::auth::sign::up,
        routes::auth::sign::sign_in,
        routes::auth::social::sign_in,
        routes::auth::social::link,
        routes::auth::social::callback,
        routes::auth::social::error,
        routes::auth::social::list,
        routes::auth::social::unlink,
        routes::auth::device::code,
        routes::auth::device::token,
        routes::auth::device::verify,
        routes::auth::device::approve,
        routes::auth::device::deny,
        routes::courses::list,
        routes::courses::describe,
        routes::courses::download,
        routes::courses::publish,
        routes::progress::progress,
        routes::sync::sync,
        routes::history::revisions,
        routes::history::revision,
        routes::history::change_strategy,
        routes::history::contents,
        routes::history::archive,
        routes::events::events,
        routes::snapshots::have,
        routes::snapshots::put_pack,
        routes::snapshots::blobs,
        routes::snapshots::commit,
        routes::git::ensure,
        routes::git::credentials,
        routes::git::github,
        routes::git::pushed,
        routes::git::hook,
        routes::smart_http::advertise,
        routes::smart_http::upload_pack,
        routes::smart_http::receive_pack
    ),
    modifiers(&Bearer, &Errors, &Names)
)]
struct Document;

/// Bytes as they are.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(crate) struct Binary(#[allow(dead_code, reason = "only described")] String);

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "server", security(()),
    responses((status = 200, description = "The document", body = Object)))]
pub(crate) async fn document() -> impl IntoResponse {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    let text = TEXT.get_or_init(|| generate().to_json().unwrap_or_default().into());
    ([(header::CONTENT_TYPE, "application/json")], text.clone())
}

/// The document as it is served.
pub(crate) fn generate() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// How a request says who asks.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    }
}

/// Errors that any route may answer, and the form of all errors.
struct Errors;

impl Modify for Errors {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for item in document.paths.paths.values_mut() {
            for operation in operations(item) {
                add_common_errors(operation);
                for (status, response) in &mut operation.responses.responses {
                    // Beside an error of OAuth's there are ours: a body that does not end is nobody's
                    // protocol.
                    if let RefOr::T(response) = response
                        && status.starts_with(['4', '5'])
                    {
                        let problem =
                            ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
                        response.content.insert(PROBLEM_JSON.to_owned(), RefOr::T(problem.build()));
                    }
                }
            }
        }
    }
}

/// What clients that are generated call each operation: its method and its path, which no other has.
struct Names;

impl Modify for Names {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let words = path.split(|c: char| !c.is_ascii_alphanumeric());
            let words = words.filter(|word| !matches!(*word, "" | "api"));
            let place = words.collect::<Vec<_>>().join("_");
            for (method, operation) in [
                ("get", &mut item.get),
                ("put", &mut item.put),
                ("post", &mut item.post),
                ("delete", &mut item.delete),
                ("patch", &mut item.patch),
            ] {
                if let Some(operation) = operation {
                    operation.operation_id = Some(format!("{method}_{place}"));
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}

fn add_common_errors(operation: &mut Operation) {
    let mut common = vec![
        ("408", "`timeout`: the request took too long"),
        ("500", "`internal`: our fault"),
        ("503", "`unavailable`: try again in a moment"),
    ];
    if operation.security.is_none() {
        common.push(("401", "`unauthorized`: no token, or one that is not valid"));
        common.push(("403", "`insufficient_scope`: the token is not meant for this"));
    }
    if operation.parameters.is_some() || operation.request_body.is_some() {
        common.push(("400", "`bad_request`: the request could not be read"));
    }
    if operation.request_body.is_some() {
        common.push(("413", "`too_large`: the body is longer than the route takes"));
    }
    for (status, description) in common {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_owned())
            .or_insert_with(|| ResponseBuilder::new().description(description).build().into());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::Timeouts;

    fn described() -> serde_json::Value {
        serde_json::to_value(generate()).unwrap()
    }

    #[test]
    fn the_document_has_every_route_and_no_other() {
        let routed: BTreeSet<(String, String)> = routes::all(Timeouts::default())
            .listed()
            .iter()
            .map(|(method, path)| (method.as_str().to_lowercase(), (*path).to_owned()))
            .collect();
        let document = described();
        let described: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone()))
            })
            .collect();
        assert_eq!(routed, described);
    }

    #[test]
    fn every_error_is_a_problem_and_every_private_route_says_401() {
        let document = described();
        assert_eq!(document["components"]["securitySchemes"][BEARER]["scheme"], "bearer");
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let responses = operation["responses"].as_object().unwrap();
                for (status, response) in responses {
                    if status.starts_with(['4', '5']) {
                        let content = response["content"].as_object().unwrap();
                        assert!(content.contains_key(PROBLEM_JSON), "{method} {path}");
                        for (kind, content) in content {
                            let oauth = kind == "application/json";
                            let device = path.starts_with("/api/auth/device");
                            assert!(!oauth || device, "{method} {path}");
                            let form = if oauth { "DeviceError" } else { "Problem" };
                            let schema = format!("#/components/schemas/{form}");
                            assert_eq!(content["schema"]["$ref"], schema, "{method} {path}");
                        }
                    }
                }
                // Of what is public, signing in alone knows a 401: of a wrong password.
                let public = operation["security"]
                    .as_array()
                    .is_some_and(|ways| ways.contains(&serde_json::json!({})));
                let asks = !public || path == "/api/auth/sign-in/email";
                assert_eq!(responses.contains_key("401"), asks, "{method} {path}");
            }
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = described();
        let paths = document["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|item| item.as_object().unwrap().values());
        let mut names: Vec<&str> =
            operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        assert!(names.contains(&"get_workspaces_course_revisions_rev"), "{names:?}");
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = described();
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
