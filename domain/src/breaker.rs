//! A breaker before a provider: whoever has not answered several times in a row is left alone for a while, and then asked
//! once, to see whether he is well again. Pure decisions; [`Guard`] holds one.
//!
//! What a breaker holds back was never sent. That is a definite failure, and never an unknown outcome.

mod guard;

pub use guard::{Evidence, Guard, Resting, Told};

use chrono::TimeDelta;

use crate::{
    Time,
    time::{minutes, seconds},
};

/// After so many failures in a row the circuit is open.
pub const OPENS_AFTER: u32 = 5;
/// Failures count as a row if the first is no older than this.
pub const WITHIN: TimeDelta = minutes(2);
/// Nothing is sent for so long at first; twice as long after each trial that fails.
const FIRST_REST: TimeDelta = seconds(10);
/// And at most so long.
const LONGEST_REST: TimeDelta = minutes(1);
/// A trial of which nothing was heard for so long was given up by whoever made it; another one may try.
const TRIAL: TimeDelta = seconds(90);

/// What a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admits {
    /// Everything.
    All,
    /// One, to see whether it is well again.
    One,
    /// Nothing until then.
    NothingUntil(Time),
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Circuit {
    /// Everything is sent.
    Closed,
    /// One call is under way, to see.
    HalfOpen,
    /// Nothing is sent.
    Open,
}

impl Circuit {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Closed, Self::HalfOpen, Self::Open];

    /// The word in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// What a lost answer would cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stake {
    /// Nothing: it is a read, or can be repeated.
    Nothing,
    /// Somebody's money, until the outcome is found out. It is never the one that tries.
    Money,
}

/// That a call may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// As every other one.
    Usual,
    /// To see whether it is well again.
    Trial,
}

/// While nothing is sent, but for one now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rest {
    until: Time,
    /// Trials that have failed.
    trials: u32,
    /// One is under way, and is waited for until then.
    trial_until: Option<Time>,
}

/// How a provider has answered lately. The default: well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    failing_since: Option<Time>,
    rest: Option<Rest>,
}

impl Breaker {
    /// Where it stands.
    pub const fn circuit(self) -> Circuit {
        match self.rest {
            None => Circuit::Closed,
            Some(Rest { trial_until: Some(_), .. }) => Circuit::HalfOpen,
            Some(_) => Circuit::Open,
        }
    }

    /// What it would let through at `now`.
    pub fn admits(self, now: Time) -> Admits {
        match self.rest {
            None => Admits::All,
            Some(rest) => match rest.trial_until.unwrap_or(rest.until) {
                until if now < until => Admits::NothingUntil(until),
                _ => Admits::One,
            },
        }
    }

    /// Whether a call may be sent at `now`.
    #[must_use]
    pub fn admit(self, stake: Stake, now: Time) -> (Self, Option<Permit>) {
        match (self.admits(now), self.rest, stake) {
            (Admits::All, ..) => (self, Some(Permit::Usual)),
            (Admits::One, Some(rest), Stake::Nothing) => {
                let rest = Rest { trial_until: Some(now + TRIAL), ..rest };
                (Self { rest: Some(rest), ..self }, Some(Permit::Trial))
            }
            _ => (self, None),
        }
    }

    /// It has answered, whatever it said.
    #[must_use]
    pub fn answered(self) -> Self {
        Self::default()
    }

    /// A call has failed. One that was sent before the circuit opened says nothing new.
    #[must_use]
    pub fn failed(self, permit: Permit, now: Time) -> Self {
        match (self.rest, permit) {
            (None, _) => self.counted(now),
            (Some(Rest { trials, .. }), Permit::Trial) => {
                let trials = trials.saturating_add(1);
                let pause = (FIRST_REST * (1 << trials.min(8))).min(LONGEST_REST);
                Self { rest: Some(Rest { until: now + pause, trials, trial_until: None }), ..self }
            }
            (Some(_), Permit::Usual) => self,
        }
    }

