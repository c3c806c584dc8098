//! A text cut into words, numbers, marks and links, whatever its script.

use super::words;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Letters, as written.
    Word(String),
    /// Digits, in ASCII whatever the text's own are.
    Digits(String),
    /// ASCII letters and digits in one run.
    Mixed(String),
    /// A mark, such as `:`.
    Mark(char),
    /// The end of a line.
    Line,
    /// A link or a mail address.
    Link,
}

/// A piece, and whether white space stands before it.
#[derive(Debug, Clone)]
pub(super) struct Atom {
    pub(super) piece: Piece,
    pub(super) spaced: bool,
}

impl Atom {
    /// The word in lower case, if this is one.
    pub(super) fn word(&self) -> Option<String> {
        match &self.piece {
            Piece::Word(word) => Some(word.to_lowercase()),
            _ => None,
        }
    }

    /// The digits, if this is nothing else.
    pub(super) fn digits(&self) -> Option<&str> {
        match &self.piece {
            Piece::Digits(digits) => Some(digits),
            _ => None,
        }
    }

    /// The mark, if this is one.
    pub(super) fn mark(&self) -> Option<char> {
        match self.piece {
            Piece::Mark(mark) => Some(mark),
            _ => None,
        }
    }
}

/// The pieces of `text`, in its order.
pub(super) fn atoms_of(text: &str) -> Vec<Atom> {
    let chars: Vec<char> = text.chars().filter(|c| !is_invisible(*c)).map(plain).collect();
    let mut atoms = Vec::new();
    let (mut at, mut spaced) = (0, true);
    while at < chars.len() {
        let c = chars[at];
        let from = at;
        if c == '\n' {
            atoms.push(Atom { piece: Piece::Line, spaced });
            at += 1;
        } else if c.is_whitespace() {
            at += 1;
        } else if let Some(end) = link_end(&chars, at) {
            atoms.push(Atom { piece: Piece::Link, spaced });
            at = end;
        } else if is_latin(c) {
            at = end_of(&chars, at, is_latin);
            latin(&chars[from..at], spaced, &mut atoms);
        } else if is_letter(c) {
            at = end_of(&chars, at, |c| is_letter(c) && !is_latin(c));
            atoms.push(Atom { piece: Piece::Word(chars[from..at].iter().collect()), spaced });
        } else {
            atoms.push(Atom { piece: Piece::Mark(c), spaced });
            at += 1;
        }
        spaced = c.is_whitespace();
    }
    atoms
}

/// A run of Latin letters and digits: one piece, or several where a cue or a foreign letter parts them.
fn latin(run: &[char], spaced: bool, atoms: &mut Vec<Atom>) {
    let text: String = run.iter().collect();
    let head_end = end_of(run, 0, |c| !c.is_ascii_digit());
    let head: String = run[..head_end].iter().collect();
    let is_mixed = run.iter().any(char::is_ascii_digit) && run.iter().any(|c| !c.is_ascii_digit());
    let glued = words::after_cue(&head.to_lowercase()).is_some();
    if is_mixed && run.iter().all(char::is_ascii) && !glued {
        atoms.push(Atom { piece: Piece::Mixed(text), spaced });
        return;
    }
    let (mut at, mut spaced) = (0, spaced);
    while at < run.len() {
        let is_digit = run[at].is_ascii_digit();
        let end = end_of(run, at, |c| c.is_ascii_digit() == is_digit);
        let part: String = run[at..end].iter().collect();
        atoms.push(Atom { piece: if is_digit { Piece::Digits(part) } else { Piece::Word(part) }, spaced });
        (at, spaced) = (end, false);
    }
}

fn end_of(chars: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|c| !belongs(*c)).map_or(chars.len(), |length| from + length)
}

/// Where a link or a mail address that begins at `at` ends.
fn link_end(chars: &[char], at: usize) -> Option<usize> {
    let end = end_of(chars, at, |c| c.is_ascii_graphic());
    let rest: String = chars[at..end].iter().collect::<String>().to_ascii_lowercase();
    let is_url = ["http://", "https://", "www."].iter().any(|start| rest.starts_with(start));
    let is_first = chars[..at].last().is_none_or(|c| !c.is_ascii_graphic());
    (is_url || rest.contains('@') || is_path(&rest) || is_first && is_hash(&rest)).then_some(end)
}

/// `t.me/login/12345`: a name with a dot in it, then a path.
fn is_path(rest: &str) -> bool {
    rest.split_once('/').is_some_and(|(host, _)| {
        host.starts_with(|c: char| c.is_ascii_alphanumeric())
            && host.rsplit_once('.').is_some_and(|(name, top)| {
                name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
                    && top.len() >= 2
                    && top.bytes().all(|b| b.is_ascii_alphabetic())
            })
    })
}

/// The mark of an app that Android texts end with: eleven characters, as in `FA+9qCX9VSu`.
fn is_hash(rest: &str) -> bool {
    rest.len() == 11
        && rest.contains(['+', '/'])
        && rest.bytes().any(|b| b.is_ascii_alphabetic())
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}') && c.is_alphabetic()
        || matches!(c, '\u{300}'..='\u{36f}')
}

/// Letters, and the signs that scripts put on them.
fn is_letter(c: char) -> bool {
    c.is_alphabetic()
        || matches!(c, '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{e31}'..='\u{e4e}')
        || matches!(c, '\u{900}'..='\u{dff}') && !matches!(c, '\u{964}' | '\u{965}') && !c.is_numeric()
}

/// Marks of direction, joiners and other characters that are not seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Digits of any script in ASCII, wide letters narrow, every dash a hyphen, every colon a colon.
fn plain(c: char) -> char {
    const ZEROS: [char; 7] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}', '\u{ff10}', '\u{7c0}'];
    let digit = ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        char::from_digit(value, 10)
    });
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '：' => ':',
        '＝' => '=',
        '\r' | '\u{2028}' | '\u{2029}' => '\n',
        '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => {
            char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
        }
        _ => digit.unwrap_or(c),
    }
}
