//! What one learner does: edit, save, edit again.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use progy_client::api::http::HttpApi;
use progy_client::details::Details;
use progy_client::env::{Env, SystemEnv};
use progy_client::remote::{Publish, PublishError, Remote};
use progy_client::remotes::git::{GitRemote, Known};
use progy_client::remotes::patch::PatchRemote;
use progy_client::state::{Base, Overlay, Queued};
use progy_core::progress::Progress;
use progy_core::{
    ContentHash, DeviceId, DeviceName, Entry, FileEntry, HashKind, RelPath, Strategy,
};
use tokio::time::{Instant, sleep};

use crate::course::Course;
use crate::failure::Failure;
use crate::meter::Metered;
use crate::store::{Folder, Store};
use crate::tally::Tally;

/// How long a learner waits after an error.
const PAUSE: Duration = Duration::from_millis(50);
/// How many errors in a row make a learner give up.
const PATIENCE: u32 = 40;

/// What all learners do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// No save begins after it.
    pub(crate) end: Instant,
    /// How often each saves, at most.
    pub(crate) saves: Option<u64>,
    /// How many files each works on.
    pub(crate) files: usize,
    /// How many files each save changes.
    pub(crate) files_per_save: usize,
}

/// One learner at work on one device.
pub(crate) struct Learner<'a> {
    number: usize,
    course: &'a Course,
    plan: Plan,
    device: DeviceId,
    /// The files that this learner edits, in turn.
    desk: Vec<RelPath>,
    edits: usize,
    /// What the server has.
    base: Base,
    /// The bytes of the files of `base` and of the save that is on its way.
    contents: HashMap<ContentHash, Vec<u8>>,
}

impl<'a> Learner<'a> {
    /// A learner who has done nothing yet.
    pub(crate) fn new(number: usize, course: &'a Course, plan: Plan) -> Result<Self, Failure> {
        let device = DeviceId::new(SystemEnv.save_id().as_str());
        Ok(Self {
            number,
            course,
            plan,
            device: device.map_err(std::io::Error::other)?,
            desk: course.desk(number, plan.files),
            edits: 0,
            base: Base::new(course.version.clone()),
            contents: HashMap::new(),
        })
    }

