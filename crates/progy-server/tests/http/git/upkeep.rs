//! What the server does for repositories when nobody asks, and what it does not let a process do.

use std::time::Duration;

use progy_server::ports::git_host::embedded::Settings;
use progy_server::services::git::Repositories;
use progy_server::{Limits, Services};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::command::Git;
use super::{Host, noise};

fn packs(host: &Host) -> usize {
    let all = std::fs::read_dir(host.bare().join("objects/pack")).unwrap();
    let paths = all.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|kind| kind == "pack")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_pushes_become_one_pack() {
    let host = Host::start().await;
    let work = host.begun().await;
    for n in 0..24 {
        work.commit("a.txt", format!("{n}\n").as_bytes(), "small").await;
        work.ok(&["push", "-q", "origin", "main"]).await;
    }
    assert_eq!(packs(&host), 25);
    let template = host.server.config.data.join("git/templates");
    let before = tree(&template);

    // As the server does it every hour.
    let data = &host.server.config.data;
    let services = Services::embedded(data, Limits::default()).unwrap();
    let embedded = services.embedded_host(&data.join("git"), Settings::default()).unwrap();
    let services = services.with_git(Repositories::embedded(embedded.into()));
    let used = || {
        let db = rusqlite::Connection::open(data.join("progy.db")).unwrap();
        db.query_row("SELECT stored FROM workspace", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let much = used();
    let done = services.keep_repositories_up().await.unwrap();
    assert_eq!((done.looked_at, done.noted, done.packed), (1, 0, 1));
    assert_eq!(packs(&host), 1);
    assert!(used() < much, "what is stored is counted anew");
    assert_eq!(services.keep_repositories_up().await.unwrap().packed, 0);
    assert_eq!(tree(&template), before, "templates are never touched");

    let other = host.git().clone_of(&host.repo.repo_url).await;
    assert_eq!(other.head().await, work.head().await);
    work.commit("a.txt", b"after\n", "after").await;
    work.ok(&["push", "-q", "origin", "main"]).await;
    host.check().await;
}

/// Every file below a folder, with its size.
fn tree(folder: &std::path::Path) -> Vec<(std::path::PathBuf, u64)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let (path, about) =
                (entry.as_ref().unwrap().path(), entry.unwrap().metadata().unwrap());
            if about.is_dir() { waiting.push(path) } else { found.push((path, about.len())) }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_the_quota_is_refused() {
    let host = Host::start_with(|config| config.limits.quota = 128 << 10).await;
    let work = host.begun().await;
    work.commit("large.bin", &noise(200 << 10), "more than there is room for").await;
    let said = work.fails(&["push", "-q", "origin", "main"]).await;
    assert!(said.contains("maximum allowed size"), "{said}");

    work.ok(&["reset", "-q", "--hard", "HEAD~1"]).await;
    work.commit("some.bin", &noise(98 << 10), "what there is just room for").await;
    work.ok(&["push", "-q", "origin", "main"]).await;
    let said = work.fails(&["push", "-q", "origin", "main"]).await;
    assert!(said.contains("507"), "{said}");
    let path = host.repo.repo_url.split_once("/git/").unwrap().1;
    let path = format!("/git/{path}/info/refs?service=git-receive-pack");
    let asked = host.server.get(&path).token(&host.login).send().await;
    asked.problem(507, "quota_exceeded");
    // Reading goes on.
    host.git().clone_of(&host.repo.repo_url).await;
    host.check().await;
}

/// The processes whose arguments name the repository.
fn processes(host: &Host) -> usize {
    let bare = host.bare().canonicalize().unwrap();
    let bare = bare.to_str().unwrap();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(bare)).count()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_leaves_no_process() {
    let host = Host::start().await;
    let work = host.begun().await;
    let id = work.commit("large.bin", &noise(24 << 20), "large").await;
    work.ok(&["push", "-q", "origin", "main"]).await;
    let path = host.repo.repo_url.split_once("/git/").unwrap().1;
    let want = format!("want {id} side-band-64k ofs-delta\n");
    let wants = format!("{:04x}{want}00000009done\n", want.len() + 4);
    let head = format!(
        "POST /git/{path}/git-upload-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/x-git-upload-pack-request\r\nContent-Length: {}\r\n\r\n{wants}",
        host.login,
        wants.len()
    );
    let mut stream = TcpStream::connect(host.server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut some = vec![0; 4096];
    stream.read_exact(&mut some).await.unwrap();
    // It waits for this reader, who has what fits on the way and takes no more.
    assert!(processes(&host) > 0);
    drop(stream);
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if processes(&host) == 0 {
            break;
        }
    }
    assert_eq!(processes(&host), 0);
    // And its place is free again.
    Git::with_token(&host.login).clone_of(&host.repo.repo_url).await;
    host.check().await;
}
