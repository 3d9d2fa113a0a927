//! A repository on this machine: folders that anybody may have pushed, packs that a host sends, and
//! what a learner did to `.git` by hand.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use bytes::Bytes;
use progy_client::remotes::git::KnownRepo;
use progy_core::git::{self, Commit, Facts, Kind, Mode, Object, ObjectId, Signature};
use progy_core::{RelPath, Tree};
use progy_git::{Obstacle, Repository, Settings};
use progy_server::ports::Result as PortResult;
use progy_server::ports::git_host::difference::{Difference, Folders, MOST};
use progy_server::ports::git_host::objects::{Found, Objects};
use tempfile::TempDir;

use crate::git::by_id;
use crate::parts;
use crate::tree::assert_is_tree;

/// Folders in each other, the outermost last: a few that hold each other many times over make up
/// more than any disk has.
const DEPTH: usize = 8;
/// The longest message about what is held, in bytes: it may quote a name, but not all of it.
const LONGEST_ERROR: usize = 4000;
/// A repository is used for so many inputs.
const INPUTS: u32 = 200;
/// Where the workspace is published.
const URL: &str = "https://progy.example/git/ana/rust.git";

/// A tree object of anybody's, as it is, and as the topmost of folders that all hold it.
pub fn git_tree(data: &[u8]) {
    let entries: Vec<_> = git::read(data).collect();
    for entry in entries.iter().flatten() {
        assert!(!entry.name.is_empty() && !entry.name.contains(&0));
    }
    if entries.iter().any(Result::is_err) {
        in_a_repository(|repository| {
            let top = Object::new(Kind::Tree, data.to_vec());
            assert!(held(repository, vec![top]).is_none(), "a damaged folder");
        });
        return;
    }
    let file = Object::new(Kind::Blob, b"fn main() {}\n".to_vec());
    let mut objects = vec![file.clone()];
    let mut folder = Object::new(Kind::Tree, Vec::new()).id;
    objects.push(Object::new(Kind::Tree, Vec::new()));
    for _ in 0..DEPTH {
        let mut bytes = Vec::new();
        for entry in entries.iter().flatten() {
            let id = match entry.mode {
                Mode::Folder => folder,
                // Where a link leads is a part of its name, here.
                Mode::Symlink => {
                    let link = Object::new(Kind::Blob, link_of(entry.name).to_vec());
                    let id = link.id;
                    objects.push(link);
                    id
                }
                _ => file.id,
            };
            bytes.extend_from_slice(entry.mode.as_str().as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(entry.name);
            bytes.push(0);
            bytes.extend_from_slice(id.as_bytes());
        }
        let object = Object::new(Kind::Tree, bytes);
        folder = object.id;
        objects.push(object);
    }
    differs(&objects, folder);
    in_a_repository(|repository| {
        if let Some(tree) = held(repository, objects) {
            assert_is_tree(&tree);
            built_again(repository, &tree);
        }
    });
}

/// What follows the first `>` of a name.
fn link_of(name: &[u8]) -> &[u8] {
    let at = name.iter().position(|byte| *byte == b'>');
    at.and_then(|at| name.get(at + 1..)).unwrap_or(b"..")
}

/// The files of a commit whose topmost folder is the last of `objects`.
fn held(repository: &Repository, mut objects: Vec<Object>) -> Option<Tree> {
    let root = objects.last().map(|object| object.id)?;
    let commit = commit_of(root).object();
    let id = commit.id;
    objects.push(commit);
    let new = by_id(objects).into_values();
    let new: Vec<Object> =
        new.filter(|object| !repository.has(&object.id).unwrap_or(false)).collect();
    repository.write(new.into_iter().map(Ok)).expect("objects can be written");
    match repository.tree(&id) {
        Ok(tree) => Some(tree),
        Err(error) => {
            let text = error.to_string();
            assert!(text.len() < LONGEST_ERROR && !text.contains(char::is_control), "{text}");
            None
        }
    }
}

fn commit_of(tree: ObjectId) -> Commit {
    let ana = Signature::new("Ana", "ana@example.org", 1_800_000_000, 0);
    Commit {
        tree,
        parents: Vec::new(),
        author: ana.clone(),
        committer: ana,
        other: Vec::new(),
        facts: Facts::default(),
        message: "Save".to_owned(),
    }
}

/// What is built of a tree is what Git takes, and is read as the same tree.
fn built_again(repository: &Repository, tree: &Tree) {
    let Ok(built) = git::build(tree) else {
        let own = |path: &RelPath| path.parts().any(is_gits_own);
        assert!(tree.iter().any(|(path, _)| own(path)), "it names no folder of Git's");
        return;
    };
    for object in built.objects.values().filter(|object| object.kind == Kind::Tree) {
        assert_is_folder(&object.bytes);
    }
    let mut objects: Vec<Object> = built.objects.into_values().collect();
    let root = objects.iter().position(|object| object.id == built.root).expect("the root");
    let root = objects.remove(root);
    objects.push(root);
    assert_eq!(held(repository, objects).as_ref(), Some(tree));
}

/// Asserts what `git fsck --strict` asks of a folder.
fn assert_is_folder(bytes: &[u8]) {
    let entries: Vec<_> = git::read(bytes).map(|entry| entry.expect("our own folder")).collect();
    let mut names = BTreeSet::new();
    let mut before: Option<Vec<u8>> = None;
    for entry in entries {
        let name = std::str::from_utf8(entry.name).expect("names are text");
        assert!(!matches!(name, "" | "." | "..") && !name.contains('/'), "{name:?}");
        assert!(!is_gits_own(name), "{name:?}");
        assert!(names.insert(entry.name), "{name:?} twice");
        let mut order = entry.name.to_vec();
        if entry.mode == Mode::Folder {
            order.push(b'/');
        }
        assert!(before.is_none_or(|before| before < order), "{name:?} is out of order");
        before = Some(order);
    }
}

/// Whether some file system opens `.git` for this name; written another way than ours, after Git's
/// `verify_dotfile`, `is_ntfs_dotgit` and `is_hfs_dotgit`.
fn is_gits_own(name: &str) -> bool {
    let ignored = ['\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{feff}'];
    let is_ignored = |c: char| {
        ignored.contains(&c)
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{206a}'..='\u{206f}').contains(&c)
    };
    let seen: String = name.chars().filter(|c| !is_ignored(*c)).collect();
    let stem = seen.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    [".git", "git~1"].iter().any(|own| stem.eq_ignore_ascii_case(own))
}

/// The server tells what a push has changed, or that it is too much.
fn differs(objects: &[Object], root: ObjectId) {
    let mut held = Held(by_id(objects.iter().cloned()));
    let mut folders = Folders::new(&mut held, None);
    let found = at_once(folders.difference(None, root));
    if let Ok(Difference::Whole(paths)) = found {
        assert!(paths.len() <= MOST);
        assert!(paths.iter().all(|path| path.before.is_none() && path.after.is_some()));
    }
}

/// A repository in memory.
struct Held(BTreeMap<ObjectId, Object>);

#[async_trait]
impl Objects for Held {
    async fn look(&mut self, ids: &[ObjectId]) -> PortResult<Vec<Option<Found>>> {
        let found =
            |object: &Object| Found { kind: Some(object.kind), size: object.bytes.len() as u64 };
        Ok(ids.iter().map(|id| self.0.get(id).map(found)).collect())
    }

    async fn read(&mut self, id: ObjectId, limit: u64) -> PortResult<Option<Object>> {
        let found = self.0.get(&id).filter(|object| object.bytes.len() as u64 <= limit);
        Ok(found.cloned())
    }

    async fn begin(&mut self, _: ObjectId) -> PortResult<Option<u64>> {
        Ok(None)
    }

    async fn next(&mut self) -> PortResult<Bytes> {
        Ok(Bytes::new())
    }
}

/// Runs what never waits.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits for nobody"),
    }
}

