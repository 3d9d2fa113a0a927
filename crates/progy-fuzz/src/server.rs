//! What a server answers: it may be broken, or hostile.

use std::io::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use progy_api::account::SessionAnswer;
use progy_api::account::device::{CodeAnswer, DeviceError, DeviceRequest, TokenAnswer};
use progy_api::history::{
    ContentsAnswer, ContentsRequest, HeadEvent, RevisionDocument, RevisionPage, StrategyAnswer,
    StrategyRequest,
};
use progy_api::limits;
use progy_api::problem::Problem;
use progy_api::progress::ProgressDocument;
use progy_api::registry::{CourseDocument, CourseList, CourseVersion};
use progy_api::sync::{SyncAnswer, SyncRequest};
use progy_client::api::{Api, ApiError};
use progy_client::remote::{Gathered, Remote, Wanted};
use progy_client::remotes::patch::PatchRemote;
use progy_client::state::{Overlay, overlaid};
use progy_core::{ContentHash, CourseId, DeviceId, DeviceName, Entry, RelPath, RevisionId, Tree};
use semver::Version;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::tree::assert_is_tree;
use crate::{parts, same_as_json};

/// Three answers of a server, each as whatever it may be; then a device resumes from them.
pub fn server_answers(data: &[u8]) {
    let answers = parts::<3>(data);
    for answer in answers {
        read::<SyncAnswer>(answer);
        read::<RevisionPage>(answer);
        read::<HeadEvent>(answer);
        read::<Problem>(answer);
        read::<CourseList>(answer);
        read::<CourseDocument>(answer);
        read::<CourseVersion>(answer);
        read::<SessionAnswer>(answer);
        read::<CodeAnswer>(answer);
        read::<TokenAnswer>(answer);
        read::<DeviceError>(answer);
        read::<DeviceRequest>(answer);
        read::<ContentsRequest>(answer);
    }
    let [progress, revision, contents] = answers;
    let answers =
        Answers { progress: read(progress), revision: read(revision), contents: read(contents) };
    resume(&answers);
}

fn read<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(answer: &[u8]) -> Option<T> {
    let value = serde_json::from_slice(answer).ok()?;
    same_as_json(&value);
    Some(value)
}

/// A device asks for the head and a revision, and fetches all that they name.
fn resume(answers: &Answers) {
    let remote = PatchRemote {
        api: answers,
        course: CourseId::new("rust-basics").expect("a course id"),
        device: DeviceId::new(&"d".repeat(32)).expect("a device id"),
        device_name: DeviceName::new("laptop").expect("a device name"),
    };
    if let Ok(Some(head)) = at_once(remote.head(None)) {
        let _ = head.progress.check();
        follow(&remote, &head.version, &head.overlay);
    }
    let id = RevisionId::new("0123456789abcdef").expect("a revision id");
    if let Ok(Some(recorded)) = at_once(remote.revision(&id)) {
        follow(&remote, &recorded.revision.version, &recorded.overlay);
    }
}

fn follow(remote: &dyn Remote, version: &Version, overlay: &Overlay) {
    let path = RelPath::new("content/01_a/01_b/exercise.rs").expect("a path");
    let template = Tree::from_entries([(path, Entry::file(b"fn main() {}\n"))]).expect("a tree");
    let Ok(tree) = overlaid(&template, overlay) else { return };
    assert_is_tree(&tree);
    let _ = remote.admit(overlay);
    let files = tree.iter().filter_map(|(_, entry)| entry.as_file());
    let mut wanted: Vec<Wanted> = files.map(Wanted::of).collect();
    wanted.sort();
    wanted.dedup_by_key(|want| want.hash);
    let here = |_: &ContentHash| Some(b"fn main() {}\n".to_vec());
    let mut gathered = Gathered::default();
    let _ = at_once(remote.fetch(version, &wanted, &here, &mut gathered));
    for bytes in wanted.iter().filter_map(|want| gathered.get(&want.hash)) {
        assert!(bytes.len() as u64 <= limits::PATCH_FILE, "{} bytes", bytes.len());
    }
}

/// Runs what never waits.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a server in memory has its answer at once"),
    }
}

/// A server that always says the same.
struct Answers {
    progress: Option<ProgressDocument>,
    revision: Option<RevisionDocument>,
    contents: Option<ContentsAnswer>,
}

fn nothing<T>() -> Result<T, ApiError> {
    Err(ApiError::Unreachable("nobody is there".to_owned()))
}

#[async_trait(?Send)]
impl Api for Answers {
    async fn sync(&self, _: &SyncRequest) -> Result<SyncAnswer, ApiError> {
        nothing()
    }

    async fn progress(
        &self,
        _: &CourseId,
        _: Option<&RevisionId>,
    ) -> Result<Option<ProgressDocument>, ApiError> {
        Ok(self.progress.clone())
    }

    async fn contents(
        &self,
        _: &CourseId,
        _: &ContentsRequest,
    ) -> Result<ContentsAnswer, ApiError> {
        self.contents.clone().map_or_else(nothing, Ok)
    }

    async fn revisions(
        &self,
        _: &CourseId,
        _: Option<&RevisionId>,
        _: u32,
    ) -> Result<RevisionPage, ApiError> {
        nothing()
    }

    async fn revision(
        &self,
        _: &CourseId,
        _: &RevisionId,
    ) -> Result<Option<RevisionDocument>, ApiError> {
        Ok(self.revision.clone())
    }

    async fn change_strategy(
        &self,
        _: &CourseId,
        _: &StrategyRequest,
    ) -> Result<StrategyAnswer, ApiError> {
        nothing()
    }

    async fn course(&self, _: &CourseId) -> Result<Option<CourseDocument>, ApiError> {
        nothing()
    }

    async fn package(&self, _: &CourseId, _: &Version, _: &mut dyn Write) -> Result<(), ApiError> {
        nothing()
    }
}
