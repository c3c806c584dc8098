//! Time-based one-time codes (RFC 6238): their secret, and which steps count.

use std::fmt;

use crate::{
    Random, Time,
    auth::{Email, OneTimeCodes, Secret},
};

/// Seconds for which a code is shown.
pub const STEP_S: i64 = 30;

/// Steps before and after the present one whose codes are taken: clocks differ, and typing takes a while.
const DRIFT: i64 = 1;

const SECRET_BYTES: usize = 20;
const ISSUER: &str = "Namaskah";

/// What codes are made from: 160 bits that the user's device knows too. `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// A new secret.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0u8; SECRET_BYTES];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// A secret as it was stored.
    pub const fn from_stored(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for whoever makes codes or seals it.
    pub const fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// As people type it into their device: Base32 of RFC 4648, 32 characters.
    pub fn to_text(self) -> Secret {
        Secret::new(base32(&self.0).to_ascii_uppercase())
    }

    /// What a QR code tells the user's device, with the account's address as its name.
    pub fn otpauth_url(self, account: &Email) -> Secret {
        let (secret, account) = (self.to_text(), percent_encoded(account.as_str()));
        Secret::new(format!(
            "otpauth://totp/{ISSUER}:{account}?secret={}&issuer={ISSUER}&algorithm=SHA1&digits=6&period={STEP_S}",
            secret.expose()
        ))
    }

    /// The newest step around `now`, and after `used`, whose code is `digits`. The newest, since no older one may
    /// be used after it.
    pub fn step_of(
        &self,
        digits: u32,
        codes: &dyn OneTimeCodes,
        used: Option<TotpStep>,
        now: Time,
    ) -> Option<TotpStep> {
        let present = TotpStep::at(now).0;
        let window = (present - DRIFT..=present + DRIFT).rev().map(TotpStep);
        window
            .filter(|step| used.is_none_or(|used| *step > used))
            .find(|step| codes.code(self, *step) == digits)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// The time of one code: how many times [`STEP_S`] seconds have passed since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotpStep(i64);

impl TotpStep {
    /// The step in which `time` is.
    pub const fn at(time: Time) -> Self {
        Self(time.timestamp().div_euclid(STEP_S))
    }

    /// A step as it was stored.
    pub const fn from_stored(number: i64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Base32 of RFC 4648 in lower case, of whole groups of five bytes; the rest is left out.
pub(super) fn base32(bytes: &[u8]) -> String {
    let (groups, _) = bytes.as_chunks::<5>();
    let digits = groups.iter().flat_map(|group| {
        let bits = group.iter().fold(0u64, |bits, byte| bits * 256 + u64::from(*byte));
        (0..8).rev().map(move |place| usize::from((bits >> (5 * place)) as u8 & 31))
    });
    digits.map(|digit| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[digit])).collect()
}

/// Everything but letters, digits and `-._~` as `%` and two hexadecimal digits (RFC 3986).
fn percent_encoded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    safe
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The code of a step is its number.
    pub(in crate::auth) struct Counting;

    impl OneTimeCodes for Counting {
        fn code(&self, _secret: &TotpSecret, step: TotpStep) -> u32 {
            u32::try_from(step.get()).unwrap_or_default()
        }
    }

    /// Every step has the same code.
    struct Stuck;

    impl OneTimeCodes for Stuck {
        fn code(&self, _secret: &TotpSecret, _step: TotpStep) -> u32 {
            7
        }
    }

    const SECRET: TotpSecret = TotpSecret::from_stored(*b"12345678901234567890");

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("a time")
    }

    fn found(digits: u32, used: Option<i64>, now: i64) -> Option<i64> {
        let used = used.map(TotpStep::from_stored);
        SECRET.step_of(digits, &Counting, used, at(now)).map(TotpStep::get)
    }

    #[test]
    fn the_code_before_the_present_one_and_the_code_after_it_are_taken() {
        // 3000 is the first second of step 100, 3029 its last.
        for now in [3_000, 3_029] {
            for digits in [99, 100, 101] {
                assert_eq!(found(digits, None, now), Some(i64::from(digits)), "{digits} at {now}");
            }
            for digits in [98, 102] {
                assert_eq!(found(digits, None, now), None, "{digits} at {now}");
            }
        }
        assert_eq!((found(98, None, 2_999), found(101, None, 2_999)), (Some(98), None));
        assert_eq!((found(99, None, 3_030), found(102, None, 3_030)), (None, Some(102)));
    }

    #[test]
    fn a_step_that_was_used_and_those_before_it_count_no_more() {
        assert_eq!(found(100, Some(99), 3_000), Some(100));
        for digits in [99, 100] {
            assert_eq!(found(digits, Some(100), 3_000), None);
        }
        assert_eq!(found(101, Some(100), 3_000), Some(101));
    }

    #[test]
    fn a_code_that_two_steps_share_uses_both_up() {
        let first = SECRET.step_of(7, &Stuck, None, at(3_000));
        assert_eq!(first.map(TotpStep::get), Some(101));
        assert_eq!(SECRET.step_of(7, &Stuck, first, at(3_000)), None);
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        assert_eq!(SECRET.as_bytes(), b"12345678901234567890");
        assert_eq!(SECRET.to_text().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(base32(b"fooba"), "mzxw6ytb");
        assert_eq!(base32(&[0xff; 5]), "77777777");
        assert_eq!(base32(&[0; 5]), "aaaaaaaa");
    }

    #[test]
    fn the_url_names_issuer_account_and_the_way_codes_are_made() {
        let account = Email::try_new("a+b'c@example.com").expect("an address");
        assert_eq!(
            SECRET.otpauth_url(&account).expose(),
            "otpauth://totp/Namaskah:a%2Bb%27c%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Namaskah&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_secret_is_told_to_no_log() {
        assert_eq!(format!("{SECRET:?}"), "TotpSecret(…)");
        assert_eq!(format!("{:?}", SECRET.to_text()), "Secret(…)");
    }
}
