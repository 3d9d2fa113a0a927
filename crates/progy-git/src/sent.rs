//! What a host lacks, as a pack.

use std::collections::HashSet;
use std::io::Write;

use flate2::Compression;
use git2::{ObjectType, Oid, TreeWalkMode, TreeWalkResult};
use progy_core::git::{Kind, Object, ObjectId};

use crate::pack::PackWriter;
use crate::{Error, Repository, Result, id, oid};

/// As many threads as there are processors, where objects are compared.
const THREADS: u32 = 0;
/// From this many objects on, those of a single commit are not compared with each other.
const MANY: usize = 100;

impl Repository {
    /// Writes a pack of all that leads to `new` and not to any of `known`, those of them that are
    /// here.
    ///
    /// Versions of a file are written as differences from each other. A large commit with nothing
    /// between it and `known` has one of each file: looking for what is similar in it would take most
    /// of the time of a first push.
    pub fn pack(&self, new: &ObjectId, known: &[ObjectId], out: &mut dyn Write) -> Result<()> {
        let mut known_here = Vec::new();
        for commit in known {
            if self.read(commit, Kind::Commit)?.is_some() {
                known_here.push(oid(commit)?);
            }
        }
        if self.is_one_after(new, &known_here)? {
            let objects = self.objects_of(new, &known_here)?;
            if objects.len() >= MANY {
                return self.pack_apart(&objects, out);
            }
        }
        self.pack_compared(new, &known_here, out)
    }

    /// Whether `new` alone leads to `new` and not to any of `known`.
    fn is_one_after(&self, new: &ObjectId, known: &[Oid]) -> Result<bool> {
        let mut walk = self.git.revwalk()?;
        walk.push(oid(new)?)?;
        for commit in known {
            walk.hide(*commit)?;
        }
        Ok(walk.take(2).count() == 1)
    }

    /// The commit with its folders and contents, without those of `known`.
    fn objects_of(&self, commit: &ObjectId, known: &[Oid]) -> Result<Vec<(Kind, Oid)>> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for known in known {
            self.walk(*known, &mut seen, &mut found)?;
        }
        found.clear();
        found.push((Kind::Commit, oid(commit)?));
        self.walk(oid(commit)?, &mut seen, &mut found)?;
        Ok(found)
    }

    /// Adds to `found` what is below a commit and was not seen before.
    fn walk(
        &self,
        commit: Oid,
        seen: &mut HashSet<Oid>,
        found: &mut Vec<(Kind, Oid)>,
    ) -> Result<()> {
        let root = self.git.find_commit(commit)?.tree()?;
        if !seen.insert(root.id()) {
            return Ok(());
        }
        found.push((Kind::Tree, root.id()));
        root.walk(TreeWalkMode::PreOrder, |_, entry| {
            let kind = match entry.kind() {
                Some(ObjectType::Tree) => Kind::Tree,
                Some(ObjectType::Blob) => Kind::Blob,
                // Another repository's commit is not part of this one.
                _ => return TreeWalkResult::Skip,
            };
            if !seen.insert(entry.id()) {
                return TreeWalkResult::Skip;
            }
            found.push((kind, entry.id()));
            TreeWalkResult::Ok
        })?;
        Ok(())
    }

    fn pack_apart(&self, objects: &[(Kind, Oid)], out: &mut dyn Write) -> Result<()> {
        let count = u32::try_from(objects.len());
        let count = count.map_err(|_| Error::Other("too many objects for one pack".to_owned()))?;
        // What a host keeps for years is worth some time.
        let mut pack = PackWriter::new(out, count, Compression::default())?;
        for (kind, object) in objects {
            let object = id(*object);
            let bytes = self.read(&object, *kind)?;
            let bytes = bytes.ok_or_else(|| Error::Object(object, "it is missing".to_owned()))?;
            pack.add(Object { id: object, kind: *kind, bytes })?;
        }
        pack.finish()?;
        Ok(())
    }

    fn pack_compared(&self, new: &ObjectId, known: &[Oid], out: &mut dyn Write) -> Result<()> {
        let mut walk = self.git.revwalk()?;
        walk.push(oid(new)?)?;
        for commit in known {
            walk.hide(*commit)?;
        }
        let mut builder = self.git.packbuilder()?;
        builder.set_threads(THREADS);
        builder.insert_walk(&mut walk)?;
        let mut failed = None;
        let written = builder.foreach(|bytes| match out.write_all(bytes) {
            Ok(()) => true,
            Err(error) => {
                failed = Some(error);
                false
            }
        });
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(written?),
        }
    }
}
