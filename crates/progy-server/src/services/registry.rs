//! Courses, published and downloaded.

use std::io::{self, Read, Seek, SeekFrom};

use futures_util::{StreamExt, stream};
use progy_api::account::{Role, User};
use progy_api::limits;
use progy_api::registry::{CourseDocument, CourseList, CourseSummary, CourseVersion};
use progy_core::course::MANIFEST;
use progy_core::{ContentHash, CourseId, RelPath};
use progy_course::{Package, PackageError};
use semver::Version;

use super::Services;
use super::templates::pack;
use crate::ports::database::{Course, NewVersion, Publication, PublishedVersion, UserId};
use crate::ports::objects::{ByteStream, ObjectKey};
use crate::{Result, ServiceError};

/// How much of a package is in memory at once, in bytes.
const CHUNK: u64 = 256 << 10;
/// The largest template pack that is put together in memory, in bytes; a larger one is put together
/// in a temporary file.
const PACK_IN_MEMORY: usize = 8 << 20;

/// What publishing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The version.
    pub version: CourseVersion,
    /// False if the same package was there already.
    pub created: bool,
}

/// A package on its way to a device.
pub struct Download {
    /// In bytes.
    pub size: u64,
    /// BLAKE3, 64 hexadecimal digits.
    pub hash: String,
    /// The package.
    pub body: ByteStream,
}

impl Services {
    /// All courses, by id.
    pub async fn list_courses(&self) -> Result<CourseList> {
        let courses = self.db.courses().await?;
        Ok(CourseList { courses: courses.into_iter().map(summary).collect() })
    }

    /// One course with its versions, newest first.
    pub async fn course(&self, id: &CourseId) -> Result<CourseDocument> {
        let course = self.db.course(id).await?.ok_or(ServiceError::NoCourse)?;
        let versions = self.db.versions(id).await?;
        Ok(CourseDocument {
            course: summary(course),
            versions: versions.into_iter().map(document).collect(),
        })
    }

    /// Publishes a package, for instance a `File` or a `Cursor` over bytes, from its beginning.
    ///
    /// Reads it several times and blocks while it does: a caller with a runtime runs this where
    /// blocking is allowed.
    pub async fn publish<R: Read + Seek + Send + 'static>(
        &self,
        user: &User,
        id: &CourseId,
        version: &Version,
        mut package: R,
    ) -> Result<Published> {
        may_publish(user, id)?;
        let (hash, size) = identify(&mut package)?;
        if let Some(there) = self.db.version(id, version).await? {
            return published_before(there, &hash);
        }
        let Checked { name, description, manifest, files, template, pack } =
            check(&mut package, id, version)?;
        // The objects first: should it stop here, they are only unused, and are put again as they
        // are by the next try.
        self.objects.put(&pack::key(&hash)?, stream_of(pack)).await?;
        self.objects.put(&package_key(&hash)?, stream_of(package)).await?;
        let published = PublishedVersion {
            version: version.clone(),
            size,
            package: hash,
            files,
            published_at: self.clock.now(),
        };
        let new = NewVersion {
            course: id.clone(),
            version: published.clone(),
            name,
            description,
            manifest,
            template,
            publisher: UserId(user.id.clone()),
        };
        match self.db.publish(new).await? {
            Publication::Created => Ok(Published { version: document(published), created: true }),
            Publication::Same(there) => published_before(there, &hash),
            Publication::Other => Err(ServiceError::VersionExists),
        }
    }

    /// The package of a version.
    pub async fn package(&self, id: &CourseId, version: &Version) -> Result<Download> {
        let published = self.db.version(id, version).await?.ok_or(ServiceError::NoCourse)?;
        let object = self.objects.get(&package_key(&published.package)?).await?;
        let object = object.ok_or_else(|| {
            ServiceError::internal(format!("the package {} is missing", published.package))
        })?;
        Ok(Download { size: object.size, hash: published.package.to_string(), body: object.body })
    }
}

/// What a package that is a course holds.
struct Checked {
    name: String,
    description: String,
    manifest: Vec<u8>,
    files: u64,
    /// The index of `pack`.
    template: Vec<u8>,
    pack: tempfile::SpooledTempFile,
}

