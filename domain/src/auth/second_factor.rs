//! A user's second factor: off, pending or on; and what each code does to it.
//!
//! It is a part of the user's record, so whatever uses a code up is committed with that record's next version: of
//! two requests with one code, one is `Stale`, decides again, and finds the code used.

use chrono::TimeDelta;

use crate::{
    Time,
    auth::{OneTimeCode, OneTimeCodes, TokenHash, TokenSigner, TotpSecret, TotpStep},
    time::{minutes, seconds},
};

/// Wrong codes in a row that cost nothing.
const FREE_MISSES: u32 = 5;
/// How long digits are refused after the next one; it doubles with each more, up to [`CLOSED_AT_MOST`].
const CLOSED_AT_FIRST: TimeDelta = seconds(30);
const CLOSED_AT_MOST: TimeDelta = minutes(15);

/// Where a user's second factor stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SecondFactor {
    /// There is none.
    #[default]
    Off,
    /// One was begun, and has shown no code yet. Nothing asks for it.
    Pending(Enrolment),
    /// Signing in needs a code.
    On(Totp),
}

impl SecondFactor {
    /// True if signing in needs a code.
    pub const fn is_on(&self) -> bool {
        matches!(self, Self::On(_))
    }
}

/// A second factor that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// What the user's device was given.
    pub secret: TotpSecret,
    /// When.
    pub begun_at: Time,
}

impl Enrolment {
    /// Pending -> On: the device has shown that it knows the secret. That code is used up. `None` for another code.
    pub fn confirm(
        self,
        code: &OneTimeCode,
        codes: &dyn OneTimeCodes,
        recovery: Vec<TokenHash>,
        now: Time,
    ) -> Option<Totp> {
        let OneTimeCode::Digits(digits) = code else { return None };
        let last_step = self.secret.step_of(*digits, codes, None, now)?;
        Some(Totp { secret: self.secret, since: now, last_step, misses: 0, closed_until: now, recovery })
    }
}

/// A second factor that is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totp {
    /// What the user's device makes codes from.
    pub secret: TotpSecret,
    /// Since when it is on.
    pub since: Time,
    /// The newest step whose code was used; neither it nor one before it counts any more.
    pub last_step: TotpStep,
    /// Wrong codes since the last right one.
    pub misses: u32,
    /// Until when digits are not even looked at.
    pub closed_until: Time,
    /// Hashes of the recovery codes that are left.
    pub recovery: Vec<TokenHash>,
}

/// What became of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It was right, and is used up.
    Passed(Totp),
    /// It was wrong, or used before.
    Missed(Totp),
    /// Too many were wrong: it was not looked at.
    Closed {
        /// Until when that is so.
        until: Time,
    },
}

impl Totp {
    /// Decides on a code. Guessing is slowed down here, for all who guess and wherever they are, since only somebody
    /// with the password, or with an open session, gets so far. A recovery code cannot be guessed, so it is taken even when digits are not.
    #[must_use]
    pub fn admit(
        self,
        code: &OneTimeCode,
        codes: &dyn OneTimeCodes,
        signer: &dyn TokenSigner,
        now: Time,
    ) -> Admission {
        match code {
            OneTimeCode::Digits(_) if now < self.closed_until => {
                Admission::Closed { until: self.closed_until }
            }
            OneTimeCode::Digits(digits) => {
                match self.secret.step_of(*digits, codes, Some(self.last_step), now) {
                    Some(last_step) => Admission::Passed(Self { last_step, ..self }.cleared(now)),
                    None => Admission::Missed(self.missed(now)),
                }
            }
            OneTimeCode::Recovery(code) => {
                let hash = signer.hash(code.as_str());
                let left: Vec<TokenHash> =
                    self.recovery.iter().copied().filter(|known| *known != hash).collect();
                if left.len() == self.recovery.len() {
                    return Admission::Missed(self.missed(now));
                }
                Admission::Passed(Self { recovery: left, ..self }.cleared(now))
            }
        }
    }

    fn cleared(self, now: Time) -> Self {
        Self { misses: 0, closed_until: now, ..self }
    }

