//! What is known of repositories that another service keeps.

use async_trait::async_trait;
use progy_api::git::GitAccess;
use progy_core::{CourseId, Timestamp};
use rusqlite::{OptionalExtension, Row, params};

use super::{time, user_id};
use crate::ports::database::UserId;
use crate::ports::database::accounts::{HostAccount, HostRecords, HostRepo, HostToken};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::{Store, text};
use crate::ports::{PortError, Result};

fn account(row: &Row<'_>) -> Result<HostAccount> {
    Ok(HostAccount {
        user: user_id(row, "user")?,
        host: row.get("host")?,
        remote_id: row.get("remote_id")?,
        login: row.get("login")?,
    })
}

fn repo(row: &Row<'_>) -> Result<HostRepo> {
    Ok(HostRepo {
        user: user_id(row, "user")?,
        course: text(row, "course")?,
        host: row.get("host")?,
        remote_id: row.get("remote_id")?,
        owner: row.get("owner")?,
        name: row.get("name")?,
        asked_at: time(row, "asked_at")?,
    })
}

fn token(row: &Row<'_>) -> Result<HostToken> {
    let access: String = row.get("access")?;
    let access = [GitAccess::Read, GitAccess::Write].into_iter().find(|a| a.as_str() == access);
    Ok(HostToken {
        name: row.get("name")?,
        host: row.get("host")?,
        user: user_id(row, "user")?,
        login: row.get("login")?,
        course: text(row, "course")?,
        access: access.ok_or_else(|| PortError::Damaged("a token has no access".to_owned()))?,
        secret: row.get("secret")?,
        made_at: time(row, "made_at")?,
        ends_at: time(row, "ends_at")?,
    })
}

impl Store {
    fn one<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_row(params, |row| Ok(read(row))).optional()?.transpose()
    }

    fn many<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map(params, |row| Ok(read(row)))?.map(|row| row?).collect()
    }

    fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }
}

#[async_trait]
impl HostRecords for Sqlite {
    async fn host_account(&self, host: &str, user: &UserId) -> Result<Option<HostAccount>> {
        let (host, user) = (host.to_owned(), user.0.clone());
        self.read(move |store| {
            let sql = "SELECT * FROM host_account WHERE user = ? AND host = ?";
            store.one(sql, params![user, host], account)
        })
        .await
    }

    async fn put_host_account(&self, account: &HostAccount) -> Result<()> {
        let HostAccount { user, host, remote_id, login } = account.clone();
        self.write(move |store| {
            let sql = "INSERT INTO host_account (user, host, remote_id, login) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET remote_id = excluded.remote_id, login = excluded.login";
            store.run(sql, params![user.0, host, remote_id, login]).map(drop)
        })
        .await
    }

    async fn host_accounts(
        &self,
        host: &str,
        after: &UserId,
        limit: u32,
    ) -> Result<Vec<HostAccount>> {
        let (host, after) = (host.to_owned(), after.0.clone());
        self.read(move |store| {
            let sql =
                "SELECT * FROM host_account WHERE host = ? AND user > ? ORDER BY user LIMIT ?";
            store.many(sql, params![host, after, limit], account)
        })
        .await
    }

    async fn host_repo(
        &self,
        host: &str,
        user: &UserId,
        course: &CourseId,
    ) -> Result<Option<HostRepo>> {
        let (host, user, course) = (host.to_owned(), user.0.clone(), course.clone());
        self.read(move |store| {
            let sql = "SELECT * FROM host_repo WHERE user = ? AND course = ? AND host = ?";
            store.one(sql, params![user, course.as_str(), host], repo)
        })
        .await
    }

    async fn put_host_repo(&self, repo: &HostRepo) -> Result<()> {
        let HostRepo { user, course, host, remote_id, owner, name, asked_at } = repo.clone();
        self.write(move |store| {
            let sql = "INSERT INTO host_repo (user, course, host, remote_id, owner, name, asked_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET remote_id = excluded.remote_id, owner = excluded.owner,
                    name = excluded.name, asked_at = excluded.asked_at";
            let of = params![user.0, course.as_str(), host, remote_id, owner, name, asked_at.0];
            store.run(sql, of).map(drop)
        })
        .await
    }

