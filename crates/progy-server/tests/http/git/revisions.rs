//! What was pushed, as every other route shows it.

use std::process::Stdio;

use flate2::read::GzDecoder;
use progy_api::history::{
    ContentsAnswer, ContentsRequest, FileState, RevisionDocument, RevisionPage, Want,
};
use progy_api::progress::ProgressDocument;
use progy_api::sync::{SyncAnswer, SyncRequest};
use progy_core::git::{Commit, Facts, Signature};
use progy_core::{
    ContentHash, CourseId, DeviceName, LessonId, RevisionId, SaveId, Strategy, Timestamp,
};
use semver::Version;
use tokio::io::AsyncWriteExt;

use super::Host;
use super::command::{Git, Work};
use crate::server::{EXERCISE, TEMPLATE, save};

async fn progress(host: &Host) -> ProgressDocument {
    host.server.get("/api/progress/intro").token(&host.login).send().await.json()
}

async fn revisions(host: &Host) -> RevisionPage {
    let path = "/api/workspaces/intro/revisions";
    host.server.get(path).token(&host.login).send().await.json()
}

/// Commits what is in the folder as Progy does; gives the commit's id.
async fn progy_commit(work: &Work, facts: Facts, message: &str) -> String {
    work.ok(&["add", "-A"]).await;
    let tree = work.ok(&["write-tree"]).await.trim().parse().unwrap();
    let parents = work.git.run(work.path(), &["rev-parse", "-q", "--verify", "HEAD"]).await.stdout;
    let parents = String::from_utf8(parents).unwrap();
    let ana = Signature::new("Ana", "ana@users.noreply.progy.example", 1_700_000_000, 120);
    let commit = Commit {
        tree,
        parents: parents.split_whitespace().map(|id| id.parse().unwrap()).collect(),
        author: ana.clone(),
        committer: ana,
        other: Vec::new(),
        facts,
        message: message.to_owned(),
    };
    let arguments = ["hash-object", "-t", "commit", "-w", "--stdin"];
    let mut call = work.git.call(work.path(), &arguments);
    let mut call = call.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    call.stdin.take().unwrap().write_all(&commit.object().bytes).await.unwrap();
    let id = String::from_utf8(call.wait_with_output().await.unwrap().stdout).unwrap();
    let id = id.trim().to_owned();
    work.ok(&["reset", "-q", "--hard", &id]).await;
    id
}

fn facts(save: &str) -> Facts {
    Facts {
        save: Some(SaveId::new(&save.repeat(32)).unwrap()),
        device: Some(DeviceName::new("laptop").unwrap()),
        lesson: Some(LessonId::new("01_hello").unwrap()),
        course: Some((CourseId::new("intro").unwrap(), Version::new(1, 0, 0))),
    }
}

