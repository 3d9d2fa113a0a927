//! Who runs the queries, and when they are durable.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{DropBehavior, Transaction, TransactionBehavior};

use super::queue::Queue;
use super::store::Store;
use crate::ports::{PortError, Result};

/// Writes that share one commit at most, so that the first of them does not wait for ever.
const BATCH: usize = 256;
/// Requests that wait at most: more than that, and it is better to say no at once.
const WAITING: usize = 4096;
/// Threads that read. Reads are short and mostly from memory.
const READERS: usize = 3;

/// Says to the caller what became of a write; told whether it is durable.
pub(super) type Settle = Box<dyn FnOnce(Result<()>) + Send>;

/// A write that has run, and is not durable yet.
pub(super) struct Attempt {
    /// Whether it succeeded; if not, what it wrote is undone.
    pub(super) keep: bool,
    pub(super) settle: Settle,
}

pub(super) type Write = Box<dyn FnOnce(&Store) -> Attempt + Send>;
pub(super) type Read = Box<dyn FnOnce(&Store) + Send>;

/// Runs queries on threads of its own, or at once.
pub(super) enum Executor {
    /// One thread writes, and commits what has queued up meanwhile in one transaction (one flush of
    /// the disk for all of it); a few others read.
    Threaded(Threads),
    /// The caller's thread does it all: no thread, no runtime, the same order in every run.
    Inline(Mutex<Store>),
}

impl Executor {
    /// Queues or runs a write. If that cannot be, the write is dropped.
    pub(super) fn write(&self, write: Write) {
        match self {
            Self::Threaded(threads) => drop(threads.writes.push(write)),
            Self::Inline(store) => {
                let store = store.lock().unwrap_or_else(PoisonError::into_inner);
                run_together(&store, vec![write]);
            }
        }
    }

    /// Queues or runs a read. If that cannot be, the read is dropped.
    pub(super) fn read(&self, read: Read) {
        match self {
            Self::Threaded(threads) => drop(threads.reads.push(read)),
            Self::Inline(store) => read(&store.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

/// The threads and what waits for them. Dropping it finishes what waits.
pub(super) struct Threads {
    writes: Arc<Queue<Write>>,
    reads: Arc<Queue<Read>>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Starts threads over the file at `path`, which `writer` has brought up to date.
    pub(super) fn start(path: &Path, writer: Store) -> Result<Self> {
        let mut threads = Self {
            writes: Arc::new(Queue::new(WAITING)),
            reads: Arc::new(Queue::new(WAITING)),
            handles: Vec::new(),
        };
        let writes = Arc::clone(&threads.writes);
        threads.spawn("progy-db-write", move || write_until_closed(&writer, &writes))?;
        for _ in 0..READERS {
            let store = Store::open_reader(path)?;
            let reads = Arc::clone(&threads.reads);
            threads.spawn("progy-db-read", move || read_until_closed(&store, &reads))?;
        }
        Ok(threads)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let handle = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(|error| PortError::Unavailable(error.to_string()))?;
        self.handles.push(handle);
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        for handle in self.handles.drain(..) {
            // A thread that panicked has said so.
            let _ = handle.join();
        }
    }
}

fn write_until_closed(store: &Store, writes: &Queue<Write>) {
    loop {
        let batch = writes.take(BATCH);
        if batch.is_empty() {
            return;
        }
        run_together(store, batch);
    }
}

fn read_until_closed(store: &Store, reads: &Queue<Read>) {
    while let Some(read) = reads.take(1).pop() {
        if catch_unwind(AssertUnwindSafe(|| read(store))).is_err() {
            tracing::error!("a database read panicked");
        }
    }
}

/// Runs writes in one transaction, each in a savepoint of its own, and says to their callers what
/// became of them only after the commit: what is acknowledged is on disk.
fn run_together(store: &Store, writes: Vec<Write>) {
    let begun = Transaction::new_unchecked(&store.connection, TransactionBehavior::Immediate);
    let mut transaction = match begun {
        Ok(transaction) => transaction,
        Err(error) => {
            // Dropping a write tells its caller that it did not happen.
            tracing::error!(%error, "the database takes no writes");
            return;
        }
    };
    transaction.set_drop_behavior(DropBehavior::Rollback);
    let settles: Vec<(Settle, Result<()>)> =
        writes.into_iter().filter_map(|write| run_one(store, write)).collect();
    let committed = transaction.commit().map_err(PortError::from);
    if let Err(error) = &committed {
        tracing::error!(%error, "a commit failed");
    }
    for (settle, undone) in settles {
        settle(undone.and(committed.clone()));
    }
}

fn run_one(store: &Store, write: Write) -> Option<(Settle, Result<()>)> {
    let connection = &store.connection;
    if connection.is_autocommit() {
        // A full disk made SQLite give the whole transaction up; the commit will say so.
        return None;
    }
    connection.execute_batch("SAVEPOINT one").ok()?;
    let attempt = catch_unwind(AssertUnwindSafe(|| write(store)));
    let end = match &attempt {
        Ok(attempt) if attempt.keep => "RELEASE one",
        _ => "ROLLBACK TO one; RELEASE one",
    };
    let ended = connection.execute_batch(end).map_err(PortError::from);
    if attempt.is_err() {
        tracing::error!("a database write panicked; it was undone");
    }
    attempt.ok().map(|attempt| (attempt.settle, ended))
}
