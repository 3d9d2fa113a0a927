//! A conversation with a device's `git`: smart HTTP (gitprotocol-http), spoken by `git upload-pack`
//! and `git receive-pack`.
//!
//! Bytes pass in both directions as they come; neither side's pack is ever in memory. What refuses a
//! push is Git itself, by the settings that are given with the call, so that its reasons reach the
//! learner's terminal.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::program::Program;
use super::{Embedded, closing, disk};
use crate::ports::git_host::{RepoName, Result};

/// How much is read from `git` at once, in bytes.
const PIECE: usize = 64 << 10;
/// Pieces that wait for a slow reader; `git` waits then.
const WAITING: usize = 4;
/// What is kept of what `git` says about its troubles, in bytes.
const SAID: u64 = 2_000;
/// The address space of a process, in bytes.
#[cfg(target_os = "linux")]
const MEMORY: u64 = 1 << 30;
/// How long a process that was asked to end is waited for before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// Which way a pack goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// To the device.
    UploadPack,
    /// From the device.
    ReceivePack,
}

/// Which half of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// What there is.
    Advertise,
    /// A request and its answer.
    Exchange,
}

/// The version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// What is spoken without a word about it.
    #[default]
    V0,
    /// The first with a number.
    V1,
    /// The newest; for fetching alone.
    V2,
}

/// What a conversation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic {
    /// Which way a pack goes.
    pub service: Service,
    /// Which half.
    pub stage: Stage,
    /// How it is spoken.
    pub version: Version,
    /// The largest pack that is taken, in bytes, if it is less than the settings say.
    pub most: u64,
}

/// What the device says. An error ends the conversation.
pub type Input<E> = BoxStream<'static, Result<Bytes, E>>;

/// Why an answer is not whole.
#[derive(Debug)]
pub enum Broken<E> {
    /// The device's words ended with this.
    Input(E),
    /// `git` could make nothing of them.
    Refused,
    /// It took too long.
    TimedOut,
    /// What was pushed counts for nothing: meanwhile the workspace has come to be carried another
    /// way.
    InVain,
}

/// The answer, piece by piece.
pub struct Output<E>(mpsc::Receiver<Result<Bytes, Broken<E>>>);

impl Service {
    /// As paths and media types have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::UploadPack => "upload-pack",
            Self::ReceivePack => "receive-pack",
        }
    }
}

impl Version {
    /// What the header `Git-Protocol` asks for. What is unknown is passed over, as Git does.
    pub fn of(header: &str) -> Self {
        match header {
            "version=1" => Self::V1,
            "version=2" => Self::V2,
            _ => Self::V0,
        }
    }

    fn variable(self) -> Option<&'static str> {
        match self {
            Self::V0 => None,
            Self::V1 => Some("version=1"),
            Self::V2 => Some("version=2"),
        }
    }
}

impl<E: Send + 'static> Output<E> {
    /// The next piece, if there is one.
    pub async fn next(&mut self) -> Option<Result<Bytes, Broken<E>>> {
        self.0.recv().await
    }

    /// What is known to its end.
    fn said(said: Bytes, counts: bool) -> Self {
        let (pieces, output) = mpsc::channel(1);
        // There is room for it, and nobody has gone yet.
        let _ = pieces.try_send(if counts { Ok(said) } else { Err(Broken::InVain) });
        Self(output)
    }

    /// All pieces.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Broken<E>>> + Send {
        stream::unfold(self.0, async |mut pieces| Some((pieces.recv().await?, pieces)))
    }
}

