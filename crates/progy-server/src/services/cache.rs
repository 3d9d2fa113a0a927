//! What was used last, up to a weight.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// A map that forgets what was not used for longest, so that it never weighs more than it may.
///
/// For values that never change: whatever is forgotten can be made again.
pub(super) struct Cache<K, V>(Mutex<Inner<K, V>>);

struct Inner<K, V> {
    items: HashMap<K, Item<V>>,
    /// Invariant: holds each key of `items` once, under that item's `used`.
    by_use: BTreeMap<u64, K>,
    uses: u64,
    weight: usize,
    capacity: usize,
}

struct Item<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// A cache of at most `capacity`, in the unit of the weights.
    pub(super) fn new(capacity: usize) -> Self {
        Self(Mutex::new(Inner {
            items: HashMap::new(),
            by_use: BTreeMap::new(),
            uses: 0,
            weight: 0,
            capacity,
        }))
    }

    /// The value of `key`, if it is still known.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let inner = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let item = inner.items.get_mut(key)?;
        inner.uses += 1;
        inner.by_use.remove(&item.used);
        inner.by_use.insert(inner.uses, key.clone());
        item.used = inner.uses;
        Some(item.value.clone())
    }

    /// Keeps a value, unless it alone weighs more than all may.
    pub(super) fn put(&self, key: K, value: V, weight: usize) {
        let inner = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if weight > inner.capacity {
            return;
        }
        inner.uses += 1;
        let item = Item { value, weight, used: inner.uses };
        if let Some(old) = inner.items.insert(key.clone(), item) {
            inner.by_use.remove(&old.used);
            inner.weight -= old.weight;
        }
        inner.by_use.insert(inner.uses, key);
        inner.weight += weight;
        while inner.weight > inner.capacity {
            let Some((_, oldest)) = inner.by_use.pop_first() else { break };
            if let Some(item) = inner.items.remove(&oldest) {
                inner.weight -= item.weight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_used_is_forgotten_first() {
        let cache = Cache::new(10);
        cache.put("a", 1, 4);
        cache.put("b", 2, 4);
        assert_eq!(cache.get(&"a"), Some(1));
        cache.put("c", 3, 4);
        assert_eq!(cache.get(&"b"), None);
        assert_eq!((cache.get(&"a"), cache.get(&"c")), (Some(1), Some(3)));
        cache.put("a", 9, 1);
        cache.put("d", 4, 5);
        assert_eq!(
            (cache.get(&"a"), cache.get(&"c"), cache.get(&"d")),
            (Some(9), Some(3), Some(4))
        );
        cache.put("huge", 0, 11);
        assert_eq!((cache.get(&"huge"), cache.get(&"d")), (None, Some(4)));
    }
}
