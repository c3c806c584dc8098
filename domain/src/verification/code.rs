//! Codes: what a text wants its reader to type.

use std::fmt;

mod atoms;
mod candidates;
mod choice;
mod words;

/// A readable code: 4 to 10 letters and digits, at least one of them a digit. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

const MIN: usize = 4;
const MAX: usize = 10;

impl Code {
    /// The code in a text that is nothing but a code, as providers give it: separators are dropped, and a brand
    /// before them, as in `G-123456`.
    pub fn try_new(text: &str) -> Option<Self> {
        let text = text.trim();
        let branded = text.split_once('-').filter(|(prefix, rest)| is_brand_prefix(prefix) && digits(rest));
        let text = branded.map_or(text, |(_, rest)| rest);
        let bare: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        let fits = (MIN..=MAX).contains(&bare.len())
            && bare.bytes().all(|b| b.is_ascii_alphanumeric())
            && bare.bytes().any(|b| b.is_ascii_digit());
        fits.then_some(Self(bare))
    }

    /// The code in a whole text, whatever its language: `G-123456`, `806-185`, `验证码482913`, `Your code is A1B2C3`.
    ///
    /// The candidate beside a word such as "code" wins. Without one, a number counts only if it is alone and not
    /// plainly something else (a phone number, a time, a year, a sum of money, a short code to write to, part of a
    /// link): a code found is charged for, so in doubt there is none.
    pub fn find_in(text: &str) -> Option<Self> {
        choice::choose(text).map(Self)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `G` in `G-123456`, `FB` in `FB-12345`: one to three capital letters.
fn is_brand_prefix(prefix: &str) -> bool {
    (1..=3).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_uppercase())
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests;
