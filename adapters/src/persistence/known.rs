//! Rows that a lane knows from its own last write. They are hints: each is guarded by its version or its state when
//! it is used, so one that has moved on costs a statement and never money.

use std::{collections::HashMap, hash::Hash};

use uuid::Uuid;

use super::entity::{account, hold};

/// Accounts that one lane remembers; some 150 bytes each.
const ACCOUNTS: usize = 65_536;
/// Open holds that one lane remembers; some 250 bytes each.
const HOLDS: usize = 16_384;

/// A map that forgets what was not used for long: two generations, of which the older goes as a whole.
struct Bounded<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash + Copy, V> Bounded<K, V> {
    fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: capacity / 2 }
    }

    fn get(&mut self, key: K) -> Option<&V> {
        if let Some(value) = self.old.remove(&key) {
            self.insert(key, value);
        }
        self.young.get(&key)
    }

    fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    fn remove(&mut self, key: K) {
        self.young.remove(&key);
        self.old.remove(&key);
    }
}

/// What a lane knows.
pub(crate) struct Known {
    accounts: Bounded<Uuid, account::Model>,
    holds: Bounded<Uuid, hold::Model>,
}

impl Known {
    pub(crate) fn new() -> Self {
        Self { accounts: Bounded::new(ACCOUNTS), holds: Bounded::new(HOLDS) }
    }

    pub(crate) fn account(&mut self, user: Uuid) -> Option<&account::Model> {
        self.accounts.get(user)
    }

    pub(crate) fn hold(&mut self, id: Uuid) -> Option<&hold::Model> {
        self.holds.get(id)
    }

    pub(crate) fn learn_account(&mut self, row: account::Model) {
        self.accounts.insert(row.user_id, row);
    }

    /// An open hold. What it took from which purse never changes.
    pub(crate) fn learn_hold(&mut self, row: hold::Model) {
        self.holds.insert(row.id, row);
    }

    pub(crate) fn forget_account(&mut self, user: Uuid) {
        self.accounts.remove(user);
    }

    pub(crate) fn forget_hold(&mut self, id: Uuid) {
        self.holds.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::Bounded;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut map = Bounded::new(8);
        for n in 0..100 {
            map.insert(n, n);
            assert_eq!(map.get(0), Some(&0), "after {n}");
            assert!(map.young.len() + map.old.len() <= 8);
        }
        assert_eq!(map.get(99), Some(&99));
        assert_eq!(map.get(50), None);
        map.remove(99);
        assert_eq!(map.get(99), None);
    }

    #[test]
    fn the_last_value_counts() {
        let mut map = Bounded::new(4);
        map.insert(1, "first");
        map.insert(2, "other");
        map.insert(1, "second");
        map.insert(3, "other");
        assert_eq!(map.get(1), Some(&"second"));
    }
}
