//! `/device`: letting in a device that shows a code (RFC 8628, section 3.3).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use progy_api::account::device::{CLI, DeviceRequest, error};
use serde::Deserialize;

use super::Answer;
use super::field::Field;
use super::form::Posted;
use super::frame::{Frame, Wrong};
use super::texts::Message;
use super::viewer::Viewer;
use super::when::When;
use crate::http::extract::Query;
use crate::http::failure::Failure;
use crate::routes::AppState;
use crate::services::accounts::device::{Decision, DeviceFailure};

/// Asks for a code.
#[derive(Template)]
#[template(path = "device_code.html")]
struct CodePage {
    page: Frame,
    fields: Vec<Field>,
}

/// Says who wants in.
#[derive(Template)]
#[template(path = "device_request.html")]
struct RequestPage {
    page: Frame,
    code: String,
    device: Option<String>,
    /// The program that asks, if it is not ours.
    program: Option<String>,
    address: Option<String>,
    when: Option<When>,
}

/// Says what came of it.
#[derive(Template)]
#[template(path = "device_done.html")]
struct DonePage {
    page: Frame,
    what: String,
    is_in: bool,
}

/// What the address says.
#[derive(Deserialize)]
pub(crate) struct Asked {
    user_code: Option<String>,
}

/// What was decided.
#[derive(Deserialize)]
pub(crate) struct Decided {
    user_code: String,
    decision: String,
}

/// `GET /device`: asks for the code, or shows what the one in the address is for.
pub(crate) async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Answer {
    let typed = asked.user_code.as_deref().map(str::trim).filter(|code| !code.is_empty());
    let Some(login) = viewer.login() else {
        // Nothing is said of a code to who is not signed in.
        let code = typed.map(|code| serde_urlencoded::to_string([("user_code", code)]));
        let query = code.and_then(Result::ok).map(|query| format!("?{query}"));
        return Ok(viewer.sign_in_first(&format!("/device{}", query.unwrap_or_default())));
    };
    let Some(typed) = typed else { return ask(&viewer, "", None) };
    match state.services.device_request(typed, Some(login), &viewer.peer).await {
        Ok(request) => seen(&state, &viewer, request),
        Err(failure) => ask(&viewer, typed, Some(&wrong(failure)?)),
    }
}

/// `POST /device`: lets it in, or not.
pub(crate) async fn decide(
    State(state): State<AppState>,
    Posted { viewer, form: decided }: Posted<Decided>,
) -> Answer {
    let Some(login) = viewer.login() else { return Ok(viewer.sign_in_first("/device")) };
    let (decision, outcome) = match decided.decision.as_str() {
        "approve" => (Decision::Approve, "/device/approved"),
        "deny" => (Decision::Deny, "/device/denied"),
        _ => return Err(Failure::bad_request("the decision is `approve` or `deny`")),
    };
    let code = Some(decided.user_code.as_str());
    match state.services.decide_device(code, login, decision, &viewer.peer).await {
        Ok(()) => Ok(viewer.go(outcome)),
        Err(failure) => ask(&viewer, &decided.user_code, Some(&wrong(failure)?)),
    }
}

/// `GET /device/approved`.
pub(crate) async fn approved(viewer: Viewer) -> Answer {
    done(&viewer, true)
}

/// `GET /device/denied`.
pub(crate) async fn denied(viewer: Viewer) -> Answer {
    done(&viewer, false)
}

fn ask(viewer: &Viewer, code: &str, wrong: Option<&Wrong>) -> Answer {
    let texts = viewer.texts();
    let mut fields = vec![
        Field::text(texts, "user_code", "label-code", "one-time-code")
            .hint(texts.say("hint-code"))
            .holding(code),
    ];
    let page = viewer.frame("title-device").wrong(wrong, &mut fields);
    viewer.page(page.status(), &CodePage { page, fields })
}

fn seen(state: &AppState, viewer: &Viewer, request: DeviceRequest) -> Answer {
    match (request.status.as_str(), request.client_id) {
        ("approved", _) => done(viewer, true),
        ("denied", _) => done(viewer, false),
        (_, None) => {
            let message = said!("device-of-another");
            ask(viewer, "", Some(&Wrong { field: "user_code", message }))
        }
        (_, Some(program)) => {
            let now = state.services.clock.now();
            let ago = |at| When::ago(viewer.texts(), at, now);
            let page = RequestPage {
                page: viewer.frame("title-device"),
                code: grouped(&request.user_code),
                device: request.device_name,
                program: Some(program).filter(|program| program != CLI),
                address: request.ip_address,
                when: request.requested_at.map(ago),
            };
            viewer.page(StatusCode::OK, &page)
        }
    }
}

fn done(viewer: &Viewer, is_in: bool) -> Answer {
    let (title, what) = if is_in {
        ("title-device-in", said!("device-in"))
    } else {
        ("title-device-out", said!("device-out"))
    };
    let what = viewer.texts().message(&what);
    viewer.page(StatusCode::OK, &DonePage { page: viewer.frame(title), what, is_in })
}

/// What is wrong with the code that was typed.
fn wrong(failure: DeviceFailure) -> Result<Wrong, Failure> {
    let message: Message = match failure {
        DeviceFailure::Service(error) => return Err(error.into()),
        DeviceFailure::Answer { error: error::EXPIRED_TOKEN, .. } => said!("device-expired"),
        DeviceFailure::Answer { error: error::ACCESS_DENIED, .. } => said!("device-of-another"),
        DeviceFailure::Answer { .. } => said!("device-unknown"),
    };
    Ok(Wrong { field: "user_code", message })
}

/// The code as the terminal shows it: `WDJB-MJHT`.
fn grouped(code: &str) -> String {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let code = code.to_ascii_uppercase();
    match code.split_at_checked(4) {
        Some((start, end)) => format!("{start}-{end}"),
        None => code,
    }
}
