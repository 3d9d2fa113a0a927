//! News of other devices' saves, as server-sent events.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use progy_api::history::HeadEvent;
use progy_core::CourseId;
use tokio_util::sync::CancellationToken;

use crate::http::extract::Names;
use crate::http::failure::Failure;
use crate::http::login::Caller;
use crate::http::metrics::Present;
use crate::routes::AppState;

/// Silence after which a comment shows that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a stream lasts. The device then asks again, with a token that has to be valid still.
const LIFETIME: Duration = Duration::from_hours(1);

/// One event, `head`, for each new head of the workspace, and first for the head as it is now.
///
/// A device that connects again has missed nothing that it needs to know.
#[utoipa::path(get, path = "/api/workspaces/{course}/events", tag = "workspaces",
    params(("course" = String, Path, description = "Course id, percent-encoded")),
    responses(
        (status = 200, description = "Server-sent events; the data of each is a `HeadEvent`, its id \
            the revision's", body = HeadEvent, content_type = "text/event-stream"),
        (status = 404, description = "`no_course`")))]
pub(crate) async fn events(
    State(state): State<AppState>,
    caller: Caller,
    Names(course): Names<CourseId>,
) -> Result<Response, Failure> {
    let present = Present::stream();
    let heads = state.services.events(&caller, &course).await?;
    let events = heads.inspect(move |_| {
        let _while_the_stream_lives = &present;
    });
    Ok(answer(events, state.stopping))
}

fn answer(
    heads: impl Stream<Item = HeadEvent> + Send + 'static,
    stopping: CancellationToken,
) -> Response {
    let ended = async move {
        let _ = tokio::time::timeout(LIFETIME, stopping.cancelled_owned()).await;
    };
    let events = heads.take_until(Box::pin(ended)).map(|head| event(&head));
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // Proxies that gather a response before they pass it on would keep the news to themselves.
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), "no");
    ([unbuffered, (header::CACHE_CONTROL, "no-store")], stream).into_response()
}

fn event(head: &HeadEvent) -> Result<Event, axum::Error> {
    Event::default().event("head").id(head.head.id.as_str()).json_data(head)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::BodyExt;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_quiet_stream_shows_that_it_lives_until_its_time_is_over() {
        let started = Instant::now();
        let mut body = answer(stream::pending(), CancellationToken::new()).into_body();
        let mut comments = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.unwrap().into_data().unwrap();
            assert!(frame.starts_with(b":") && frame.ends_with(b"\n\n"), "{frame:?}");
            comments += 1;
        }
        assert_eq!(started.elapsed().as_secs(), LIFETIME.as_secs());
        assert!((239..=240).contains(&comments), "{comments}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_when_the_server_stops() {
        let stopping = CancellationToken::new();
        let mut body = answer(stream::pending(), stopping.clone()).into_body();
        assert!(body.frame().await.is_some());
        stopping.cancel();
        assert!(body.frame().await.is_none());
    }
}