impl Embedded {
    /// Begins a conversation; `None` if there is no such repository. Waits while too many others are
    /// held.
    ///
    /// When the process has ended, `after` runs, and only then does the answer end. It runs also if
    /// nobody waits for the answer any more: what a device has sent whole is taken in.
    pub async fn converse<E: Send + 'static>(
        &self,
        repo: &RepoName,
        topic: Topic,
        input: Input<E>,
        after: BoxFuture<'static, bool>,
    ) -> Result<Option<Output<E>>> {
        let Some(folder) = self.there(repo)? else { return Ok(None) };
        let program = self.program()?;
        if topic.stage == Stage::Advertise
            && let Some(said) = self.words.of(program, &self.layout, &folder, topic).await?
        {
            return Ok(Some(Output::said(said, after.await)));
        }
        let permit = Arc::clone(&self.serving).acquire_owned().await.map_err(|_| closing())?;
        let most = self.settings.push.min(topic.most);
        let mut command = command(program, &folder, Topic { most, ..topic });
        command.stderr(Stdio::piped());
        if topic.stage == Stage::Exchange {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().map_err(|error| disk(&error))?;
        // Before it hears a word: what it starts later is bound by the same.
        bound(&child, self.settings.time);
        let fed = child.stdin.take().map(|stdin| feed(stdin, input));
        let (pieces, output) = mpsc::channel(WAITING);
        let run = Run { child, service: topic.service, pieces, permit };
        tokio::spawn(run.until_end(fed, after, self.settings.time));
        Ok(Some(Output(output)))
    }
}

/// Bounds what a process may use: a pack of a few bytes can stand for an object that no machine has
/// the memory for, or keep a processor busy for ever.
#[cfg(target_os = "linux")]
pub(in crate::ports::git_host) fn bound(child: &Child, time: Duration) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let Some(id) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else { return };
    for (what, most) in [(Resource::As, MEMORY), (Resource::Cpu, time.as_secs().max(1))] {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        if let Err(error) = prlimit(Some(id), what, limit) {
            tracing::warn!(%error, "git cannot be bounded");
        }
    }
}

/// Other systems have no way to bound a process from outside.
#[cfg(not(target_os = "linux"))]
pub(in crate::ports::git_host) fn bound(_: &Child, _: Duration) {}

/// The process that answers.
pub(super) fn command(program: &Program, folder: &Path, topic: Topic) -> Command {
    let settings = settings(topic.service, topic.most);
    let mut command = program.call(folder, &settings, arguments(topic, folder));
    if let Some(version) = topic.version.variable() {
        command.env("GIT_PROTOCOL", version);
    }
    command
}

fn arguments(topic: Topic, folder: &Path) -> Vec<std::ffi::OsString> {
    let mut arguments: Vec<std::ffi::OsString> = vec![topic.service.command().into()];
    arguments.push("--stateless-rpc".into());
    if topic.stage == Stage::Advertise {
        arguments.push("--http-backend-info-refs".into());
    }
    // An absolute path: it cannot be taken for an option.
    arguments.push(folder.into());
    arguments
}

fn settings(service: Service, most: u64) -> Vec<(&'static str, String)> {
    // Nothing is hidden in a repository: there are branches and tags, and no other references.
    let mut settings: Vec<(&str, String)> = ["refs", "!refs/heads", "!refs/tags"]
        .into_iter()
        .map(|refs| ("transfer.hideRefs", refs.to_owned()))
        .collect();
    let fixed: &[(&str, &str)] = match service {
        Service::UploadPack => &[
            ("uploadpack.allowFilter", "false"),
            ("uploadpack.allowAnySHA1InWant", "false"),
            ("uploadpack.keepAlive", "5"),
        ],
        Service::ReceivePack => &[
            ("receive.fsckObjects", "true"),
            ("receive.denyNonFastForwards", "true"),
            ("receive.denyDeleteCurrent", "refuse"),
            ("receive.shallowUpdate", "false"),
            ("receive.advertisePushOptions", "false"),
            ("receive.autogc", "false"),
            ("receive.updateServerInfo", "false"),
            // A save is one pack, not a file for each object; a commit alone is smaller as a file.
            ("receive.unpackLimit", "2"),
            // There are no others that a single file could be flushed with.
            ("core.fsyncMethod", "fsync"),
        ],
    };
    settings.extend(fixed.iter().map(|(key, value)| (*key, (*value).to_owned())));
    if service == Service::ReceivePack {
        settings.push(("receive.maxInputSize", most.to_string()));
    }
    settings
}

/// Passes what the device says on to `git`, in a task of its own.
struct Feed<E> {
    task: tokio::task::JoinHandle<()>,
    /// Comes when `git` has had all of it, or will get no more.
    done: oneshot::Receiver<Result<(), E>>,
}

