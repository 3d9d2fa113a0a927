//! The log of all servers of this process, with everything that can be switched on.

use std::io::Write;
use std::sync::{Mutex, Once, PoisonError};

use progy_server::config::{Log, LogFormat};
use progy_server::logging;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Starts to collect, the first time it is called.
pub(crate) fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let log = Log { format: LogFormat::Json, filter: "trace".to_owned() };
        let subscriber = logging::subscriber(&log, || Lines).unwrap();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// What was logged until now.
pub(crate) fn text() -> String {
    String::from_utf8(LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
}

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
