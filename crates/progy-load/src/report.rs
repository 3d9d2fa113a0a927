//! What came of the saves, at the end.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::cli::Cli;
use crate::course::Course;
use crate::tally::{Latencies, Tally};

/// The result of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    course: String,
    template_files: usize,
    learners: usize,
    files_per_save: usize,
    seconds: f64,
    saves: usize,
    saves_per_second: f64,
    /// Milliseconds from the edit to the server's answer.
    latency_ms: Latencies,
    /// Mean bytes of a body of `POST /api/sync`, before HTTP compresses it.
    body_bytes: f64,
    /// Mean bytes of the compressed contents in it.
    content_bytes: f64,
    conflicts: u64,
    errors: BTreeMap<String, u64>,
}

impl Report {
    /// Of a run in which saves were counted for the time `measured`.
    pub(crate) fn new(cli: &Cli, course: &Course, measured: Duration, tally: Tally) -> Self {
        let seconds = measured.as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52 saves and bytes")]
        let (saves, body, content) =
            (tally.saves() as f64, tally.body as f64, tally.content as f64);
        Self {
            course: format!("{} {}", course.id, course.version),
            template_files: course.template.len(),
            learners: cli.learners,
            files_per_save: cli.files_per_save,
            seconds,
            saves: tally.saves(),
            saves_per_second: saves / seconds.max(f64::MIN_POSITIVE),
            latency_ms: tally.latencies(),
            body_bytes: body / saves.max(1.0),
            content_bytes: content / saves.max(1.0),
            conflicts: tally.conflicts,
            errors: tally.errors,
        }
    }

    /// One JSON document.
    pub(crate) fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        // Numbers and texts only: there is nothing that JSON cannot hold.
        text.unwrap_or_else(|error| format!("{{\"error\": {:?}}}", error.to_string())) + "\n"
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Latencies { mean, p50, p95, p99, max } = self.latency_ms;
        writeln!(f, "course        {}, {} files", self.course, self.template_files)?;
        writeln!(f, "learners      {}", self.learners)?;
        writeln!(f, "saves         {} in {:.1} s", self.saves, self.seconds)?;
        writeln!(f, "per second    {:.0}", self.saves_per_second)?;
        writeln!(
            f,
            "latency       p50 {p50:.1} ms, p95 {p95:.1} ms, p99 {p99:.1} ms, mean {mean:.1} ms, \
             longest {max:.1} ms"
        )?;
        writeln!(
            f,
            "a save sends  {:.0} bytes, {:.0} of them contents",
            self.body_bytes, self.content_bytes
        )?;
        writeln!(f, "conflicts     {}", self.conflicts)?;
        writeln!(f, "errors        {}", self.errors.values().sum::<u64>())?;
        for (error, count) in &self.errors {
            writeln!(f, "  {count} × {error}")?;
        }
        Ok(())
    }
}