fn feed<E: Send + 'static>(mut stdin: ChildStdin, mut input: Input<E>) -> Feed<E> {
    let (tell, done) = oneshot::channel();
    let task = tokio::spawn(async move {
        let mut result = Ok(());
        let mut listens = true;
        while let Some(piece) = input.next().await {
            match piece {
                Ok(bytes) if listens => listens = stdin.write_all(&bytes).await.is_ok(),
                // It has heard enough and says why; a device reads that once it has spoken.
                Ok(_) => {}
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        drop(stdin);
        let _ = tell.send(result);
    });
    Feed { task, done }
}

/// A process, from its start to its end.
struct Run<E> {
    child: Child,
    service: Service,
    pieces: mpsc::Sender<Result<Bytes, Broken<E>>>,
    permit: OwnedSemaphorePermit,
}

impl<E: Send + 'static> Run<E> {
    async fn until_end(
        mut self,
        fed: Option<Feed<E>>,
        after: BoxFuture<'static, bool>,
        time: Duration,
    ) {
        let (input, mut done) = fed.map_or((None, None), |fed| (Some(fed.task), Some(fed.done)));
        let input = input.as_ref().map(tokio::task::JoinHandle::abort_handle);
        let leaves = self.pieces.clone();
        let leaves = async {
            leaves.closed().await;
            // Of a push that was heard to its end, nothing is undone.
            if self.service == Service::ReceivePack {
                if let Some(input) = &input {
                    input.abort();
                }
                std::future::pending::<()>().await;
            }
        };
        let conversation = listen(&mut self.child, &self.pieces);
        let ended = tokio::select! {
            ended = conversation => Some(ended),
            () = leaves => None,
            () = sleep(time) => {
                let _ = self.pieces.try_send(Err(Broken::TimedOut));
                None
            }
        };
        let Some((status, spoke)) = ended else {
            if let Some(input) = input {
                input.abort();
            }
            end(&mut self.child).await;
            after.await;
            return;
        };
        drop(self.permit);
        if !after.await {
            let _ = self.pieces.send(Err(Broken::InVain)).await;
            return;
        }
        if status.is_some_and(|status| status.success()) || spoke {
            return;
        }
        // What ended the device's words matters more than what came of it.
        let input = match &mut done {
            Some(done) => done.try_recv().unwrap_or(Ok(())),
            None => Ok(()),
        };
        let broken = input.map_or_else(Broken::Input, |()| Broken::Refused);
        let _ = self.pieces.send(Err(broken)).await;
    }
}

/// Passes on what `git` says until it has ended. Tells how it ended, and whether it said anything.
async fn listen<E>(
    child: &mut Child,
    pieces: &mpsc::Sender<Result<Bytes, Broken<E>>>,
) -> (Option<ExitStatus>, bool) {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let answer = async {
        let Some(mut stdout) = stdout else { return false };
        let (mut buffer, mut spoke) = (vec![0; PIECE], false);
        while let Ok(size @ 1..) = stdout.read(&mut buffer).await {
            let piece = Bytes::copy_from_slice(buffer.get(..size).unwrap_or_default());
            spoke = true;
            // Nobody may be there to hear it.
            let _ = pieces.send(Ok(piece)).await;
        }
        spoke
    };
    let troubles = async {
        let mut said = Vec::new();
        if let Some(stderr) = stderr {
            let mut stderr = stderr.take(SAID);
            let _ = stderr.read_to_end(&mut said).await;
            // It must not wait for somebody to read the rest.
            let _ = tokio::io::copy(&mut stderr.into_inner(), &mut tokio::io::sink()).await;
        }
        said
    };
    let (spoke, said) = tokio::join!(answer, troubles);
    let status = child.wait().await.ok();
    if !said.is_empty() || !status.is_some_and(|status| status.success()) {
        let said = String::from_utf8_lossy(&said);
        tracing::debug!(?status, said = said.trim(), "git has ended");
    }
    (status, spoke)
}

/// Ends a process and what it has started: politely, so that it takes away what it has begun.
async fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()))
    {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
        if timeout(GRACE, child.wait()).await.is_ok() {
            return;
        }
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_that_git_has_are_asked_for() {
        assert_eq!(Version::of("version=2"), Version::V2);
        assert_eq!(Version::of("version=1"), Version::V1);
        for other in ["", "version=0", "version=3", "version=2\nx", "version=2:version=1"] {
            assert_eq!(Version::of(other), Version::V0, "{other:?}");
        }
    }
}
