//! Publishing and downloading.

use progy_api::account::Role;
use progy_api::registry::{CourseDocument, CourseList, CourseVersion};
use progy_core::ContentHash;

use crate::server::{Server, package};

#[tokio::test(flavor = "multi_thread")]
async fn an_author_publishes_in_their_own_scope_and_a_learner_downloads() {
    let server = Server::start().await;
    let author = server.token("ana", Role::Author).await;
    let learner = server.token("bob", Role::Learner).await;
    let packed = package("@ana/sql", "1.0.0");

    let created = server.publish(&author, "@ana/sql", packed.clone()).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let version: CourseVersion = created.json();
    assert_eq!(version.hash, ContentHash::blake3(&packed).to_string());
    let again = server.publish(&author, "@ana/sql", packed.clone()).await;
    assert_eq!((again.status.as_u16(), again.json::<CourseVersion>()), (200, version.clone()));

    let courses: CourseList = server.get("/api/courses").token(&learner).send().await.json();
    assert_eq!(courses.courses[0].id.as_str(), "@ana/sql");
    for encoded in ["@ana%2Fsql", "%40ana%2Fsql", "@ana%2fsql"] {
        let course = server.get(&format!("/api/courses/{encoded}")).token(&learner).send().await;
        assert_eq!(course.json::<CourseDocument>().versions, std::slice::from_ref(&version));
        let path = format!("/api/courses/{encoded}/versions/1.0.0");
        let download = server.get(&path).token(&learner).send().await;
        assert_eq!(download.status, 200);
        assert_eq!(download.header("content-type"), "application/zip");
        assert_eq!(download.header("content-length"), packed.len().to_string());
        assert_eq!(download.header("etag"), format!("\"{}\"", version.hash));
        assert_eq!(download.body, packed);
    }
    let slash = server.get("/api/courses/@ana/sql").token(&learner).send().await;
    slash.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_not_repeated_and_goes_on_where_it_was_cut_off() {
    let server = Server::start().await;
    let token = server.learner().await;
    let packed = package("intro", "1.0.0");
    let path = "/api/courses/intro/versions/1.0.0";
    let etag = format!("\"{}\"", ContentHash::blake3(&packed));
    let ask = || server.get(path).token(&token);

    let known = ask().header("if-none-match", &etag).send().await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), etag);

    let rest = ask().header("range", "bytes=100-").header("if-range", &etag).send().await;
    assert_eq!((rest.status.as_u16(), &rest.body[..]), (206, &packed[100..]));
    let size = packed.len();
    assert_eq!(rest.header("content-range"), format!("bytes 100-{}/{size}", size - 1));
    let middle = ask().header("range", "bytes=7-9").send().await;
    assert_eq!((middle.status.as_u16(), &middle.body[..]), (206, &packed[7..10]));

    let beyond = ask().header("range", &format!("bytes={size}-")).send().await;
    beyond.problem(416, "range_not_satisfiable");
    assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));

    let head = server.request(hyper::Method::HEAD, path).token(&token).send().await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), size.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_published_is_refused() {
    let server = Server::start().await;
    let learner = server.token("bob", Role::Learner).await;
    let author = server.token("ana", Role::Author).await;
    let admin = server.token("root", Role::Admin).await;

    let scoped = || package("@ana/sql", "1.0.0");
    server
        .publish(&learner, "@bob/sql", package("@bob/sql", "1.0.0"))
        .await
        .problem(403, "forbidden");
    server
        .publish(&author, "@bob/sql", package("@bob/sql", "1.0.0"))
        .await
        .problem(403, "forbidden");
    server.publish(&author, "sql", package("sql", "1.0.0")).await.problem(403, "forbidden");
    server.publish(&author, "@ana/sql", b"no zip".to_vec()).await.problem(422, "invalid_package");
    server.publish(&author, "@ana/sql", Vec::new()).await.problem(422, "invalid_package");
    server.publish(&author, "@ana/other", scoped()).await.problem(422, "invalid_package");
    let mut damaged = scoped();
    damaged.truncate(damaged.len() / 2);
    server.publish(&author, "@ana/sql", damaged).await.problem(422, "invalid_package");

    assert_eq!(server.publish(&admin, "sql", package("sql", "1.0.0")).await.status, 201);
    let mut other = package("sql", "1.0.0");
    other.extend_from_slice(b"");
    assert_eq!(server.publish(&admin, "sql", other).await.status, 200);

    let absent = server.get("/api/courses/nothing").token(&learner).send().await;
    absent.problem(404, "no_course");
    let absent = server.get("/api/courses/sql/versions/9.9.9").token(&learner).send().await;
    absent.problem(404, "no_course");
}
