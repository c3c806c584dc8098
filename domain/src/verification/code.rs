//! Codes: what a text wants its reader to type.

use std::fmt;

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

    /// The code in a whole text: `G-123456`, `806-185`, `123 456`, `Your code is A1B2C3`.
    ///
    /// Of several candidates the one after a word such as "code" wins, then the first. Numbers that are plainly
    /// something else (a phone number, a time, a sum of money, part of a link) are no candidates.
    pub fn find_in(text: &str) -> Option<Self> {
        let words = words_of(text);
        let candidates: Vec<(usize, Self)> =
            (0..words.len()).filter_map(|at| candidate(&words, at).map(|code| (at, code))).collect();
        let after_cue = candidates.iter().find(|(at, _)| follows_cue(&words, *at));
        let digits_only = candidates.iter().find(|(_, code)| code.0.bytes().all(|b| b.is_ascii_digit()));
        after_cue.or(digits_only).or(candidates.first()).map(|(_, code)| code.clone())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Words that announce a code, in the languages that services write most.
const CUES: [&str; 14] = [
    "code",
    "otp",
    "pin",
    "password",
    "passcode",
    "código",
    "codigo",
    "kod",
    "codice",
    "token",
    "verification",
    "код",
    "código:",
    "kode",
];
const CUE_REACH: usize = 4;

fn words_of(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn candidate(words: &[&str], at: usize) -> Option<Code> {
    let word = words[at];
    if word.contains("://") || word.contains('@') || word.contains("www.") || word.contains('/') {
        return None;
    }
    // What follows a colon within one word is its own word: `code:123456`.
    let word = word
        .rsplit_once(':')
        .filter(|(before, _)| !before.ends_with(|c: char| c.is_ascii_digit()))
        .map_or(word, |(_, after)| after);
    let core = bare(word);
    if is_money(words, at) || is_clock(word) || word.starts_with('+') {
        return None;
    }
    if let Some(spaced) = spaced_digits(words, at, core) {
        return Code::try_new(&spaced);
    }
    if continues_spaced(words, at, core) {
        return None;
    }
    let core =
        core.split_once('-').filter(|(prefix, _)| is_brand_prefix(prefix)).map_or(core, |(_, rest)| rest);
    if !shape_of_code(core) {
        return None;
    }
    Code::try_new(core)
}

/// `G` in `G-123456`, `FB` in `FB-12345`: one to three capital letters.
fn is_brand_prefix(prefix: &str) -> bool {
    (1..=3).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_uppercase())
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `123 456` or `12 34 56`: equal groups of 2 to 4 digits, in two or three words.
fn spaced_digits(words: &[&str], at: usize, core: &str) -> Option<String> {
    if !digits(core) || !(2..=4).contains(&core.len()) || (at > 0 && group_like(words[at - 1], core.len())) {
        return None;
    }
    // The first group may stand behind a colon in its word; the others are words of their own, and only the last
    // may have a mark behind it.
    let mut run = vec![core];
    for word in &words[at + 1..] {
        let group = bare(word);
        if !digits(group) || group.len() != core.len() {
            break;
        }
        run.push(group);
        if group.len() != word.len() {
            break;
        }
    }
    let total = run.len() * core.len();
    ((2..=3).contains(&run.len()) && (MIN..=8).contains(&total)).then(|| run.concat())
}

fn group_like(word: &str, len: usize) -> bool {
    digits(word) && word.len() == len
}

/// True for the later groups of a spaced code, which are no codes of their own.
fn continues_spaced(words: &[&str], at: usize, core: &str) -> bool {
    at > 0 && digits(core) && core.len() < 5 && group_like(bare(words[at - 1]), core.len())
}

/// Digits, perhaps in groups joined by `-`; or letters and digits mixed with at least one of each and no
/// lower-case word in it.
fn shape_of_code(core: &str) -> bool {
    let groups: Vec<&str> = core.split('-').collect();
    let plain: usize = groups.iter().map(|g| g.len()).sum();
    if !(MIN..=MAX).contains(&plain) || groups.len() > 3 || groups.iter().any(|g| g.is_empty()) {
        return false;
    }
    if groups.iter().all(|g| digits(g)) {
        return groups.len() == 1 && plain <= 8 || groups.len() > 1 && (5..=8).contains(&plain);
    }
    let all_known = core.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
    let has = |test: fn(&u8) -> bool| core.bytes().any(|b| test(&b));
    let mixed_case = core.bytes().all(|b| b.is_ascii_alphanumeric())
        && core.bytes().filter(u8::is_ascii_digit).count() >= 2;
    has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && plain <= 8 && (all_known || mixed_case)
}

fn is_money(words: &[&str], at: usize) -> bool {
    let word = words[at];
    let currency =
        |w: &str| matches!(bare(w).to_ascii_uppercase().as_str(), "USD" | "EUR" | "NGN" | "GBP" | "DOLLARS");
    word.contains(['$', '€', '£', '₦', '%'])
        || words.get(at + 1).is_some_and(|w| currency(w))
        || at > 0 && currency(words[at - 1])
}

fn is_clock(word: &str) -> bool {
    let core = bare(word);
    core.split_once(':').is_some_and(|(h, m)| digits(h) && digits(&m.replace(':', "")))
}

fn follows_cue(words: &[&str], at: usize) -> bool {
    let is_cue = |word: &&str| {
        let word = word.to_lowercase();
        CUES.contains(&bare(&word)) || CUES.iter().any(|cue| word.starts_with(&format!("{cue}:")))
    };
    words[at.saturating_sub(CUE_REACH)..=at].iter().any(is_cue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> Option<String> {
        Code::find_in(text).map(|c| c.0)
    }

    #[test]
    fn codes_of_real_services_are_read() {
        for (text, expected) in [
            ("Your WhatsApp code: 806-185\nDon't share this code", "806185"),
            ("Your WhatsApp code is 806-185", "806185"),
            ("G-123456 is your Google verification code.", "123456"),
            ("FB-48291 is your Facebook code", "48291"),
            ("Your code is 482913", "482913"),
            ("Telegram code: 12345. You can also tap on this link: https://t.me/login/12345", "12345"),
            ("Use 123 456 to verify your account", "123456"),
            ("Your verification code is: 12 34 56", "123456"),
            ("[TikTok] 4821 is your verification code, valid for 5 minutes.", "4821"),
            ("Your code is A1B2C3", "A1B2C3"),
            ("code:123456", "123456"),
            ("code:123 456.", "123456"),
            ("Tu código es 778899.", "778899"),
            ("1234", "1234"),
            ("Your Uber code is 7391. Never share it. Reply STOP to 89203 to unsubscribe", "7391"),
            ("You requested $1500 to be sent. Confirm with code 902114", "902114"),
            ("Call +12223334444 or use 55821", "55821"),
        ] {
            assert_eq!(code(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_text_without_a_code_has_none() {
        for text in [
            "",
            "Hello, how are you?",
            "Your order ships at 12:30",
            "Call us at +12223334444",
            "You paid $1500",
            "https://example.com/123456",
            "Welcome to Signal!",
            "12",
        ] {
            assert_eq!(code(text), None, "{text}");
        }
    }

    #[test]
    fn a_providers_reading_loses_its_separators() {
        for (text, expected) in [("806-185", "806185"), ("G-123456", "123456"), (" 12 34 56 ", "123456")] {
            assert_eq!(Code::try_new(text).map(|c| c.0).as_deref(), Some(expected));
        }
        for text in ["", "123", "12345678901", "abcd", "12é456"] {
            assert_eq!(Code::try_new(text), None, "{text}");
        }
    }

    #[test]
    fn debug_hides_the_code() {
        assert_eq!(format!("{:?}", Code::try_new("482913")), "Some(Code(…))");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*") {
            let _ = Code::find_in(&text);
        }

        #[test]
        fn whatever_is_found_is_a_code(text in "[0-9A-Za-z :.-]{0,40}") {
            if let Some(code) = Code::find_in(&text) {
                prop_assert!((MIN..=MAX).contains(&code.0.len()));
                prop_assert!(code.0.bytes().any(|b| b.is_ascii_digit()));
            }
        }
    }
}
