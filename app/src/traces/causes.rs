//! Which trace has caused what is done later: jobs and events by their identifiers, as long as this process remembers.
//!
//! Nothing of it is stored. Whoever does a job that another process has queued begins a trace of its own; the job's
//! identifier is in both.

use std::{
    collections::{HashMap, VecDeque},
    sync::{LazyLock, Mutex, PoisonError},
};

use namaskah_domain::TraceParent;
use uuid::Uuid;

/// So many are remembered, the newest.
const MOST: usize = 20_000;

static CAUSES: LazyLock<Mutex<Causes>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Causes {
    by_effect: HashMap<Uuid, TraceParent>,
    in_order: VecDeque<Uuid>,
}

impl Causes {
    fn remember(&mut self, effect: Uuid, cause: TraceParent) {
        if self.by_effect.insert(effect, cause).is_none() {
            self.in_order.push_back(effect);
        }
        if self.in_order.len() > MOST {
            let oldest = self.in_order.pop_front();
            oldest.and_then(|oldest| self.by_effect.remove(&oldest));
        }
    }
}

/// Remembers what has caused `effect`.
pub fn remember(effect: Uuid, cause: TraceParent) {
    // A panic elsewhere leaves whole entries behind.
    CAUSES.lock().unwrap_or_else(PoisonError::into_inner).remember(effect, cause);
}

/// What has caused it, if that is remembered.
pub fn of(effect: Uuid) -> Option<TraceParent> {
    CAUSES.lock().unwrap_or_else(PoisonError::into_inner).by_effect.get(&effect).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_causes_are_remembered_and_no_more_than_so_many() {
        let mut causes = Causes::default();
        let cause = TraceParent::new(1, 1, true).expect("a place");
        for n in 0..MOST + 10 {
            let effect = Uuid::from_u128(n as u128);
            causes.remember(effect, cause);
            causes.remember(effect, cause);
        }
        assert_eq!((causes.by_effect.len(), causes.in_order.len()), (MOST, MOST));
        assert!(!causes.by_effect.contains_key(&Uuid::from_u128(9)));
        assert!(causes.by_effect.contains_key(&Uuid::from_u128(10)));
    }
}
