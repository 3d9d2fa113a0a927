//! News of heads, inside one process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream;
use progy_api::history::HeadEvent;
use progy_core::CourseId;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::{HeadEvents, UserId};

/// News that a slow reader may be behind before it gets the newest only.
const BEHIND: usize = 16;
/// From this many workspaces on, those that nobody listens to are looked for and forgotten.
const CROWDED: usize = 1024;

/// Who listens to which workspace.
#[derive(Default)]
pub struct Hub {
    senders: Mutex<HashMap<(UserId, CourseId), broadcast::Sender<HeadEvent>>>,
}

impl Hub {
    /// News of one workspace from now on. Ends when the hub is dropped.
    pub fn subscribe(&self, user: &UserId, course: &CourseId) -> HeadEvents {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        // At 1,024, 2,048, 4,096, …: not again and again while all of them are listened to.
        if senders.len() >= CROWDED && senders.len().is_power_of_two() {
            senders.retain(|_, sender| sender.receiver_count() > 0);
        }
        let receiver = senders
            .entry((user.clone(), course.clone()))
            .or_insert_with(|| broadcast::Sender::new(BEHIND))
            .subscribe();
        drop(senders);
        stream::unfold(receiver, |mut receiver| async move {
            let event = next(&mut receiver).await?;
            Some((event, receiver))
        })
        .boxed()
    }

    /// Tells who listens. Never waits.
    pub fn tell(&self, user: &UserId, event: HeadEvent) {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (user.clone(), event.course.clone());
        if let Some(sender) = senders.get(&key)
            && sender.send(event).is_err()
        {
            senders.remove(&key);
        }
    }
}

async fn next(receiver: &mut broadcast::Receiver<HeadEvent>) -> Option<HeadEvent> {
    match receiver.recv().await {
        Ok(event) => Some(event),
        Err(RecvError::Closed) => None,
        Err(RecvError::Lagged(_)) => newest(receiver),
    }
}

/// The last of what waits; something does after a reader has lagged.
fn newest(receiver: &mut broadcast::Receiver<HeadEvent>) -> Option<HeadEvent> {
    let mut newest = None;
    loop {
        match receiver.try_recv() {
            Ok(event) => newest = Some(event),
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return newest,
        }
    }
}
