//! What people write in tickets. `Debug` hides it: it is read by the two who write to each other, and by no log.

use std::fmt;

/// A text that is none for a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subject is 1 to 200 characters in one line, a text 1 to 10,000")]
pub struct InvalidWords;

/// What a ticket is about: 1 to 200 characters in one line.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketSubject(String);

/// What somebody writes: 1 to 10,000 characters, lines and tabs allowed.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketText(String);

const LONGEST_SUBJECT: usize = 200;
const LONGEST_TEXT: usize = 10_000;

fn sized(text: &str, longest: usize, allowed: impl Fn(char) -> bool) -> Result<String, InvalidWords> {
    let text = text.trim();
    let fits = (1..=longest).contains(&text.chars().count());
    let is_clean = text.chars().all(|char| !char.is_control() || allowed(char));
    if fits && is_clean { Ok(text.to_owned()) } else { Err(InvalidWords) }
}

impl TicketSubject {
    /// Without the space around it.
    ///
    /// # Errors
    /// [`InvalidWords`] for an empty or longer text, and for one with control characters.
    pub fn try_new(text: &str) -> Result<Self, InvalidWords> {
        sized(text, LONGEST_SUBJECT, |_| false).map(Self)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TicketText {
    /// Without the space around it; lines end as on Unix.
    ///
    /// # Errors
    /// [`InvalidWords`] for an empty or longer text, and for one with control characters other than the ends of lines
    /// and tabs.
    pub fn try_new(text: &str) -> Result<Self, InvalidWords> {
        let lines = text.replace("\r\n", "\n");
        sized(&lines, LONGEST_TEXT, |char| char == '\n' || char == '\t').map(Self)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TicketSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketSubject(…)")
    }
}

impl fmt::Debug for TicketText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_of_at_most_200_characters() {
        let told = |text: &str| TicketSubject::try_new(text).map(|subject| subject.as_str().to_owned());
        assert_eq!(told("  No code came  "), Ok("No code came".to_owned()));
        assert_eq!(told(&"é".repeat(200)), Ok("é".repeat(200)));
        for text in ["", " \n ", "two\nlines", "a\ttab", "a\u{7}bell", &"x".repeat(201)] {
            assert_eq!(told(text), Err(InvalidWords), "{text:?}");
        }
    }

    #[test]
    fn a_text_has_lines_and_tabs_and_at_most_10_000_characters() {
        let told = |text: &str| TicketText::try_new(text).map(|text| text.as_str().to_owned());
        assert_eq!(told("one\r\n\ttwo\n"), Ok("one\n\ttwo".to_owned()));
        assert_eq!(told(&"é".repeat(10_000)), Ok("é".repeat(10_000)));
        for text in ["", "\n\t", "a\0b", "a\u{1b}[31m", "a\rb", &"x".repeat(10_001)] {
            assert_eq!(told(text), Err(InvalidWords), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_no_word() {
        let subject = TicketSubject::try_new("secret").expect("a subject");
        let text = TicketText::try_new("secret").expect("a text");
        assert!(!format!("{subject:?}{text:?}").contains("secret"));
    }
}
