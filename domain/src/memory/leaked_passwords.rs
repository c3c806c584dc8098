//! Leaked passwords in memory.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    Fault,
    auth::{LeakedPasswords, Secret},
};

/// [`LeakedPasswords`] that knows what a test has leaked.
#[derive(Default)]
pub struct FakeLeakedPasswords(Mutex<State>);

#[derive(Default)]
struct State {
    known: BTreeSet<String>,
    asked: u64,
    is_away: bool,
}

impl FakeLeakedPasswords {
    /// Everybody knows this one from now on.
    pub fn leak(&self, password: &str) {
        self.state().known.insert(password.to_owned());
    }

    /// No question is answered any more, or each is again.
    pub fn set_away(&self, is_away: bool) {
        self.state().is_away = is_away;
    }

    /// Questions so far.
    pub fn asked(&self) -> u64 {
        self.state().asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LeakedPasswords for FakeLeakedPasswords {
    async fn is_known(&self, password: &Secret) -> Result<bool, Fault> {
        let mut state = self.state();
        state.asked += 1;
        if state.is_away {
            Err(Fault::new("nobody knows now"))
        } else {
            Ok(state.known.contains(password.expose()))
        }
    }
}
