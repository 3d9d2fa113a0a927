//! What a course says about its files: `sync.files`, `sync.ignore` and `sync.include`.

use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

use super::lines::is_name;

/// What the settings of one course may cost.
const MAX_GLOBS: usize = 256;
const MAX_GLOB: usize = 512;
/// Parts of one glob: positions in it are the bits of a `u64`.
const MAX_PARTS: usize = 60;

/// The globs of a course's `sync` settings, relative to the workspace's root. `*` and `?` stop at
/// `/`, `**` does not; `{a,b}` are alternatives. At most 256 a setting, of 512 bytes each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncRules {
    /// What is published. Everything, if empty. `src/` stands for `src/**`.
    pub files: Vec<String>,
    /// What is not synced. A folder that matches is not looked into.
    pub ignore: Vec<String>,
    /// What is synced although something else would ignore it.
    pub include: Vec<String>,
}

/// A course's `sync` settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// One glob cannot be read.
    #[error("{setting}: {glob:?} is no valid glob: {reason}")]
    Glob {
        /// The setting, for instance `sync.ignore`.
        setting: &'static str,
        /// The glob as it stands there, at most 100 characters of it.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting holds more globs than are allowed, or too complicated ones.
    #[error("{setting}: too many or too complicated globs; at most {MAX_GLOBS} are allowed")]
    TooMuch {
        /// The setting, for instance `sync.ignore`.
        setting: &'static str,
    },
}

/// How firmly an include speaks of a path. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Included {
    No,
    /// By a wildcard alone: lifts what ignores the path, but no built-in name and no secret.
    Loosely,
    ByName,
}

impl Included {
    pub(super) fn new(by_name: bool) -> Self {
        if by_name { Self::ByName } else { Self::Loosely }
    }
}

/// The settings, compiled.
#[derive(Debug, Default)]
pub(super) struct Settings {
    files: Option<GlobSet>,
    ignore: GlobSet,
    /// All of `includes` in one automaton: the quick answer for the many paths that none matches.
    include: GlobSet,
    includes: Vec<Include>,
}

impl Settings {
    pub(super) fn new(course: &SyncRules) -> Result<Self, RuleError> {
        let files = Setting { name: "sync.files", globs: &course.files };
        let ignore = Setting { name: "sync.ignore", globs: &course.ignore };
        let include = Setting { name: "sync.include", globs: &course.include };
        Ok(Self {
            files: if course.files.is_empty() { None } else { Some(files.set()?) },
            ignore: ignore.set()?,
            include: include.set()?,
            includes: course
                .include
                .iter()
                .map(|glob| Include::new(glob).map_err(|reason| include.error(glob, reason)))
                .collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn travels(&self, path: &str) -> bool {
        self.files.as_ref().is_none_or(|files| files.is_match(path))
    }

    pub(super) fn ignores(&self, path: &str) -> bool {
        !self.ignore.is_empty() && self.ignore.is_match(path)
    }

    /// What the includes say of `path`: all of them, or only those in `open`.
    pub(super) fn included(&self, path: &str, open: Option<&[usize]>) -> Included {
        if self.includes.is_empty() || !self.include.is_match(path) {
            return Included::No;
        }
        self.among(open)
            .filter(|(_, include)| include.whole.is_match(path))
            .map(|(_, include)| Included::new(include.by_name))
            .max()
            .unwrap_or(Included::No)
    }

    /// The includes, all or those in `open`, that may match something below `folder`. With
    /// `by_name`, only those that name the folder itself rather than pass it with a wildcard.
    pub(super) fn leading_into(
        &self,
        folder: &str,
        open: Option<&[usize]>,
        by_name: bool,
    ) -> Vec<usize> {
        self.among(open)
            .filter(|(_, include)| include.leads_into(folder, by_name))
            .map(|(at, _)| at)
            .collect()
    }

    fn among(&self, open: Option<&[usize]>) -> impl Iterator<Item = (usize, &Include)> {
        self.includes
            .iter()
            .enumerate()
            .filter(move |(at, _)| open.is_none_or(|open| open.contains(at)))
    }
}

/// One glob of `sync.include`.
#[derive(Debug)]
struct Include {
    whole: GlobMatcher,
    by_name: bool,
    parts: Vec<Part>,
}

/// One part of a glob.
#[derive(Debug)]
enum Part {
    /// `**`: any number of folders.
    Any,
    One {
        glob: GlobMatcher,
        by_name: bool,
    },
}

impl Include {
    fn new(glob: &str) -> Result<Self, String> {
        let text = normal(glob)?;
        let mut parts = Vec::new();
        for part in text.split('/') {
            // A part that is no glob alone belongs to alternatives with `/` in them; from there on
            // the glob is taken to lead anywhere.
            let part = match part {
                "**" => Part::Any,
                _ => matcher(part)
                    .map_or(Part::Any, |glob| Part::One { glob, by_name: is_name(part) }),
            };
            match (&part, parts.last()) {
                (Part::Any, Some(Part::Any)) => {}
                _ => parts.push(part),
            }
        }
        if parts.len() > MAX_PARTS {
            return Err(format!("at most {MAX_PARTS} parts are allowed"));
        }
        Ok(Self { whole: matcher(text)?, by_name: is_name(text), parts })
    }

    /// Runs the glob's parts over the folder's as a nondeterministic automaton: bit `i` of `at`
    /// says that the parts up to `i` may have matched so far. Linear in both, whatever a hostile
    /// course writes.
    fn leads_into(&self, folder: &str, by_name: bool) -> bool {
        let mut at = self.skip_any(1);
        let mut folders = folder.split('/').peekable();
        while let Some(name) = folders.next() {
            let must_name = by_name && folders.peek().is_none();
            let mut next = 0;
            for (i, part) in self.parts.iter().enumerate().filter(|(i, _)| at & (1 << i) != 0) {
                match part {
                    Part::Any if !must_name => next |= 1 << i,
                    Part::One { glob, by_name }
                        if (*by_name || !must_name) && glob.is_match(name) =>
                    {
                        next |= 1 << (i + 1);
                    }
                    _ => {}
                }
            }
            at = self.skip_any(next);
        }
        // Some part is left to match below the folder.
        at & ((1 << self.parts.len()) - 1) != 0
    }

    /// `**` also stands for no folder at all.
    fn skip_any(&self, at: u64) -> u64 {
        let any = self.parts.iter().enumerate().filter(|(_, part)| matches!(part, Part::Any));
        any.fold(at, |at, (i, _)| if at & (1 << i) != 0 { at | (1 << (i + 1)) } else { at })
    }
}

/// The globs of one setting, with its name for errors.
struct Setting<'a> {
    name: &'static str,
    globs: &'a [String],
}

impl Setting<'_> {
    fn set(&self) -> Result<GlobSet, RuleError> {
        if self.globs.len() > MAX_GLOBS {
            return Err(RuleError::TooMuch { setting: self.name });
        }
        let mut builder = GlobSetBuilder::new();
        for glob in self.globs {
            let text = normal(glob).map_err(|reason| self.error(glob, reason))?;
            let below = glob.ends_with('/') && self.name == "sync.files";
            let text = if below { format!("{text}/**") } else { text.to_owned() };
            builder.add(compile(&text).map_err(|reason| self.error(glob, reason))?);
        }
        builder.build().map_err(|_| RuleError::TooMuch { setting: self.name })
    }

    fn error(&self, glob: &str, reason: String) -> RuleError {
        let glob = glob.chars().take(100).collect();
        RuleError::Glob { setting: self.name, glob, reason }
    }
}

/// A glob without what authors write around it: `./`, and `/` at either end.
fn normal(glob: &str) -> Result<&str, String> {
    if glob.len() > MAX_GLOB {
        return Err(format!("it is longer than {MAX_GLOB} bytes"));
    }
    let text = glob.strip_prefix("./").unwrap_or(glob).trim_matches('/');
    match text {
        "" => Err("it is empty".to_owned()),
        _ if text.split('/').any(|part| part == "..") => {
            Err("it leads out of the workspace".to_owned())
        }
        _ => Ok(text),
    }
}

fn compile(glob: &str) -> Result<globset::Glob, String> {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| error.kind().to_string())
}

