//! Revisions and contents over HTTP.

use std::io::Read;

use progy_api::delta::decompress;
use progy_api::history::{ContentsAnswer, ContentsRequest, RevisionDocument, RevisionPage, Want};
use progy_core::ContentHash;
use semver::Version;

use crate::server::{EXERCISE, Server, TEMPLATE};

#[tokio::test(flavor = "multi_thread")]
async fn every_revision_can_be_read_again() {
    let server = Server::start().await;
    let token = server.learner().await;
    let first = server.save(&token, b"one\n", None).await.head.unwrap();
    let second = server.save(&token, b"two\n", Some(&first)).await.head.unwrap();
    let base = "/api/workspaces/intro/revisions";

    let page: RevisionPage = server.get(base).token(&token).send().await.json();
    let ids: Vec<_> = page.revisions.iter().map(|revision| revision.id.clone()).collect();
    assert_eq!((ids, page.more), (vec![second.clone(), first.clone()], false));
    let path = format!("{base}?limit=1");
    let page: RevisionPage = server.get(&path).token(&token).send().await.json();
    assert_eq!((page.revisions.len(), page.more), (1, true));
    let path = format!("{base}?before={second}");
    let page: RevisionPage = server.get(&path).token(&token).send().await.json();
    assert_eq!(page.revisions[0].id, first);

    let path = format!("{base}/{first}");
    let document: RevisionDocument = server.get(&path).token(&token).send().await.json();
    assert_eq!(document.files[0].path.as_str(), EXERCISE);
    let unknown = format!("{base}/0123456789abcdef");
    server.get(&unknown).token(&token).send().await.problem(404, "no_revision");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_holds_the_template_and_the_changes() {
    let server = Server::start().await;
    let token = server.learner().await;
    let revision = server.save(&token, b"one\n", None).await.head.unwrap();
    let path = format!("/api/workspaces/intro/revisions/{revision}/archive.tar.gz");
    let answer = server.get(&path).token(&token).send().await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/gzip"));
    assert!(answer.header("content-disposition").contains("intro-"));
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&answer.body[..]));
    let mut files = std::collections::BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        files.insert(path, content);
    }
    let found = files.iter().find(|(path, _)| path.ends_with(EXERCISE)).unwrap();
    assert_eq!(found.1, b"one\n");
    assert!(files.keys().any(|path| path.ends_with("README.md")));
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_come_compressed_against_what_the_device_has() {
    let server = Server::start().await;
    let token = server.learner().await;
    server.save(&token, b"hello, hello\n", None).await;
    let hash = ContentHash::blake3(b"hello, hello\n");
    let wants = vec![
        Want { hash, have: Some(ContentHash::blake3(TEMPLATE)) },
        Want { hash: ContentHash::blake3(b"somebody else's"), have: None },
    ];
    let request = ContentsRequest { version: Version::new(1, 0, 0), wants };
    let path = "/api/workspaces/intro/contents";
    let answer: ContentsAnswer = server.post(path).token(&token).json(&request).send().await.json();
    assert_eq!(answer.contents.len(), 1);
    let content = &answer.contents[0];
    let reference = content.delta.reference.map(|_| TEMPLATE);
    let bytes = decompress(&content.delta.data.0, reference, content.size, &hash).unwrap();
    assert_eq!(bytes, b"hello, hello\n");
}
