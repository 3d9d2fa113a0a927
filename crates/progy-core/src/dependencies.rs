//! What does not travel but can be made again: dependencies and build results, told by lock files.
//!
//! `node_modules`, `target` and the like stay on their device. The lock files beside them travel, and
//! say which tool makes them.

use std::collections::BTreeMap;

use crate::RelPath;

/// A command that brings back what does not travel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ToRun {
    /// Where to run it; `None` at the top.
    pub folder: Option<RelPath>,
    /// What to run.
    pub command: &'static str,
}

/// A tool that a folder's files say is used there.
struct Tool {
    /// The files that say so, all of them.
    files: &'static [&'static str],
    /// What it makes beside them: one of these is enough.
    makes: &'static [&'static str],
    /// Whether it may keep everything elsewhere on the device, where nobody can look.
    elsewhere: bool,
    command: &'static str,
}

impl Tool {
    const fn new(
        files: &'static [&'static str],
        makes: &'static [&'static str],
        command: &'static str,
    ) -> Self {
        Self { files, makes, elsewhere: false, command }
    }

    const fn or_elsewhere(self) -> Self {
        Self { elsewhere: true, ..self }
    }
}

/// The tools of each language. The first that is used in a folder speaks for its language: who uses
/// another one there often has a stray file of npm's or pip's.
static LANGUAGES: [&[Tool]; 7] = [
    &[
        Tool::new(&["pnpm-lock.yaml"], &["node_modules"], "pnpm install --frozen-lockfile"),
        // Yarn from 2 on, which has its settings there and may do without `node_modules`.
        Tool::new(
            &["yarn.lock", ".yarnrc.yml"],
            &["node_modules", ".pnp.cjs"],
            "yarn install --immutable",
        ),
        // Later versions understand the option of the first one, too.
        Tool::new(&["yarn.lock"], &["node_modules", ".pnp.cjs"], "yarn install --frozen-lockfile"),
        Tool::new(&["bun.lock"], &["node_modules"], "bun install --frozen-lockfile"),
        Tool::new(&["bun.lockb"], &["node_modules"], "bun install --frozen-lockfile"),
        Tool::new(&["package-lock.json"], &["node_modules"], "npm ci"),
        Tool::new(&["npm-shrinkwrap.json"], &["node_modules"], "npm ci"),
    ],
    &[Tool::new(&["Cargo.lock"], &["target"], "cargo build")],
    &[
        Tool::new(&["uv.lock"], &[".venv"], "uv sync"),
        Tool::new(&["poetry.lock"], &[".venv"], "poetry install").or_elsewhere(),
        Tool::new(&["requirements.txt"], &[".venv", "venv"], "pip install -r requirements.txt"),
    ],
    &[Tool::new(&["Gemfile.lock"], &["vendor/bundle"], "bundle install").or_elsewhere()],
    &[Tool::new(&["composer.lock"], &["vendor"], "composer install")],
    &[Tool::new(&["go.sum"], &["vendor"], "go mod download").or_elsewhere()],
    &[Tool::new(&["mix.lock"], &["deps"], "mix deps.get")],
];

/// Folders of other people's projects: whoever keeps them needs nothing made in them.
const FOREIGN: [&str; 5] = ["node_modules", "target", ".venv", "venv", "vendor"];

/// What to run to get back what does not travel, sorted, for a workspace that holds `files`.
///
/// `is_there` says whether anything is at a path. What a tool keeps elsewhere cannot be looked for:
/// its command is told where `has_come` says that a file which asks for it has just come.
pub fn to_run<'a>(
    files: impl Iterator<Item = &'a RelPath>,
    is_there: impl Fn(&str) -> bool,
    has_come: impl Fn(&RelPath) -> bool,
) -> Vec<ToRun> {
    let mut projects: BTreeMap<Option<RelPath>, BTreeMap<&str, &RelPath>> = BTreeMap::new();
    for path in files.filter(|path| is_telling(path)) {
        projects.entry(path.parent()).or_default().insert(path.name(), path);
    }
    let mut commands = Vec::new();
    for (folder, files) in projects {
        let is_beside = |name: &str| match &folder {
            Some(folder) => is_there(&format!("{folder}/{name}")),
            None => is_there(name),
        };
        for tools in &LANGUAGES {
            let used = tools.iter().find(|tool| tool.files.iter().all(|f| files.contains_key(f)));
            let Some(tool) = used else { continue };
            let mut asking = tool.files.iter().filter_map(|file| files.get(file));
            let is_made = tool.makes.iter().any(|made| is_beside(made));
            if !is_made && (!tool.elsewhere || asking.any(|file| has_come(file))) {
                commands.push(ToRun { folder: folder.clone(), command: tool.command });
            }
        }
    }
    commands.sort();
    commands
}

