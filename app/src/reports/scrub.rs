//! What is taken out of words of others before they leave. An error of a driver may quote a value, and that of a provider
//! anything: better too much is taken than too little.

/// So much of a text is kept.
const LONGEST: usize = 400;
/// A longer word of letters and digits may be a key.
const LONGEST_WORD: usize = 19;

/// The same without numbers, codes, addresses, keys, links and quotations.
pub(crate) fn scrubbed(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut rest = text.split_whitespace();
    while let Some(word) = rest.next() {
        let before = words.last().copied().unwrap_or_default();
        match quoted(word) {
            Some(quote) => {
                // To its other end, or to the end of the text.
                if !ends(word, quote) {
                    rest.by_ref().find(|word| word.trim_end_matches(is_stop).ends_with(quote));
                }
                words.push("[quoted]");
            }
            None => words.push(of_word(word, before)),
        }
    }
    let mut kept = words.join(" ");
    if let Some((end, _)) = kept.char_indices().nth(LONGEST) {
        kept.truncate(end);
        kept.push('…');
    }
    kept
}

fn is_stop(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | ')' | ']' | '}' | '!' | '?')
}

/// The sign that a quotation begins with, wherever in a word.
fn quoted(word: &str) -> Option<char> {
    // Within a word it is an apostrophe.
    let begins = |at: usize| !word[..at].ends_with(char::is_alphanumeric);
    let found = word.char_indices().find(|(at, c)| matches!(c, '"' | '\'' | '`' | '“' | '‘') && begins(*at));
    found.map(|(_, sign)| match sign {
        '“' => '”',
        '‘' => '’',
        sign => sign,
    })
}

/// True if a quotation ends in the word that it begins in.
fn ends(word: &str, quote: char) -> bool {
    let signs = word.chars().filter(|c| *c == quote || matches!(c, '“' | '‘')).count();
    signs > 1 && word.trim_end_matches(is_stop).ends_with(quote)
}

fn of_word<'a>(word: &'a str, before: &str) -> &'a str {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let is_status = before == "status" && digits == 3;
    if word.contains("://") {
        "[link]"
    } else if word.contains('@') {
        "[address]"
    } else if digits > 2 && !is_status {
        "[number]"
    } else if word.len() > LONGEST_WORD && !is_word_of_ours(word) {
        "[key]"
    } else {
        word
    }
}

/// A long word of small letters, as in the name of a constraint or of a type.
fn is_word_of_ours(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b':' || is_stop(char::from(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_user_is_left() {
        for (text, left) in [
            ("mail to ada@example.com bounced", "mail to [address] bounced"),
            ("Key (email)=(ada@example.com) exists", "Key [address] exists"),
            ("text \"Your code is 806-185\" is unread", "text [quoted] is unread"),
            ("text 'a b", "text [quoted]"),
            ("value \"x\", then more", "value [quoted] then more"),
            ("code 806-185 of +12025550100.", "code [number] of [number]"),
            ("call 202 555 0100 back", "call [number] [number] [number] back"),
            ("see https://pay.example/x?token=y now", "see [link] now"),
            ("order ver_01kb2s4jt7e2e8z6p0h1m8x3v9 is gone", "order [number] is gone"),
            ("Bearer eyJhbGciOiJFZERTQSJ.AbCdEfGhIj", "Bearer [key]"),
            ("connect 10.0.0.7:5432 refused", "connect [number] refused"),
        ] {
            assert_eq!(scrubbed(text), left, "{text}");
        }
    }

    #[test]
    fn what_helps_is_kept() {
        for text in [
            "the provider answered with status 503 (unavailable)",
            "a constraint accounts_wallet_covers_held_amount is broken",
            "no answer in time, and the provider's list isn't whole",
            "panic: index out of bounds: the len is 3 but the index is 12",
        ] {
            assert_eq!(scrubbed(text), text);
        }
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let cut = scrubbed(&"ä ".repeat(2_000));
        assert_eq!(cut.chars().count(), LONGEST + 1);
    }
}
