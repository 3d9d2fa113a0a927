//! The compiler, Clippy and the compiled program, all in a temporary folder.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::time::{Instant, SystemTime};

use crate::process::{Outcome, run};

/// What holds for every exercise: no `todo!()` left, nothing unsafe or unstable, no loop without
/// an end, and no word about code that is not used yet.
const RULES: [&str; 3] = ["-Funsafe_code", "-Funstable_features", "-Adead_code"];
const CLIPPY_RULES: [&str; 4] =
    ["-Fclippy::todo", "-Fclippy::empty_loop", "-Dclippy::infinite_loop", "-Dclippy::mem_forget"];

/// One exercise and a folder to work on it, which is removed in the end.
pub struct Workshop {
    file: PathBuf,
    folder: PathBuf,
    deadline: Instant,
}

/// What Clippy thinks.
pub enum Clippy {
    Content,
    Complains(Outcome),
    /// It is not installed.
    Missing,
}

impl Workshop {
    /// Makes the folder. Everything in it must be done by `deadline`.
    pub fn open(file: &Path, deadline: Instant) -> io::Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let name = format!("rustlings-{}-{}", process::id(), now.as_nanos());
        let folder = env::temp_dir().join(name);
        // Fails if somebody else has made it before.
        fs::create_dir(&folder)?;
        Ok(Self { file: file.to_owned(), folder, deadline })
    }

    /// Compiles the exercise, either as a program or as its tests.
    pub fn compile(&self, as_tests: bool) -> Outcome {
        let mut command = self.rustc("rustc", as_tests);
        command.arg("-o").arg(self.program(as_tests));
        self.finish(command)
    }

    /// Runs the program or the tests, once compiled.
    pub fn run(&self, tests: bool) -> Outcome {
        let mut command = Command::new(self.program(tests));
        if tests {
            command.args(["--color", "never", "--format", "pretty"]);
        }
        command.current_dir(&self.folder).env("RUST_BACKTRACE", "0");
        self.finish(command)
    }

    /// Asks Clippy about the program and its tests; every warning counts if `strict`.
    pub fn clippy(&self, strict: bool) -> Clippy {
        let mut command = self.rustc("clippy-driver", true);
        command.args(CLIPPY_RULES).arg("--emit=metadata").arg("-o").arg(self.folder.join("clippy"));
        if strict {
            command.arg("-Dwarnings");
        }
        match run(command, self.deadline) {
            Ok(said) if said.success => Clippy::Content,
            // With rustup the command is always there, but it may stand for nothing.
            Ok(said) if has_clippy() => Clippy::Complains(said),
            Ok(_) => Clippy::Missing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Clippy::Missing,
            Err(error) => Clippy::Complains(cannot_start("clippy-driver", &error)),
        }
    }

    fn rustc(&self, program: &str, as_tests: bool) -> Command {
        let mut command = Command::new(program);
        command
            .args(["--edition", "2024", "--crate-name", "exercise", "--color", "never"])
            .args(RULES)
            .arg(&self.file);
        if as_tests {
            command.arg("--test");
        }
        command
    }

    fn program(&self, tests: bool) -> PathBuf {
        let name = if tests { "tests" } else { "program" };
        self.folder.join(name).with_extension(env::consts::EXE_EXTENSION)
    }

    fn finish(&self, command: Command) -> Outcome {
        let name = command.get_program().to_string_lossy().into_owned();
        run(command, self.deadline).unwrap_or_else(|error| cannot_start(&name, &error))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn cannot_start(program: &str, error: &io::Error) -> Outcome {
    let output = format!("cannot run {program}: {error}\n");
    Outcome { success: false, output, is_late: false }
}

fn has_clippy() -> bool {
    Command::new("clippy-driver")
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
