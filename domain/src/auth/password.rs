//! What a password must be: long enough, and none that everybody tries first. No rules of composition: they make
//! passwords that people forget and programs guess.

use std::sync::LazyLock;

use crate::auth::{Email, Secret};

/// Characters at least.
pub const MIN_CHARS: usize = 10;

/// Bytes at most, so that nobody makes us hash a book.
pub const MAX_BYTES: usize = 256;

/// One a line, in lower case, sorted; none that another rule refuses anyway. Our own compilation, made by rule out of
/// words, keyboards and dates; the rules are in `tests/src/passwords.rs` of the workspace.
const COMMON: &str = include_str!("common_passwords.txt");

/// Words of our own, which whoever guesses here tries first. None of them is a password with digits and signs alone
/// around it, nor several of them, nor one written with digits for letters.
const OURS: [&str; 14] = [
    "namaskah",
    "textverified",
    "paystack",
    "verification",
    "verify",
    "verified",
    "password",
    "wallet",
    "number",
    "phone",
    "service",
    "account",
    "login",
    "code",
];
/// A shorter name could be part of anything.
const SHORTEST_NAME: usize = 4;

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Below [`MIN_CHARS`].
    #[error("a password has at least {MIN_CHARS} characters")]
    TooShort,
    /// Above [`MAX_BYTES`].
    #[error("a password has at most {MAX_BYTES} bytes")]
    TooLong,
    /// Among the first that are tried: one of the list, words of our own, or one character over and over.
    #[error("this password is among the first that are guessed")]
    Common,
    /// The address, or the part before its `@` with digits and signs alone around it.
    #[error("the e-mail address cannot be the password")]
    IsEmail,
    /// Somebody else's list has it: whoever tries leaked passwords will try this one.
    #[error("this password is known from a leak elsewhere")]
    Leaked,
    /// A password that had to be changed, again.
    #[error("this is the present password")]
    Unchanged,
}

/// Checks a new password of the user with this address, by everything that needs nobody outside.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(password: &Secret, email: &Email) -> Result<(), WeakPassword> {
    let text = password.expose();
    if text.len() > MAX_BYTES {
        return Err(WeakPassword::TooLong);
    }
    if text.chars().count() < MIN_CHARS {
        return Err(WeakPassword::TooShort);
    }
    let folded = text.to_lowercase();
    let name = email.as_str().split('@').next().unwrap_or_default();
    let is_name = name.len() >= SHORTEST_NAME && is_only(&folded, &[name]);
    if folded == email.as_str() || folded == name || is_name {
        return Err(WeakPassword::IsEmail);
    }
    let mut chars = folded.chars();
    let first = chars.next();
    if chars.all(|char| Some(char) == first) || is_common(&folded) || is_only(&folded, &OURS) {
        return Err(WeakPassword::Common);
    }
    Ok(())
}

fn is_common(folded: &str) -> bool {
    static SORTED: LazyLock<Vec<&str>> = LazyLock::new(|| COMMON.lines().collect());
    SORTED.binary_search(&folded).is_ok()
}

/// True if nothing but digits and signs is left once these words are taken out, however they are written.
fn is_only(folded: &str, words: &[&str]) -> bool {
    let chars: Vec<char> = folded.chars().collect();
    let (mut rest, mut any) = (&chars[..], false);
    while let Some((first, after)) = rest.split_first() {
        match words.iter().find_map(|word| behind(rest, word)) {
            Some(behind) => (rest, any) = (behind, true),
            None if first.is_alphabetic() => return false,
            None => rest = after,
        }
    }
    any
}

/// What follows the word, if the text begins with it.
fn behind<'a>(text: &'a [char], word: &str) -> Option<&'a [char]> {
    word.chars().try_fold(text, |text, letter| {
        let (first, after) = text.split_first()?;
        reads_as(*first, letter).then_some(after)
    })
}

/// Signs that stand for letters in passwords.
const STANDS_FOR: [(char, char); 10] = [
    ('0', 'o'),
    ('1', 'i'),
    ('!', 'i'),
    ('1', 'l'),
    ('3', 'e'),
    ('4', 'a'),
    ('@', 'a'),
    ('5', 's'),
    ('$', 's'),
    ('7', 't'),
];

fn reads_as(char: char, letter: char) -> bool {
    char == letter || STANDS_FOR.contains(&(char, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(password: &str) -> Result<(), WeakPassword> {
        let email = Email::try_new("josephine.baker@example.com").expect("an address");
        check(&Secret::new(password.to_owned()), &email)
    }

    #[test]
    fn a_password_of_ten_characters_that_nobody_tries_is_taken() {
        assert_eq!(checked("kx9 tuba lo"), Ok(()));
        assert_eq!(checked("žluťoučký k"), Ok(()));
        assert_eq!(checked(&"ab".repeat(128)), Ok(()));
    }

    #[test]
    fn length_is_bounded_below_in_characters_and_above_in_bytes() {
        assert_eq!(checked(""), Err(WeakPassword::TooShort));
        assert_eq!(checked("x"), Err(WeakPassword::TooShort));
        assert_eq!(checked("kx9tubalo"), Err(WeakPassword::TooShort));
        assert_eq!(checked("ééééééééé"), Err(WeakPassword::TooShort));
        assert_eq!(checked(&"ab".repeat(129)), Err(WeakPassword::TooLong));
    }

    #[test]
    fn what_is_guessed_first_is_refused_in_any_case() {
        for password in
            ["password123", "PassWord123", "1234567890", "qwertyuiop", "iloveyou123", "aaaaaaaaaaaa"]
        {
            assert_eq!(checked(password), Err(WeakPassword::Common), "{password}");
        }
    }

    #[test]
    fn the_address_and_its_name_are_refused() {
        assert_eq!(checked("Josephine.Baker@example.com"), Err(WeakPassword::IsEmail));
        assert_eq!(checked("josephine.baker"), Err(WeakPassword::IsEmail));
    }

    #[test]
    fn our_own_words_are_refused_however_they_are_written() {
        for password in [
            "namaskah2026",
            "!!Namaskah!!",
            "N4m4$kah-123",
            "namaskahnamaskah",
            "TextVerified",
            "textver1fied#1",
            "Pay5tack-Wallet",
            "verify.code.1",
            "pa$$word.2027",
        ] {
            assert_eq!(checked(password), Err(WeakPassword::Common), "{password}");
        }
        for password in ["namaskah tuba", "my wallet 77", "numbernine9", "1209-5534-x", "encode 6612 kx"] {
            assert_eq!(checked(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn the_name_with_digits_and_signs_is_refused_unless_it_is_short() {
        assert_eq!(checked("Josephine.Baker-1906"), Err(WeakPassword::IsEmail));
        assert_eq!(checked("j0$ephine.b4ker"), Err(WeakPassword::IsEmail));
        assert_eq!(checked("josephine.bakers tuba"), Ok(()));
        let ada = Email::try_new("ada@example.com").expect("an address");
        assert_eq!(check(&Secret::new("1815-12-10 ada".to_owned()), &ada), Ok(()));
    }

    #[test]
    fn the_list_has_ten_thousand_entries_sorted_unique_folded_and_none_that_another_rule_refuses() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() >= 10_000, "{}", lines.len());
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
        for line in lines {
            assert_eq!(line, line.trim().to_lowercase());
            assert!(line.chars().count() >= MIN_CHARS && line.len() <= MAX_BYTES, "{line}");
            let first = line.chars().next();
            assert!(line.chars().any(|char| Some(char) != first), "{line}");
            assert_eq!(checked(line), Err(WeakPassword::Common));
        }
    }
}
