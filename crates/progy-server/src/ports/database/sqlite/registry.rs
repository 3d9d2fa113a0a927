//! Courses and their versions.

use std::cmp::Ordering;

use progy_core::{CourseId, Timestamp};
use rusqlite::{OptionalExtension, Row, params};
use semver::Version;

use super::store::{Store, count, hash, int, text};
use crate::ports::Result;
use crate::ports::database::{Course, NewVersion, Publication, PublishedVersion};

impl Store {
    pub(super) fn courses(&self) -> Result<Vec<Course>> {
        self.connection
            .prepare_cached("SELECT id, name, description, latest FROM course ORDER BY id")?
            .query_map([], |row| Ok(course(row)))?
            .map(|row| row?)
            .collect()
    }

    pub(super) fn course(&self, id: &CourseId) -> Result<Option<Course>> {
        self.connection
            .prepare_cached("SELECT id, name, description, latest FROM course WHERE id = ?")?
            .query_row([id.as_str()], |row| Ok(course(row)))
            .optional()?
            .transpose()
    }

    pub(super) fn versions(&self, id: &CourseId) -> Result<Vec<PublishedVersion>> {
        let mut versions: Vec<PublishedVersion> = self
            .connection
            .prepare_cached(
                "SELECT version, size, package, files, published_at FROM course_version
                 WHERE course = ?",
            )?
            .query_map([id.as_str()], |row| Ok(version(row)))?
            .map(|row| row?)
            .collect::<Result<_>>()?;
        versions.sort_by(|a, b| b.version.cmp(&a.version));
        Ok(versions)
    }

    pub(super) fn version(
        &self,
        id: &CourseId,
        number: &Version,
    ) -> Result<Option<PublishedVersion>> {
        self.connection
            .prepare_cached(
                "SELECT version, size, package, files, published_at FROM course_version
                 WHERE course = ? AND version = ?",
            )?
            .query_row(params![id.as_str(), number.to_string()], |row| Ok(version(row)))
            .optional()?
            .transpose()
    }

    pub(super) fn manifest(&self, id: &CourseId, number: &Version) -> Result<Option<Vec<u8>>> {
        Ok(self
            .connection
            .prepare_cached("SELECT manifest FROM course_version WHERE course = ? AND version = ?")?
            .query_row(params![id.as_str(), number.to_string()], |row| row.get(0))
            .optional()?)
    }

    pub(super) fn template(&self, id: &CourseId, number: &Version) -> Result<Option<Vec<u8>>> {
        Ok(self
            .connection
            .prepare_cached("SELECT template FROM course_version WHERE course = ? AND version = ?")?
            .query_row(params![id.as_str(), number.to_string()], |row| row.get(0))
            .optional()?)
    }

    pub(super) fn publish(&self, new: &NewVersion) -> Result<Publication> {
        let published = &new.version;
        if let Some(there) = self.version(&new.course, &published.version)? {
            return Ok(if there.package == published.package {
                Publication::Same(there)
            } else {
                Publication::Other
            });
        }
        let leads = match self.course(&new.course)? {
            None => true,
            Some(course) => latest_first(&published.version, &course.latest).is_lt(),
        };
        if leads {
            self.connection
                .prepare_cached(
                    "INSERT INTO course (id, name, description, latest) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (id) DO UPDATE SET name = ?2, description = ?3, latest = ?4",
                )?
                .execute(params![
                    new.course.as_str(),
                    new.name,
                    new.description,
                    published.version.to_string(),
                ])?;
        }
        self.connection
            .prepare_cached(
                "INSERT INTO course_version (course, version, size, package, files, published_at,
                    publisher, manifest, template) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                new.course.as_str(),
                published.version.to_string(),
                int(published.size),
                published.package.as_bytes(),
                int(published.files),
                published.published_at.0,
                new.publisher.0,
                new.manifest,
                new.template,
            ])?;
        Ok(Publication::Created)
    }
}

/// Releases before pre-releases, and the newer first.
fn latest_first(a: &Version, b: &Version) -> Ordering {
    a.pre.is_empty().cmp(&b.pre.is_empty()).reverse().then_with(|| b.cmp(a))
}

fn course(row: &Row<'_>) -> Result<Course> {
    Ok(Course {
        id: text(row, "id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        latest: text(row, "latest")?,
    })
}

fn version(row: &Row<'_>) -> Result<PublishedVersion> {
    Ok(PublishedVersion {
        version: text(row, "version")?,
        size: count(row, "size")?,
        package: hash(row, "package")?,
        files: count(row, "files")?,
        published_at: Timestamp(row.get("published_at")?),
    })
}
