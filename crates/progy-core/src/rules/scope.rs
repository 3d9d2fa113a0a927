//! The rules as one folder sees them.

use std::sync::Arc;

use super::Rules;
use super::lines::{Chain, Word};
use super::names;
use super::settings::Included;
use crate::RelPath;

/// What becomes of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is synced. A folder is to be looked into.
    Synced,
    /// It is left alone.
    Ignored,
    /// It is left alone, and the learner is told: it looks like a secret.
    Secret,
}

/// The rules as seen in one folder. Cheap to clone and to share between threads: it shares what it
/// knows with the scopes of the folders above.
#[derive(Debug, Clone)]
pub struct Scope(Arc<Seen>);

#[derive(Debug)]
struct Seen {
    rules: Rules,
    /// `None` at the root.
    folder: Option<RelPath>,
    outer: Option<Scope>,
    state: State,
    gitignore: Chain,
    progyignore: Chain,
}

/// What the way down to a path has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Synced, and so is what is inside unless something speaks against it.
    Open,
    /// A folder that is ignored, with these includes (as places in the settings) leading into it:
    /// only what they match is synced.
    Passage(Arc<[usize]>),
    /// Not synced, nor is anything inside.
    Closed(Verdict),
}

impl Scope {
    pub(super) fn root(rules: Rules) -> Self {
        Self(Arc::new(Seen {
            rules,
            folder: None,
            outer: None,
            state: State::Open,
            gitignore: Chain::default(),
            progyignore: Chain::default(),
        }))
    }

    /// The scope of `folder` (`None` is the root) with the texts of its own ignore files.
    ///
    /// A line that cannot be read is skipped, as are lines over 512 bytes and those after the first
    /// thousand. The texts of ignore files in folders between this scope's and `folder` are not
    /// known unless their scopes were entered first.
    #[must_use]
    pub fn enter(
        &self,
        folder: Option<&RelPath>,
        gitignore: Option<&str>,
        progyignore: Option<&str>,
    ) -> Self {
        let (outer, state) = match folder {
            None => (Self::root(self.0.rules.clone()), State::Open),
            Some(folder) => {
                let outer = self.above(folder.as_str());
                (outer.clone(), outer.walk(folder.as_str(), true))
            }
        };
        let name = folder.map(RelPath::as_str);
        let (gitignore, progyignore) = match state {
            State::Closed(_) => (Chain::default(), Chain::default()),
            State::Open | State::Passage(_) => (
                outer.0.gitignore.enter(name, gitignore),
                outer.0.progyignore.enter(name, progyignore),
            ),
        };
        let rules = outer.0.rules.clone();
        let folder = folder.cloned();
        Self(Arc::new(Seen { rules, folder, outer: Some(outer), state, gitignore, progyignore }))
    }

    /// What becomes of `path`, which is in this scope's folder or anywhere below it: it is synced
    /// only if every folder on the way is.
    ///
    /// A symbolic link is no folder, whatever it points to.
    pub fn verdict(&self, path: &RelPath, is_folder: bool) -> Verdict {
        match self.above(path.as_str()).walk(path.as_str(), is_folder) {
            State::Open | State::Passage(_) => Verdict::Synced,
            State::Closed(verdict) => verdict,
        }
    }

    /// The innermost scope, this one or one that it was entered from, whose folder holds `path`.
    fn above(&self, path: &str) -> &Self {
        let mut scope = self;
        while scope.below(path).is_none() {
            match &scope.0.outer {
                Some(outer) => scope = outer,
                None => break,
            }
        }
        scope
    }