/// Whether a file says something of the tools that the learner uses.
fn is_telling(path: &RelPath) -> bool {
    let name = path.name();
    let mut tools = LANGUAGES.iter().copied().flatten();
    tools.any(|tool| tool.files.contains(&name))
        && !path.parts().any(|part| FOREIGN.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of these files, where `there` is there: the folder (empty at the top) and the
    /// command.
    fn told(files: &[&str], there: &[&str]) -> Vec<(String, &'static str)> {
        told_of(files, there, |_| true)
    }

    fn told_of(
        files: &[&str],
        there: &[&str],
        has_come: impl Fn(&RelPath) -> bool,
    ) -> Vec<(String, &'static str)> {
        let files: Vec<RelPath> = files.iter().map(|file| RelPath::new(file).unwrap()).collect();
        let commands = to_run(files.iter(), |path| there.contains(&path), has_come);
        let folder = |folder: Option<RelPath>| folder.map(|f| f.to_string()).unwrap_or_default();
        commands.into_iter().map(|to_run| (folder(to_run.folder), to_run.command)).collect()
    }

    #[test]
    fn each_lock_file_has_its_command() {
        for (file, made, command) in [
            ("package-lock.json", "node_modules", "npm ci"),
            ("npm-shrinkwrap.json", "node_modules", "npm ci"),
            ("pnpm-lock.yaml", "node_modules", "pnpm install --frozen-lockfile"),
            ("yarn.lock", "node_modules", "yarn install --frozen-lockfile"),
            ("bun.lock", "node_modules", "bun install --frozen-lockfile"),
            ("bun.lockb", "node_modules", "bun install --frozen-lockfile"),
            ("Cargo.lock", "target", "cargo build"),
            ("uv.lock", ".venv", "uv sync"),
            ("poetry.lock", ".venv", "poetry install"),
            ("requirements.txt", ".venv", "pip install -r requirements.txt"),
            ("requirements.txt", "venv", "pip install -r requirements.txt"),
            ("Gemfile.lock", "vendor/bundle", "bundle install"),
            ("composer.lock", "vendor", "composer install"),
            ("go.sum", "vendor", "go mod download"),
            ("mix.lock", "deps", "mix deps.get"),
        ] {
            assert_eq!(told(&[file], &[]), [(String::new(), command)]);
            assert_eq!(told(&[file], &[made]), []);
            let below = (format!("a/{file}"), format!("a/{made}"));
            assert_eq!(told(&[&below.0], &[made]), [("a".to_owned(), command)]);
            assert_eq!(told(&[&below.0], &[&below.1]), []);
        }
    }

    #[test]
    fn every_folder_speaks_for_itself_in_order() {
        let files = ["web/package-lock.json", "Cargo.lock", "api/uv.lock", "api/go.sum", "main.rs"];
        let expected = [
            ("", "cargo build"),
            ("api", "go mod download"),
            ("api", "uv sync"),
            ("web", "npm ci"),
        ];
        assert_eq!(told(&files, &[]), expected.map(|(folder, run)| (folder.to_owned(), run)));
        assert_eq!(told(&["src/main.rs", "package.json", "my-yarn.lock"], &[]), []);
    }

    #[test]
    fn one_tool_speaks_for_its_language() {
        let only = |command| [(String::new(), command)];
        let yarn = ["yarn.lock", ".yarnrc.yml", "package-lock.json"];
        assert_eq!(told(&yarn, &[]), only("yarn install --immutable"));
        assert_eq!(told(&yarn, &[".pnp.cjs"]), []);
        assert_eq!(told(&["uv.lock", "requirements.txt"], &[]), only("uv sync"));
        assert_eq!(told(&[".yarnrc.yml"], &[]), []);
    }

    #[test]
    fn what_is_kept_elsewhere_is_told_when_its_lock_file_comes() {
        let files = ["go.sum", "Gemfile.lock", "a/poetry.lock", "Cargo.lock"];
        let come = |name: &'static str| move |path: &RelPath| path.as_str() == name;
        let cargo = || (String::new(), "cargo build");
        assert_eq!(told_of(&files, &[], come("main.rs")), [cargo()]);
        let poetry = ("a".to_owned(), "poetry install");
        assert_eq!(told_of(&files, &[], come("a/poetry.lock")), [cargo(), poetry]);
    }

    #[test]
    fn other_peoples_projects_need_nothing() {
        let files = ["vendor/a/composer.lock", "web/node_modules/b/yarn.lock", "venv/go.sum"];
        assert_eq!(told(&files, &[]), []);
    }
}
