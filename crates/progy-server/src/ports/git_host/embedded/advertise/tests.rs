use std::collections::BTreeSet;

use progy_core::HashKind;
use progy_core::git::wire::{self, Advertised};

use super::*;

struct World {
    _folder: tempfile::TempDir,
    layout: Layout,
    program: Program,
    words: Words,
    repository: std::path::PathBuf,
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let author = ["-c", "user.name=ana", "-c", "user.email=ana@example.org"];
    let output = std::process::Command::new("git")
        .current_dir(folder)
        .args(author)
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Something that a repository has beyond `main`.
type Spoil = fn(&World);

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::open(folder.path()).unwrap();
        let repository = folder.path().join("repositories/ana/course.git");
        layout::create(&repository).unwrap();
        let program = Program::find(None).unwrap();
        Self { _folder: folder, layout, program, words: Words::default(), repository }
    }

    /// Puts `main` of a repository at a new commit.
    fn commit(folder: &Path, message: &str) -> String {
        let tree = git(folder, &["hash-object", "-t", "tree", "-w", "/dev/null"]);
        let commit = git(folder, &["commit-tree", &tree, "-m", message]);
        git(folder, &["update-ref", BRANCH, &commit]);
        commit
    }

    async fn ours(&self, topic: Topic) -> Option<Bytes> {
        self.words.of(&self.program, &self.layout, &self.repository, topic).await.unwrap()
    }

    /// Holds ours against what `git` says.
    async fn agree(&self, service: Service, version: Version) {
        let topic = topic(service, version);
        let ours = self.ours(topic).await.expect("a plain repository");
        let theirs = command(&self.program, &self.repository, topic).output().await.unwrap().stdout;
        if (service, version) == (Service::UploadPack, Version::V2) {
            assert_eq!(ours, theirs);
            return;
        }
        let service = match service {
            Service::UploadPack => wire::Service::UploadPack,
            Service::ReceivePack => wire::Service::ReceivePack,
        };
        let sorted = |said: &[u8]| {
            let Advertised { main, others, capabilities } =
                Advertised::parse(service, said).unwrap();
            (main, others, capabilities.into_iter().collect::<BTreeSet<_>>())
        };
        assert_eq!(sorted(&ours), sorted(&theirs));
        // Word by word, but for the order of the capabilities.
        let names = |said: &[u8]| {
            let lines = pkt_line::lines(said).map(|line| match line.unwrap() {
                Line::Data(data) => String::from_utf8(data.to_vec()).unwrap(),
                other => format!("{other:?}"),
            });
            lines.map(|line| line.split('\0').next().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(names(&ours), names(&theirs));
    }

    async fn agree_on_all(&self) {
        for version in [Version::V0, Version::V2] {
            self.agree(Service::UploadPack, version).await;
            self.agree(Service::ReceivePack, version).await;
        }
    }
}

fn topic(service: Service, version: Version) -> Topic {
    Topic { service, stage: Stage::Advertise, version, most: 1 << 20 }
}

#[tokio::test]
async fn it_is_what_git_would_say() {
    let world = World::new();
    world.agree_on_all().await;
    // What is shared is told to who pushes, also before there is anything else.
    let template = world.layout.template(&HashKind::Blake3.hash(b"package"));
    layout::create(&template).unwrap();
    let shared = World::commit(&template, "template");
    layout::add_alternate(&world.repository, &Layout::alternate(&template)).unwrap();
    world.agree_on_all().await;
    World::commit(&world.repository, "one");
    world.agree_on_all().await;
    // What is `main` as well is told once.
    git(&world.repository, &["update-ref", BRANCH, &shared]);
    world.agree_on_all().await;
    World::commit(&world.repository, "two");
    git(&world.repository, &["pack-refs", "--all"]);
    assert!(!world.repository.join(BRANCH).exists());
    world.agree_on_all().await;
    World::commit(&world.repository, "three");
    world.agree_on_all().await;
}

#[tokio::test]
async fn what_is_not_plain_is_left_to_git() {
    let v0 = topic(Service::UploadPack, Version::V0);
    let spoil: [(&str, Spoil); 5] = [
        ("a tag", |world| drop(git(&world.repository, &["tag", "one", "main"]))),
        ("a branch", |world| drop(git(&world.repository, &["branch", "one", "main"]))),
        ("another HEAD", |world| {
            drop(git(&world.repository, &["symbolic-ref", "HEAD", "refs/heads/other"]));
        }),
        ("a change under way", |world| {
            fs::write(world.repository.join("refs/heads/main.lock"), "").unwrap();
        }),
        ("a long list", |world| {
            let line = format!("{} refs/tags/one\n", "1".repeat(40));
            fs::write(world.repository.join("packed-refs"), line.repeat(2_000)).unwrap();
        }),
    ];
    for (what, spoil) in spoil {
        let world = World::new();
        World::commit(&world.repository, "one");
        assert!(world.ours(v0).await.is_some());
        spoil(&world);
        assert_eq!(world.ours(v0).await, None, "{what}");
    }
    let world = World::new();
    git(&world.repository, &["pack-refs", "--all"]);
    assert_eq!(world.ours(topic(Service::UploadPack, Version::V1)).await, None);
}

#[tokio::test]
async fn a_packed_tag_is_seen() {
    let world = World::new();
    World::commit(&world.repository, "one");
    git(&world.repository, &["tag", "one", "main"]);
    git(&world.repository, &["pack-refs", "--all"]);
    assert_eq!(world.ours(topic(Service::ReceivePack, Version::V0)).await, None);
}
