//! Reading a repository through one `git cat-file --batch-command`, however much is read.

use std::io;
use std::path::Path;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use progy_core::git::{Kind, Object, ObjectId};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::OwnedSemaphorePermit;

use super::program::Program;
use crate::ports::git_host::objects::{Found, Objects};
use crate::ports::{PortError, Result};

/// Questions that are asked before the first answer is read: few enough that neither side waits for
/// the other to empty its pipe.
const AT_ONCE: usize = 500;
/// How much of a blob is handed out at once, in bytes.
const PIECE: usize = 64 << 10;

/// A repository that is open for reading.
pub(in crate::ports::git_host) struct CatFile {
    /// Killed when dropped.
    _child: Child,
    _permit: OwnedSemaphorePermit,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Bytes of the blob that was begun, with the line break behind it.
    left: u64,
}

impl CatFile {
    /// Opens `repository`.
    pub(in crate::ports::git_host) fn open(
        program: &Program,
        repository: &Path,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self> {
        let mut command = program.within(repository, ["cat-file", "--batch-command"]);
        command.stdin(std::process::Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        let (Some(ask), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(PortError::Failed("git has no pipes".to_owned()));
        };
        let answers = BufReader::with_capacity(PIECE, answers);
        Ok(Self { _child: child, _permit: permit, ask, answers, left: 0 })
    }

    async fn ask(&mut self, question: &str, ids: &[ObjectId]) -> Result<()> {
        self.skip().await?;
        let lines: String = ids.iter().map(|id| format!("{question} {id}\n")).collect();
        self.ask.write_all(lines.as_bytes()).await.map_err(|error| failed(&error))?;
        self.ask.flush().await.map_err(|error| failed(&error))
    }

    /// Reads `<id> <kind> <size>` or `<id> missing`.
    async fn header(&mut self) -> Result<Option<Found>> {
        let mut line = String::new();
        let mut limited = (&mut self.answers).take(200);
        limited.read_line(&mut line).await.map_err(|error| failed(&error))?;
        let mut words = line.split_whitespace().skip(1);
        let (kind, size) = (words.next(), words.next().and_then(|size| size.parse().ok()));
        match (kind, size) {
            (Some("missing"), None) => Ok(None),
            (Some(kind), Some(size)) => Ok(Some(Found { kind: kind_of(kind), size })),
            _ => Err(PortError::Damaged(format!("git cat-file says {line:?}"))),
        }
    }

    /// Passes over what is left of a blob that nobody read to its end.
    async fn skip(&mut self) -> Result<()> {
        while self.left > 0 {
            let have = self.answers.fill_buf().await.map_err(|error| failed(&error))?.len();
            let step = usize::try_from(self.left).unwrap_or(usize::MAX).min(have);
            if step == 0 {
                return Err(cut_short());
            }
            self.answers.consume(step);
            self.left -= step as u64;
        }
        Ok(())
    }
}

#[async_trait]
impl Objects for CatFile {
    async fn look(&mut self, ids: &[ObjectId]) -> Result<Vec<Option<Found>>> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            self.ask("info", some).await?;
            for _ in some {
                found.push(self.header().await?);
            }
        }
        Ok(found)
    }

    async fn read(&mut self, id: ObjectId, limit: u64) -> Result<Option<Object>> {
        self.ask("contents", &[id]).await?;
        let Some(Found { kind, size }) = self.header().await? else { return Ok(None) };
        self.left = size + 1;
        let Some(kind) = kind.filter(|_| size <= limit) else { return Ok(None) };
        let mut bytes = vec![0; usize::try_from(size).map_err(|_| cut_short())?];
        self.answers.read_exact(&mut bytes).await.map_err(|error| failed(&error))?;
        self.left = 1;
        Ok(Some(Object { id, kind, bytes }))
    }

    async fn begin(&mut self, id: ObjectId) -> Result<Option<u64>> {
        self.ask("contents", &[id]).await?;
        let Some(Found { kind, size }) = self.header().await? else { return Ok(None) };
        self.left = size + 1;
        Ok(Some(size).filter(|_| kind == Some(Kind::Blob)))
    }

    async fn next(&mut self) -> Result<Bytes> {
        let content = usize::try_from(self.left.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut piece = BytesMut::zeroed(content.min(PIECE));
        self.answers.read_exact(&mut piece).await.map_err(|error| failed(&error))?;
        self.left -= piece.len() as u64;
        Ok(piece.freeze())
    }
}

fn kind_of(word: &str) -> Option<Kind> {
    [Kind::Blob, Kind::Tree, Kind::Commit].into_iter().find(|kind| kind.as_str() == word)
}

fn failed(error: &io::Error) -> PortError {
    PortError::Unavailable(format!("git cat-file: {error}"))
}

fn cut_short() -> PortError {
    PortError::Damaged("git cat-file ended too early".to_owned())
}
