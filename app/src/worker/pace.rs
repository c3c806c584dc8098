//! How fast a provider is told what it need not know at once.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use namaskah_domain::verification::Pace;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// At most so many calls in any second, on the monotonic clock: moving the sandbox's time hurries nobody.
#[derive(Debug)]
pub struct CallsPerSecond {
    /// When the latest calls were made, or will be: as many as a second may have.
    latest: Mutex<VecDeque<Instant>>,
    most: usize,
}

impl CallsPerSecond {
    /// `most` of 0 counts as 1.
    pub fn at_most(most: u32) -> Self {
        let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
        Self { latest: Mutex::default(), most }
    }

    /// Takes the next free place, and says when that is.
    fn take(&self, now: Instant) -> Instant {
        // Whoever panicked while holding it had taken a place, or none.
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let place = if latest.len() < self.most {
            now
        } else {
            latest.pop_front().map_or(now, |earliest| now.max(earliest + SECOND))
        };
        latest.push_back(place);
        place
    }
}

#[async_trait]
impl Pace for CallsPerSecond {
    async fn turn(&self) {
        tokio::time::sleep_until(self.take(Instant::now())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_has_more_calls_than_allowed() {
        let pace = CallsPerSecond::at_most(5);
        let start = Instant::now();
        // A hundred at once, then some that come later.
        let mut places: Vec<Instant> = (0..100).map(|_| pace.take(start)).collect();
        places.extend((0..50).map(|n| pace.take(start + Duration::from_millis(18_900 + n * 70))));
        for place in &places {
            let within = places.iter().filter(|other| **other >= *place && **other < *place + SECOND);
            assert!(within.count() <= 5);
        }
        assert_eq!(places[4], start);
        assert_eq!(places[99], start + 19 * SECOND);
        assert_eq!(places[149], start + 29 * SECOND);
    }

    #[test]
    fn who_waited_a_second_pays_nothing_for_what_was_before() {
        let pace = CallsPerSecond::at_most(2);
        let start = Instant::now();
        assert_eq!([pace.take(start), pace.take(start)], [start, start]);
        let later = start + 3 * SECOND;
        assert_eq!([pace.take(later), pace.take(later), pace.take(later)], [later, later, later + SECOND]);
    }
}