    /// Saves until the plan is done. Only a learner who cannot even begin fails.
    pub(crate) async fn work(
        mut self,
        server: &str,
        token: String,
        tally: &RefCell<Tally>,
    ) -> Result<(), Failure> {
        let api = Metered::new(HttpApi::new(server, Some(token))?);
        let folder = self.course.store.as_ref().map(Store::folder).transpose()?;
        let remote = self.remote(&api, folder.as_ref());
        let remote = remote.as_ref();
        self.catch_up(remote).await?;
        if remote.strategy() == Strategy::Git && self.base.revision.is_none() {
            self.begin(remote).await?;
        }
        let (mut saved, mut failed) = (0, 0);
        let mut save = self.edit();
        while Instant::now() < self.plan.end && self.plan.saves.is_none_or(|most| saved < most) {
            let began = Instant::now();
            let published = self.publish(remote, &save).await;
            match published {
                Ok(revision) => {
                    let took = began.elapsed();
                    tally.borrow_mut().saved(Instant::now(), took, api.body(), revision.bytes);
                    self.base = save.as_base(Some(revision.id));
                    (saved, failed) = (saved + 1, 0);
                    save = self.edit();
                    continue;
                }
                Err(PublishError::HeadMoved) => {
                    tally.borrow_mut().conflict();
                    match self.catch_up(remote).await {
                        Ok(()) => save = self.edit(),
                        Err(error) => tally.borrow_mut().error(&error.to_string()),
                    }
                }
                // Sent again as it is: the server knows a save that it has already.
                Err(error) => tally.borrow_mut().error(&error.to_string()),
            }
            failed += 1;
            if failed == PATIENCE {
                break;
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// The learner's side of the workspace; `folder` is where `git` carries it.
    fn remote<'r>(&self, api: &'r Metered, folder: Option<&'r Folder>) -> Box<dyn Remote + 'r> {
        let (course, device) = (self.course.id.clone(), self.device.clone());
        let device_name = DeviceName::from_any(&format!("load-{}", self.number));
        match folder {
            None => Box::new(PatchRemote { api, course, device, device_name }),
            Some(folder) => Box::new(GitRemote {
                api,
                disk: &folder.disk,
                root: folder.root(),
                course,
                device,
                device_name,
                offset: 0,
                helper: String::new(),
                known: Known::default(),
            }),
        }
    }

    /// A history of Git begins with the template, as `progy init` has it.
    async fn begin(&mut self, remote: &dyn Remote) -> Result<(), Failure> {
        let save = self.save("init: Start course", self.base.overlay.clone());
        let revision = self.publish(remote, &save).await?;
        self.base.revision = Some(revision.id);
        Ok(())
    }

    async fn publish(
        &self,
        remote: &dyn Remote,
        save: &Queued,
    ) -> Result<progy_api::history::RevisionSummary, PublishError> {
        let content = |hash: &ContentHash| {
            let own = self.contents.get(hash).map(Vec::as_slice);
            own.or_else(|| self.course.content(hash)).map(<[u8]>::to_vec)
        };
        let publish = Publish {
            parent: &self.base,
            save,
            rest: &[],
            template: &self.course.template,
            progress: &Progress::default(),
            details: &Details::default(),
            content: &content,
            from: None,
        };
        Ok(remote.publish(&publish).await?.revision)
    }

    /// Goes on from what the server has of this learner.
    async fn catch_up(&mut self, remote: &dyn Remote) -> Result<(), Failure> {
        let Some(head) = remote.head(None).await? else { return Ok(()) };
        self.base = head.base();
        Ok(())
    }

    /// Edits the next files, and makes a save of it.
    fn edit(&mut self) -> Queued {
        let mut overlay = self.base.overlay.clone();
        // Both are named by a delta at most: what the server has, and what it gets.
        let is_known = |hash: &ContentHash| {
            overlay.values().flatten().filter_map(Entry::as_file).any(|file| file.hash == *hash)
        };
        self.contents.retain(|hash, _| is_known(hash));
        for _ in 0..self.plan.files_per_save.min(self.desk.len()) {
            let Some(path) = self.desk.get(self.edits % self.desk.len()).cloned() else { break };
            self.edits += 1;
            let text = self.current(&path, &overlay);
            let text = change_a_line(&text, self.number, self.edits);
            let hash = self.hash_kind().hash(text.as_bytes());
            let file = FileEntry { hash, size: text.len() as u64, executable: false };
            self.contents.insert(hash, text.into_bytes());
            overlay.insert(path, Some(Entry::File(file)));
        }
        self.save("Save", overlay)
    }

    fn hash_kind(&self) -> HashKind {
        if self.course.store.is_some() { HashKind::GitBlob } else { HashKind::Blake3 }
    }

    fn save(&self, message: &str, overlay: Overlay) -> Queued {
        Queued {
            id: SystemEnv.save_id(),
            message: message.to_owned(),
            lesson: None,
            saved_at: SystemEnv.now(),
            version: self.course.version.clone(),
            overlay,
            folders: self.base.folders.clone(),
            sealed: None,
        }
    }

    /// What is in the file now. One that another device wrote begins anew from the template.
    fn current(&self, path: &RelPath, overlay: &Overlay) -> String {
        let saved = overlay.get(path).and_then(|entry| entry.as_ref()?.as_file());
        let bytes = saved
            .and_then(|file| self.contents.get(&file.hash).map(Vec::as_slice))
            .or_else(|| self.course.original(path))
            .unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// `text` with another line in the place of one of its lines.
fn change_a_line(text: &str, learner: usize, edit: usize) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let new = format!("    let answer = {}; // {learner}, {edit}", edit.wrapping_mul(7919));
    let at = edit.wrapping_mul(13) % lines.len().max(1);
    match lines.get_mut(at) {
        Some(line) => *line = &new,
        None => lines.push(&new),
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::change_a_line;

    #[test]
    fn one_line_changes_and_each_time_another_way() {
        let text = "one\ntwo\nthree\n";
        let once = change_a_line(text, 1, 1);
        let differing = text.lines().zip(once.lines()).filter(|(a, b)| a != b).count();
        assert_eq!((differing, once.lines().count()), (1, 3));
        assert_ne!(change_a_line(&once, 1, 2), once);
        assert_ne!(change_a_line(text, 2, 1), once);
        assert_eq!(change_a_line("", 1, 1).lines().count(), 1);
    }
}