    /// The part of `path` below this scope's folder.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        match &self.0.folder {
            None => Some(path),
            Some(folder) => path.strip_prefix(folder.as_str())?.strip_prefix('/'),
        }
    }

    /// Judges `path` and every folder between this scope's and it, outermost first.
    fn walk(&self, path: &str, is_folder: bool) -> State {
        let below = self.below(path).unwrap_or(path);
        let start = path.len() - below.len();
        let between = below.bytes().enumerate().filter(|(_, b)| *b == b'/');
        let between = between.map(|(at, _)| start + at);
        let mut state = None;
        for folder in between.filter_map(|end| path.get(..end)) {
            state = Some(self.judge(folder, true, state.as_ref().unwrap_or(&self.0.state)));
        }
        self.judge(path, is_folder, state.as_ref().unwrap_or(&self.0.state))
    }

    /// Judges `path`, whose folder has the state `within`. The order of the rules is that of the
    /// module's documentation.
    fn judge(&self, path: &str, is_folder: bool, within: &State) -> State {
        let path = if is_folder { path } else { names::original(path) };
        let name = names::last_part(path);
        let at_top = name.len() == path.len();
        if names::is_private_folder(name) || (at_top && names::is_private(name)) {
            return State::Closed(Verdict::Ignored);
        }
        let open = match within {
            State::Closed(verdict) => return State::Closed(*verdict),
            State::Open => None,
            State::Passage(includes) => Some(includes.as_ref()),
        };
        // As in Git, a negation does not reach into a folder that is ignored.
        let by_learner = match self.0.progyignore.word(path, is_folder) {
            Some(Word::Ignore) => return State::Closed(Verdict::Ignored),
            Some(Word::Include { by_name }) if open.is_none() => Included::new(by_name),
            _ => Included::No,
        };
        let settings = self.0.rules.settings();
        let included = by_learner.max(settings.included(path, open));
        let by_default = match name {
            _ if names::is_secret(name) => Some(Verdict::Secret),
            _ if names::is_built_in(name) => Some(Verdict::Ignored),
            _ => None,
        };
        let skipped = match (included, by_default) {
            (Included::ByName, _) | (Included::Loosely, None) => None,
            (Included::No, _) if open.is_some() => Some(Verdict::Ignored),
            (_, Some(verdict)) => Some(verdict),
            (Included::No, None) => {
                let ignored = settings.ignores(path)
                    || self.0.gitignore.word(path, is_folder) == Some(Word::Ignore);
                ignored.then_some(Verdict::Ignored)
            }
        };
        let Some(verdict) = skipped else { return State::Open };
        if !is_folder {
            return State::Closed(verdict);
        }
        let by_name = open.is_none() || by_default.is_some();
        let inside = settings.leading_into(path, open, by_name);
        if inside.is_empty() { State::Closed(verdict) } else { State::Passage(inside.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::SyncRules;
    use super::*;
    use Verdict::{Ignored, Secret, Synced};

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    fn list(globs: &[&str]) -> Vec<String> {
        globs.iter().map(|&glob| glob.to_owned()).collect()
    }

    fn course(ignore: &[&str], include: &[&str]) -> Scope {
        let rules = SyncRules { files: vec![], ignore: list(ignore), include: list(include) };
        Rules::new(&rules).unwrap().root()
    }

    /// A course without settings, with these ignore files in the root.
    fn learner(gitignore: &str, progyignore: &str) -> Scope {
        course(&[], &[]).enter(None, Some(gitignore), Some(progyignore))
    }

    /// Folders end with `/`. Asks the scope itself, and one entered folder by folder: both must say
    /// the same.
    #[track_caller]
    fn says(scope: &Scope, verdict: Verdict, paths: &[&str]) {
        for text in paths {
            let (at, is_folder) = (path(text.trim_end_matches('/')), text.ends_with('/'));
            assert_eq!(scope.verdict(&at, is_folder), verdict, "{text}");
            let mut entered = scope.clone();
            let depth = scope.0.folder.as_ref().map_or(0, |own| own.as_str().len());
            for folder in at.ancestors().filter(|folder| folder.len() > depth) {
                entered = entered.enter(Some(&path(folder)), None, None);
            }
            assert_eq!(entered.verdict(&at, is_folder), verdict, "{text}, folder by folder");
        }
    }

    #[test]
    fn without_any_settings() {
        let scope = course(&[], &[]);
        says(&scope, Synced, &["a.rs", "content/", "content/a/b.rs", ".gitignore", ".progyignore"]);
        says(
            &scope,
            Ignored,
            &[".git/", "a/.git", "target/", "a/b/node_modules/x/y.js", "x/.progy/"],
        );
        says(&scope, Secret, &[".env", "a/.env.local", "a/id_rsa", "certs/server.pem"]);
        says(&scope, Ignored, &["progy.toml", "PROGY.toml", ".progy/journal", ".Progy/"]);
        says(&scope, Synced, &["content/progy.toml"]);
    }

    #[test]
    fn our_own_state_cannot_be_included() {
        let scope = course(&[], &[".progy", ".progy/**", "progy.toml", "**/.progy"]);
        let scope = scope.enter(None, None, Some("!.progy\n!progy.toml\n!.progy/token"));
        says(&scope, Ignored, &[".progy/", ".progy/token", "progy.toml", "a/.progy/x"]);
    }

    #[test]
    fn nested_gitignores() {
        let root = learner("*.log\n/out/\n", "");
        says(&root, Ignored, &["a.log", "a/b.log", "out/", "out/x"]);
        says(&root, Synced, &["a/out/x", "out2/x", "out"]);
        let a = root.enter(Some(&path("a")), Some("!keep.log\n/local\n"), None);
        says(&a, Synced, &["a/keep.log", "a/b/keep.log", "a/b/local"]);
        says(&a, Ignored, &["a/other.log", "a/local"]);
        // A scope also answers for what is outside its folder.
        says(&a, Ignored, &["keep.log", "b/keep.log"]);
        says(&a, Synced, &["local"]);
    }

    #[test]
    fn a_negation_does_not_reach_into_an_ignored_folder() {
        let scope = learner("out/\n!out/keep", "");
        says(&scope, Ignored, &["out/keep"]);
        let scope = learner("out/*\n!out/keep", "");
        says(&scope, Synced, &["out/keep"]);
        let scope = learner("", "!target/keep");
        says(&scope, Ignored, &["target/keep"]);
        let scope = learner("", "!target\ntarget/*\n!target/keep");
        says(&scope, Synced, &["target/keep"]);
        says(&scope, Ignored, &["target/other"]);
    }

    #[test]
    fn a_gitignore_lifts_only_what_a_gitignore_ignores() {
        let scope = course(&["*.tmp"], &[]).enter(None, Some("!dist\n!.env\n!*.tmp\n!*"), None);
        says(&scope, Ignored, &["dist/", "a.tmp"]);
        says(&scope, Secret, &[".env"]);
    }

    #[test]
    fn a_progyignore_includes_by_name() {
        let scope = learner(".env.*\n*.log", "!dist\n!.env.example\n!*.log\nnotes.md");
        says(&scope, Synced, &["dist/", "dist/a.js", "a/dist/b", ".env.example", "a.log"]);
        says(&scope, Secret, &[".env", ".env.local"]);
        says(&scope, Ignored, &["notes.md", "a/notes.md", "build/"]);
        // It outranks every `.gitignore`, an inner one too.
        let a = scope.enter(Some(&path("a")), Some("*.log\n!notes.md"), None);
        says(&a, Synced, &["a/x.log"]);
        says(&a, Ignored, &["a/notes.md"]);
        // The innermost `.progyignore` has the last word.
        let a = a.enter(Some(&path("a")), None, Some("!notes.md"));
        says(&a, Synced, &["a/notes.md"]);
    }

    #[test]
    fn a_wildcard_names_nothing() {
        let scope = learner("", "*\n!*/\n!*.rs");
        says(&scope, Synced, &["a.rs", "a/b/c.rs"]);
        says(&scope, Ignored, &["a.py", ".git/", "node_modules/", "node_modules/x.rs"]);
        let scope = course(&["**/*.tmp"], &["content/**"]);
        says(&scope, Synced, &["content/a.tmp", "content/a/b.tmp"]);
        says(&scope, Ignored, &["a.tmp", "content/a/node_modules/", "content/target/x"]);
        says(&scope, Secret, &["content/a/.env"]);
    }

    #[test]
    fn the_course_ignores_and_includes() {
        let scope = course(&["**/*.log", "/out", "gen/"], &[".env.example", "keep.log"]);
        says(&scope, Ignored, &["a.log", "a/keep.log", "out/x", "gen/", "gen/y"]);
        says(&scope, Synced, &[".env.example", "keep.log", "a/out"]);
        says(&scope, Secret, &["a/.env.example", ".env"]);
        // The learner has the last word, both ways.
        let scope = scope.enter(None, Some("!gen"), Some("!out\nkeep.log"));
        says(&scope, Synced, &["out/x"]);
        says(&scope, Ignored, &["gen/", "keep.log"]);
    }

    #[test]
    fn an_include_outranks_a_gitignore() {
        let scope = course(&[], &[".env.example", "out/data.csv"]);
        let scope = scope.enter(None, Some(".env*\nout/"), None);
        says(&scope, Synced, &[".env.example", "out/", "out/data.csv"]);
        says(&scope, Ignored, &["out/x", "out/sub/", "out/sub/data.csv"]);
        let scope = scope.enter(None, None, Some("out/"));
        says(&scope, Ignored, &["out/", "out/data.csv"]);
    }

    #[test]
    fn an_include_inside_an_ignored_folder_opens_it_for_that_alone() {
        let includes = ["target/keep.txt", "target/doc/**", "**/*.md", "content/**/dist/app.js"];
        let scope = course(&[], &includes);
        says(&scope, Synced, &["target/", "target/keep.txt", "target/doc/", "target/doc/a/b.html"]);
        says(&scope, Ignored, &["target/other", "target/debug/", "target/debug/keep.txt"]);
        // What a loose include matches keeps its own rules, and `**` opens nothing by itself.
        says(&scope, Ignored, &["target/x.md", "target/doc/node_modules/", "node_modules/a.md"]);
        says(&scope, Secret, &["target/doc/.env"]);
        says(&scope, Synced, &["content/1/2/dist/", "content/1/2/dist/app.js", "a/b.md"]);
        says(&scope, Ignored, &["content/1/2/dist/b.js", "content/1/build/", "dist/"]);
        // An include that is a folder takes all of it.
        let scope = course(&[], &["target/doc/"]);
        says(&scope, Synced, &["target/", "target/doc/", "target/doc/a/b"]);
        says(&scope, Ignored, &["target/a"]);
        // The learner's negations do not reach in, their other lines do.
        let scope = course(&[], &["dist/**"]).enter(None, None, Some("!dist/.env\n*.map\n!*.js"));
        says(&scope, Synced, &["dist/a.js"]);
        says(&scope, Ignored, &["dist/a.map"]);
        says(&scope, Secret, &["dist/.env"]);
    }

    #[test]
    fn a_conflict_copy_goes_where_its_original_goes() {
        let copy = |name: &str| format!("{name}.conflict-laptop-0123abcd");
        let scope = course(&[], &[".env.example"]).enter(None, Some("*.log\n*.conflict-*"), None);
        says(&scope, Synced, &[&copy(".env.example"), &copy("a/b.rs"), &copy(&copy("b.rs"))]);
        says(&scope, Ignored, &[&copy("a.log"), &copy("progy.toml")]);
        says(&scope, Secret, &[&copy("id_rsa"), &copy("server.pem"), &copy(".env")]);
        let files =
            SyncRules { files: list(&["content/**/exercise.*", "src/"]), ..SyncRules::default() };
        let rules = Rules::new(&files).unwrap();
        for (text, travels) in [
            ("content/a/exercise.rs", true),
            (&copy("content/a/b/exercise.rs"), true),
            ("src/a/b.rs", true),
            ("content/a/notes.md", false),
            (&copy("content/a/notes.md"), false),
            ("exercise.rs", false),
        ] {
            assert_eq!(rules.travels(&path(text)), travels, "{text}");
        }
        assert!(Rules::default().travels(&path("anything")));
    }

    #[test]
    fn a_folder_that_should_not_have_been_entered_stays_closed() {
        let scope = course(&[], &[]).enter(Some(&path("a/target")), None, Some("!*.rs"));
        says(&scope, Ignored, &["a/target/x.rs"]);
        let scope = course(&[], &[]).enter(Some(&path("a/.env")), None, None);
        says(&scope, Secret, &["a/.env/x"]);
    }

    #[test]
    fn scopes_are_shared_between_threads() {
        fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
        shared(&course(&[], &[]));
        shared(&Rules::default());
    }
}
