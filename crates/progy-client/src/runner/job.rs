//! One program, its output, its time, and its end.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::{Instant, sleep_until};

use super::capture::Capture;
use crate::config::Variables;
use crate::platform::process::{Group, in_own_group};

/// How long a program may take to end once it has been asked to.
const GRACE: Duration = Duration::from_secs(2);
/// How long to wait for the rest of the output once the program has ended: what it started, and
/// what has left its group, may hold the streams open.
const REST: Duration = Duration::from_millis(500);

/// One of a program's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status.
    Exit(i32),
    /// By a signal that was not Progy's.
    Killed,
    /// Its time was over.
    TimedOut,
}

/// One program to be run.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub program: &'a Path,
    pub args: &'a [String],
    pub folder: &'a Path,
    pub variables: &'a Variables,
    pub limit: Duration,
}

/// A program that has ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub ended: Ended,
    pub stdout: Capture,
    pub both: Capture,
}

/// Where a run stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    /// Its time is over and it has been asked to end.
    Asked,
    /// It has ended, or been ended; only output is waited for.
    Over,
}

impl Job<'_> {
    /// Runs the program until it and its output have ended. Ends it when dropped.
    pub(super) async fn run(&self, echo: &mut dyn FnMut(Source, &[u8])) -> io::Result<Finished> {
        let mut command = Command::new(self.program);
        command
            .args(self.args)
            .current_dir(self.folder)
            .env_clear()
            .envs(self.variables.for_courses())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        in_own_group(&mut command);
        let mut child = command.spawn()?;
        let mut group = Group::of(&child);
        let mut stdout = Pipe::new(child.stdout.take());
        let mut stderr = Pipe::new(child.stderr.take());

        let mut finished = Finished {
            ended: Ended::TimedOut,
            stdout: Capture::default(),
            both: Capture::default(),
        };
        let mut take = |source: Source, piece: &[u8]| {
            if piece.is_empty() {
                return;
            }
            if source == Source::Stdout {
                finished.stdout.push(piece);
            }
            finished.both.push(piece);
            echo(source, piece);
        };
        let mut stage = Stage::Running;
        let mut deadline = Instant::now() + self.limit;
        let mut status = None;
        while status.is_none() || stdout.is_open() || stderr.is_open() {
            tokio::select! {
                piece = stdout.next(), if stdout.is_open() => take(Source::Stdout, piece),
                piece = stderr.next(), if stderr.is_open() => take(Source::Stderr, piece),
                result = child.wait(), if status.is_none() => {
                    group.end();
                    let timed_out = stage != Stage::Running;
                    status = Some(if timed_out { Ended::TimedOut } else { ended(result?) });
                    stage = Stage::Over;
                    deadline = Instant::now() + REST;
                }
                () = sleep_until(deadline) => match stage {
                    Stage::Running => {
                        group.ask_to_end();
                        stage = Stage::Asked;
                        deadline = Instant::now() + GRACE;
                    }
                    Stage::Asked => {
                        group.end();
                        stage = Stage::Over;
                        deadline = Instant::now() + REST;
                    }
                    Stage::Over => break,
                },
            }
        }
        finished.ended = status.unwrap_or(Ended::TimedOut);
        Ok(finished)
    }
}

fn ended(status: ExitStatus) -> Ended {
    status.code().map_or(Ended::Killed, Ended::Exit)
}

/// One stream of a program, until its end.
struct Pipe<R> {
    stream: Option<R>,
    piece: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(stream: Option<R>) -> Self {
        Self { stream, piece: vec![0; 64 << 10] }
    }

    fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// The next piece; empty at the end. An error ends the stream: there is no more to be had.
    async fn next(&mut self) -> &[u8] {
        let Some(stream) = &mut self.stream else { return &[] };
        let length = stream.read(&mut self.piece).await.unwrap_or(0);
        if length == 0 {
            self.stream = None;
        }
        self.piece.get(..length).unwrap_or_default()
    }
}