    fn missed(self, now: Time) -> Self {
        let misses = self.misses.saturating_add(1);
        let closed = misses.checked_sub(FREE_MISSES).map(|more| {
            let doubled = 2i32.checked_pow(more).unwrap_or(i32::MAX);
            CLOSED_AT_FIRST.checked_mul(doubled).map_or(CLOSED_AT_MOST, |wait| wait.min(CLOSED_AT_MOST))
        });
        let closed_until = self.closed_until.max(now + closed.unwrap_or_default());
        Self { misses, closed_until, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{RecoveryCode, ports::MockTokenSigner, totp::tests::Counting};

    struct Bytes(u8);

    impl crate::Random for Bytes {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("a time")
    }

    fn hash(text: &str) -> TokenHash {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(text.as_bytes());
        TokenHash(bytes)
    }

    fn recovery(seed: u8) -> RecoveryCode {
        RecoveryCode::generate(&Bytes(seed))
    }

    fn enrolment() -> Enrolment {
        Enrolment { secret: TotpSecret::from_stored([1; 20]), begun_at: at(2_990) }
    }

    /// On since step 100, with two recovery codes.
    fn totp() -> Totp {
        let hashes = [1, 2].map(|seed| hash(recovery(seed).as_str())).to_vec();
        enrolment().confirm(&OneTimeCode::Digits(100), &Counting, hashes, at(3_000)).expect("the right code")
    }

    fn admit(totp: Totp, code: &OneTimeCode, now: i64) -> Admission {
        let mut signer = MockTokenSigner::new();
        signer.expect_hash().returning(hash);
        totp.admit(code, &Counting, &signer, at(now))
    }

    fn passed(admission: Admission) -> Totp {
        let Admission::Passed(totp) = admission else { panic!("{admission:?}") };
        totp
    }

    fn missed(admission: Admission) -> Totp {
        let Admission::Missed(totp) = admission else { panic!("{admission:?}") };
        totp
    }

    #[test]
    fn it_is_on_once_the_device_has_shown_a_code_and_that_code_is_used() {
        for wrong in [OneTimeCode::Digits(102), OneTimeCode::Recovery(recovery(1))] {
            assert_eq!(enrolment().confirm(&wrong, &Counting, Vec::new(), at(3_000)), None);
        }
        let on = totp();
        assert_eq!((on.since, on.last_step.get(), on.misses), (at(3_000), 100, 0));
        missed(admit(on, &OneTimeCode::Digits(100), 3_001));
    }

    #[test]
    fn a_code_works_once_and_the_next_one_after_it() {
        let once = passed(admit(totp(), &OneTimeCode::Digits(101), 3_030));
        assert_eq!(once.last_step.get(), 101);
        missed(admit(once.clone(), &OneTimeCode::Digits(101), 3_030));
        assert_eq!(passed(admit(once, &OneTimeCode::Digits(102), 3_030)).last_step.get(), 102);
    }

    #[test]
    fn a_recovery_code_works_once_and_leaves_the_others() {
        let [one, two, none] = [1, 2, 3].map(|seed| OneTimeCode::Recovery(recovery(seed)));
        missed(admit(totp(), &none, 3_000));
        let left = passed(admit(totp(), &one, 3_000));
        assert_eq!(left.recovery, [hash(recovery(2).as_str())]);
        missed(admit(left.clone(), &one, 3_000));
        assert_eq!(passed(admit(left, &two, 3_000)).recovery, []);
    }

    #[test]
    fn after_five_misses_each_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let (mut totp, mut now) = (totp(), 3_030);
        let mut waits = Vec::new();
        for _ in 0..40 {
            totp = missed(admit(totp, &OneTimeCode::Digits(7), now));
            waits.push((totp.closed_until - at(now)).num_seconds().max(0));
            now = now.max(totp.closed_until.timestamp());
        }
        assert_eq!(waits[..10], [0, 0, 0, 0, 30, 60, 120, 240, 480, 900]);
        assert!(waits[10..].iter().all(|wait| *wait == 900), "{waits:?}");
    }

    #[test]
    fn while_closed_not_even_the_right_digits_count_but_a_recovery_code_opens() {
        let mut totp = totp();
        for _ in 0..5 {
            totp = missed(admit(totp, &OneTimeCode::Digits(7), 3_060));
        }
        let closed = Admission::Closed { until: at(3_090) };
        assert_eq!(admit(totp.clone(), &OneTimeCode::Digits(102), 3_089), closed);
        let opened = passed(admit(totp.clone(), &OneTimeCode::Recovery(recovery(1)), 3_089));
        assert_eq!((opened.misses, opened.closed_until), (0, at(3_089)));
        let waited = passed(admit(totp, &OneTimeCode::Digits(103), 3_090));
        assert_eq!(missed(admit(waited, &OneTimeCode::Digits(7), 3_090)).misses, 1);
    }

    #[test]
    fn only_what_is_on_asks_for_codes() {
        assert!(!SecondFactor::default().is_on() && !SecondFactor::Pending(enrolment()).is_on());
        assert!(SecondFactor::On(totp()).is_on());
    }
}
