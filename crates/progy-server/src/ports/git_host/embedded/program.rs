//! The program `git`, run so that nothing of its surroundings reaches it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

/// The oldest version that has all that is asked of it (`cat-file --batch-command`).
const OLDEST: (u32, u32) = (2, 36);

/// What holds for every repository, whatever its own configuration says. These are given with each
/// call, so that they hold for repositories that an older server made, too.
const ALWAYS: &[(&str, &str)] = &[
    // No program of anybody's is ever run.
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("protocol.allow", "never"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    // What is acknowledged is on the disk.
    ("core.fsync", "all"),
    ("core.fsyncMethod", "batch"),
    // Each file of a repository is worth its block on the disk.
    ("pack.writeReverseIndex", "false"),
    ("repack.writeBitmaps", "false"),
    ("gc.writeCommitGraph", "false"),
    // Bounded memory: a file over this size is streamed and not compared with others.
    ("core.bigFileThreshold", "4m"),
    ("pack.threads", "1"),
    ("index.threads", "1"),
    ("pack.windowMemory", "32m"),
    ("pack.deltaCacheSize", "16m"),
    ("core.deltaBaseCacheLimit", "16m"),
    ("core.packedGitWindowSize", "1m"),
    ("core.packedGitLimit", "64m"),
];

/// A `git` that was found and is new enough.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// Looks for `git`: at `path` if it is given, in the search path otherwise. An error says what
    /// to do.
    pub fn find(path: Option<&Path>) -> Result<Self, String> {
        let path = path.map(Path::to_owned).or_else(|| search("git")).ok_or(
            "no program `git` is installed on the server's machine; install it and start the \
             server again",
        )?;
        let answer = std::process::Command::new(&path)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{} cannot be run: {error}", path.display()))?;
        let version = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        match numbers(&version) {
            Some(numbers) if numbers >= OLDEST => Ok(Self { path }),
            Some(_) => Err(format!(
                "{version} is too old on the server's machine; {}.{} is needed at least",
                OLDEST.0, OLDEST.1
            )),
            None => Err(format!("{} is not the program git", path.display())),
        }
    }

    /// A call of `git` in `folder`, a repository, with these settings and arguments, and nothing
    /// else: no configuration of the system or of a user, no variable of the server's, no terminal.
    /// It is killed when the handle is dropped.
    pub(in crate::ports::git_host) fn call<A: AsRef<OsStr>>(
        &self,
        folder: &Path,
        settings: &[(&str, String)],
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(&self.path);
        command
            .current_dir(folder)
            .env_clear()
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("HOME", "/dev/null")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        // Git finds its own parts by itself; Windows finds its libraries by these.
        for name in ["PATH", "SystemRoot"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        #[cfg(unix)]
        command.process_group(0);
        let always = ALWAYS.iter().map(|(key, value)| (*key, *value));
        let settings = settings.iter().map(|(key, value)| (*key, value.as_str()));
        // A folder that another user of the machine owns is in order: the data folder is ours, and
        // containers see other numbers.
        let all = always.chain(settings).chain([("safe.directory", "*")]);
        let mut count = 0;
        for (key, value) in all {
            command.env(format!("GIT_CONFIG_KEY_{count}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        command.env("GIT_CONFIG_COUNT", count.to_string());
        command.args(arguments);
        command
    }

    /// [`Self::call`] for a repository.
    pub(in crate::ports::git_host) fn within<A: AsRef<OsStr>>(
        &self,
        repository: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = self.call(repository, &[], arguments);
        command.env("GIT_DIR", repository);
        command
    }
}

/// The first program of this name in the search path.
fn search(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&file))
        .find(|candidate| candidate.is_file())
}

/// Major and minor of `git version 2.47.3 (…)`.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix("git version ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(numbers("git version 2.47.3"), Some((2, 47)));
        assert_eq!(numbers("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(numbers("git version 2.9.0.windows.1"), Some((2, 9)));
        assert_eq!(numbers("hub version 2.14"), None);
        assert!(numbers("git version 2.9.0").unwrap() < OLDEST);
    }

    #[tokio::test]
    async fn nothing_of_the_surroundings_reaches_it() {
        let program = Program::find(None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let call = |arguments: &[&str]| program.call(folder.path(), &[], arguments).output();
        let answer = call(&["config", "--list", "--show-origin"]).await;
        let text = String::from_utf8(answer.unwrap().stdout).unwrap();
        assert!(text.lines().all(|line| line.starts_with("command line:")), "{text}");
        // Cargo sets this for every test.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let env = [("alias.env", "!env".to_owned())];
        let variables = program.call(folder.path(), &env, ["env"]).output().await.unwrap();
        let variables = String::from_utf8(variables.stdout).unwrap();
        assert!(variables.contains("GIT_TERMINAL_PROMPT=0"), "{variables}");
        assert!(!variables.contains("CARGO"), "{variables}");
    }
}
