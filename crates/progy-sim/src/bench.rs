//! The server alone, without network or devices, for tests of what speaks to it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use progy_client::api::{Api, GitApi, SnapshotApi};
use progy_core::{ContentHash, CourseId, Strategy, Tree};
use semver::Version;

use crate::client::{Client, Way};
use crate::course;
use crate::machine::Shared;
use crate::script::Carried;
use crate::server::{self, Answer, Request, Server};

/// A server in memory with one learner and one course.
pub struct Bench {
    server: Rc<RefCell<Server>>,
    lose_next: Rc<Cell<bool>>,
}

/// Requests are carried out at once.
struct Direct {
    server: Rc<RefCell<Server>>,
    lose_next: Rc<Cell<bool>>,
}

impl Bench {
    /// A server on which nothing was saved yet. An error says what is missing to run one.
    pub fn new(strategy: Strategy) -> Result<Self, String> {
        let carried = match strategy {
            Strategy::Git => Carried::Git,
            Strategy::Snapshot => Carried::Snapshot,
            _ => Carried::Patch,
        };
        let server = Server::new(Arc::new(Shared::new(false)), false, carried, None)?;
        let lose_next = Rc::new(Cell::new(false));
        Ok(Self { server: Rc::new(RefCell::new(server)), lose_next })
    }

    /// The server as a device reaches it.
    pub fn api(&self) -> impl Api + GitApi + SnapshotApi + use<> {
        let server = Rc::clone(&self.server);
        Client(Direct { server, lose_next: Rc::clone(&self.lose_next) })
    }

    /// The next request is carried out, and its answer lost.
    pub fn lose_next_answer(&self) {
        self.lose_next.set(true);
    }

    /// The course that the server has.
    pub fn course(&self) -> CourseId {
        self.server.borrow().course()
    }

    /// Its first version.
    pub fn version(&self) -> Version {
        course::version(1)
    }

    /// The files of its first version.
    pub fn template(&self) -> Tree {
        course::tree(false, 1, self.server.borrow().hash_kind())
    }

    /// The contents of its files.
    pub fn contents(&self) -> BTreeMap<ContentHash, Vec<u8>> {
        course::contents(false, self.server.borrow().hash_kind())
    }

    /// The package of its first version.
    pub fn package(&self) -> Vec<u8> {
        course::package(false, 1)
    }
}

#[async_trait(?Send)]
impl Way for Direct {
    async fn bring(&self, request: Request) -> Answer {
        let answer = self.server.borrow_mut().handle(&request, None);
        if self.lose_next.take() { Answer::Nothing } else { answer }
    }
}

/// Runs a future that never waits, as those over a [`Bench`] do.
///
/// # Panics
/// If it waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let result = server::ready(future);
    assert!(result.is_some(), "a future over a bench waits for something");
    result.unwrap_or_else(|| unreachable!())
}
