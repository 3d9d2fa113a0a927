//! Which courses the learner has allowed to run code on this device.

use progy_core::CourseId;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::{ConfigError, Home};

const FILE: &str = "trust.toml";

#[derive(Default, Serialize, Deserialize)]
struct Trust {
    #[serde(default)]
    allowed: Vec<Allowed>,
}

/// One package: a version that was published again with other content is another one.
#[derive(PartialEq, Serialize, Deserialize)]
struct Allowed {
    course: CourseId,
    version: Version,
    package: String,
}

impl Home {
    /// Whether the learner has allowed this package of a course to run code. `package` is its hash.
    pub fn may_run(
        &self,
        course: &CourseId,
        version: &Version,
        package: &str,
    ) -> Result<bool, ConfigError> {
        Ok(self.trust()?.allowed.contains(&Allowed::of(course, version, package)))
    }

    /// Remembers that the learner allows it.
    pub fn allow_run(
        &self,
        course: &CourseId,
        version: &Version,
        package: &str,
    ) -> Result<(), ConfigError> {
        let _lock = self.lock()?;
        let mut trust = self.trust()?;
        let allowed = Allowed::of(course, version, package);
        if trust.allowed.contains(&allowed) {
            return Ok(());
        }
        trust.allowed.push(allowed);
        match toml::to_string(&trust) {
            Ok(text) => self.write(FILE, &text),
            Err(error) => Err(self.damaged(FILE, error.to_string())),
        }
    }

    fn trust(&self) -> Result<Trust, ConfigError> {
        let Some(text) = self.read(FILE)? else { return Ok(Trust::default()) };
        toml::from_str(&text).map_err(|error| self.damaged(FILE, error.to_string().trim_end()))
    }
}

impl Allowed {
    fn of(course: &CourseId, version: &Version, package: &str) -> Self {
        Self { course: course.clone(), version: version.clone(), package: package.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Variables;

    #[test]
    fn one_version_of_one_course_with_one_content() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path(), Variables::default());
        let (course, other) = (CourseId::new("@ana/sql").unwrap(), CourseId::new("sql").unwrap());
        let (version, next) = (Version::new(1, 0, 0), Version::new(1, 0, 1));
        assert!(!home.may_run(&course, &version, "aa").unwrap());
        home.allow_run(&course, &version, "aa").unwrap();
        home.allow_run(&course, &version, "aa").unwrap();
        home.allow_run(&other, &next, "cc").unwrap();
        assert!(home.may_run(&course, &version, "aa").unwrap());
        assert!(!home.may_run(&course, &version, "bb").unwrap());
        assert!(!home.may_run(&course, &next, "aa").unwrap());
        assert!(!home.may_run(&other, &version, "aa").unwrap());
        assert_eq!(home.trust().unwrap().allowed.len(), 2);
    }

    #[test]
    fn a_damaged_file_allows_nothing() {
        let at = tempfile::tempdir().unwrap();
        let home = Home::with_variables(at.path(), Variables::default());
        std::fs::write(at.path().join(FILE), "[[allowed]]\ncourse = \"x\"\n").unwrap();
        let (course, version) = (CourseId::new("x").unwrap(), Version::new(1, 0, 0));
        assert!(home.may_run(&course, &version, "aa").is_err());
        assert!(home.allow_run(&course, &version, "aa").is_err());
    }
}
