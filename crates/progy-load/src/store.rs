//! Git repositories of learners, who all have the files of one course.
//!
//! Each would keep what comes with the course again. Here they borrow it from one repository
//! (`objects/info/alternates`), which changes nothing of what they send: a thousand learners begin
//! in seconds.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use progy_client::disk::RealDisk;
use progy_core::git::{self, Kind, Object, ObjectId};
use progy_core::{Entry, Tree};
use progy_course::Package;
use progy_git::Repository;
use tempfile::TempDir;

use crate::failure::Failure;

/// All that comes with a course, as Git's objects.
pub(crate) struct Store {
    folder: TempDir,
}

/// The folder of one learner, which goes with this value.
pub(crate) struct Folder {
    folder: TempDir,
    pub(crate) disk: RealDisk,
}

impl Store {
    /// Keeps the files of `template`, which `package` holds.
    pub(crate) fn of<R: Read + Seek>(
        template: &Tree,
        package: &mut Package<R>,
    ) -> Result<Self, Failure> {
        let folder = TempDir::new()?;
        let repository = Repository::open_or_init(folder.path())?;
        let mut blobs = Vec::new();
        for (path, entry) in template {
            if let Entry::File(file) = entry {
                let id = ObjectId::try_from(&file.hash).map_err(std::io::Error::other)?;
                blobs.push((id, path));
            }
        }
        blobs.sort_unstable();
        blobs.dedup_by_key(|(id, _)| *id);
        let read = |(id, path)| match package.read(path) {
            Ok(bytes) => Ok(Object { id, kind: Kind::Blob, bytes }),
            Err(error) => Err(progy_git::Error::Object(id, error.to_string())),
        };
        repository.write(blobs.into_iter().map(read))?;
        let built = git::build(template).map_err(progy_git::Error::from)?;
        repository.write(built.objects.into_values().map(Ok))?;
        Ok(Self { folder })
    }

    /// A new folder, with a repository that borrows from this one.
    pub(crate) fn folder(&self) -> Result<Folder, Failure> {
        let folder = TempDir::new()?;
        let repository = Repository::open_or_init(folder.path())?;
        let ours = self.folder.path().join(".git/objects");
        let alternates = repository.folder().join("objects/info/alternates");
        std::fs::write(alternates, format!("{}\n", ours.display()))?;
        let disk = RealDisk::new(folder.path());
        Ok(Folder { folder, disk })
    }
}

impl Folder {
    /// Where it is.
    pub(crate) fn root(&self) -> PathBuf {
        Path::to_owned(self.folder.path())
    }
}
