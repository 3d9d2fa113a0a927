//! One connection, and what its queries share.

use std::path::Path;
use std::str::FromStr;

use progy_core::ContentHash;
use rusqlite::ffi::SQLITE_CONSTRAINT_TRIGGER;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, Row};

use super::schema;
use crate::ports::{PortError, Result};

/// All that is known, behind one connection. Its methods are spread over the files beside this one;
/// each leaves it to its caller to begin and commit.
pub(super) struct Store {
    pub(super) connection: Connection,
}

impl Store {
    /// Opens a file, makes it if there is none, and brings its tables up to date.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut connection = Connection::open_with_flags(path, flags())?;
        schema::configure(&connection)?;
        schema::migrate(&mut connection)?;
        Ok(Self { connection })
    }

    /// Opens a file whose tables are up to date, to read from it.
    pub(super) fn open_reader(path: &Path) -> Result<Self> {
        let connection = Connection::open_with_flags(path, flags())?;
        schema::configure(&connection)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self { connection })
    }

    /// An empty store in memory.
    pub(super) fn in_memory() -> Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        schema::configure(&connection)?;
        schema::migrate(&mut connection)?;
        Ok(Self { connection })
    }

    /// All that the store holds, as one `SQLite` file.
    pub(super) fn snapshot(&mut self) -> Result<Vec<u8>> {
        Ok(self.connection.serialize(MAIN_DB)?.to_vec())
    }

    /// Replaces all that the store holds.
    pub(super) fn restore(&mut self, snapshot: &[u8]) -> Result<()> {
        self.connection.flush_prepared_statement_cache();
        self.connection.deserialize_read_exact(MAIN_DB, snapshot, snapshot.len(), false)?;
        schema::configure(&self.connection)?;
        schema::migrate(&mut self.connection)
    }

    pub(super) fn ping(&self) -> Result<()> {
        self.connection.query_row("SELECT 1 FROM user LIMIT 1", [], |_| Ok(())).or_else(|error| {
            match error {
                rusqlite::Error::QueryReturnedNoRows => Ok(()),
                other => Err(other.into()),
            }
        })
    }

    /// Runs `read` so that all it reads is one state.
    pub(super) fn consistent<T>(&self, read: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let transaction = self.connection.unchecked_transaction()?;
        let result = read(self)?;
        transaction.commit()?;
        Ok(result)
    }
}

fn flags() -> OpenFlags {
    // Each connection belongs to one thread at a time.
    OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

impl From<rusqlite::Error> for PortError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        // Of all triggers only those of the vault raise anything.
        if error.sqlite_error().is_some_and(|e| e.extended_code == SQLITE_CONSTRAINT_TRIGGER) {
            return Self::KeyRetired;
        }
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly,
            ) => Self::Unavailable(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(text),
            _ => Self::Failed(text),
        }
    }
}

/// The integers of `SQLite` are signed; sizes and counts stay far below.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A size or count.
pub(super) fn count(row: &Row<'_>, column: &str) -> Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

/// A column that holds the text of a `T`.
pub(super) fn text<T: FromStr<Err: std::fmt::Display>>(row: &Row<'_>, column: &str) -> Result<T> {
    parse(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

/// A column that holds the text of a `T`, or nothing.
pub(super) fn optional_text<T>(row: &Row<'_>, column: &str) -> Result<Option<T>>
where
    T: FromStr<Err: std::fmt::Display>,
{
    row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?.map(parse).transpose()
}

fn parse<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T> {
    text.parse().map_err(|error: T::Err| PortError::Damaged(error.to_string()))
}

/// A column that holds a hash.
pub(super) fn hash(row: &Row<'_>, column: &str) -> Result<ContentHash> {
    hash_of(row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?)
}

/// A column that holds a hash, or nothing.
pub(super) fn optional_hash(row: &Row<'_>, column: &str) -> Result<Option<ContentHash>> {
    let blob = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    blob.map(hash_of).transpose()
}

fn hash_of(bytes: &[u8]) -> Result<ContentHash> {
    ContentHash::from_bytes(bytes).map_err(|error| PortError::Damaged(error.to_string()))
}

/// A column that holds the bytes of an id that is shown in hexadecimal digits.
pub(super) fn hex_id<T: FromStr<Err: std::fmt::Display>>(row: &Row<'_>, column: &str) -> Result<T> {
    parse(&digits(row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?))
}

/// As [`hex_id`], or nothing.
pub(super) fn optional_hex_id<T>(row: &Row<'_>, column: &str) -> Result<Option<T>>
where
    T: FromStr<Err: std::fmt::Display>,
{
    let blob = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    blob.map(|bytes| parse(&digits(bytes))).transpose()
}

fn digits(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of an id that is shown in hexadecimal digits: half as many as digits.
///
/// An id with an odd number of digits is none that this database made; it gives no bytes, which
/// match no row.
pub(super) fn id_bytes(text: &str) -> Vec<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Vec::new();
    }
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    pairs.iter().map(byte).collect::<Option<_>>().unwrap_or_default()
}
