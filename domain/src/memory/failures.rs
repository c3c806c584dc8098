//! Failures that fakes are told to have, and how often they were called.

use std::collections::{BTreeMap, VecDeque};

/// Queued failures and counted calls, by operation.
#[derive(Debug)]
pub(super) struct Script<O, F> {
    failures: BTreeMap<O, VecDeque<F>>,
    calls: BTreeMap<O, u32>,
}

impl<O: Ord + Copy, F> Script<O, F> {
    pub const fn new() -> Self {
        Self { failures: BTreeMap::new(), calls: BTreeMap::new() }
    }

    pub fn fail_next(&mut self, operation: O, failure: F) {
        self.failures.entry(operation).or_default().push_back(failure);
    }

    /// Counts a call and takes the failure that it shall have.
    pub fn call(&mut self, operation: O) -> Option<F> {
        *self.calls.entry(operation).or_default() += 1;
        self.failures.get_mut(&operation)?.pop_front()
    }

    pub fn calls(&self, operation: O) -> u32 {
        self.calls.get(&operation).copied().unwrap_or_default()
    }
}