    async fn forget_host_repo(&self, host: &str, user: &UserId, course: &CourseId) -> Result<()> {
        let (host, user, course) = (host.to_owned(), user.0.clone(), course.clone());
        self.write(move |store| {
            let sql = "DELETE FROM host_repo WHERE user = ? AND course = ? AND host = ?";
            store.run(sql, params![user, course.as_str(), host]).map(drop)
        })
        .await
    }

    async fn host_repos_called(&self, host: &str, remote_id: i64) -> Result<Vec<HostRepo>> {
        let host = host.to_owned();
        self.read(move |store| {
            let sql = "SELECT * FROM host_repo WHERE host = ? AND remote_id = ?";
            store.many(sql, params![host, remote_id], repo)
        })
        .await
    }

    async fn host_repos(
        &self,
        host: &str,
        since: Timestamp,
        after: Option<(UserId, CourseId)>,
        limit: u32,
    ) -> Result<Vec<HostRepo>> {
        let host = host.to_owned();
        let (user, course) =
            after.map_or((String::new(), String::new()), |(u, c)| (u.0, c.as_str().to_owned()));
        self.read(move |store| {
            let sql = "SELECT * FROM host_repo
                 WHERE host = ? AND asked_at >= ? AND (user, course) > (?, ?)
                 ORDER BY user, course LIMIT ?";
            store.many(sql, params![host, since.0, user, course, limit], repo)
        })
        .await
    }

    async fn begin_host_token(&self, token: &HostToken) -> Result<()> {
        let token = token.clone();
        self.write(move |store| {
            let HostToken { name, host, user, login, course, access, .. } = token;
            let sql = "INSERT INTO host_token
                    (name, host, user, login, course, access, made_at, ends_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
            let (course, access) = (course.as_str(), access.as_str());
            let (made, ends) = (token.made_at.0, token.ends_at.0);
            store.run(sql, params![name, host, user.0, login, course, access, made, ends]).map(drop)
        })
        .await
    }

    async fn finish_host_token(&self, name: &str, secret: &[u8]) -> Result<bool> {
        let (name, secret) = (name.to_owned(), secret.to_owned());
        self.write(move |store| {
            let sql = "UPDATE host_token SET secret = ? WHERE name = ?";
            Ok(store.run(sql, params![secret, name])? == 1)
        })
        .await
    }

    async fn host_token(
        &self,
        host: &str,
        user: &UserId,
        course: &CourseId,
        access: GitAccess,
        since: Timestamp,
    ) -> Result<Option<HostToken>> {
        let (host, user, course) = (host.to_owned(), user.0.clone(), course.clone());
        self.read(move |store| {
            let sql = "SELECT * FROM host_token
                 WHERE host = ? AND user = ? AND course = ? AND access = ? AND made_at >= ?
                    AND secret IS NOT NULL
                 ORDER BY made_at DESC, name LIMIT 1";
            let of = params![host, user, course.as_str(), access.as_str(), since.0];
            store.one(sql, of, token)
        })
        .await
    }

    async fn knows_host_token(&self, name: &str) -> Result<bool> {
        let name = name.to_owned();
        self.read(move |store| {
            let sql = "SELECT 1 FROM host_token WHERE name = ?";
            Ok(store.one(sql, params![name], |_| Ok(()))?.is_some())
        })
        .await
    }

    async fn ended_host_tokens(
        &self,
        host: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<HostToken>> {
        let host = host.to_owned();
        self.read(move |store| {
            let sql = "SELECT * FROM host_token WHERE host = ? AND ends_at <= ?
                 ORDER BY ends_at, name LIMIT ?";
            store.many(sql, params![host, now.0, limit], token)
        })
        .await
    }

    async fn forget_host_token(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.write(move |store| {
            store.run("DELETE FROM host_token WHERE name = ?", params![name]).map(drop)
        })
        .await
    }

    async fn end_host_tokens(
        &self,
        host: &str,
        user: &UserId,
        course: &CourseId,
        now: Timestamp,
    ) -> Result<()> {
        let (host, user, course) = (host.to_owned(), user.0.clone(), course.clone());
        self.write(move |store| {
            let sql = "UPDATE host_token SET secret = NULL, ends_at = min(ends_at, ?4)
                 WHERE host = ?1 AND user = ?2 AND course = ?3";
            store.run(sql, params![host, user, course.as_str(), now.0]).map(drop)
        })
        .await
    }
}
