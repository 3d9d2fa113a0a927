//! A template in Git's own terms.

use std::collections::HashMap;

use progy_core::git::{self, Built, Commit, ObjectId, template_commit};
use progy_core::{ContentHash, Entry, FileEntry, HashKind, Tree};

use super::Template;
use crate::ports::{PortError, Result};

/// A template's files by Git's names.
pub struct GitTemplate {
    /// The files; their contents are named by Git's ids.
    pub tree: Tree,
    /// Its folders and the targets of its links as objects.
    pub built: Built,
    /// Each different content as Progy names it, with Git's id and its size.
    pub contents: HashMap<ContentHash, (ObjectId, u64)>,
}

impl GitTemplate {
    /// Names the files of `template`, reading each content once, a piece at a time.
    pub async fn of(template: &dyn Template) -> Result<Self> {
        let mut contents: HashMap<ContentHash, (ObjectId, u64)> = HashMap::new();
        let mut entries = Vec::new();
        for (path, entry) in template.tree() {
            let Entry::File(file) = entry else {
                entries.push((path.clone(), entry.clone()));
                continue;
            };
            let id = if let Some((id, _)) = contents.get(&file.hash) {
                *id
            } else {
                let id = name(template, file).await?;
                contents.insert(file.hash, (id, file.size));
                id
            };
            entries.push((path.clone(), Entry::File(FileEntry { hash: id.into(), ..*file })));
        }
        let tree = Tree::from_entries(entries);
        let tree = tree.map_err(|error| PortError::Damaged(error.to_string()))?;
        let built = git::build(&tree).map_err(|error| PortError::Failed(error.to_string()))?;
        Ok(Self { tree, built, contents })
    }

    /// The commit that stands for the template.
    pub fn commit(&self, template: &dyn Template) -> Commit {
        template_commit(template.course(), template.version(), self.built.root)
    }

    /// About how much memory this takes, in bytes.
    pub fn weight(&self) -> usize {
        let folders: usize = self.built.objects.values().map(|object| object.bytes.len()).sum();
        let paths: usize = self.tree.iter().map(|(path, _)| path.as_str().len() + 300).sum();
        folders + paths + 256
    }
}

/// Git's name of a file's content.
async fn name(template: &dyn Template, file: &FileEntry) -> Result<ObjectId> {
    let mut hasher = HashKind::GitBlob.hasher(file.size);
    let mut part = 0;
    while let Some(bytes) = template.part(&file.hash, part).await? {
        hasher.update(&bytes);
        part += 1;
    }
    let id = ObjectId::try_from(&hasher.finish());
    id.map_err(|error| PortError::Failed(error.to_string()))
}
