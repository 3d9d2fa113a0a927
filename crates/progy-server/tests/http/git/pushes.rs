//! Pushing, and what is refused.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::command::Work;
use super::{Host, noise};

#[tokio::test(flavor = "multi_thread")]
async fn main_only_moves_forward() {
    let host = Host::start().await;
    let work = host.begun().await;
    let other = host.git().clone_of(&host.repo.repo_url).await;
    let head = work.commit("a.txt", b"two\n", "second").await;
    work.ok(&["push", "origin", "main"]).await;

    other.commit("a.txt", b"other\n", "elsewhere").await;
    let said = other.fails(&["push", "origin", "main"]).await;
    assert!(said.contains("fetch first") || said.contains("non-fast-forward"), "{said}");
    let said = other.fails(&["push", "--force", "origin", "main"]).await;
    assert!(said.contains("non-fast-forward"), "{said}");
    let said = other.fails(&["push", "origin", ":main"]).await;
    assert!(said.contains("deletion of the current branch prohibited"), "{said}");
    let there = work.ok(&["ls-remote", "origin", "main"]).await;
    assert!(there.starts_with(&head), "{there}");
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_come_and_go_but_nothing_is_hidden() {
    let host = Host::start().await;
    let work = host.begun().await;
    work.ok(&["push", "origin", "main:try", "main:refs/tags/v1"]).await;
    work.ok(&["push", "origin", ":try"]).await;
    for hidden in ["refs/progy/x", "refs/notes/commits", "refs/replace/x", "refs/pull/1/head"] {
        let said = work.fails(&["push", "origin", &format!("main:{hidden}")]).await;
        assert!(said.contains("deny updating a hidden ref"), "{hidden}: {said}");
    }
    let there = work.ok(&["ls-remote", "origin"]).await;
    assert_eq!(there.lines().count(), 3, "{there}");
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_a_push_is_refused_with_a_reason() {
    let host = Host::start_with(|config| config.git.push = 1 << 20).await;
    let work = host.begun().await;
    work.commit("huge.bin", &noise(4 << 20), "huge").await;
    let said = work.fails(&["push", "origin", "main"]).await;
    assert!(said.contains("maximum allowed size"), "{said}");
    // Sent in one piece, with its length said before.
    let git = work.git.clone().set("http.postBuffer", "100000000");
    let said = git.fails(work.path(), &["push", "origin", "main"]).await;
    assert!(said.contains("maximum allowed size"), "{said}");
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_cut_off_leaves_nothing() {
    let host = Host::start().await;
    let work = host.begun().await;
    let before = work.head().await;
    let after = work.commit("large.bin", &noise(2 << 20), "large").await;
    let request = request(&work, &before, &after).await;
    let path = host.repo.repo_url.split_once("/git/").unwrap().1;
    let head = format!(
        "POST /git/{path}/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/x-git-receive-pack-request\r\nContent-Length: {}\r\n\r\n",
        host.login,
        request.len()
    );
    for part in [1, 50, 99] {
        let mut stream = TcpStream::connect(host.server.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&request[..request.len() * part / 100]).await.unwrap();
        stream.flush().await.unwrap();
        drop(stream);
    }
    // Nothing is left of it, once its processes have ended.
    let objects = host.bare().join("objects");
    let half_way = || {
        std::fs::read_dir(&objects)
            .unwrap()
            .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("tmp_objdir"))
    };
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if !half_way() {
            break;
        }
    }
    let there = work.ok(&["ls-remote", "origin", "main"]).await;
    assert!(there.starts_with(&before), "{there}");
    host.check().await;
    work.ok(&["push", "-q", "origin", "main"]).await;
    host.check().await;
}

/// What `git push` would send.
async fn request(work: &Work, before: &str, after: &str) -> Vec<u8> {
    let arguments = ["pack-objects", "--revs", "--stdout", "-q"];
    let mut call = work.git.call(work.path(), &arguments);
    let mut call = call.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let wanted = format!("{after}\n^{before}\n");
    call.stdin.take().unwrap().write_all(wanted.as_bytes()).await.unwrap();
    let pack = call.wait_with_output().await.unwrap().stdout;
    let command = format!("{before} {after} refs/heads/main\0 report-status");
    let mut request = format!("{:04x}{command}0000", command.len() + 4).into_bytes();
    request.extend(pack);
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_pushes_at_once_one_wins_and_all_can_go_on() {
    let host = Host::start().await;
    host.begun().await;
    let mut devices = Vec::new();
    for n in 0..6 {
        let work = host.git().clone_of(&host.repo.repo_url).await;
        work.commit(&format!("{n}.txt"), b"x\n", "at once").await;
        devices.push(work);
    }
    let pushes = devices.iter().map(|work| work.git.run(work.path(), &["push", "origin", "main"]));
    let pushed = futures_util::future::join_all(pushes).await;
    assert_eq!(pushed.iter().filter(|output| output.status.success()).count(), 1);
    for work in &devices {
        work.ok(&["pull", "-q", "--rebase", "origin", "main"]).await;
        work.ok(&["push", "-q", "origin", "main"]).await;
    }
    assert_eq!(devices[5].ok(&["rev-list", "--count", "HEAD"]).await.trim(), "7");
    host.check().await;
}
