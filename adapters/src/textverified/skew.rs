//! How far the provider's clock is from ours, measured from the `Date` of its answers.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chrono::TimeDelta;
use namaskah_domain::Time;

/// An answer that took longer says too little about the instant at which it was dated.
const LONGEST_EXCHANGE: TimeDelta = TimeDelta::seconds(3);
/// A `Date` has whole seconds, so it stands for any instant within the second that it begins.
const RESOLUTION: TimeDelta = TimeDelta::seconds(1);

/// Two measurements that differ by no more tell the same skew.
const AGREEMENT: TimeDelta = TimeDelta::seconds(2);

/// The provider's clock minus ours, by its answers. One answer alone changes it only if it is the first: what
/// stands between us and the provider may date an answer wrongly.
#[derive(Debug, Default)]
pub(super) struct Skew(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    believed: TimeDelta,
    latest: Option<TimeDelta>,
    /// Our clock when the latest answer was measured, and the same instant on a clock that nobody sets.
    taken: Option<(Time, Instant)>,
}

impl Known {
    /// A clock of ours that was set since the latest answer has taken a skew with it that was its own: what followed
    /// the provider's clock is not ahead of it any more. A skew only ever shrinks so; what else has changed the next
    /// answers tell.
    fn follow(&mut self, now: Time, instant: Instant) {
        let Some((at, then)) = self.taken else { return };
        let passed = TimeDelta::from_std(instant.saturating_duration_since(then)).unwrap_or(TimeDelta::MAX);
        let jumped = (now - at) - passed;
        if jumped.abs() > RESOLUTION && (self.believed - jumped).abs() < self.believed.abs() {
            self.believed -= jumped;
            self.latest = self.latest.map(|latest| latest - jumped);
            self.taken = Some((now, instant));
        }
    }

    fn take(&mut self, measured: TimeDelta) {
        let agrees = |other: TimeDelta| (measured - other).abs() <= AGREEMENT;
        if self.latest.is_none_or(agrees) || agrees(self.believed) {
            self.believed = measured;
        }
        self.latest = Some(measured);
    }
}

impl Skew {
    /// The skew, when our clock says `now`.
    pub fn get(&self, now: Time) -> TimeDelta {
        let mut known = self.known();
        known.follow(now, Instant::now());
        known.believed
    }

    /// Takes an answer dated `date` that was asked for at `before` and was there at `after`, on our clock.
    pub fn measure(&self, before: Time, date: Option<Time>, after: Time) {
        let Some(date) = date else { return };
        if (TimeDelta::zero()..=LONGEST_EXCHANGE).contains(&(after - before)) {
            let (mut known, instant) = (self.known(), Instant::now());
            known.follow(after, instant);
            known.take(between(before, date, after));
            known.taken = Some((after, instant));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Zero if the two clocks may agree, else the middle of what the skew can be.
fn between(before: Time, date: Time, after: Time) -> TimeDelta {
    let least = date - after;
    let most = date + RESOLUTION - before;
    let agree = least <= RESOLUTION && most >= -RESOLUTION;
    if agree { TimeDelta::zero() } else { (least + most) / 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Time {
        Time::from_timestamp_millis(1_767_225_600_000 + ms).expect("an instant")
    }

    fn measured(before: i64, date: i64, after: i64) -> i64 {
        let skew = Skew::default();
        skew.measure(at(before), Some(at(date)), at(after));
        skew.get(at(after)).num_milliseconds()
    }

    #[test]
    fn clocks_that_may_agree_have_no_skew() {
        assert_eq!(measured(900, 0, 950), 0);
        assert_eq!(measured(1_900, 0, 1_950), 0);
        assert_eq!(measured(0, 1_000, 10), 0);
    }

    #[test]
    fn a_skew_has_its_sign_and_is_right_within_a_second() {
        assert_eq!(measured(0, 60_000, 100), 60_450);
        assert_eq!(measured(60_000, 0, 60_100), -59_550);
    }

    #[test]
    fn a_changed_skew_is_believed_when_two_answers_in_a_row_tell_it() {
        let skew = Skew::default();
        let told = |date: i64| {
            skew.measure(at(0), Some(at(date)), at(100));
            skew.get(at(100)).num_milliseconds()
        };
        assert_eq!(told(60_000), 60_450);
        assert_eq!(told(3_600_000), 60_450);
        assert_eq!(told(60_000), 60_450);
        assert_eq!(told(3_600_000), 60_450);
        assert_eq!(told(3_601_000), 3_601_450);
    }

    #[test]
    fn a_clock_that_was_set_to_the_providers_is_not_behind_it_any_more() {
        let skew = Skew::default();
        skew.measure(at(0), Some(at(1_100_000)), at(100));
        assert_eq!(skew.get(at(200)).num_seconds(), 1_100);
        // Ours follows.
        assert_eq!(skew.get(at(1_100_200)).num_seconds().abs(), 0);
        // A clock of ours that is set away from the provider's is found out by the next answers.
        assert_eq!(skew.get(at(2_200_000)).num_seconds().abs(), 0);
    }

    #[test]
    fn slow_answers_and_answers_across_a_jump_of_the_clock_are_not_believed() {
        assert_eq!(measured(0, 60_000, 4_000), 0);
        assert_eq!(measured(0, 60_000, -1), 0);
    }
}
