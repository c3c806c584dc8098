//! A clock that stands still until it is moved.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{Clock, Time, time::to_stored_precision};

/// [`Clock`] moved by hand, never backwards. Moving it wakes those who sleep until then. It needs no runtime.
///
/// ```
/// # use namaskah_domain::{Clock, memory::ManualClock, time::minutes};
/// let clock = ManualClock::default();
/// let start = clock.now();
/// clock.advance(minutes(15));
/// assert_eq!(clock.now() - start, minutes(15));
/// ```
#[derive(Debug)]
pub struct ManualClock(Mutex<State>);

#[derive(Debug)]
struct State {
    now: Time,
    next_sleeper: u64,
    sleepers: BTreeMap<u64, (Time, Waker)>,
}

impl Default for ManualClock {
    /// Begins with the year 2026.
    fn default() -> Self {
        Self::at(Time::UNIX_EPOCH + TimeDelta::seconds(1_767_225_600))
    }
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Time) -> Self {
        let now = to_stored_precision(now);
        Self(Mutex::new(State { now, next_sleeper: 0, sleepers: BTreeMap::new() }))
    }

    /// Moves it forward. A negative span is ignored.
    pub fn advance(&self, by: TimeDelta) {
        let now = self.state().now;
        self.advance_to(now + by);
    }

    /// Moves it forward to `time`. An instant in the past is ignored.
    pub fn advance_to(&self, time: Time) {
        let mut state = self.state();
        state.now = state.now.max(to_stored_precision(time));
        let now = state.now;
        let due: Vec<u64> =
            state.sleepers.iter().filter(|(_, (t, _))| *t <= now).map(|(key, _)| *key).collect();
        let woken: Vec<_> = due.into_iter().filter_map(|key| state.sleepers.remove(&key)).collect();
        drop(state);
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// How many sleep now.
    pub fn sleepers(&self) -> usize {
        self.state().sleepers.len()
    }

    /// When the first of them wants to wake.
    pub fn next_wake(&self) -> Option<Time> {
        self.state().sleepers.values().map(|(until, _)| *until).min()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Time {
        self.state().now
    }

    async fn sleep_until(&self, until: Time) {
        Sleep { clock: self, until, key: None }.await;
    }
}

struct Sleep<'a> {
    clock: &'a ManualClock,
    until: Time,
    key: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if state.now >= self.until {
            return Poll::Ready(());
        }
        let key = self.key.unwrap_or(state.next_sleeper);
        state.next_sleeper = state.next_sleeper.max(key + 1);
        state.sleepers.insert(key, (self.until, context.waker().clone()));
        drop(state);
        self.key = Some(key);
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.clock.state().sleepers.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::time::{minutes, seconds};

    #[tokio::test]
    async fn sleepers_wake_when_their_time_has_come_and_not_before() {
        let clock = Arc::new(ManualClock::default());
        let start = clock.now();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(start + minutes(2)).await }
        });
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(clock.next_wake(), Some(start + minutes(2)));
        clock.advance(seconds(119));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(seconds(1));
        sleeper.await.expect("the sleeper wakes");
        assert_eq!(clock.sleepers(), 0);
    }

    #[test]
    fn it_never_goes_back() {
        let clock = ManualClock::default();
        let start = clock.now();
        clock.advance(seconds(-5));
        clock.advance_to(start - minutes(1));
        assert_eq!(clock.now(), start);
    }

    #[tokio::test]
    async fn a_sleep_that_is_given_up_leaves_nothing_behind() {
        let clock = ManualClock::default();
        let until = clock.now() + minutes(1);
        tokio::select! {
            biased;
            () = clock.sleep_until(until) => unreachable!("nobody moves the clock"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(clock.sleepers(), 0);
    }
}
