//! The files of a commit.

use std::collections::BTreeMap;

use progy_core::git::{self, Built, Kind, Mode, Object, ObjectId};
use progy_core::{Entry, FileEntry, LinkTarget, RelPath, Tree};

use crate::{Error, Repository, Result, shown};

/// The most entries of folders that are looked at for one commit, as the server has it. Folders that
/// hold each other many times over make up more than any memory has in a few objects.
const MOST: usize = 200_000;
/// The longest path of a folder that is opened, in bytes: no file below a longer one has a name that
/// can be kept.
const LONGEST: usize = 4096;

impl Repository {
    /// The files of a commit. Fails if it holds what cannot be a file of a workspace.
    pub fn tree(&self, commit: &ObjectId) -> Result<Tree> {
        let root = self.root_of(commit)?;
        let mut files = BTreeMap::new();
        let mut folders = vec![(root, String::new())];
        let mut looked_at = 0;
        while let Some((folder, path)) = folders.pop() {
            if path.len() > LONGEST {
                return Err(unfit(&path, "its folders lie too deep"));
            }
            let bytes = self.read(&folder, Kind::Tree)?;
            let bytes = bytes.ok_or_else(|| Error::Object(folder, "it is missing".to_owned()))?;
            for entry in git::read(&bytes) {
                let entry = entry.map_err(|error| Error::Object(folder, error.to_string()))?;
                looked_at += 1;
                if looked_at > MOST {
                    return Err(unfit(&path, "it holds too many files and folders"));
                }
                let name = std::str::from_utf8(entry.name)
                    .map_err(|_| unfit(&path, "a name in it is no Unicode"))?;
                let at = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
                match entry.mode {
                    Mode::Folder => folders.push((entry.id, at)),
                    Mode::Submodule => return Err(unfit(&at, "it is a submodule")),
                    mode => {
                        let (path, file) = self.file(&at, mode, &entry.id)?;
                        files.insert(path, file);
                    }
                }
            }
        }
        Tree::from_map(files).map_err(|error| unfit(&error.to_string(), "no device could hold it"))
    }

    fn file(&self, at: &str, mode: Mode, blob: &ObjectId) -> Result<(RelPath, Entry)> {
        let unfit = |why| unfit(at, why);
        let path = RelPath::new(at).map_err(|_| unfit("not every system can hold its name"))?;
        let entry = if mode == Mode::Symlink {
            let target = self.read(blob, Kind::Blob)?;
            let target = target.ok_or_else(|| Error::Object(*blob, "it is missing".to_owned()))?;
            let target = String::from_utf8(target).map_err(|_| unfit("a link to no Unicode"))?;
            let link = LinkTarget::new(&path, &target);
            Entry::Symlink(link.map_err(|_| unfit("a link that leads out of the workspace"))?)
        } else {
            let size = self.size(blob)?;
            let executable = mode == Mode::Executable;
            Entry::File(FileEntry { hash: (*blob).into(), size, executable })
        };
        Ok((path, entry))
    }

    /// Which of the objects of `built` are not here yet.
    pub fn new_objects(&self, built: Built) -> Result<Vec<Object>> {
        let odb = self.git.odb()?;
        let mut new = Vec::new();
        for object in built.objects.into_values() {
            if !odb.exists(crate::oid(&object.id)?) {
                new.push(object);
            }
        }
        Ok(new)
    }
}

fn unfit(path: &str, why: &'static str) -> Error {
    Error::Unfit(shown(path), why)
}
