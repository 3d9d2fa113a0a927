//! The server as a simulated device reaches it: the client's own trait, over a network that loses,
//! repeats and delays.

use std::cell::Cell;
use std::future::poll_fn;
use std::io::Write;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use async_trait::async_trait;
use progy_api::history::{ContentsAnswer, ContentsRequest, RevisionDocument, RevisionPage};
use progy_api::problem::{Problem, code};
use progy_api::progress::ProgressDocument;
use progy_api::registry::CourseDocument;
use progy_api::sync::{SyncAnswer, SyncRequest};
use progy_client::api::{Api, ApiError};
use progy_core::{CourseId, RevisionId};
use semver::Version;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::machine::Machine;
use crate::network::Network;
use crate::script::Mishap;
use crate::server::{Answer, Request};
use crate::trace::locked;

/// A device's way to the server.
#[derive(Debug)]
pub(crate) struct SimApi {
    pub(crate) device: usize,
    pub(crate) machine: Arc<Mutex<Machine>>,
    pub(crate) network: Network,
    /// Whether the device has a connection.
    pub(crate) online: Rc<Cell<bool>>,
}

impl SimApi {
    /// The body of a good answer.
    async fn body(&self, request: Request) -> Result<Vec<u8>, ApiError> {
        self.send(request).await?;
        let network = &self.network;
        let device = self.device;
        let answer = poll_fn(|_| match network.borrow_mut().receive(device) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await;
        match answer {
            Answer::Good(body) => Ok(body),
            Answer::Refused(problem) => Err(self.refusal(&problem)),
            Answer::Nothing => Err(self.unreachable("no answer")),
        }
    }

    async fn send(&self, request: Request) -> Result<(), ApiError> {
        let (dead, mishaps) = {
            let mut machine = locked(&self.machine);
            let name = machine.name;
            machine.shared.trace.say(|| format!("{name} asks {}", brief(&request)));
            match &mut machine.fortune {
                Some(fortune) => {
                    let mishaps = fortune.next_request();
                    fortune.net_failed |= !mishaps.is_empty();
                    (fortune.dead, mishaps)
                }
                None => (false, Vec::new()),
            }
        };
        if dead {
            // The process is gone: it sends nothing, and goes no further.
            return std::future::pending().await;
        }
        if !self.online.get() {
            return Err(self.unreachable("offline"));
        }
        let killed = mishaps.iter().any(|mishap| matches!(mishap, Mishap::KillAtRequest(_)));
        if killed && let Some(fortune) = &mut locked(&self.machine).fortune {
            fortune.dead = true;
        }
        self.network.borrow_mut().send(self.device, request, mishaps);
        Ok(())
    }

    fn unreachable(&self, why: &str) -> ApiError {
        let mut machine = locked(&self.machine);
        let name = machine.name;
        machine.shared.trace.say(|| format!("{name} hears nothing: {why}"));
        if let Some(fortune) = &mut machine.fortune {
            fortune.net_failed = true;
        }
        ApiError::Unreachable(why.to_owned())
    }

    /// As the client reads a problem that came by HTTP.
    fn refusal(&self, body: &[u8]) -> ApiError {
        let Ok(mut problem) = serde_json::from_slice::<Problem>(body) else {
            return self.unreachable("no problem document");
        };
        let name = locked(&self.machine).name;
        locked(&self.machine).shared.trace.say(|| format!("{name} is refused: {}", problem.code));
        match (problem.status, problem.moved.take()) {
            (401, _) => ApiError::Unauthorized,
            (408 | 429 | 502..=504, _) => self.unreachable(&problem.code),
            (409, Some(moved)) => ApiError::HeadMoved(Box::new(moved)),
            (_, moved) => ApiError::Problem(Box::new(Problem { moved, ..problem })),
        }
    }

    async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T, ApiError> {
        let body = self.body(request).await?;
        serde_json::from_slice(&body).map_err(|_| self.unreachable("the answer is cut off"))
    }
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn brief(request: &Request) -> String {
    match request {
        Request::Sync(body) | Request::Contents { body, .. } => {
            String::from_utf8_lossy(body).into_owned()
        }
        other => format!("{other:?}"),
    }
}

/// `None` if the server says that there is no such thing.
fn unless<T>(missing: &[&str], result: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if missing.iter().any(|code| error.is(code)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[async_trait(?Send)]
impl Api for SimApi {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncAnswer, ApiError> {
        let shared = Arc::clone(&locked(&self.machine).shared);
        let before = locked(&shared.ledger).disasters;
        let answer: SyncAnswer = self.json(Request::Sync(bytes(request))).await?;
        let mut ledger = locked(&shared.ledger);
        if let Some(revision) = &answer.revision
            && ledger.disasters == before
        {
            ledger.acknowledged.insert(revision.id.to_string());
        }
        drop(ledger);
        Ok(answer)
    }

    async fn progress(
        &self,
        course: &CourseId,
        base: Option<&RevisionId>,
    ) -> Result<Option<ProgressDocument>, ApiError> {
        let request = Request::Progress { course: course.clone(), base: base.cloned() };
        unless(&[code::NO_PROGRESS, code::NO_COURSE], self.json(request).await)
    }

    async fn contents(
        &self,
        course: &CourseId,
        request: &ContentsRequest,
    ) -> Result<ContentsAnswer, ApiError> {
        self.json(Request::Contents { course: course.clone(), body: bytes(request) }).await
    }

    async fn revisions(
        &self,
        course: &CourseId,
        before: Option<&RevisionId>,
        limit: u32,
    ) -> Result<RevisionPage, ApiError> {
        let request = Request::Revisions { course: course.clone(), before: before.cloned(), limit };
        self.json(request).await
    }

    async fn revision(
        &self,
        course: &CourseId,
        revision: &RevisionId,
    ) -> Result<Option<RevisionDocument>, ApiError> {
        let request = Request::Revision { course: course.clone(), revision: revision.clone() };
        unless(&[code::NO_REVISION, code::NO_PROGRESS], self.json(request).await)
    }

    async fn course(&self, course: &CourseId) -> Result<Option<CourseDocument>, ApiError> {
        unless(&[code::NO_COURSE], self.json(Request::Course(course.clone())).await)
    }

    async fn package(
        &self,
        course: &CourseId,
        version: &Version,
        out: &mut dyn Write,
    ) -> Result<(), ApiError> {
        let body = self.body(Request::Package(course.clone(), version.clone())).await?;
        for piece in body.chunks(600) {
            out.write_all(piece)?;
        }
        Ok(())
    }
}
