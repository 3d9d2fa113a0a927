use super::*;

pub(super) async fn versions_never_change(db: &dyn Adapter) {
    let first = new_version(&course(), "1.0.0", b"one");
    assert!(published(&db.publish(first.clone()).await.unwrap()));
    let again = db.publish(new_version(&course(), "1.0.0", b"one")).await.unwrap();
    assert_eq!(again, Publication::Same(first.version.clone()));
    let other = db.publish(new_version(&course(), "1.0.0", b"two")).await.unwrap();
    assert_eq!(other, Publication::Other);

    let version = Version::new(1, 0, 0);
    assert_eq!(db.version(&course(), &version).await.unwrap(), Some(first.version));
    assert_eq!(db.template(&course(), &version).await.unwrap(), Some(b"one".to_vec()));
    assert_eq!(db.manifest(&course(), &version).await.unwrap(), Some(b"{}".to_vec()));
    let missing = Version::new(2, 0, 0);
    assert_eq!(db.version(&course(), &missing).await.unwrap(), None);
    assert_eq!(db.manifest(&course(), &missing).await.unwrap(), None);
    assert_eq!(db.template(&course(), &missing).await.unwrap(), None);
}

pub(super) async fn the_latest_version_describes_the_course(db: &dyn Adapter) {
    let other = CourseId::new("@ana/sql").unwrap();
    for version in ["2.0.0-beta.1", "1.9.0", "1.10.0", "1.2.0", "2.0.0-beta.2"] {
        db.publish(new_version(&course(), version, version.as_bytes())).await.unwrap();
    }
    db.publish(new_version(&other, "0.1.0-rc.1", b"x")).await.unwrap();

    let found = db.course(&course()).await.unwrap().unwrap();
    assert_eq!(
        (found.name.as_str(), found.description.as_str()),
        ("Course 1.10.0", "As of 1.10.0")
    );
    assert_eq!(found.latest, Version::new(1, 10, 0));
    let courses = db.courses().await.unwrap();
    let ids: Vec<&str> = courses.iter().map(|course| course.id.as_str()).collect();
    assert_eq!(ids, ["@ana/sql", "rust-basics"]);
    let versions = db.versions(&course()).await.unwrap();
    let versions: Vec<String> = versions.iter().map(|one| one.version.to_string()).collect();
    assert_eq!(versions, ["2.0.0-beta.2", "2.0.0-beta.1", "1.10.0", "1.9.0", "1.2.0"]);
    let unknown = CourseId::new("unknown").unwrap();
    assert_eq!(db.course(&unknown).await.unwrap(), None);
    assert!(db.versions(&unknown).await.unwrap().is_empty());
}
