//! What was learnt lately, and when. It never grows past its bound.

use std::{collections::HashMap, hash::Hash};

use crate::Time;

/// Values by key with the instant at which each was learnt; of more than `most` the oldest tenth is forgotten.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    most: usize,
    kept: HashMap<K, (V, Time)>,
}

impl<K: Eq + Hash + Clone, V: Copy> Recent<K, V> {
    pub(super) fn at_most(most: usize) -> Self {
        Self { most, kept: HashMap::new() }
    }

    /// The value and when it was learnt, if that was at `oldest` or later.
    pub(super) fn since(&self, oldest: Time, key: &K) -> Option<(V, Time)> {
        self.kept.get(key).filter(|(_, at)| *at >= oldest).copied()
    }

    pub(super) fn keep(&mut self, key: K, value: V, at: Time) {
        if self.kept.len() >= self.most && !self.kept.contains_key(&key) {
            self.drop_oldest();
        }
        self.kept.insert(key, (value, at));
    }

    pub(super) fn forget(&mut self, key: &K) {
        self.kept.remove(key);
    }

    fn drop_oldest(&mut self) {
        let mut by_age: Vec<(Time, K)> = self.kept.iter().map(|(key, (_, at))| (*at, key.clone())).collect();
        by_age.sort_unstable_by_key(|(at, _)| *at);
        for (_, key) in by_age.into_iter().take((self.most / 10).max(1)) {
            self.kept.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::seconds;

    #[test]
    fn the_oldest_tenth_makes_room() {
        let start = Time::from_timestamp_millis(1_767_225_600_000).expect("an instant");
        let mut recent = Recent::at_most(20);
        for n in 0..21_i64 {
            recent.keep(n, n, start + seconds(n));
        }
        assert_eq!((0..21).filter(|n| recent.since(start, n).is_none()).collect::<Vec<_>>(), [0, 1]);
        recent.keep(20, 7, start + seconds(60));
        assert_eq!(recent.since(start, &20), Some((7, start + seconds(60))));
        assert_eq!(recent.since(start + seconds(61), &20), None);
        recent.forget(&20);
        assert_eq!(recent.since(start, &20), None);
    }
}
