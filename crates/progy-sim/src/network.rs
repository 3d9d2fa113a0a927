//! Requests on their way, and what becomes of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::rng::Rng;
use crate::script::Mishap;
use crate::server::{Accident, Answer, Request, Server};

/// A request that a device waits for.
#[derive(Debug)]
struct Call {
    request: Request,
    mishaps: Vec<Mishap>,
    answer: Option<Answer>,
}

/// The network between the devices and the server.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// By device: an engine makes one request at a time.
    calls: BTreeMap<usize, Call>,
    /// Requests that nobody waits for any more, and that may still arrive.
    adrift: Vec<(usize, Request)>,
}

pub(crate) type Network = Rc<RefCell<Wire>>;

impl Wire {
    /// A device sends a request.
    pub(crate) fn send(&mut self, device: usize, request: Request, mishaps: Vec<Mishap>) {
        self.calls.insert(device, Call { request, mishaps, answer: None });
    }

    /// The answer to a device's request, once it is there.
    pub(crate) fn receive(&mut self, device: usize) -> Option<Answer> {
        let answered = self.calls.get(&device).is_some_and(|call| call.answer.is_some());
        if answered { self.calls.remove(&device).and_then(|call| call.answer) } else { None }
    }

    /// The device's process is gone. What it sent may arrive all the same.
    pub(crate) fn hang_up(&mut self, device: usize) {
        if let Some(call) = self.calls.remove(&device)
            && call.answer.is_none()
        {
            self.adrift.push((device, call.request));
        }
    }

    pub(crate) fn is_answered(&self, device: usize) -> bool {
        self.calls.get(&device).is_none_or(|call| call.answer.is_some())
    }

    /// Devices whose request has not arrived yet.
    pub(crate) fn on_their_way(&self) -> Vec<usize> {
        let waiting = self.calls.iter().filter(|(_, call)| call.answer.is_none());
        waiting.map(|(device, _)| *device).collect()
    }

    /// The server's connections break: answers that have not reached their device never do.
    pub(crate) fn lose_answers(&mut self) {
        for call in self.calls.values_mut().filter(|call| call.answer.is_some()) {
            call.answer = Some(Answer::Nothing);
        }
    }

    pub(crate) fn adrift(&self) -> usize {
        self.adrift.len()
    }

    /// A request that nobody waits for arrives.
    pub(crate) fn wash_ashore(
        &mut self,
        server: &mut Server,
        n: usize,
    ) -> Option<(usize, Request)> {
        if n >= self.adrift.len() {
            return None;
        }
        let (device, request) = self.adrift.remove(n);
        server.handle(&request, None);
        Some((device, request))
    }

    /// A device's request arrives, or does not.
    pub(crate) fn deliver(&mut self, server: &mut Server, device: usize, rng: &mut Rng) {
        let Some(call) = self.calls.get_mut(&device) else { return };
        let request = &call.request;
        let mut answer = None;
        let mut again = false;
        for mishap in &call.mishaps {
            match mishap {
                Mishap::LoseRequest(_) => answer = Some(Answer::Nothing),
                Mishap::LoseAnswer(_) => {
                    server.handle(request, None);
                    answer = Some(Answer::Nothing);
                }
                Mishap::Late(_) => {
                    again = true;
                    answer = Some(Answer::Nothing);
                }
                Mishap::Twice(_) => again = true,
                Mishap::CrashBefore(_, at) => {
                    answer = Some(server.handle(request, Some(Accident::Before(*at))));
                }
                Mishap::CrashAfter(_, at) => {
                    answer = Some(server.handle(request, Some(Accident::After(*at))));
                }
                Mishap::Busy(_) => answer = Some(server.handle(request, Some(Accident::Busy))),
                Mishap::Cut(_) => {
                    if let Answer::Good(mut body) = server.handle(request, None) {
                        body.truncate(rng.below(body.len()));
                        answer = Some(Answer::Good(body));
                    }
                }
                _ => {}
            }
        }
        if again {
            self.adrift.push((device, request.clone()));
        }
        call.answer = Some(answer.unwrap_or_else(|| server.handle(request, None)));
    }
}