    fn counted(self, now: Time) -> Self {
        let since = self.failing_since.filter(|since| now - *since <= WITHIN);
        let failures = if since.is_some() { self.failures.saturating_add(1) } else { 1 };
        let opens = failures >= OPENS_AFTER;
        let rest = opens.then(|| Rest { until: now + FIRST_REST, trials: 0, trial_until: None });
        Self { failures, failing_since: since.or(Some(now)), rest }
    }

    /// A trial came to nothing that says how it is: another one may try at once.
    #[must_use]
    pub fn unanswerable(self, permit: Permit) -> Self {
        match (self.rest, permit) {
            (Some(rest), Permit::Trial) => Self { rest: Some(Rest { trial_until: None, ..rest }), ..self },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn failed(times: u32, now: Time) -> Breaker {
        (0..times).fold(Breaker::default(), |breaker, _| breaker.failed(Permit::Usual, now))
    }

    fn trial(breaker: Breaker, now: Time) -> Breaker {
        let (breaker, permit) = breaker.admit(Stake::Nothing, now);
        assert_eq!(permit, Some(Permit::Trial));
        breaker
    }

    #[test]
    fn it_opens_after_five_failures_in_a_row() {
        assert_eq!(failed(4, at(0)).admits(at(0)), Admits::All);
        assert_eq!(failed(4, at(0)).answered().failed(Permit::Usual, at(1)).circuit(), Circuit::Closed);
        let open = failed(5, at(0));
        assert_eq!((open.circuit(), open.admits(at(9))), (Circuit::Open, Admits::NothingUntil(at(10))));
        assert_eq!(open.admit(Stake::Nothing, at(9)).1, None);
    }

    #[test]
    fn failures_that_lie_far_apart_are_no_row() {
        let spread = |gap: i64| (0..5).fold(Breaker::default(), |b, n| b.failed(Permit::Usual, at(n * gap)));
        assert_eq!(spread(30).circuit(), Circuit::Open);
        assert_eq!(spread(31).circuit(), Circuit::Closed);
    }

    #[test]
    fn after_its_rest_one_call_tries_and_its_answer_closes_it() {
        let half = trial(failed(5, at(0)), at(10));
        assert_eq!(half.circuit(), Circuit::HalfOpen);
        assert_eq!(half.admit(Stake::Nothing, at(11)).1, None, "one at a time");
        assert_eq!(half.answered().admit(Stake::Money, at(11)).1, Some(Permit::Usual));
    }

    #[test]
    fn each_trial_that_fails_doubles_the_rest_up_to_a_minute() {
        let (mut breaker, mut now) = (failed(5, at(0)), at(10));
        let mut rests = Vec::new();
        for _ in 0..5 {
            breaker = trial(breaker, now).failed(Permit::Trial, now);
            let Admits::NothingUntil(until) = breaker.admits(now) else { panic!("{breaker:?}") };
            rests.push((until - now).num_seconds());
            now = until;
        }
        assert_eq!(rests, [20, 40, 60, 60, 60]);
    }

    #[test]
    fn money_is_never_what_tries() {
        let open = failed(5, at(0));
        assert_eq!(open.admits(at(10)), Admits::One);
        assert_eq!(open.admit(Stake::Money, at(10)), (open, None));
    }

    #[test]
    fn a_call_from_before_it_opened_says_nothing_new_unless_it_is_answered() {
        let half = trial(failed(5, at(0)), at(10));
        assert_eq!(half.failed(Permit::Usual, at(11)), half);
        assert_eq!(half.answered(), Breaker::default());
    }

    #[test]
    fn a_trial_that_is_never_heard_of_again_makes_way_for_another() {
        let half = trial(failed(5, at(0)), at(10));
        assert_eq!(half.admits(at(99)), Admits::NothingUntil(at(100)));
        assert_eq!(half.admits(at(100)), Admits::One);
        assert_eq!(half.unanswerable(Permit::Trial).admits(at(11)), Admits::One);
    }
}
