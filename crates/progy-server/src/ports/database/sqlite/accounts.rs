//! People and their logins: one file a table, with its SQL and its side of the port.

mod audit;
mod device_codes;
mod git_tokens;
mod hosts;
mod invites;
mod links;
mod retention;
mod sealing;
mod sessions;
mod tokens;
mod users;
mod verifications;

use progy_core::Timestamp;
use rusqlite::Row;

use crate::ports::Result;
use crate::ports::database::{Digest, UserId};

/// A time that may be absent.
fn optional_time(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
}

fn time(row: &Row<'_>, column: &str) -> Result<Timestamp> {
    Ok(Timestamp(row.get(column)?))
}

fn digest(row: &Row<'_>, column: &str) -> Result<Digest> {
    Ok(row.get(column)?)
}

fn user_id(row: &Row<'_>, column: &str) -> Result<UserId> {
    Ok(UserId(row.get(column)?))
}

/// For columns that may be absent: what a time is in the database.
fn millis(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::millis)
}
