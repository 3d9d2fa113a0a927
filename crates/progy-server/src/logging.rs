//! Structured logs, on standard error.

use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{ConfigError, Log, LogFormat};

/// Sends the log of this process to standard error, as `log` says. The first call counts.
pub fn init(log: &Log) -> Result<(), ConfigError> {
    let filter = std::env::var("PROGY_LOG").unwrap_or_else(|_| log.filter.clone());
    let log = Log { filter, ..log.clone() };
    // Whoever has installed a subscriber before us keeps it.
    let _ = tracing::subscriber::set_global_default(subscriber(&log, io::stderr)?);
    Ok(())
}

/// A subscriber that writes to `writer`, as `log` says.
pub fn subscriber<W>(log: &Log, writer: W) -> Result<Box<dyn Subscriber + Send + Sync>, ConfigError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = filter(log)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_writer(writer);
    Ok(match log.format {
        LogFormat::Text => Box::new(lines.finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish()),
    })
}

/// Whether the filter is one.
pub(crate) fn check(log: &Log) -> Result<(), ConfigError> {
    filter(log).map(drop)
}

fn filter(log: &Log) -> Result<EnvFilter, ConfigError> {
    EnvFilter::try_new(&log.filter)
        .map_err(|_| ConfigError::Senseless("`log.filter` is no filter such as `info`"))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn lines_are_for_people_or_for_machines() {
        for (format, expected) in
            [(LogFormat::Text, "request{id=7}: "), (LogFormat::Json, "\"span\":{\"id\":7")]
        {
            let lines = Arc::new(Mutex::new(Vec::new()));
            let log = Log { format, filter: "info".to_owned() };
            let subscriber = subscriber(&log, Mutex::new(Shared(lines.clone()))).unwrap();
            tracing::subscriber::with_default(subscriber, || {
                tracing::info_span!("request", id = 7).in_scope(|| {
                    tracing::info!(status = 200, "answered");
                    tracing::debug!("a detail");
                });
            });
            let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
            assert!(text.contains(expected) && text.contains("answered"), "{text}");
            assert_eq!(text.lines().count(), 1);
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let log = Log { filter: "=[".to_owned(), ..Log::default() };
        assert!(subscriber(&log, io::sink).is_err());
    }

    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
