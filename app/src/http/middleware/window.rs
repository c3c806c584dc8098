//! Sliding windows: how often something happened lately, in bounded memory and with exact waits.

use std::{collections::HashMap, hash::Hash, time::Duration};

/// A window is as long as so many slices.
const PARTS: u32 = 12;
/// One slice more is kept, since the newest is not over: nothing leaves before it is as old as the window.
const SLICES: usize = PARTS as usize + 1;

/// A right to do something `quota` times in any `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Its name in the headers.
    pub name: &'static str,
    /// How often.
    pub quota: u32,
    /// In how long a time.
    pub window: Duration,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The policy that was asked.
    pub policy: Policy,
    /// True if it may be done now; it is counted then, and not otherwise.
    pub allowed: bool,
    /// How often more it may be done now.
    pub remaining: u32,
    /// After so long at least one more is possible than now, if nothing is done meanwhile.
    pub reset: Duration,
}

#[derive(Debug, Clone)]
struct Window {
    /// Number of the newest slice since the clock's start.
    newest: u64,
    counts: [u32; SLICES],
}

impl Window {
    const fn new(slice: u64) -> Self {
        Self { newest: slice, counts: [0; SLICES] }
    }

    fn advance(&mut self, slice: u64) {
        let gone = slice.saturating_sub(self.newest).min(SLICES as u64);
        for step in 1..=gone {
            self.counts[slot(self.newest + step)] = 0;
        }
        if gone == SLICES as u64 {
            self.counts = [0; SLICES];
        }
        self.newest = self.newest.max(slice);
    }

    fn total(&self) -> u32 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The number of the oldest slice that counts something.
    fn oldest(&self) -> Option<u64> {
        let first = self.newest.saturating_sub(SLICES as u64 - 1);
        (first..=self.newest).find(|slice| self.counts[slot(*slice)] > 0)
    }
}

const fn slot(slice: u64) -> usize {
    (slice % SLICES as u64) as usize
}

/// Windows by key. At most `capacity` of them are kept: quiet ones go first, then any.
#[derive(Debug)]
pub struct Windows<K> {
    windows: HashMap<K, (Duration, Window)>,
    capacity: usize,
}

impl<K: Eq + Hash + Clone> Windows<K> {
    /// None yet.
    pub fn new(capacity: usize) -> Self {
        Self { windows: HashMap::new(), capacity: capacity.max(1) }
    }

    /// How many keys are kept.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// True if nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// True if something is counted for `key` at `now`.
    pub fn is_known(&mut self, key: &K, now: Duration) -> bool {
        self.windows.get_mut(key).is_some_and(|(width, window)| {
            window.advance(slice_at(now, *width));
            window.total() > 0
        })
    }

    /// What [`Self::ask`] would answer, without counting.
    pub fn look(&mut self, key: &K, policy: Policy, now: Duration) -> Verdict {
        let width = slice_width(policy.window);
        let Some((_, window)) = self.windows.get_mut(key) else {
            return Verdict { policy, allowed: true, remaining: policy.quota, reset: Duration::ZERO };
        };
        window.advance(slice_at(now, width));
        let allowed = window.total() < policy.quota;
        verdict(window, allowed, policy, now)
    }

    /// Counts one for `key` at `now` (time since the clock's start), if the policy allows it.
    pub fn ask(&mut self, key: &K, policy: Policy, now: Duration) -> Verdict {
        let width = slice_width(policy.window);
        let slice = slice_at(now, width);
        if !self.windows.contains_key(key) {
            self.make_room(now);
            self.windows.insert(key.clone(), (width, Window::new(slice)));
        }
        let Some((_, window)) = self.windows.get_mut(key) else {
            return Verdict { policy, allowed: true, remaining: policy.quota, reset: Duration::ZERO };
        };
        window.advance(slice);
        let allowed = window.total() < policy.quota;
        if allowed {
            window.counts[slot(window.newest)] += 1;
        }
        verdict(window, allowed, policy, now)
    }

