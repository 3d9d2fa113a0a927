//! What Prometheus is told. Labels are route patterns, methods, statuses and strategies: few, and
//! none that a caller can invent.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{
    Counter, Gauge, Label, Unit, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use progy_core::Strategy;

const REQUESTS: &str = "progy_http_requests_total";
const SECONDS: &str = "progy_http_request_seconds";
const IN_FLIGHT: &str = "progy_http_requests_in_flight";
const RECEIVED: &str = "progy_http_received_bytes_total";
const SENT: &str = "progy_http_sent_bytes_total";
const CONNECTIONS: &str = "progy_connections";
const STREAMS: &str = "progy_event_streams";
const SAVES: &str = "progy_saves_total";
const CONFLICTS: &str = "progy_conflicts_total";

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// How often the exporter tidies up what it has collected.
const UPKEEP: Duration = Duration::from_secs(5);

/// The numbers of this process, as `/metrics` shows them.
///
/// They are one set for the process, which all its servers share.
#[derive(Clone)]
pub(crate) struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts to collect, the first time it is called.
    pub(crate) fn install() -> Self {
        static INSTALLED: OnceLock<Metrics> = OnceLock::new();
        INSTALLED
            .get_or_init(|| {
                let builder = PrometheusBuilder::new();
                // The only error is an empty list of buckets, and then summaries do.
                let builder = builder.set_buckets(&BUCKETS).unwrap_or_default();
                let recorder = builder.build_recorder();
                let handle = recorder.handle();
                if metrics::set_global_recorder(recorder).is_err() {
                    tracing::warn!("metrics are collected elsewhere; /metrics stays empty");
                }
                describe();
                Self(handle)
            })
            .clone()
    }

    /// The text that Prometheus scrapes.
    pub(crate) fn render(&self) -> String {
        self.0.render()
    }

    /// Keeps what is collected small, until it is dropped.
    pub(crate) async fn upkeep(&self) {
        loop {
            tokio::time::sleep(UPKEEP).await;
            self.0.run_upkeep();
        }
    }
}

fn describe() {
    describe_counter!(REQUESTS, "Requests answered.");
    describe_histogram!(SECONDS, Unit::Seconds, "Time until an answer begins.");
    describe_gauge!(IN_FLIGHT, "Requests whose answer has not begun.");
    describe_counter!(RECEIVED, Unit::Bytes, "Bytes of request bodies.");
    describe_counter!(SENT, Unit::Bytes, "Bytes of response bodies.");
    describe_gauge!(CONNECTIONS, "Open connections.");
    describe_gauge!(STREAMS, "Open event streams.");
    describe_counter!(SAVES, "Saves acknowledged.");
    describe_counter!(CONFLICTS, "Saves refused because the head had moved.");
}

/// One request was answered.
pub(crate) fn answered(method: &'static str, route: &str, status: u16, time: Duration) {
    let labels = [
        Label::from_static_parts("method", method),
        Label::new("route", route.to_owned()),
        Label::new("status", status.to_string()),
    ];
    counter!(REQUESTS, labels.iter()).increment(1);
    histogram!(SECONDS, labels.iter()).record(time);
}

/// Bytes of request bodies on a route.
pub(crate) fn received(route: &str) -> Counter {
    counter!(RECEIVED, "route" => route.to_owned())
}

/// Bytes of response bodies on a route.
pub(crate) fn sent(route: &str) -> Counter {
    counter!(SENT, "route" => route.to_owned())
}

/// A save was acknowledged.
pub(crate) fn saved(strategy: Strategy) {
    counter!(SAVES, "strategy" => strategy.as_str()).increment(1);
}

/// A save was refused, because another device had published first.
pub(crate) fn conflicted(strategy: Strategy) {
    counter!(CONFLICTS, "strategy" => strategy.as_str()).increment(1);
}

/// Counts one thing as present until it is dropped.
pub(crate) struct Present(Gauge);

impl Present {
    /// A request in flight.
    pub(crate) fn request() -> Self {
        Self::enter(gauge!(IN_FLIGHT))
    }

    /// An open connection.
    pub(crate) fn connection() -> Self {
        Self::enter(gauge!(CONNECTIONS))
    }

    /// An open event stream.
    pub(crate) fn stream() -> Self {
        Self::enter(gauge!(STREAMS))
    }

    fn enter(gauge: Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
