//! The tables, and how an older file becomes a newer one.

use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::store::int;
use crate::ports::{PortError, Result};

/// One script for each version of the schema; `user_version` counts those that have run. A script
/// that was released is never edited: the next one changes what it made.
const MIGRATIONS: [&str; 1] = [include_str!("schema/0001_foundation.sql")];

/// How long a statement waits for another process. Long, because a server under load leaves `admin`
/// only short gaps.
const BUSY: Duration = Duration::from_secs(30);

/// Sets a connection up: what must hold on each of them.
pub(super) fn configure(connection: &Connection) -> Result<()> {
    connection.busy_timeout(BUSY)?;
    write_ahead(connection)?;
    // A commit is on disk when it returns, also when the machine loses power.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // After a burst the log shrinks again.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// The one switch for which `SQLite` does not wait: two processes may make the file at once.
fn write_ahead(connection: &Connection) -> Result<()> {
    let started = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && started.elapsed() < BUSY =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            done => return Ok(done?),
        }
    }
}

/// Brings the tables up to this program's version.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let missing = usize::try_from(done).ok().and_then(|done| MIGRATIONS.get(done..));
    let Some(missing) = missing else {
        return Err(PortError::Failed(format!(
            "the database has schema {done}, made by a newer progy; this one knows {}",
            MIGRATIONS.len()
        )));
    };
    for script in missing {
        transaction.execute_batch(script)?;
    }
    if !missing.is_empty() {
        transaction.pragma_update(None, "user_version", int(MIGRATIONS.len() as u64))?;
    }
    Ok(transaction.commit()?)
}
