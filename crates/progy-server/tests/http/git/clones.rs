//! Cloning and fetching.

use super::Host;
use super::command::Git;

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_repository_is_cloned_on_main() {
    let host = Host::start().await;
    let work = host.git().clone_of(&host.repo.repo_url).await;
    assert_eq!(work.ok(&["symbolic-ref", "HEAD"]).await.trim(), "refs/heads/main");
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_cloned_by_every_version_of_the_protocol() {
    let host = Host::start().await;
    let work = host.begun().await;
    let head = work.commit("b/c.txt", b"two\n", "second").await;
    work.ok(&["push", "origin", "main"]).await;
    for version in ["0", "1", "2"] {
        let git = host.git().set("protocol.version", version);
        let other = git.clone_of(&host.repo.repo_url).await;
        assert_eq!(other.head().await, head, "version {version}");
        assert_eq!(std::fs::read(other.file("b/c.txt")).unwrap(), b"two\n");
        other.ok(&["fsck", "--strict"]).await;
    }
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shallow_clone_grows_and_is_pushed_from() {
    let host = Host::start().await;
    let work = host.begun().await;
    for n in 0..5 {
        work.commit("a.txt", format!("{n}\n").as_bytes(), "more").await;
    }
    work.ok(&["push", "origin", "main"]).await;
    for version in ["0", "2"] {
        let git = host.git().set("protocol.version", version);
        let shallow = git.clone_with(&host.repo.repo_url, &["--depth=1"]).await;
        assert_eq!(shallow.ok(&["rev-list", "--count", "HEAD"]).await.trim(), "1");
        shallow.commit("s.txt", version.as_bytes(), "from a shallow clone").await;
        shallow.ok(&["push", "origin", "main"]).await;
        shallow.ok(&["fetch", "--deepen=2"]).await;
        assert_eq!(shallow.ok(&["rev-list", "--count", "HEAD"]).await.trim(), "4");
        shallow.ok(&["fetch", "--unshallow"]).await;
    }
    work.ok(&["pull", "-q", "origin", "main"]).await;
    assert_eq!(work.ok(&["rev-list", "--count", "HEAD"]).await.trim(), "8");
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clones_at_once_are_all_served() {
    let host = Host::start_with(|config| config.git.processes = 4).await;
    let work = host.begun().await;
    let head = work.commit("large.bin", &vec![7; 300_000], "large").await;
    work.ok(&["push", "origin", "main"]).await;
    let git = host.git();
    let clones = (0..50).map(|_| git.clone_of(&host.repo.repo_url));
    for clone in futures_util::future::join_all(clones).await {
        assert_eq!(clone.head().await, head);
    }
    host.check().await;
}

/// A fetch that has much to say is packed with gzip by `git` itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_request_is_packed_and_understood() {
    let host = Host::start().await;
    let work = host.begun().await;
    for version in ["0", "2"] {
        let git = host.git().set("protocol.version", version);
        let other = git.clone_of(&host.repo.repo_url).await;
        // What only this device has: as many lines as are worth packing.
        for n in 0..60 {
            // Each a second later: the newest are named first.
            let date = format!("{} +0000", 2_000_000_000 + n);
            let arguments = ["commit", "-q", "--allow-empty", "-m", "here"];
            let mut commit = other.git.call(other.path(), &arguments);
            assert!(commit.env("GIT_COMMITTER_DATE", date).status().await.unwrap().success());
        }
        work.commit("a.txt", version.as_bytes(), "news").await;
        work.ok(&["push", "origin", "main"]).await;
        let mut fetch = other.git.call(other.path(), &["fetch", "origin"]);
        let said = fetch.env("GIT_CURL_VERBOSE", "1").output().await.unwrap();
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.to_lowercase().contains("content-encoding: gzip"), "{version}: {said}");
        let news = other.ok(&["rev-parse", "origin/main"]).await;
        assert_eq!(news.trim(), work.head().await);
    }
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dumb_protocol_is_not_spoken() {
    let host = Host::start().await;
    host.begun().await;
    let path = host.repo.repo_url.split_once("/git/").unwrap().1;
    let get = async |rest: &str| {
        host.server.get(&format!("/git/{path}{rest}")).token(&host.login).send().await
    };
    get("/info/refs").await.problem(403, "forbidden");
    get("/info/refs?service=git-upload-archive").await.problem(403, "forbidden");
    for file in ["/HEAD", "/config", "/objects/info/packs", ""] {
        get(file).await.problem(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_login_of_the_api_opens_a_repository() {
    let host = Host::start().await;
    host.begun().await;
    let git = Git::with_token(&host.login);
    let work = git.clone_of(&host.repo.repo_url).await;
    work.commit("b.txt", b"b\n", "by token").await;
    work.ok(&["push", "origin", "main"]).await;
    host.check().await;
}
