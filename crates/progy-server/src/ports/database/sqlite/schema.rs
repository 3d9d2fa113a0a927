//! The tables, and how an older file becomes a newer one.

use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::store::int;
use crate::ports::{PortError, Result};

/// One script for each version of the schema; `user_version` counts those that have run. A script
/// that was released is never edited: the next one changes what it made.
const MIGRATIONS: [&str; 8] = [
    include_str!("schema/0001_foundation.sql"),
    include_str!("schema/0002_accounts.sql"),
    include_str!("schema/0003_vault.sql"),
    include_str!("schema/0004_retention.sql"),
    include_str!("schema/0005_git.sql"),
    include_str!("schema/0006_hosts.sql"),
    include_str!("schema/0007_strategy.sql"),
    include_str!("schema/0008_snapshots.sql"),
];

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

#[cfg(test)]
mod tests {
    use progy_api::account::{Role, Scopes, User};
    use progy_core::Timestamp;

    use super::*;
    use crate::ports::database::UserId;
    use crate::ports::database::accounts::{Audit, Tokens, Users};
    use crate::ports::database::sqlite::Sqlite;

    /// A data folder as the first version left it.
    fn first_version(rows: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let file = Connection::open(folder.path().join("progy.db")).unwrap();
        configure(&file).unwrap();
        file.execute_batch(MIGRATIONS[0]).unwrap();
        file.pragma_update(None, "user_version", 1).unwrap();
        file.execute_batch(rows).unwrap();
        folder
    }

    #[tokio::test]
    async fn people_and_tokens_of_the_first_version_stay() {
        let folder = first_version(
            "INSERT INTO user VALUES
                ('1', 'ana', ' Ana@Example.org', 'author', 10),
                ('2', 'bia', NULL, 'admin', 11),
                ('3', 'caio', 'ana@example.org', 'learner', 12),
                ('4', 'dora', 'dora@example.org', 'learner', 9);
             INSERT INTO token (hash, user, created_at, expires_at, revoked_at) VALUES
                (zeroblob(32), '1', 20, NULL, NULL),
                (x'0101010101010101010101010101010101010101010101010101010101010101',
                    '1', 21, 50, 40);
             INSERT INTO course VALUES ('sql', 'SQL', '', '1.0.0');
             INSERT INTO workspace (user, course, strategy, version)
                VALUES ('1', 'sql', 'patch', '1.0.0');",
        );
        let db = Sqlite::open(folder.path()).unwrap();
        let ana = User {
            id: "1".into(),
            username: "ana".into(),
            name: "ana".into(),
            email: Some("ana@example.org".into()),
            email_verified: false,
            image: None,
            role: Role::Author,
            created_at: Timestamp(10),
            updated_at: Timestamp(10),
        };
        assert_eq!(db.user_by_name("ana").await.unwrap(), Some(ana.clone()));
        assert_eq!(db.user_by_email("ana@example.org").await.unwrap(), Some(ana.clone()));

        let (token, user) = db.token(&[0; 32], Timestamp(99)).await.unwrap().unwrap();
        assert_eq!((user, token.scopes, token.id.0.len()), (ana, Scopes::all(), 32));
        let tokens = db.tokens_of(&UserId("1".into())).await.unwrap();
        assert_eq!(tokens[0].revoked_at, Some(Timestamp(40)));
        assert_ne!(tokens[0].id, tokens[1].id);

        // An address that two had is now the first one's, and the log says whose it was.
        let caio = db.user_by_name("caio").await.unwrap().unwrap();
        assert_eq!(caio.email, None);
        let log = db.audit(None, 9).await.unwrap();
        assert_eq!(log.len(), 1);
        assert_eq!(log[0].user, Some(UserId("3".into())));
        assert_eq!(log[0].detail.as_deref(), Some("ana@example.org"));
        drop(db);
        Sqlite::open(folder.path()).unwrap();
    }

    #[test]
    fn references_hold_after_each_script() {
        let folder = first_version("");
        let mut file = Connection::open(folder.path().join("progy.db")).unwrap();
        configure(&file).unwrap();
        migrate(&mut file).unwrap();
        let broken = file.query_row("PRAGMA foreign_key_check", [], |_| Ok(()));
        assert_eq!(broken, Err(rusqlite::Error::QueryReturnedNoRows));
        let sound: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }
}
