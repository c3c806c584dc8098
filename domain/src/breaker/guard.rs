//! A breaker that stands before calls.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Admits, Breaker, Circuit, Permit, Stake};
use crate::Clock;

/// What an outcome says about whoever was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// It has answered, if only to refuse.
    Answered,
    /// It has not: no connection, no answer, none that makes sense.
    Failed,
    /// Nothing.
    Nothing,
}

/// Nothing was sent, since the provider has not answered lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not sent: the provider does not answer and is left alone for a while")]
pub struct Resting;

/// Is told where a breaker stands now, whenever that changes.
pub type Told = Arc<dyn Fn(Circuit) + Send + Sync>;

/// Lets calls through while they are answered.
pub struct Guard {
    breaker: Mutex<Breaker>,
    clock: Arc<dyn Clock>,
    told: Option<Told>,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}

impl Guard {
    /// Closed.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { breaker: Mutex::default(), clock, told: None }
    }

    /// Tells from now on where it stands, whenever that changes.
    #[must_use]
    pub fn telling(self, told: Told) -> Self {
        Self { told: Some(told), ..self }
    }

    /// What would be let through now.
    pub fn admits(&self) -> Admits {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner).admits(self.clock.now())
    }

    /// Makes a call if it may be sent, and learns from its outcome.
    ///
    /// # Errors
    /// Its own; and what `resting` makes of it, if it is not sent.
    pub async fn call<T, E>(
        &self,
        stake: Stake,
        call: impl Future<Output = Result<T, E>>,
        evidence: fn(&E) -> Evidence,
        resting: fn(Resting) -> E,
    ) -> Result<T, E> {
        let now = self.clock.now();
        let Some(permit) = self.change(|breaker| breaker.admit(stake, now)) else {
            return Err(resting(Resting));
        };
        let mut under_way = UnderWay { guard: self, permit, shown: Evidence::Nothing };
        let outcome = call.await;
        under_way.shown = outcome.as_ref().err().map_or(Evidence::Answered, evidence);
        outcome
    }

    fn change<R>(&self, change: impl FnOnce(Breaker) -> (Breaker, R)) -> R {
        let (before, after, result) = {
            let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
            let before = breaker.circuit();
            let (after, result) = change(*breaker);
            *breaker = after;
            (before, after.circuit(), result)
        };
        if let Some(told) = self.told.as_ref().filter(|_| before != after) {
            told(after);
        }
        result
    }
}

/// A call until it has ended. One that its caller gives up has shown nothing, and ends all the same.
struct UnderWay<'a> {
    guard: &'a Guard,
    permit: Permit,
    shown: Evidence,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let now = self.guard.clock.now();
        self.guard.change(|breaker| (learned(breaker, self.shown, self.permit, now), ()));
    }
}

fn learned(breaker: Breaker, shown: Evidence, permit: Permit, now: crate::Time) -> Breaker {
    match shown {
        Evidence::Answered => breaker.answered(),
        Evidence::Failed => breaker.failed(permit, now),
        Evidence::Nothing => breaker.unanswerable(permit),
    }
}
