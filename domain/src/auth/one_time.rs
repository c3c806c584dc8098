//! What somebody types as a second factor: the six digits of this half minute, or a recovery code.

use std::fmt;

use crate::{
    Random,
    auth::{Secret, totp::base32},
};

/// How many recovery codes come with a second factor.
pub const RECOVERY_CODES: usize = 10;

const DIGITS: usize = 6;
const RECOVERY_BYTES: usize = 20;
const RECOVERY_CHARS: usize = 32;
const GROUP: usize = 4;

/// A code as it was typed. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub enum OneTimeCode {
    /// From the user's device.
    Digits(u32),
    /// From the list that the user has put by.
    Recovery(RecoveryCode),
}

impl OneTimeCode {
    /// Six digits, or thirty-two letters and digits of Base32 in either case, in fours, with or without `-`
    /// between them.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().ok().map(Self::Digits);
        }
        RecoveryCode::read(text).map(Self::Recovery)
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

/// Stands in for the device once: 160 bits, so that its plain hash gives nothing away. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// A new code.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0u8; RECOVERY_BYTES];
        random.fill(&mut bytes);
        Self(base32(&bytes))
    }

    fn read(text: &str) -> Option<Self> {
        let mut code = String::with_capacity(RECOVERY_CHARS);
        let mut dash_may_follow = false;
        for char in text.chars() {
            match char.to_ascii_lowercase() {
                '-' if dash_may_follow => dash_may_follow = false,
                digit @ ('a'..='z' | '2'..='7') => {
                    code.push(digit);
                    dash_may_follow = code.len().is_multiple_of(GROUP) && code.len() < RECOVERY_CHARS;
                }
                _ => return None,
            }
        }
        (code.len() == RECOVERY_CHARS).then_some(Self(code))
    }

    /// Without dashes and in lower case: what is hashed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is shown, in eight fours: `abcd-efgh-…`.
    pub fn to_text(&self) -> Secret {
        let fours: Vec<&str> =
            (0..RECOVERY_CHARS).step_by(GROUP).filter_map(|from| self.0.get(from..from + GROUP)).collect();
        Secret::new(fours.join("-"))
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes;

    impl Random for Bytes {
        fn fill(&self, bytes: &mut [u8]) {
            for (place, byte) in (0u8..).zip(bytes) {
                *byte = place.wrapping_mul(37);
            }
        }
    }

    #[test]
    fn six_digits_are_a_code_and_keep_their_zeros() {
        assert_eq!(OneTimeCode::read("081804"), Some(OneTimeCode::Digits(81_804)));
        assert_eq!(OneTimeCode::read("000000"), Some(OneTimeCode::Digits(0)));
        for text in ["", "12345", "1234567", "12345a", "-12345", "+12345", "123 456", "١٢٣٤٥٦"] {
            assert_eq!(OneTimeCode::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_it_is_shown_and_as_people_type_it() {
        let code = RecoveryCode::generate(&Bytes);
        let shown = code.to_text().expose().to_owned();
        assert_eq!((shown.len(), shown.matches('-').count()), (39, 7));
        for text in [shown.clone(), shown.replace('-', ""), shown.to_uppercase(), shown.replacen('-', "", 1)]
        {
            assert_eq!(OneTimeCode::read(&text), Some(OneTimeCode::Recovery(code.clone())), "{text}");
        }
        for text in [
            &shown[..38],
            &shown[..19],
            &shown[5..],
            &format!("{shown}a"),
            &format!("{shown}-"),
            &format!("-{shown}"),
            &shown.replacen('-', "--", 1),
            &format!("{}-{}", &shown[..3], &shown[3..]),
            &shown.replace('-', " "),
            &shown.replacen(|char: char| char != '-', "1", 1),
            "abcd-efgh-ijkl-mnop-qrst-uvwx-yzab-cdeé",
        ] {
            assert_eq!(OneTimeCode::read(text), None, "{text}");
        }
    }

    #[test]
    fn codes_are_told_to_no_log() {
        let code = RecoveryCode::generate(&Bytes);
        assert_eq!(format!("{code:?}"), "RecoveryCode(…)");
        assert_eq!(format!("{:?}", OneTimeCode::Recovery(code)), "OneTimeCode(…)");
        assert_eq!(format!("{:?}", OneTimeCode::Digits(123_456)), "OneTimeCode(…)");
    }
}
