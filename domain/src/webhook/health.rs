//! How an endpoint takes what it is sent: a breaker that rests one that fails, and the end of one that fails for days.

use chrono::TimeDelta;

use crate::{
    Time,
    breaker::Admits,
    time::{hours, minutes, seconds},
};

/// After so many failures in a row the breaker is open.
pub const OPENS_AFTER: u32 = 5;
/// For so long at first; twice as long after each failure more.
const FIRST_REST: TimeDelta = seconds(30);
/// And at most so long.
const LONGEST_REST: TimeDelta = minutes(10);
/// An endpoint that has taken nothing for so long is switched off.
pub const FAILS_FOR: TimeDelta = hours(5 * 24);
/// Failures that lie so far apart do not belong together: nothing was sent between them. The longest pause between two
/// tries is well below it.
const FORGOTTEN_AFTER: TimeDelta = hours(48);

/// How it went lately. The default: well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Failures since the last success.
    pub failures: u32,
    /// The first of them.
    pub failing_since: Option<Time>,
    /// The last of them.
    pub failed_at: Option<Time>,
    /// Nothing is let through until then: the breaker is open, or its user is suspended.
    pub rests_until: Option<Time>,
}

impl Health {
    /// What may be sent at `now`.
    pub fn admits(self, now: Time) -> Admits {
        match self.rests_until {
            Some(until) if now < until => Admits::NothingUntil(until),
            _ if self.failures >= OPENS_AFTER => Admits::One,
            _ => Admits::All,
        }
    }

    /// After a success.
    pub fn succeeded(self) -> Self {
        Self::default()
    }

    /// After a failure.
    pub fn failed(self, now: Time) -> Self {
        let is_one_row = self.failed_at.is_some_and(|last| now - last <= FORGOTTEN_AFTER);
        let failures = self.failures.saturating_add(1);
        let doublings = failures.checked_sub(OPENS_AFTER);
        Self {
            failures,
            failing_since: self.failing_since.filter(|_| is_one_row).or(Some(now)),
            failed_at: Some(now),
            rests_until: doublings.map(|n| now + (FIRST_REST * (1 << n.min(8))).min(LONGEST_REST)),
        }
    }

    /// True if it is to be switched off: it has failed throughout for days.
    pub fn is_hopeless(self) -> bool {
        self.failing_since.zip(self.failed_at).is_some_and(|(since, last)| last - since >= FAILS_FOR)
    }

    /// Nothing is let through before that instant, which says nothing about how it went.
    #[must_use]
    pub fn held(self, until: Time) -> Self {
        Self { rests_until: Some(until), ..self }
    }

    /// Somebody says that it is well again: the next one is sent without a rest, and decides.
    #[must_use]
    pub fn trusted(self) -> Self {
        Self { rests_until: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn failed(times: u32, now: Time) -> Health {
        (0..times).fold(Health::default(), |health, _| health.failed(now))
    }

    #[test]
    fn the_breaker_opens_after_five_failures_and_rests_twice_as_long_each_time() {
        assert_eq!(failed(4, at(0)).admits(at(0)), Admits::All);
        let rests = |times| match failed(times, at(0)).admits(at(0)) {
            Admits::NothingUntil(until) => (until - at(0)).num_seconds(),
            other => panic!("{other:?}"),
        };
        assert_eq!([5, 6, 7, 8, 9, 10, 11, 500].map(rests), [30, 60, 120, 240, 480, 600, 600, 600]);
    }

    #[test]
    fn after_its_rest_one_is_let_through_and_decides() {
        let open = failed(5, at(0));
        assert_eq!(open.admits(at(1)), Admits::One);
        assert!(matches!(open.failed(at(1)).admits(at(1)), Admits::NothingUntil(_)));
        assert_eq!(open.succeeded().admits(at(1)), Admits::All);
        assert_eq!(open.trusted().admits(at(0)), Admits::One);
    }

    #[test]
    fn five_days_of_failure_are_hopeless_and_one_success_makes_up_for_them() {
        let day = 24 * 60;
        let mut health = Health::default();
        for half in 0..10 {
            health = health.failed(at(half * day / 2));
            assert!(!health.is_hopeless(), "after {half} half days");
        }
        assert!(health.failed(at(5 * day)).is_hopeless());
        assert!(!health.succeeded().failed(at(5 * day)).is_hopeless());
    }

    #[test]
    fn failures_with_nothing_sent_between_do_not_add_up() {
        let day = 24 * 60;
        let late = failed(8, at(0)).failed(at(30 * day));
        assert!(!late.is_hopeless());
        assert_eq!(late.failing_since, Some(at(30 * day)));
    }
}
