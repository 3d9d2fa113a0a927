//! Pushes that mean harm.

use std::io::Write;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use progy_core::git::{Kind, ObjectId};
use sha1::{Digest, Sha1};
use tokio::io::AsyncWriteExt;

use super::Host;
use super::command::Work;

/// Makes a commit of one tree, whatever Git's own commands would say about it.
async fn plant(work: &Work, mode: &str, name: &str, content: &[u8]) -> String {
    let blob: ObjectId = write(work, "blob", content).await.parse().unwrap();
    let tree = write(work, "tree", &entry(mode, name, blob)).await;
    work.ok(&["commit-tree", "-p", "HEAD", "-m", "hostile", &tree]).await.trim().to_owned()
}

/// One entry of a tree.
fn entry(mode: &str, name: &str, id: ObjectId) -> Vec<u8> {
    let mut entry = format!("{mode} {name}\0").into_bytes();
    entry.extend_from_slice(id.as_bytes());
    entry
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

/// Ten folders deep, each ten times the one below it: more paths than any disk has, in eleven
/// objects.
#[tokio::test(flavor = "multi_thread")]
async fn folders_that_hold_each_other_cost_nothing() {
    let host = Host::start().await;
    let work = host.begun().await;
    let blob: ObjectId = write(&work, "blob", b"x").await.parse().unwrap();
    let mut below = entry("100644", "x", blob);
    for _ in 0..10 {
        let id: ObjectId = write(&work, "tree", &below).await.parse().unwrap();
        below = (0..10).flat_map(|n| entry("40000", &n.to_string(), id)).collect();
    }
    let tree = write(&work, "tree", &below).await;
    let commit = work.ok(&["commit-tree", "-p", "HEAD", "-m", "a bomb", &tree]).await;
    let commit = commit.trim();
    work.ok(&["push", "-q", "origin", &format!("{commit}:refs/heads/main")]).await;

    let get = |path: String| host.server.get(&path).token(&host.login).send();
    let page = get("/api/workspaces/intro/revisions".to_owned()).await;
    let page: progy_api::history::RevisionPage = page.json();
    assert_eq!(page.revisions[0].id.as_str(), commit);
    assert!(page.revisions[0].files_changed >= 200_000);
    let revision = format!("/api/workspaces/intro/revisions/{commit}");
    get("/api/progress/intro".to_owned()).await.problem(422, "workspace_too_large");
    get(format!("{revision}/archive.tar.gz")).await.problem(422, "workspace_too_large");
    get(revision).await.problem(422, "workspace_too_large");
}

/// A pack of some kilobytes that stands for an object of two gigabytes.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_no_machine_has_room_for_is_refused() {
    const BASE: usize = 2 << 20;
    const COPIES: usize = 1_000;
    let host = Host::start().await;
    host.begun().await;
    let base = vec![0; BASE];
    let mut delta = [varint(BASE), varint(BASE * COPIES)].concat();
    for _ in 0..COPIES {
        // Copies all of the base: no offset, and of the size only its third byte is not zero
        // (gitformat-pack, "Deltified representation").
        delta.extend([0b1100_0000, 0x20]);
    }
    let mut pack = b"PACK\0\0\0\x02\0\0\0\x02".to_vec();
    pack.extend(header(3, BASE));
    pack.extend(zlib(&base));
    pack.extend(header(7, delta.len()));
    pack.extend_from_slice(ObjectId::of(Kind::Blob, &base).as_bytes());
    pack.extend(zlib(&delta));
    let sum = Sha1::digest(&pack);
    pack.extend_from_slice(&sum);
    assert!(pack.len() < 10_000, "{}", pack.len());

    let zero = "0".repeat(40);
    let new = ObjectId::of(Kind::Blob, b"whatever");
    let command = format!("{zero} {new} refs/heads/bomb\0 report-status");
    let mut body = format!("{:04x}{command}0000", command.len() + 4).into_bytes();
    body.extend(pack);
    let path = host.repo.repo_url.split_once("/git/").unwrap().1;
    let post = host.server.post(&format!("/git/{path}/git-receive-pack")).token(&host.login);
    let post = post.header("content-type", "application/x-git-receive-pack-request").body(body);
    let said = post.send().await;
    // Not "unpack ok", after which only the missing commit would be complained of.
    assert!(said.text().contains("unpack index-pack abnormal exit"), "{}", said.text());
    host.check().await;
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(bytes).unwrap();
    zlib.finish().unwrap()
}

/// A number in groups of seven bits, the lowest first.
fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// The header of an object in a pack.
fn header(kind: u8, size: usize) -> Vec<u8> {
    let low = u8::try_from(size & 0xf).unwrap();
    [vec![0x80 | kind << 4 | low], varint(size >> 4)].concat()
}
