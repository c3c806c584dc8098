//! The service's lines, `SUFFIX:COUNT`: of each hash in a range what follows its prefix, and how often it was seen in leaks.
//! Lines that pad an answer are seen never.

/// Hex digits of a hash that are sent.
pub(super) const PREFIX: usize = 5;
/// Hex digits of a hash that stand in a line, and are never sent.
const SUFFIX: usize = 35;
/// Largest answer that is read, in bytes. Ranges have one or two thousand lines of 40 bytes.
pub(super) const CAP: usize = 512 * 1024;

/// Which part of an answer is not as agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is larger than [`CAP`].
    Size,
    /// A line does not begin with a suffix; or there is no line at all, and every range has some.
    Suffix,
    /// What follows a suffix is no count.
    Count,
}

impl Unreadable {
    /// In words, with nothing of the answer.
    pub const fn part(self) -> &'static str {
        match self {
            Self::Size => "a range that is too large",
            Self::Suffix => "the hash in a line of a range",
            Self::Count => "the count in a line of a range",
        }
    }
}

/// True if a range says that the hash with this suffix was seen. Every line is read: an answer that is wrong in one of them
/// is believed in none.
///
/// # Errors
/// The first part that is not as agreed.
pub(super) fn says_seen(range: &[u8], suffix: &str) -> Result<bool, Unreadable> {
    if range.len() > CAP {
        return Err(Unreadable::Size);
    }
    let mut is_seen = false;
    // The last line may end, too.
    for line in range.strip_suffix(b"\n").unwrap_or(range).split(|byte| *byte == b'\n') {
        let (hash, count) = read(line.strip_suffix(b"\r").unwrap_or(line))?;
        is_seen |= count > 0 && hash.eq_ignore_ascii_case(suffix.as_bytes());
    }
    Ok(is_seen)
}

fn read(line: &[u8]) -> Result<(&[u8], u64), Unreadable> {
    let (hash, rest) = line.split_at_checked(SUFFIX).ok_or(Unreadable::Suffix)?;
    if !hash.iter().all(u8::is_ascii_hexdigit) {
        return Err(Unreadable::Suffix);
    }
    let digits = rest.strip_prefix(b":").filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let count = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    Ok((hash, count.ok_or(Unreadable::Count)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `password`, behind `5BAA6`.
    const SEEN: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
    const OTHER: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD9";

    fn range(line: &str) -> String {
        let other = |digit: &str| format!("{}:3", digit.repeat(SUFFIX));
        [other("0"), line.to_owned(), other("F")].join("\r\n")
    }

    #[test]
    fn a_hash_is_seen_if_its_line_counts_and_no_other_is() {
        for (line, suffix, seen) in [
            (format!("{SEEN}:9545824"), SEEN, true),
            (format!("{SEEN}:1"), SEEN, true),
            (format!("{SEEN}:18446744073709551615"), SEEN, true),
            (format!("{SEEN}:007"), SEEN, true),
            (format!("{SEEN}:1"), OTHER, false),
            (format!("{}:1", SEEN.to_ascii_lowercase()), SEEN, true),
            // These pad the answer.
            (format!("{SEEN}:0"), SEEN, false),
            (format!("{SEEN}:000"), SEEN, false),
        ] {
            assert_eq!(says_seen(range(&line).as_bytes(), suffix), Ok(seen), "{line}");
        }
    }

    #[test]
    fn lines_end_in_either_way_and_the_last_one_may_end_too() {
        let text = range(&format!("{SEEN}:2"));
        let bare = text.replace("\r\n", "\n");
        for text in [&text, &bare, &format!("{text}\r\n"), &format!("{bare}\n"), &format!("{SEEN}:2")] {
            assert_eq!(says_seen(text.as_bytes(), SEEN), Ok(true), "{text:?}");
            assert_eq!(says_seen(text.as_bytes(), OTHER), Ok(false), "{text:?}");
        }
    }

    #[test]
    fn a_padded_line_does_not_take_back_what_another_says() {
        for lines in [format!("{SEEN}:2\r\n{SEEN}:0"), format!("{SEEN}:0\r\n{SEEN}:2")] {
            assert_eq!(says_seen(lines.as_bytes(), SEEN), Ok(true), "{lines}");
        }
    }

    #[test]
    fn one_line_that_is_not_as_agreed_spoils_the_answer() {
        use Unreadable::{Count, Suffix};
        for (line, part) in [
            (String::new(), Suffix),
            (" ".to_owned(), Suffix),
            ("<html>".to_owned(), Suffix),
            (SEEN[1..].to_owned(), Suffix),
            (format!(" {SEEN}:1"), Suffix),
            (format!("{}:1", &SEEN[1..]), Suffix),
            (format!("{}G:1", &SEEN[1..]), Suffix),
            (format!("{}é:1", &SEEN[2..]), Suffix),
            (format!("0{SEEN}:1"), Count),
            (SEEN.to_owned(), Count),
            (format!("{SEEN}:"), Count),
            (format!("{SEEN};1"), Count),
            (format!("{SEEN}:x"), Count),
            (format!("{SEEN}:-1"), Count),
            (format!("{SEEN}:+1"), Count),
            (format!("{SEEN}:1.5"), Count),
            (format!("{SEEN}: 1"), Count),
            (format!("{SEEN}:1 "), Count),
            (format!("{SEEN}:1\r"), Count),
            (format!("{SEEN}:18446744073709551616"), Count),
        ] {
            // Even behind the line that was looked for.
            let text = range(&format!("{SEEN}:2\r\n{line}"));
            assert_eq!(says_seen(text.as_bytes(), SEEN), Err(part), "{line:?}");
        }
        for nothing in ["", "\n", "\r\n", "\n\n"] {
            assert_eq!(says_seen(nothing.as_bytes(), SEEN), Err(Suffix), "{nothing:?}");
        }
        assert_eq!(says_seen(&[0xFF; 64], SEEN), Err(Suffix));
    }

    #[test]
    fn an_answer_without_end_is_not_read() {
        let line = format!("{OTHER}:1\r\n");
        let most = line.repeat(CAP / line.len());
        assert_eq!(says_seen(most.as_bytes(), SEEN), Ok(false));
        assert_eq!(says_seen(format!("{most}{line}").as_bytes(), SEEN), Err(Unreadable::Size));
    }
}
