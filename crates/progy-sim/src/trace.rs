//! What happened, in order.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The events of one run. The same seed gives the same lines.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// `None` if nobody wants to read them: then no line is put together.
    lines: Option<Mutex<Vec<String>>>,
}

impl Trace {
    pub(crate) fn new(wanted: bool) -> Self {
        Self { lines: wanted.then(Mutex::default) }
    }

    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.lines {
            locked(lines).push(line());
        }
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.lines.as_ref().map(|lines| std::mem::take(&mut *locked(lines))).unwrap_or_default()
    }
}

/// The value behind a lock. There is one thread; a lock is only there because traits ask for it.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
