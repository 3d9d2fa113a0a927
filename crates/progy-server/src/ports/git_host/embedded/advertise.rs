//! What a repository has, told without starting a process.
//!
//! This is asked before each fetch and each push, and whenever a device looks if there is anything
//! new. `git` would start one process to answer, or two. In nearly every repository there is `main` and
//! nothing else, so that the answer is a line or two; what it is anything else in is left to `git`.
//! Which capabilities there are `git` itself has said, once, of an empty repository.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use bytes::Bytes;
use progy_core::git::pkt_line::{self, FLUSH, Line};
use progy_core::git::{BRANCH, ObjectId};
use tokio::sync::OnceCell;

use super::layout::{self, Layout};
use super::program::Program;
use super::serve::{Service, Stage, Topic, Version, command};
use super::{blocking, disk};
use crate::ports::Result;

/// How long a file is that names references or other repositories, at most, in bytes.
const LONGEST: u64 = 64 << 10;

/// What `git` says of an empty repository; `None` of what is not understood.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Capabilities for fetching.
    upload: OnceCell<Option<String>>,
    /// Capabilities for pushing.
    receive: OnceCell<Option<String>>,
    /// All that version 2 begins with: it is the same for every repository.
    newest: OnceCell<Option<Bytes>>,
}

/// A repository with nothing but `main`, if it has that.
#[derive(Debug, PartialEq, Eq)]
struct Plain {
    main: Option<ObjectId>,
    /// Commits that it shares with others.
    shared: Vec<ObjectId>,
}

impl Words {
    /// The answer for `topic` about the repository `folder`; `None` if `git` has to be asked.
    pub(super) async fn of(
        &self,
        program: &Program,
        layout: &Layout,
        folder: &Path,
        topic: Topic,
    ) -> Result<Option<Bytes>> {
        let ask = async |version| empty(program, layout, Topic { version, ..topic }).await;
        match (topic.service, topic.version) {
            (_, Version::V1) => Ok(None),
            (Service::UploadPack, Version::V2) => {
                Ok(self.newest.get_or_try_init(|| ask(Version::V2)).await?.clone())
            }
            // There is no other version of it.
            (service @ Service::ReceivePack, _) | (service, Version::V0) => {
                let words = match service {
                    Service::UploadPack => &self.upload,
                    Service::ReceivePack => &self.receive,
                };
                let first = async || -> Result<Option<String>> {
                    Ok(ask(Version::V0).await?.and_then(|said| capabilities(&said)))
                };
                let Some(capabilities) = words.get_or_try_init(first).await? else {
                    return Ok(None);
                };
                let folder = folder.to_owned();
                let plain = blocking(move || Plain::read(&folder)).await?;
                Ok(plain.and_then(|plain| plain.tell(service, capabilities)))
            }
        }
    }
}

/// What `git` says of a repository in which there is nothing.
async fn empty(program: &Program, layout: &Layout, topic: Topic) -> Result<Option<Bytes>> {
    let folder = layout.temporary()?;
    let made = folder.clone();
    blocking(move || layout::create_aside(&made)).await?;
    let output = command(program, &folder, Topic { stage: Stage::Advertise, ..topic }).output();
    let output = output.await.map_err(|error| disk(&error));
    blocking(move || fs::remove_dir_all(folder)).await?;
    let output = output?;
    Ok(output.status.success().then(|| output.stdout.into()))
}

/// The capabilities in an answer that names no reference.
fn capabilities(said: &[u8]) -> Option<String> {
    let Some(Ok(Line::Data(first))) = pkt_line::lines(said).next() else { return None };
    let text = std::str::from_utf8(pkt_line::text(first)).ok()?;
    let (none, capabilities) = text.split_once('\0')?;
    none.ends_with(" capabilities^{}").then(|| capabilities.trim().to_owned())
}

impl Plain {
    /// What is in the repository `folder`; `None` if it is not as plain as that.
    fn read(folder: &Path) -> io::Result<Option<Self>> {
        match Self::look(folder) {
            Err(error) if error.kind() == ErrorKind::FileTooLarge => Ok(None),
            plain => plain,
        }
    }

    fn look(folder: &Path) -> io::Result<Option<Self>> {
        let head = text(&folder.join("HEAD"))?;
        if head.as_deref().map(str::trim_end) != Some(&format!("ref: {BRANCH}"))
            || text(&folder.join("shallow"))?.is_some()
            || !is_only_main(folder)?
        {
            return Ok(None);
        }
        let objects = folder.join("objects");
        let alternates = text(&objects.join("info/alternates"))?.unwrap_or_default();
        let mut shared = Vec::new();
        for line in alternates.lines() {
            let place = objects.join(line);
            let Some(template) = place.parent() else { return Ok(None) };
            if !is_only_main(template)? {
                return Ok(None);
            }
            shared.extend(layout::main(template)?);
        }
        Ok(Some(Self { main: layout::main(folder)?, shared }))
    }

    fn tell(&self, service: Service, capabilities: &str) -> Option<Bytes> {
        let mut capabilities = capabilities.to_owned();
        let mut lines = Vec::new();
        if let Some(main) = &self.main {
            if service == Service::UploadPack {
                capabilities.extend([" symref=HEAD:", BRANCH]);
                lines.push(format!("{main} HEAD"));
            }
            lines.push(format!("{main} {BRANCH}"));
        }
        if service == Service::ReceivePack {
            let mut told: Vec<&ObjectId> = self.main.iter().collect();
            for commit in &self.shared {
                if !told.contains(&commit) {
                    told.push(commit);
                    lines.push(format!("{commit} .have"));
                }
            }
        }
        if lines.is_empty() {
            lines.push(format!("{} capabilities^{{}}", ObjectId::from_bytes([0; 20])));
        }
        let mut said = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let with = if number == 0 { format!("\0{capabilities}") } else { String::new() };
            pkt_line::write(&mut said, format!("{line}{with}\n").as_bytes()).ok()?;
        }
        said.extend_from_slice(FLUSH);
        Some(said.into())
    }
}

/// Whether no other reference than `main` is there.
fn is_only_main(folder: &Path) -> io::Result<bool> {
    for (name, allowed) in
        [("refs", &["heads", "tags"][..]), ("refs/heads", &["main"]), ("refs/tags", &[])]
    {
        let entries = match fs::read_dir(folder.join(name)) {
            // Git removes folders that it has emptied.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let name = entry?.file_name();
            if !allowed.iter().any(|allowed| name == *allowed) {
                return Ok(false);
            }
        }
    }
    let packed = text(&folder.join("packed-refs"))?.unwrap_or_default();
    let mut lines = packed.lines().filter(|line| !line.starts_with('#'));
    Ok(lines.all(|line| line.strip_suffix(BRANCH).is_some_and(|id| id.ends_with(' '))))
}

/// The text of a small file; `None` if there is none. A larger one is [`ErrorKind::FileTooLarge`].
fn text(file: &Path) -> io::Result<Option<String>> {
    let read = fs::metadata(file).and_then(|about| {
        if about.len() > LONGEST {
            return Err(ErrorKind::FileTooLarge.into());
        }
        fs::read_to_string(file)
    });
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        text => text.map(Some),
    }
}

#[cfg(test)]
mod tests;
