//! Pushes that mean harm.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;

use super::Host;
use super::command::Work;

/// Makes a commit of one tree, whatever Git's own commands would say about it.
async fn plant(work: &Work, mode: &str, name: &str, content: &[u8]) -> String {
    let blob = write(work, "blob", content).await;
    let mut tree = format!("{mode} {name}\0").into_bytes();
    let digits = blob.as_bytes().chunks(2);
    tree.extend(
        digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()),
    );
    let tree = write(work, "tree", &tree).await;
    work.ok(&["commit-tree", "-p", "HEAD", "-m", "hostile", &tree]).await.trim().to_owned()
}

async fn write(work: &Work, kind: &str, bytes: &[u8]) -> String {
    let arguments = ["hash-object", "--literally", "-w", "-t", kind, "--stdin"];
    let mut call = work.git.call(work.path(), &arguments);
    let mut call = call.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    call.stdin.take().unwrap().write_all(bytes).await.unwrap();
    let output = call.wait_with_output().await.unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn trees_that_would_harm_a_clone_are_refused() {
    let host = Host::start().await;
    let work = host.begun().await;
    for (mode, name, content) in [
        ("100644", ".git", &b"x"[..]),
        ("100644", ".GIT", b"x"),
        ("100644", "git~1", b"x"),
        ("100644", "..", b"x"),
        ("100644", "a/b", b"x"),
        ("100644", ".gitmodules", b"[submodule \"x\"]\n\tpath = x\n\turl = -u./payload\n"),
        ("120000", ".gitmodules", b"elsewhere"),
    ] {
        let commit = plant(&work, mode, name, content).await;
        let said = work.fails(&["push", "origin", &format!("{commit}:refs/heads/main")]).await;
        assert!(said.contains("fsck error") || said.contains("unpack"), "{mode} {name}: {said}");
    }
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hook_is_run_and_no_option_is_taken() {
    let host = Host::start().await;
    let hooks = host.bare().join("hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    let mark = host.bare().join("a-hook-was-here");
    for hook in ["pre-receive", "update", "post-receive", "post-update", "reference-transaction"] {
        let file = hooks.join(hook);
        std::fs::write(&file, format!("#!/bin/sh\ntouch {}\n", mark.display())).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&file, mode).unwrap();
    }
    host.begun().await;
    assert!(!mark.exists());
    for name in ["--upload-pack=x.git", "-c.git", "%2E%2E.git", "intro", "intro.git%00"] {
        let path = format!("/git/ana/{name}/info/refs?service=git-upload-pack");
        let answer = host.server.get(&path).token(&host.login).send().await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{name}: {}", answer.status);
    }
    host.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_answered_with_a_problem() {
    let host = Host::start().await;
    host.begun().await;
    let path = host.repo.repo_url.split_once("/git/").unwrap().1;
    for service in ["git-upload-pack", "git-receive-pack"] {
        let post = |kind: &str, body: &[u8]| {
            host.server
                .post(&format!("/git/{path}/{service}"))
                .token(&host.login)
                .header("content-type", kind)
                .body(body.to_vec())
        };
        let kind = format!("application/x-{service}-request");
        post(&kind, b"this is no protocol").send().await.problem(400, "bad_request");
        post("text/plain", b"0000").send().await.problem(415, "unsupported_media_type");
        let packed = post(&kind, b"no gzip").header("content-encoding", "gzip").send().await;
        packed.problem(400, "bad_request");
        let packed = post(&kind, b"0000").header("content-encoding", "br").send().await;
        packed.problem(415, "unsupported_media_type");
    }
    host.check().await;
}
