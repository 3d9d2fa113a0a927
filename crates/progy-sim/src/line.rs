//! The way from a simulated device to the server: a network that loses, repeats and delays.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use async_trait::async_trait;
use progy_api::sync::SyncAnswer;
use progy_core::git::wire;

use crate::client::Way;
use crate::machine::Machine;
use crate::network::Network;
use crate::script::Mishap;
use crate::server::{Answer, Request, repo};
use crate::trace::locked;

/// A device's line to the server.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) device: usize,
    pub(crate) machine: Arc<Mutex<Machine>>,
    pub(crate) network: Network,
    /// Whether the device has a connection.
    pub(crate) online: Rc<Cell<bool>>,
}

impl Line {
    fn say(&self, what: impl FnOnce() -> String) {
        let machine = locked(&self.machine);
        machine.shared.trace.say(|| format!("{} {}", machine.name, what()));
    }

    /// What will go wrong with the next request; `None` if the process is gone.
    fn next_request(&self) -> Option<Vec<Mishap>> {
        let mut machine = locked(&self.machine);
        let Some(fortune) = &mut machine.fortune else { return Some(Vec::new()) };
        let mishaps = fortune.next_request();
        fortune.net_failed |= !mishaps.is_empty();
        let gone = fortune.dead;
        fortune.dead |= mishaps.iter().any(|mishap| matches!(mishap, Mishap::KillAtRequest(_)));
        (!gone).then_some(mishaps)
    }

    /// A revision that the device was told of as published has to be there from now on.
    fn note_acknowledged(&self, body: &[u8], disasters: u32) {
        let Ok(answer) = serde_json::from_slice::<SyncAnswer>(body) else { return };
        if let Some(revision) = answer.revision {
            self.note_safe(revision.id.to_string(), disasters);
        }
    }

    fn note_safe(&self, revision: String, disasters: u32) {
        let shared = Arc::clone(&locked(&self.machine).shared);
        let mut ledger = locked(&shared.ledger);
        if ledger.disasters == disasters {
            ledger.acknowledged.insert(revision);
        }
    }
}

#[async_trait(?Send)]
impl Way for Line {
    async fn bring(&self, request: Request) -> Answer {
        self.say(|| format!("asks {}", brief(&request)));
        let Some(mishaps) = self.next_request() else {
            // The process is gone: it sends nothing, and goes no further.
            return pending().await;
        };
        if !self.online.get() {
            return Answer::Nothing;
        }
        let shared = Arc::clone(&locked(&self.machine).shared);
        let disasters = locked(&shared.ledger).disasters;
        let is_sync = matches!(request, Request::Sync(_) | Request::Commit { .. });
        let pushed = match &request {
            Request::ReceivePack(body) => repo::command(body).map(|(_, new, _)| new),
            _ => None,
        };
        self.network.borrow_mut().send(self.device, request, mishaps);
        let answer = poll_fn(|_| match self.network.borrow_mut().receive(self.device) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await;
        if let Answer::Good(body) = &answer
            && is_sync
        {
            self.note_acknowledged(body, disasters);
        }
        if let Answer::Good(body) = &answer
            && let Some(pushed) = pushed
            && wire::push_report(body) == Ok(wire::Report::Done)
        {
            self.note_safe(pushed.to_string(), disasters);
        }
        answer
    }

    fn give_up(&self, why: &str) {
        self.say(|| format!("hears nothing: {why}"));
        if let Some(fortune) = &mut locked(&self.machine).fortune {
            fortune.net_failed = true;
        }
    }

    fn refused(&self, code: &str) {
        self.say(|| format!("is refused: {code}"));
    }
}

fn brief(request: &Request) -> String {
    match request {
        Request::Sync(body)
        | Request::Contents { body, .. }
        | Request::Have { body, .. }
        | Request::Blobs { body, .. }
        | Request::Commit { body, .. } => String::from_utf8_lossy(body).into_owned(),
        Request::PutPack { pack, .. } => format!("to take {pack}"),
        // The bytes of a pack are not the same in every run.
        Request::UploadPack(_) => "for a pack".to_owned(),
        Request::ReceivePack(body) => {
            format!("to take {:?}", repo::command(body).map(|(old, new, _)| (old, new)))
        }
        other => format!("{other:?}"),
    }
}