/// Runs something in a repository that others have run in. Objects are all that it holds.
fn in_a_repository(run: impl FnOnce(&Repository)) {
    thread_local! {
        static USED: RefCell<Option<(TempDir, Repository, u32)>> = const { RefCell::new(None) };
    }
    USED.with_borrow_mut(|used| {
        if used.as_ref().is_none_or(|(_, _, inputs)| *inputs >= INPUTS) {
            let folder = tempfile::tempdir().expect("a folder");
            let repository = Repository::open_or_init(folder.path()).expect("a repository");
            *used = Some((folder, repository, 0));
        }
        if let Some((_, repository, inputs)) = used {
            *inputs += 1;
            run(repository);
        }
    });
}

/// A pack that a host sends; its checksum is put right.
pub fn git_pack(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let repository = Repository::open_or_init(folder.path()).expect("a repository");
    let body = data.get(..data.len().saturating_sub(20)).unwrap_or_default();
    let mended = [body, &sha1(body)].concat();
    let packs = folder.path().join(".git/objects/pack");
    for pack in [data, &mended] {
        match received(&repository, pack) {
            Ok(files) => {
                for file in &files {
                    assert!(folder.path().join(file).is_file(), "{file}");
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        let left = fs::read_dir(&packs).map_or(0, Iterator::count);
        assert!(left == 0 || left == 2, "a pack and its index, or nothing: {left}");
        if left > 0 {
            return;
        }
    }
}

fn received(repository: &Repository, pack: &[u8]) -> progy_git::Result<Vec<String>> {
    let mut receiver = repository.receive_pack()?;
    for piece in pack.chunks(1000) {
        receiver.write_all(piece)?;
    }
    receiver.finish()
}

fn sha1(bytes: &[u8]) -> [u8; 20] {
    use sha1::Digest;
    sha1::Sha1::digest(bytes).into()
}

/// `config`, `HEAD`, `packed-refs`, `info/exclude` of a repository, and `.gitattributes` beside it.
pub fn git_folder(data: &[u8]) {
    let [config, head, packed, exclude, attributes] = parts::<5>(data);
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    Repository::open_or_init(root).expect("a repository");
    for (file, bytes) in [
        (".git/config", config),
        (".git/HEAD", head),
        (".git/packed-refs", packed),
        (".git/info/exclude", exclude),
        (".gitattributes", attributes),
    ] {
        let at = root.join(file);
        fs::create_dir_all(at.parent().expect("a folder")).expect("a disk");
        fs::write(at, bytes).expect("a disk");
    }
    look_at(root);
    let settings = settings();
    let Ok(Some(repository)) = Repository::open(root) else { return };
    if repository.settle(&settings).is_err() {
        return;
    }
    let written = || fs::read(root.join(".git/config")).expect("a disk");
    let (once, excluded) = (written(), fs::read(root.join(".git/info/exclude")).expect("a disk"));
    assert_eq!(fs::read(root.join(".git/HEAD")).expect("a disk"), head, "HEAD is the learner's");
    keeps_lines(exclude, &excluded);
    let repository = Repository::open(root).expect("still a repository").expect("there");
    repository.settle(&settings).expect("it could be settled a moment ago");
    assert_eq!(written(), once, "twice is once");
    assert_eq!(fs::read(root.join(".git/info/exclude")).expect("a disk"), excluded);
    if repository.set_note("url", URL).is_ok() {
        assert_eq!(repository.note("url").expect("a word").as_deref(), Some(URL));
    }
}

/// Nothing that is only looked at is changed, and what stands in the way has a reason.
fn look_at(root: &Path) {
    let Ok(Some(repository)) = Repository::open(root) else { return };
    match repository.check() {
        Err(progy_git::Error::Obstacle(obstacle)) => {
            assert!(!obstacle.to_string().contains(char::is_control), "{obstacle}");
            assert!(!matches!(obstacle, Obstacle::Locked(_)), "{obstacle}");
        }
        Err(other) => assert!(!other.to_string().is_empty()),
        Ok(()) => {}
    }
    let _ = (repository.main(), repository.published(), repository.author());
    let _ = (KnownRepo::of(root), repository.recent(4), repository.is_shallow());
}

fn settings() -> Settings {
    Settings {
        url: URL.to_owned(),
        helper: "!progy git-credential".to_owned(),
        author: ("Ana".to_owned(), "ana@progy.example".to_owned()),
        exclude: vec!["/.progy/".to_owned(), "/progy.toml".to_owned()],
    }
}

/// The learner's lines stay, but for those that stand among ours.
fn keeps_lines(before: &[u8], after: &[u8]) {
    let ours = b"# Kept by progy:";
    let end = before.windows(ours.len()).position(|window| window == ours);
    let kept = before.get(..end.unwrap_or(before.len())).unwrap_or_default();
    assert!(after.starts_with(kept), "{:?}", String::from_utf8_lossy(after));
}