/// The files of the course.
fn unpack_template(work: &Work) {
    work.write("content/01_hello/README.md", b"# Hello\n");
    work.write(EXERCISE, TEMPLATE);
    let manifest = serde_json::json!({
        "id": "intro",
        "name": "Intro",
        "version": "1.0.0",
        "runners": [{ "id": "run", "type": "process", "command": "true", "args": [] }],
    });
    work.write("course.json", manifest.to_string().as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_a_revision_at_once() {
    let host = Host::start().await;
    let events = host.server.get("/api/workspaces/intro/events").token(&host.login).open().await;
    let work = host.git().clone_of(&host.repo.repo_url).await;
    unpack_template(&work);
    let first = progy_commit(&work, facts("a"), "init: Start course").await;
    work.write(EXERCISE, b"hello\n");
    work.write("notes/mine.sh", b"echo\n");
    work.ok(&["add", "-A"]).await;
    work.ok(&["update-index", "--chmod=+x", "notes/mine.sh"]).await;
    work.ok(&["commit", "-q", "-m", "Mine\n\nby hand", "--date=1700000500 +0000"]).await;
    let second = work.head().await;
    work.ok(&["push", "-q", "origin", "main"]).await;

    let at = progress(&host).await;
    assert_eq!(at.strategy, Strategy::Git);
    assert_eq!(at.version, Version::new(1, 0, 0));
    let head = at.head.unwrap();
    assert_eq!(head.id.as_str(), second);
    assert_eq!(head.parent.as_ref().map(RevisionId::as_str), Some(first.as_str()));
    assert_eq!((head.device.as_str(), head.lesson.as_ref()), ("git", None));
    assert_eq!(head.save.as_str(), &second[..32]);
    assert_eq!(head.message, "Mine\n\nby hand");
    assert_eq!(head.saved_at, Timestamp(1_700_000_500_000));
    assert_eq!((head.files_changed, head.bytes), (2, 6 + 5));
    let files: Vec<_> = at.files.iter().map(|f| (f.path.as_str(), f.state.clone())).collect();
    let file = |content: &[u8], executable| FileState::File {
        hash: ContentHash::git_blob(content),
        size: content.len() as u64,
        executable,
    };
    assert_eq!(
        files,
        [(EXERCISE, file(b"hello\n", false)), ("notes/mine.sh", file(b"echo\n", true))]
    );

    let page = revisions(&host).await;
    let ids: Vec<_> = page.revisions.iter().map(|revision| revision.id.as_str()).collect();
    assert_eq!(ids, [second.as_str(), first.as_str()]);
    let begun = &page.revisions[1];
    assert_eq!(begun.save.as_str(), "a".repeat(32));
    assert_eq!((begun.device.as_str(), begun.files_changed), ("laptop", 3));
    assert_eq!(begun.lesson.as_ref().map(LessonId::as_str), Some("01_hello"));
    assert_eq!(begun.saved_at, Timestamp(1_700_000_000_000));
    let path = format!("/api/workspaces/intro/revisions/{first}");
    let document: RevisionDocument = host.server.get(&path).token(&host.login).send().await.json();
    assert_eq!(document.files, []);

    // Nobody had started the course when this began to listen.
    let mut body = events.into_body();
    let news = http_body_util::BodyExt::frame(&mut body).await.unwrap().unwrap();
    let news = String::from_utf8_lossy(news.data_ref().unwrap()).into_owned();
    assert!(news.contains(&second), "{news}");
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_from_the_repository() {
    let host = Host::start().await;
    let work = host.git().clone_of(&host.repo.repo_url).await;
    unpack_template(&work);
    work.write(EXERCISE, &b"hello\n".repeat(50_000));
    std::os::unix::fs::symlink("exercise.txt", work.file("content/01_hello/link")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", work.file("outside")).unwrap();
    std::fs::remove_file(work.file("content/01_hello/README.md")).unwrap();
    // Attributes say what `git archive` does; a revision has all of its files.
    work.write(".gitattributes", b"*.txt export-ignore\n");
    work.write("empty", b"");
    let id = progy_commit(&work, facts("a"), "all").await;
    work.ok(&["push", "-q", "origin", "main"]).await;

    let at = progress(&host).await;
    let names: Vec<_> = at.files.iter().map(|file| file.path.as_str()).collect();
    let readme = "content/01_hello/README.md";
    assert_eq!(names, [".gitattributes", readme, EXERCISE, "content/01_hello/link", "empty"]);
    assert_eq!(at.files[1].state, FileState::Deleted);
    assert_eq!(at.files[3].state, FileState::Link { target: "exercise.txt".to_owned() });

    let path = format!("/api/workspaces/intro/revisions/{id}/archive.tar.gz");
    let packed = host.server.get(&path).token(&host.login).send().await;
    let folder = tempfile::tempdir().unwrap();
    tar::Archive::new(GzDecoder::new(&packed.body[..])).unpack(folder.path()).unwrap();
    for name in [".gitattributes", "course.json", EXERCISE, "content/01_hello/link", "empty"] {
        let there = std::fs::read(folder.path().join(name)).unwrap();
        assert!(there == std::fs::read(work.file(name)).unwrap(), "{name}");
    }
    assert!(!folder.path().join("outside").exists());

    let edited = ContentHash::git_blob(&b"hello\n".repeat(50_000));
    let original = ContentHash::git_blob(TEMPLATE);
    let nothing = ContentHash::git_blob(b"nobody wrote this");
    let wants = [(edited, Some(original)), (nothing, None), (original, None)];
    let wants = wants.map(|(hash, have)| Want { hash, have }).into();
    let asked = ContentsRequest { version: Version::new(1, 0, 0), wants };
    let post = host.server.post("/api/workspaces/intro/contents").token(&host.login);
    let answer: ContentsAnswer = post.json(&asked).send().await.json();
    // The template's own file is no part of this history, but of what it shares.
    assert_eq!(answer.contents.len(), 2);
    let content = &answer.contents[0];
    let data =
        progy_api::delta::decompress(&content.delta.data.0, Some(TEMPLATE), content.size, &edited);
    assert!(data.unwrap() == b"hello\n".repeat(50_000));
    assert_eq!(content.delta.reference, Some(original));
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_noted_is_noted_by_who_looks() {
    let host = Host::start().await;
    let work = host.begun().await;
    // As if the server had stopped between the push and the note.
    let bare = host.bare();
    for n in 0..3 {
        let id = work.commit("a.txt", format!("{n}\n").as_bytes(), "unnoted").await;
        let bare = bare.to_str().unwrap();
        work.ok(&["push", "-q", bare, "main"]).await;
        match n {
            0 => assert_eq!(progress(&host).await.head.unwrap().id.as_str(), id),
            1 => assert_eq!(revisions(&host).await.revisions[0].id.as_str(), id),
            _ => {
                let request = SyncRequest { strategy: Strategy::Git, ..without_save() };
                let answer: SyncAnswer = host.server.sync(&host.login, &request).await.json();
                assert_eq!(answer.head.unwrap().as_str(), id);
            }
        }
    }
    let count = revisions(&host).await.revisions.len();
    assert_eq!(count, 4);
    // Moved to the common file of references, and nothing was pushed since.
    Git::new().ok(&bare, &["pack-refs", "--all"]).await;
    assert_eq!(revisions(&host).await.revisions.len(), count);
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_goes_on_and_a_lost_history_is_noted_anew() {
    let host = Host::start().await;
    let work = host.begun().await;
    let begun = work.head().await;
    let other = host.git().clone_of(&host.repo.repo_url).await;
    let elsewhere = other.commit("b.txt", b"b\n", "elsewhere").await;
    other.ok(&["push", "-q", "origin", "main"]).await;
    let here = work.commit("c.txt", b"c\n", "here").await;
    work.ok(&["pull", "-q", "--no-rebase", "--no-edit", "origin", "main"]).await;
    let merge = work.head().await;
    work.ok(&["push", "-q", "origin", "main"]).await;
    let page = revisions(&host).await;
    let ids: Vec<_> = page.revisions.iter().map(|revision| revision.id.as_str()).collect();
    assert_eq!(ids, [merge.as_str(), &here, &elsewhere, &begun]);
    assert_eq!(page.revisions[0].files_changed, 1);

    // The repository is put back from an old copy, and goes another way.
    let bare = host.bare();
    Git::new().ok(&bare, &["update-ref", "refs/heads/main", &here]).await;
    let page = revisions(&host).await;
    let ids: Vec<_> = page.revisions.iter().map(|revision| revision.id.as_str()).collect();
    assert_eq!(ids, [here.as_str(), &begun]);
    assert_eq!(progress(&host).await.head.unwrap().id.as_str(), here);
}

#[tokio::test(flavor = "multi_thread")]
async fn copied_headers_do_not_confuse() {
    let host = Host::start().await;
    let work = host.git().clone_of(&host.repo.repo_url).await;
    unpack_template(&work);
    progy_commit(&work, facts("a"), "one").await;
    work.write("x", b"1");
    let mut odd = facts("a");
    odd.course = Some((CourseId::new("intro").unwrap(), Version::new(9, 9, 9)));
    let second = progy_commit(&work, odd, "two, with the save of one").await;
    work.ok(&["push", "-q", "origin", "main"]).await;
    let page = revisions(&host).await;
    assert_eq!(page.revisions.len(), 2);
    assert_eq!(page.revisions[0].save.as_str(), &second[..32]);
    assert_eq!(page.revisions[0].version, Version::new(1, 0, 0), "nobody published 9.9.9");
    assert_eq!(progress(&host).await.files.len(), 1);
}

fn without_save() -> SyncRequest {
    SyncRequest { save: None, ..save(b"", None) }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_sent_before_and_after_the_first_push() {
    let host = Host::start().await;
    let request = SyncRequest { strategy: Strategy::Git, ..without_save() };
    let before: SyncAnswer = host.server.sync(&host.login, &request).await.json();
    assert_eq!(before.head, None);
    assert_eq!(progress(&host).await.strategy, Strategy::Git);
    let work = host.begun().await;
    let after: SyncAnswer = host.server.sync(&host.login, &request).await.json();
    assert_eq!(after.head.unwrap().as_str(), work.head().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_carried_one_way() {
    let host = Host::start().await;
    let work = host.begun().await;
    // A save by another strategy.
    let head = progress(&host).await.head.unwrap().id;
    for request in [save(b"x\n", None), save(b"x\n", Some(&head))] {
        host.server.sync(&host.login, &request).await.problem(409, "other_strategy");
        let request = SyncRequest { strategy: Strategy::Git, ..request };
        host.server.sync(&host.login, &request).await.problem(409, "other_strategy");
    }
    assert_eq!(progress(&host).await.head.unwrap().id.as_str(), work.head().await);

    // A push into a workspace of another strategy.
    let host = Host::start().await;
    let saved = host.server.save(&host.login, b"x\n", None).await;
    let work = host.git().clone_of(&host.repo.repo_url).await;
    work.commit("a.txt", b"a\n", "first").await;
    let said = work.fails(&["push", "origin", "main"]).await;
    assert!(said.contains("409"), "{said}");
    let path = host.repo.repo_url.split_once("/git/").unwrap().1;
    let path = format!("/git/{path}/info/refs?service=git-receive-pack");
    let refused = host.server.get(&path).token(&host.login).send().await;
    refused.problem(409, "other_strategy");
    assert_eq!(progress(&host).await.head.unwrap().id, saved.head.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_with_the_course_is_shared() {
    let host = Host::start().await;
    let bare = host.bare();
    let empty = Git::new().ok(&bare, &["count-objects", "-v"]).await;
    assert!(empty.contains("alternate: "), "{empty}");

    // It is said to who pushes, and can be computed by every device.
    let path = host.repo.repo_url.split_once("/git/").unwrap().1;
    let path = format!("/git/{path}/info/refs?service=git-receive-pack");
    let refs = host.server.get(&path).token(&host.login).send().await;
    let refs = refs.text().replace('\0', " ");
    let have = refs.lines().find(|line| line.contains(" .have")).expect(&refs);
    let work = host.git().clone_of(&host.repo.repo_url).await;
    unpack_template(&work);
    work.ok(&["add", "-A"]).await;
    let tree = work.ok(&["write-tree"]).await.trim().parse().unwrap();
    let course = CourseId::new("intro").unwrap();
    let template = progy_core::git::template_commit(&course, &Version::new(1, 0, 0), tree);
    assert!(have.contains(&template.object().id.to_string()), "{have}");

    // A device that has the template sends what is new alone.
    let file = work.file(".git/template");
    std::fs::write(&file, template.object().bytes).unwrap();
    let planted = work.ok(&["hash-object", "-t", "commit", "-w", file.to_str().unwrap()]).await;
    work.ok(&["reset", "-q", "--soft", planted.trim()]).await;
    let id = progy_commit(&work, facts("a"), "as it came").await;
    work.ok(&["push", "-q", "origin", "main"]).await;
    let own = Git::new().ok(&bare, &["count-objects", "-v"]).await;
    assert!(own.starts_with("count: 1\n"), "one commit, in a file: {own}");
    assert!(own.contains("in-pack: 0\n"), "{own}");

    let other = host.git().clone_of(&host.repo.repo_url).await;
    assert_eq!(other.head().await, id);
    assert_eq!(std::fs::read(other.file(EXERCISE)).unwrap(), TEMPLATE);
    other.ok(&["fsck", "--strict"]).await;
    host.check().await;
}
