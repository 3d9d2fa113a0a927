//! Contents, folders and commits go in and come out, singly or as packs.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use flate2::Compression;
use git2::{ErrorCode, Indexer, ObjectType};
use progy_core::git::{Kind, Object, ObjectId};

use crate::pack::PackWriter;
use crate::{Error, Repository, Result, id, oid};

/// More new objects than this go into one pack instead of a file each.
const LOOSE: usize = 100;

impl Repository {
    /// Whether the object is here.
    pub fn has(&self, object: &ObjectId) -> Result<bool> {
        Ok(self.git.odb()?.exists(oid(object)?))
    }

    /// The bytes of an object of that kind; `None` if it is not here.
    pub fn read(&self, object: &ObjectId, kind: Kind) -> Result<Option<Vec<u8>>> {
        let odb = self.git.odb()?;
        let found = match odb.read(oid(object)?) {
            Ok(found) => found,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(Error::Object(*object, error.message().to_owned())),
        };
        Ok((found.kind() == object_type(kind)).then(|| found.data().to_vec()))
    }

    /// The size of a blob in bytes, without reading it.
    pub fn size(&self, blob: &ObjectId) -> Result<u64> {
        let header = self.git.odb()?.read_header(oid(blob)?);
        let (size, _) = header.map_err(|e| Error::Object(*blob, e.message().to_owned()))?;
        Ok(size as u64)
    }

    /// Adds objects that are not here yet. Returns the files that hold them, relative to the root
    /// of the workspace; they are not flushed.
    pub fn write(
        &self,
        objects: impl ExactSizeIterator<Item = Result<Object>>,
    ) -> Result<Vec<String>> {
        if objects.len() > LOOSE {
            return self.write_pack(objects);
        }
        let odb = self.git.odb()?;
        let mut files = Vec::new();
        for object in objects {
            let object = object?;
            odb.write(object_type(object.kind), &object.bytes)?;
            let name = object.id.to_string();
            let (folder, rest) = name.split_at(2);
            files.push(format!(".git/objects/{folder}/{rest}"));
        }
        Ok(files)
    }

    fn write_pack(
        &self,
        objects: impl ExactSizeIterator<Item = Result<Object>>,
    ) -> Result<Vec<String>> {
        let count = u32::try_from(objects.len()).map_err(|_| too_many())?;
        let mut receiver = self.receiver(false)?;
        let mut pack = PackWriter::new(&mut receiver, count, Compression::fast())?;
        for object in objects {
            pack.add(object?)?;
        }
        pack.finish()?;
        receiver.finish()
    }

    /// Takes a pack in pieces.
    pub fn receive_pack(&self) -> Result<PackReceiver<'_>> {
        self.receiver(true)
    }

    /// `whole`: whether all that the pack's objects name must be there or in the pack.
    fn receiver(&self, whole: bool) -> Result<PackReceiver<'_>> {
        // What a kill leaves half-written is taken away from here.
        let beside = self.own.folder_beside("pack")?;
        let odb = self.git.odb()?;
        let indexer = Indexer::new(Some(&odb), &beside, 0o444, whole)?;
        Ok(PackReceiver { repository: self, beside, indexer })
    }
}

/// A pack that is being taken.
pub struct PackReceiver<'r> {
    repository: &'r Repository,
    beside: PathBuf,
    indexer: Indexer<'r>,
}

impl std::fmt::Debug for PackReceiver<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PackReceiver")
    }
}

impl PackReceiver<'_> {
    /// Checks the pack and makes its objects part of the repository. Returns its files as
    /// [`Repository::write`] does.
    pub fn finish(self) -> Result<Vec<String>> {
        let name =
            self.indexer.commit().map_err(|error| Error::Pack(error.message().to_owned()))?;
        let folder = self.repository.git.commondir().join("objects/pack");
        fs::create_dir_all(&folder)?;
        // The index is last: a pack counts from then on.
        let files = ["pack", "idx"].map(|ending| format!("pack-{name}.{ending}"));
        for file in &files {
            fs::rename(self.beside.join(file), folder.join(file))?;
        }
        self.repository.git.odb()?.refresh()?;
        Ok(files.map(|file| format!(".git/objects/pack/{file}")).to_vec())
    }
}

impl Write for PackReceiver<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.indexer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.indexer.flush()
    }
}

fn too_many() -> Error {
    Error::Other("too many objects for one pack".to_owned())
}

fn object_type(kind: Kind) -> ObjectType {
    match kind {
        Kind::Blob => ObjectType::Blob,
        Kind::Tree => ObjectType::Tree,
        Kind::Commit => ObjectType::Commit,
    }
}

impl Repository {
    /// What git2 knows of a commit, or why it cannot be read.
    pub(crate) fn find_commit(&self, commit: &ObjectId) -> Result<git2::Commit<'_>> {
        let found = self.git.find_commit(oid(commit)?);
        found.map_err(|error| Error::Object(*commit, error.message().to_owned()))
    }

    /// The topmost folder of a commit.
    pub(crate) fn root_of(&self, commit: &ObjectId) -> Result<ObjectId> {
        Ok(id(self.find_commit(commit)?.tree_id()))
    }
}
