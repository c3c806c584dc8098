//! The machine's clock and randomness.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use namaskah_domain::{Clock, Random, Time, time::to_stored_precision};
use tokio::sync::watch;

/// The longest single sleep. The machine's clock may be corrected meanwhile, so it is looked at again.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The machine's clock plus an offset that can be raised and never lowered: the sandbox moves time forward with it.
#[derive(Debug)]
pub struct SystemClock {
    offset_ms: watch::Sender<i64>,
}

impl SystemClock {
    /// A clock that is `offset_ms` milliseconds ahead; zero outside the sandbox.
    pub fn new(offset_ms: i64) -> Self {
        Self { offset_ms: watch::Sender::new(offset_ms) }
    }

    /// How far it is ahead of the machine's clock, in milliseconds.
    pub fn offset_ms(&self) -> i64 {
        *self.offset_ms.borrow()
    }

    /// Sets it ahead to `offset_ms` in all, and wakes whoever sleeps. A smaller offset than the present is ignored.
    pub fn raise_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.send_if_modified(|current| {
            let is_later = offset_ms > *current;
            *current = offset_ms.max(*current);
            is_later
        });
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Time {
        let now = Utc::now();
        let shifted = TimeDelta::try_milliseconds(self.offset_ms()).and_then(|o| now.checked_add_signed(o));
        to_stored_precision(shifted.unwrap_or(now))
    }

    async fn sleep_until(&self, until: Time) {
        let mut offset = self.offset_ms.subscribe();
        loop {
            let left = until - self.now();
            if left <= TimeDelta::zero() {
                return;
            }
            let nap = left.to_std().unwrap_or_default().min(LONGEST_SLEEP);
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                // The sender is ours, so this ends with a change only.
                _ = offset.changed() => {}
            }
        }
    }
}

/// The operating system's random bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// If the operating system has no random bytes. Going on would give out guessable tokens and references.
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system has no random bytes: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn raising_the_offset_wakes_a_sleeper_and_lowering_it_does_nothing() {
        let clock = Arc::new(SystemClock::new(0));
        let until = clock.now() + TimeDelta::hours(5);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep_until(until).await;
                clock.now()
            }
        });
        tokio::task::yield_now().await;
        clock.raise_offset_ms(6 * 3_600_000);
        assert!(sleeper.await.expect("the sleeper wakes") >= until);
        clock.raise_offset_ms(1_000);
        assert_eq!(clock.offset_ms(), 6 * 3_600_000);
    }

    #[test]
    fn time_is_kept_in_microseconds() {
        assert_eq!(SystemClock::new(0).now().timestamp_subsec_nanos() % 1_000, 0);
    }

    #[test]
    fn two_draws_differ() {
        let (mut a, mut b) = ([0u8; 32], [0u8; 32]);
        SystemRandom.fill(&mut a);
        SystemRandom.fill(&mut b);
        assert_ne!(a, b);
    }
}
