//! Somebody at a terminal: `script` of util-linux, which every Debian has, gives the command one.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::Device;

/// What ends a question.
const ASKS: &[u8] = b"] ";

impl Device {
    /// Runs a command on a terminal in this language, and types `answer` once it asks something.
    /// The exit code, and all that was to be seen.
    pub(crate) fn at_terminal(&self, language: &str, args: &[&str], answer: &str) -> (i32, String) {
        let inner = self.command(args);
        let quoted = |word: &std::ffi::OsStr| {
            let word = word.to_str().unwrap();
            assert!(!word.contains('\''), "{word}");
            format!("'{word}'")
        };
        let words: Vec<String> =
            std::iter::once(inner.get_program()).chain(inner.get_args()).map(quoted).collect();
        let mut child = Command::new("script")
            .args(["-q", "-e", "-c", &words.join(" "), "/dev/null"])
            .current_dir(&self.workspace)
            .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("PROGY_LANG", language)
            .env("SHELL", "/bin/sh")
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut keyboard, mut screen) = (child.stdin.take(), child.stdout.take().unwrap());
        let (mut seen, mut byte) = (Vec::new(), [0]);
        while screen.read(&mut byte).unwrap() > 0 {
            seen.extend(byte);
            if seen.ends_with(ASKS)
                && let Some(mut keyboard) = keyboard.take()
            {
                keyboard.write_all(format!("{answer}\n").as_bytes()).unwrap();
            }
        }
        (child.wait().unwrap().code().unwrap(), String::from_utf8_lossy(&seen).into_owned())
    }
}
