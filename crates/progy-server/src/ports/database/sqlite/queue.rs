//! Work that waits for a thread.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A bounded queue that any number of threads fill and empty.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    capacity: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State { waiting: VecDeque::new(), closed: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), capacity }
    }

    /// Adds an item. False, and the item is dropped, if the queue is full or closed.
    pub(super) fn push(&self, item: T) -> bool {
        let mut state = self.lock();
        if state.closed || state.waiting.len() >= self.capacity {
            return false;
        }
        state.waiting.push_back(item);
        drop(state);
        self.filled.notify_one();
        true
    }

    /// Waits for items and takes up to `most` of them; none once the queue is closed and empty.
    pub(super) fn take(&self, most: usize) -> Vec<T> {
        let mut state = self.lock();
        while state.waiting.is_empty() && !state.closed {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let count = state.waiting.len().min(most);
        state.waiting.drain(..count).collect()
    }

    /// Lets nothing in any more; what waits is still taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that runs under the lock panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_taken_in_order_even_after_closing() {
        let queue = Queue::new(3);
        assert!(queue.push(1) && queue.push(2) && queue.push(3));
        assert!(!queue.push(4));
        assert_eq!(queue.take(2), [1, 2]);
        queue.close();
        assert!(!queue.push(5));
        assert_eq!(queue.take(2), [3]);
        assert!(queue.take(2).is_empty());
    }
}