fn matcher(glob: &str) -> Result<GlobMatcher, String> {
    compile(glob).map(|glob| glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(glob: &str, folder: &str, by_name: bool) -> bool {
        Include::new(glob).unwrap().leads_into(folder, by_name)
    }

    #[test]
    fn a_glob_leads_into_the_folders_on_its_way() {
        for (glob, folder) in [
            ("target/keep.txt", "target"),
            ("a/target/b/keep.txt", "a/target/b"),
            ("a/*/target/*.txt", "a/x/target"),
            ("dist/**", "dist"),
            ("content/**/dist/a.js", "content/01/02/dist"),
            ("content/**/dist/a.js", "content/dist"),
            ("{a,dist}/x", "dist"),
        ] {
            assert!(leads(glob, folder, true), "{glob} {folder}");
        }
        for (glob, folder) in [
            ("target/keep.txt", "target/keep.txt"),
            ("target/keep.txt", "target/other"),
            ("target/keep.txt", "a/target"),
            ("target", "target"),
            ("keep.txt", "target"),
        ] {
            assert!(!leads(glob, folder, false), "{glob} {folder}");
        }
    }

    #[test]
    fn a_wildcard_passes_a_folder_but_does_not_name_it() {
        for (glob, folder) in [
            ("**/keep.txt", "target"),
            ("dist/**", "dist/node_modules"),
            ("content/*/a", "content/node_modules"),
            ("a/{b/c,d}/e", "a/node_modules"),
        ] {
            assert!(leads(glob, folder, false), "{glob} {folder}");
            assert!(!leads(glob, folder, true), "{glob} {folder}");
        }
    }

    #[test]
    fn a_hostile_glob_costs_no_exponential_time() {
        let glob = "**/a/".repeat(25) + "b";
        assert!(leads(&glob, "a/".repeat(1000).trim_end_matches('/'), false));
    }

    #[test]
    fn a_broken_glob_is_named() {
        let broken = |rules: SyncRules| Settings::new(&rules).unwrap_err().to_string();
        let one = |glob: &str| vec![glob.to_owned()];
        let error = broken(SyncRules { ignore: one("a/[b"), ..SyncRules::default() });
        assert!(error.starts_with("sync.ignore: \"a/[b\""), "{error}");
        let error = broken(SyncRules { files: one("{a"), ..SyncRules::default() });
        assert!(error.starts_with("sync.files: \"{a\""), "{error}");
        for glob in ["", "/", "../x", "a/../../x", &"x".repeat(513), &"a/".repeat(61)] {
            let error = broken(SyncRules { include: one(glob), ..SyncRules::default() });
            assert!(error.starts_with("sync.include"), "{error}");
        }
        let many = SyncRules { files: vec!["a".to_owned(); 257], ..SyncRules::default() };
        assert_eq!(Settings::new(&many).unwrap_err(), RuleError::TooMuch { setting: "sync.files" });
    }

    #[test]
    fn settings_may_be_absent() {
        let rules: SyncRules =
            serde_json::from_str(r#"{"ignore": ["a"], "strategy": "git"}"#).unwrap();
        assert_eq!(rules, SyncRules { ignore: vec!["a".to_owned()], ..SyncRules::default() });
    }
}