/// Whether the role and the user name of `user` allow to publish `id`. To be asked before a package is
/// taken in.
pub(crate) fn may_publish(user: &User, id: &CourseId) -> Result<()> {
    let refused = |reason: String| Err(ServiceError::Forbidden(reason));
    match (user.role, id.scope()) {
        (Role::Admin, None) => Ok(()),
        (Role::Author | Role::Admin, Some(scope)) if scope == user.username => Ok(()),
        (Role::Learner, _) => refused("publishing a course needs the role author or admin".into()),
        (Role::Author, None) => refused(format!(
            "an author publishes as @{}/{}; only an admin publishes an id without a scope",
            user.username,
            id.slug()
        )),
        (Role::Author | Role::Admin, Some(_)) => {
            refused(format!("you publish in the scope @{} only", user.username))
        }
    }
}

/// Hash and size of a package.
fn identify(package: &mut (impl Read + Seek)) -> Result<(ContentHash, u64)> {
    package.rewind().map_err(ServiceError::internal)?;
    let mut hasher = blake3::Hasher::new();
    let size = io::copy(&mut package.take(limits::PACKAGE + 1), &mut hasher)
        .map_err(ServiceError::internal)?;
    if size > limits::PACKAGE {
        let most = limits::PACKAGE >> 20;
        return Err(ServiceError::TooLarge(format!("a package may have {most} MiB")));
    }
    Ok((ContentHash::from_blake3(hasher.finalize()), size))
}

/// Reads a package as what it is: something that a stranger made.
fn check(package: &mut (impl Read + Seek), id: &CourseId, version: &Version) -> Result<Checked> {
    let limits = progy_course::Limits { packed: limits::PACKAGE, ..Default::default() };
    let mut package = Package::open(package, limits).map_err(refused)?;
    let manifest = package.manifest();
    if manifest.id != *id || manifest.version != *version {
        return Err(ServiceError::InvalidPackage(format!(
            "{MANIFEST} says {} {}, but it is published as {id} {version}",
            manifest.id, manifest.version
        )));
    }
    let name = manifest.name.clone();
    let description = manifest.description.clone().unwrap_or_default();
    package.outline().map_err(|error| ServiceError::InvalidPackage(error.to_string()))?;
    let path = RelPath::new(MANIFEST).map_err(ServiceError::internal)?;
    let manifest = package.read(&path).map_err(refused)?;
    let tree = package.tree().map_err(refused)?;
    let files = tree.len() as u64;
    let mut pack = tempfile::spooled_tempfile(PACK_IN_MEMORY);
    let template = pack::write(tree, &mut package, &mut pack).map_err(refused)?;
    Ok(Checked { name, description, manifest, files, template, pack })
}

fn refused(error: PackageError) -> ServiceError {
    match error {
        PackageError::Io(error) => ServiceError::internal(error),
        PackageError::PackedTooLarge(_) => ServiceError::TooLarge(error.to_string()),
        other => ServiceError::InvalidPackage(other.to_string()),
    }
}

fn published_before(there: PublishedVersion, hash: &ContentHash) -> Result<Published> {
    if there.package == *hash {
        Ok(Published { version: document(there), created: false })
    } else {
        Err(ServiceError::VersionExists)
    }
}

fn package_key(package: &ContentHash) -> Result<ObjectKey> {
    ObjectKey::new(format!("packages/{package}.progy")).map_err(ServiceError::internal)
}

/// All of `reader`, read as it is asked for.
pub(super) fn stream_of(mut reader: impl Read + Seek + Send + 'static) -> ByteStream {
    if let Err(error) = reader.seek(SeekFrom::Start(0)) {
        return stream::iter([Err(error)]).boxed();
    }
    let chunks = std::iter::from_fn(move || {
        let mut chunk = Vec::new();
        match reader.by_ref().take(CHUNK).read_to_end(&mut chunk) {
            Ok(0) => None,
            Ok(_) => Some(Ok(chunk.into())),
            Err(error) => Some(Err(error)),
        }
    });
    stream::iter(chunks).boxed()
}

fn summary(course: Course) -> CourseSummary {
    let Course { id, name, description, latest } = course;
    CourseSummary { id, name, description, latest }
}

fn document(version: PublishedVersion) -> CourseVersion {
    CourseVersion {
        version: version.version,
        size: version.size,
        hash: version.package.to_string(),
        files: version.files,
        published_at: version.published_at.0,
    }
}

#[cfg(test)]
mod tests;
