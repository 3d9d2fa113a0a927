use std::io::Cursor;

use futures_util::TryStreamExt;
use progy_api::problem::code;

use super::*;
use crate::services::testing::{TEMPLATE, World, code, course, package, run, version};

fn id(text: &str) -> CourseId {
    CourseId::new(text).unwrap()
}

#[test]
fn who_may_publish_what() {
    let world = World::new();
    let user = |name: &str, role| world.user(name, role);
    let (ana, bia, root) =
        (user("ana", Role::Learner), user("bia", Role::Author), user("rui", Role::Admin));
    let publish = |user: &User, id: &str| {
        let package = package(id, "1.0.0", &TEMPLATE);
        run(world.services.publish(user, &self::id(id), &version("1.0.0"), package))
    };
    for id in ["sql", "@ana/sql"] {
        assert_eq!(code(publish(&ana, id)), code::FORBIDDEN);
    }
    for id in ["sql", "@ana/sql", "@bia2/sql"] {
        assert_eq!(code(publish(&bia, id)), code::FORBIDDEN);
    }
    assert!(publish(&bia, "@bia/sql").unwrap().created);
    assert!(publish(&root, "sql").unwrap().created);
    let list = run(world.services.list_courses()).unwrap();
    let ids: Vec<&str> = list.courses.iter().map(|course| course.id.as_str()).collect();
    assert_eq!(ids, ["@bia/sql", "rust-basics", "sql"]);
}

#[test]
fn a_version_is_published_once() {
    let world = World::new();
    let root = world.user("rui", Role::Admin);
    let publish = |number: &str, files: &[(&str, &str)]| {
        let package = package("rust-basics", number, files);
        run(world.services.publish(&root, &course(), &version(number), package))
    };
    let again = publish("1.0.0", &TEMPLATE).unwrap();
    assert!(!again.created);
    assert_eq!(code(publish("1.0.0", &TEMPLATE[1..])), code::VERSION_EXISTS);
    let newer = publish("1.1.0", &TEMPLATE[1..]).unwrap();
    assert!(newer.created);
    assert_eq!(newer.version.files, TEMPLATE.len() as u64);

    let document = run(world.services.course(&course())).unwrap();
    assert_eq!(document.course.description, "Of 1.1.0");
    assert_eq!(document.versions, [newer.version, again.version]);
}

#[test]
fn a_package_comes_back_as_it_was() {
    let world = World::new();
    let sent = package("rust-basics", "1.0.0", &TEMPLATE).into_inner();
    let download = run(world.services.package(&course(), &version("1.0.0"))).unwrap();
    assert_eq!(download.size, sent.len() as u64);
    assert_eq!(download.hash, blake3::hash(&sent).to_hex().as_str());
    let body = run(download.body.try_collect::<Vec<_>>()).unwrap();
    assert_eq!(body.concat(), sent);
    for (id, number) in [("rust-basics", "1.0.1"), ("unknown", "1.0.0")] {
        let missing = run(world.services.package(&self::id(id), &version(number)));
        assert!(matches!(missing, Err(ServiceError::NoCourse)));
    }
    assert_eq!(code(run(world.services.course(&id("unknown")))), code::NO_COURSE);
}

#[test]
fn what_is_no_such_course_is_refused() {
    let world = World::new();
    let root = world.user("rui", Role::Admin);
    let publish = |package: Cursor<Vec<u8>>| {
        run(world.services.publish(&root, &id("sql"), &version("1.0.0"), package))
    };
    let good = package("sql", "1.0.0", &TEMPLATE).into_inner();
    for bad in [
        Cursor::new(Vec::new()),
        Cursor::new(b"not an archive".to_vec()),
        Cursor::new(good[..good.len() / 2].to_vec()),
        package("sql", "1.0.1", &TEMPLATE),
        package("other", "1.0.0", &TEMPLATE),
    ] {
        assert_eq!(code(publish(bad)), code::INVALID_PACKAGE);
    }
    assert_eq!(code(run(world.services.course(&id("sql")))), code::NO_COURSE);
    assert!(publish(Cursor::new(good)).unwrap().created);
}