    fn make_room(&mut self, now: Duration) {
        if self.windows.len() < self.capacity {
            return;
        }
        self.windows.retain(|_, (width, window)| {
            window.advance(slice_at(now, *width));
            window.total() > 0
        });
        // The order of a hash map is as good as random, so nobody can choose whose window is forgotten.
        let keep = self.capacity - self.capacity.div_ceil(10);
        if self.windows.len() > keep {
            let surplus: Vec<K> = self.windows.keys().skip(keep).cloned().collect();
            for key in surplus {
                self.windows.remove(&key);
            }
        }
    }
}

fn verdict(window: &Window, allowed: bool, policy: Policy, now: Duration) -> Verdict {
    let leaves = |oldest| leaves_at(oldest, slice_width(policy.window)).saturating_sub(now);
    let reset = window.oldest().map_or(Duration::ZERO, leaves);
    Verdict { policy, allowed, remaining: policy.quota.saturating_sub(window.total()), reset }
}

fn slice_width(window: Duration) -> Duration {
    (window / PARTS).max(Duration::from_millis(1))
}

fn slice_at(now: Duration, width: Duration) -> u64 {
    u64::try_from(now.as_nanos() / width.as_nanos().max(1)).unwrap_or(u64::MAX)
}

/// When a slice is out of the window as a whole.
fn leaves_at(slice: u64, width: Duration) -> Duration {
    let after = slice.saturating_add(SLICES as u64);
    width.saturating_mul(u32::try_from(after).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy { name: "test", quota: 5, window: Duration::from_secs(60) };

    fn allowed(windows: &mut Windows<u32>, key: u32, at_s: f64) -> bool {
        windows.ask(&key, POLICY, Duration::from_secs_f64(at_s)).allowed
    }

    #[test]
    fn no_window_of_a_minute_holds_more_than_the_quota() {
        let mut windows = Windows::new(10);
        let times: Vec<f64> =
            (0..4_000).map(|n| f64::from(n) * 0.1).filter(|t| allowed(&mut windows, 1, *t)).collect();
        assert!(times.len() >= 5 * 5);
        for start in &times {
            let within = times.iter().filter(|t| (*start..*start + 60.0).contains(*t)).count();
            assert!(within <= 5, "{within} in the minute from {start}");
        }
    }

    #[test]
    fn who_waits_as_told_is_let_in() {
        let mut windows = Windows::new(10);
        let mut now = Duration::from_millis(12_345);
        for _ in 0..200 {
            let verdict = windows.ask(&1, POLICY, now);
            if !verdict.allowed {
                assert_eq!(verdict.remaining, 0);
                assert!(verdict.reset > Duration::ZERO && verdict.reset <= POLICY.window * 13 / 12);
                now += Duration::from_secs(verdict.reset.as_secs_f64().ceil() as u64);
                assert!(windows.ask(&1, POLICY, now).allowed);
            }
            now += Duration::from_millis(777);
        }
    }

    #[test]
    fn keys_do_not_disturb_each_other_and_their_number_is_bounded() {
        let mut windows = Windows::new(100);
        for key in 0..10_000 {
            assert!(allowed(&mut windows, key, 1.0));
            assert!(windows.len() <= 100);
        }
        assert!(!windows.is_empty());
    }

    #[test]
    fn a_refusal_is_not_counted() {
        let mut windows = Windows::new(10);
        for _ in 0..5 {
            assert!(allowed(&mut windows, 1, 0.0));
        }
        for at in 1..50 {
            assert!(!allowed(&mut windows, 1, f64::from(at)));
        }
        assert!(allowed(&mut windows, 1, 65.0));
        assert!(windows.is_known(&1, Duration::from_secs(66)));
        assert!(!windows.is_known(&1, Duration::from_secs(600)));
    }
}
