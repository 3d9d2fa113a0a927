//! People.

use async_trait::async_trait;
use progy_api::account::{Role, User};
use progy_core::Timestamp;
use rusqlite::{OptionalExtension, Row, ToSql, params};

use super::time;
use crate::ports::database::accounts::{NewUser, UserChange, UserEdit, Users};
use crate::ports::database::sqlite::Sqlite;
use crate::ports::database::sqlite::store::Store;
use crate::ports::database::{Digest, UserId};
use crate::ports::{PortError, Result};

/// The columns that [`user`] reads, of a table named `u`; renamed, so that it can be joined.
pub(super) const USER: &str = "u.id AS u_id, u.username AS u_username, u.name AS u_name,
    u.email AS u_email, u.email_verified AS u_email_verified, u.image AS u_image,
    u.role AS u_role, u.created_at AS u_created_at, u.updated_at AS u_updated_at";

/// Reads [`USER`].
pub(super) fn user(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: row.get("u_id")?,
        username: row.get("u_username")?,
        name: row.get("u_name")?,
        email: row.get("u_email")?,
        email_verified: row.get("u_email_verified")?,
        image: row.get("u_image")?,
        role: role(row, "u_role")?,
        created_at: time(row, "u_created_at")?,
        updated_at: time(row, "u_updated_at")?,
    })
}

pub(super) fn role(row: &Row<'_>, column: &str) -> Result<Role> {
    match row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)? {
        "learner" => Ok(Role::Learner),
        "author" => Ok(Role::Author),
        "admin" => Ok(Role::Admin),
        other => Err(PortError::Damaged(format!("{other:?} is no role"))),
    }
}

pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Learner => "learner",
        Role::Author => "author",
        Role::Admin => "admin",
    }
}

impl Store {
    fn create_user(&self, new: &NewUser) -> Result<UserChange> {
        let NewUser { user, link, invite } = new;
        // What can be refused is refused before anything is written.
        if let Some(code) = invite
            && !self.invite_admits(code, user)?
        {
            return Ok(UserChange::InviteSpent);
        }
        if self.exists("SELECT 1 FROM user WHERE username = ?", &[&user.username])? {
            return Ok(UserChange::UsernameTaken);
        }
        if self.exists("SELECT 1 FROM user WHERE email = ?", &[&user.email])? {
            return Ok(UserChange::EmailTaken);
        }
        if let Some(link) = link
            && self.link_to(&link.provider, &link.account)?.is_some()
        {
            return Ok(UserChange::LinkTaken);
        }
        self.connection
            .prepare_cached(
                "INSERT INTO user (id, username, name, email, email_verified, image, role,
                    created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                user.id,
                user.username,
                user.name,
                user.email,
                user.email_verified,
                user.image,
                role_name(user.role),
                user.created_at.0,
                user.updated_at.0,
            ])?;
        if let Some(link) = link {
            self.link(link)?;
        }
        if let Some(code) = invite {
            self.use_invite(code, user)?;
        }
        Ok(UserChange::Done)
    }

    fn edit_user(&self, user: &UserId, edit: &UserEdit, now: Timestamp) -> Result<bool> {
        let (set, value) = match edit {
            UserEdit::Name(name) => ("name = ?2 WHERE id = ?1", name.as_str()),
            UserEdit::Role(role) => ("role = ?2 WHERE id = ?1", role_name(*role)),
            UserEdit::EmailVerified(email) => {
                ("email_verified = 1 WHERE id = ?1 AND email = ?2", email.as_str())
            }
        };
        let changed = self
            .connection
            .prepare_cached(&format!("UPDATE user SET updated_at = ?3, {set}"))?
            .execute(params![user.0, value, now.0])?;
        Ok(changed == 1)
    }

    fn user_where(&self, column: &str, value: &str) -> Result<Option<User>> {
        self.connection
            .prepare_cached(&format!("SELECT {USER} FROM user u WHERE u.{column} = ?"))?
            .query_row([value], |row| Ok(user(row)))
            .optional()?
            .transpose()
    }

    fn users_after(&self, after: &str, limit: u32) -> Result<Vec<User>> {
        let query =
            format!("SELECT {USER} FROM user u WHERE u.username > ? ORDER BY u.username LIMIT ?");
        self.connection
            .prepare_cached(&query)?
            .query_map(params![after, limit], |row| Ok(user(row)))?
            .map(|row| row?)
            .collect()
    }

    fn exists(&self, query: &str, values: &[&dyn ToSql]) -> Result<bool> {
        Ok(self.connection.prepare_cached(query)?.exists(values)?)
    }

    fn invite_admits(&self, code: &Digest, user: &User) -> Result<bool> {
        let invite = self.invite(code, user.created_at)?;
        Ok(invite.is_some_and(|invite| invite.email.is_none() || invite.email == user.email))
    }
}

#[async_trait]
impl Users for Sqlite {
    async fn create_user(&self, new: &NewUser) -> Result<UserChange> {
        let new = new.clone();
        self.write(move |store| store.create_user(&new)).await
    }

    async fn edit_user(&self, user: &UserId, edit: &UserEdit, now: Timestamp) -> Result<bool> {
        let (user, edit) = (user.clone(), edit.clone());
        self.write(move |store| store.edit_user(&user, &edit, now)).await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>> {
        let id = id.clone();
        self.read(move |store| store.user_where("id", &id.0)).await
    }

    async fn user_by_name(&self, username: &str) -> Result<Option<User>> {
        let username = username.to_owned();
        self.read(move |store| store.user_where("username", &username)).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        let email = email.to_owned();
        self.read(move |store| store.user_where("email", &email)).await
    }

    async fn users_after(&self, after: &str, limit: u32) -> Result<Vec<User>> {
        let after = after.to_owned();
        self.read(move |store| store.users_after(&after, limit)).await
    }
}
