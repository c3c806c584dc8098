//! Phone numbers, as the API shows them.

use std::fmt;

/// A number in E.164: a plus and 8 to 15 digits. Its `Debug` shows the last two digits alone,
/// since numbers must not reach a log.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(String);

/// A text that is no E.164 number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number in E.164")]
pub struct InvalidPhoneNumber;

impl PhoneNumber {
    /// # Errors
    /// [`InvalidPhoneNumber`] unless the text is `+` and 8 to 15 digits, the first of them not 0.
    pub fn try_new(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let digits = text.strip_prefix('+').ok_or(InvalidPhoneNumber)?;
        let fits = (8..=15).contains(&digits.len()) && !digits.starts_with('0');
        if fits && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPhoneNumber)
        }
    }

    /// The number with its plus.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What of it may be shown to others than its user: the last two digits, and a 1 in front.
    pub fn masked(&self) -> String {
        let digits = &self.0[1..];
        let last = &digits[digits.len() - 2..];
        match (digits.starts_with('1'), digits.len()) {
            (true, 11) => format!("+1 *** ***-**{last}"),
            (_, length) => format!("+{}{last}", "*".repeat(length - 2)),
        }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+…{}", &self.0[self.0.len() - 2..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_e164_is_a_number_and_debug_hides_it() {
        let number = PhoneNumber::try_new("+12223334444");
        assert_eq!(format!("{number:?}"), "Ok(+…44)");
        for text in ["", "+", "12223334444", "+0222333444", "+1222333444a", "+1234567890123456", "+1222"] {
            assert_eq!(PhoneNumber::try_new(text), Err(InvalidPhoneNumber), "{text}");
        }
    }

    #[test]
    fn of_a_masked_number_the_last_two_digits_are_left() {
        for (number, masked) in [("+12065550142", "+1 *** ***-**42"), ("+447700900123", "+**********23")] {
            assert_eq!(PhoneNumber::try_new(number).expect("a number").masked(), masked);
        }
    }
}
