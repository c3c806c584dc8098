//! What in a text may be a code, and what speaks against it.

use super::{
    MAX, MIN,
    atoms::{Atom, Piece},
    words,
};

/// The longest run of digits that is taken for a code where no cue stands right beside it.
const USUAL_MAX: usize = 8;

/// Why a candidate is a code only right beside a cue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A year or a date, if nothing says otherwise.
    Date,
    /// Named as something else (an account, a short code to write to), or of an unusual shape.
    Other,
}

/// What may be a code: the atoms `from..end`.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) from: usize,
    pub(super) end: usize,
    pub(super) text: String,
    pub(super) is_number: bool,
    pub(super) doubt: Option<Doubt>,
}

/// Every candidate, in the order of the text. `has_cue`: some word of the text announces a code.
pub(super) fn candidates_of(atoms: &[Atom], in_cued_sentence: &dyn Fn(usize) -> bool) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < atoms.len() {
        let (end, candidate) = match &atoms[at].piece {
            Piece::Mark('+') => (phone_end(atoms, at), None),
            Piece::Digits(_) => number(atoms, at, in_cued_sentence),
            Piece::Mixed(_) => mixed(atoms, at),
            _ => (at, None),
        };
        found.extend(candidate);
        at = end.max(at + 1);
    }
    found
}

/// Past `+1 (222) 333-4444`, but no further than a phone number goes.
fn phone_end(atoms: &[Atom], plus: usize) -> usize {
    let (mut at, mut total) = (plus + 1, 0);
    while let Some(atom) = atoms.get(at) {
        match &atom.piece {
            Piece::Digits(digits) if total < 10 && (!atom.spaced || digits.len() <= 4) => {
                total += digits.len()
            }
            Piece::Mark('-' | '.' | '(' | ')') => {}
            _ => break,
        }
        at += 1;
    }
    at
}

/// The number that begins at `at`, whole, and the code in it.
fn number(atoms: &[Atom], at: usize, cued: &dyn Fn(usize) -> bool) -> (usize, Option<Candidate>) {
    let (groups, marks, end) = tight(atoms, at);
    let (text, doubt, end) = if !marks.is_empty() {
        match hyphenated(&groups, &marks) {
            Some((text, doubt)) => (text, doubt, end),
            None => return (end, None),
        }
    } else {
        match spaced(atoms, at) {
            Spaced::Code(text, end) => (text, None, end),
            Spaced::Phone(end) => return (end, None),
            Spaced::No => (groups.concat(), date(groups[0]), end),
        }
    };
    if !(MIN..=MAX).contains(&text.len()) || is_sum(atoms, at, end) || is_count(atoms, end, &text) {
        return (end, None);
    }
    let is_other = text.len() > USUAL_MAX || is_named_otherwise(atoms, at, end, cued(at));
    let doubt = if is_other { Some(Doubt::Other) } else { doubt };
    (end, Some(Candidate { from: at, end, text, is_number: true, doubt }))
}

/// Digits joined by marks without a space: groups, marks, and where they end.
fn tight(atoms: &[Atom], at: usize) -> (Vec<&str>, Vec<char>, usize) {
    let (mut groups, mut marks, mut end) = (Vec::new(), Vec::new(), at);
    while let Some(digits) = atoms.get(end).and_then(Atom::digits) {
        groups.push(digits);
        end += 1;
        let joins = |mark: &char| matches!(mark, '-' | '.' | '/' | ':' | ',');
        let Some(mark) = atoms.get(end).filter(|a| !a.spaced).and_then(Atom::mark).filter(joins) else {
            break;
        };
        let goes_on = atoms.get(end + 1).is_some_and(|next| !next.spaced && next.digits().is_some());
        // `482913,10 minutes`: the sentence goes on.
        let is_new_count = matches!(mark, '.' | ',') && is_unit_at(atoms, end + 2);
        if !goes_on || is_new_count {
            break;
        }
        marks.push(mark);
        end += 1;
    }
    (groups, marks, end)
}

/// `806-185`, `12-34-56`; other numbers with marks are times, dates, sums and addresses.
fn hyphenated(groups: &[&str], marks: &[char]) -> Option<(String, Option<Doubt>)> {
    let total: usize = groups.iter().map(|group| group.len()).sum();
    if marks.iter().any(|mark| *mark != '-') || groups.len() > 3 || !(MIN..=USUAL_MAX).contains(&total) {
        return None;
    }
    let small = |at: usize, most: u32| groups[at].parse().is_ok_and(|n: u32| (1..=most).contains(&n));
    let even = groups.iter().all(|group| group.len() == groups[0].len());
    if !even && groups.len() == 3 {
        return None;
    }
    let like_date = groups.len() == 3 && (small(0, 31) && small(1, 12) || small(1, 12) && small(2, 31));
    let doubt = if even { like_date.then_some(Doubt::Date) } else { Some(Doubt::Other) };
    Some((groups.concat(), doubt))
}

enum Spaced {
    Code(String, usize),
    Phone(usize),
    No,
}

/// `123 456`, `12 34 56`, `1 2 3 4`: equal groups; more than eight digits in such groups are a phone number.
fn spaced(atoms: &[Atom], at: usize) -> Spaced {
    let mut groups = Vec::new();
    while let Some(digits) = atoms.get(at + groups.len()).and_then(Atom::digits) {
        let here = at + groups.len();
        if !tight(atoms, here).1.is_empty() || digits.len() > 4 {
            break;
        }
        groups.push(digits);
    }
    let equal = groups.iter().take_while(|group| group.len() == groups[0].len()).count();
    let text = groups[..equal].concat();
    if groups.concat().len() > USUAL_MAX {
        Spaced::Phone(at + groups.len())
    } else if equal > 1 && text.len() >= MIN {
        Spaced::Code(text, at + equal)
    } else {
        Spaced::No
    }
}

/// A year of these two centuries, or a day written in eight digits.
fn date(digits: &str) -> Option<Doubt> {
    let century = digits.starts_with("19") || digits.starts_with("20");
    let part = |from: usize, most: u32| {
        digits.get(from..from + 2).and_then(|n| n.parse().ok()).is_some_and(|n: u32| (1..=most).contains(&n))
    };
    let is_date = century && (digits.len() == 4 || digits.len() == 8 && part(4, 12) && part(6, 31));
    is_date.then_some(Doubt::Date)
}

/// A sum of money or a share: a currency's sign or name on either side.
fn is_sum(atoms: &[Atom], from: usize, end: usize) -> bool {
    let says_money = |atom: &Atom| {
        atom.mark().is_some_and(|mark| words::MONEY_MARKS.contains(&mark))
            || atom.word().is_some_and(|word| words::is_currency(&word))
    };
    let mut before = atoms[..from].iter().rev();
    let previous = before.next();
    let previous = if previous.and_then(Atom::mark) == Some('.') { before.next() } else { previous };
    previous.is_some_and(says_money) || atoms.get(end).is_some_and(says_money)
}

/// `1440 minutes`.
fn is_count(atoms: &[Atom], end: usize, text: &str) -> bool {
    text.len() <= 4 && is_unit_at(atoms, end)
}

fn is_unit_at(atoms: &[Atom], at: usize) -> bool {
    atoms.get(at).and_then(Atom::word).is_some_and(|word| words::is_unit(&word))
}

/// `order 48291`, `STOP to 89203`, `card ****1234`, `INV-20391`.
fn is_named_otherwise(atoms: &[Atom], from: usize, end: usize, is_cued: bool) -> bool {
    let before = from.checked_sub(1).map(|at| &atoms[at]);
    let mark = before.filter(|_| !atoms[from].spaced).and_then(Atom::mark);
    let is_hidden_part = matches!(mark, Some('*' | '•' | '…'))
        && atoms.get(end).and_then(Atom::mark) != before.and_then(Atom::mark);
    if is_hidden_part || mark == Some('-') && has_foreign_prefix(atoms, from, is_cued) {
        return true;
    }
    let mut passed = 0;
    for atom in atoms[..from].iter().rev() {
        match &atom.piece {
            Piece::Mark('.' | '!' | '?' | '。') | Piece::Link | Piece::Digits(_) | Piece::Mixed(_) => {
                return false;
            }
            Piece::Mark(_) | Piece::Line => {}
            Piece::Word(_) => {
                let word = atom.word().unwrap_or_default();
                if words::is_label(&word) {
                    return true;
                }
                let is_linked = words::is_link(&word) && is_cued;
                if is_linked || !words::is_filler(&word) || passed == 2 {
                    return false;
                }
                passed += 1;
            }
        }
    }
    false
}

/// `covid-2019`, and `INV-20391` where no word announces a code; `G-123456` alone is a code.
fn has_foreign_prefix(atoms: &[Atom], from: usize, is_cued: bool) -> bool {
    let prefix = from.checked_sub(2).map(|at| &atoms[at].piece);
    match prefix {
        Some(Piece::Word(word)) => {
            let is_alone = from == 2 && atoms.len() == 3;
            !(super::is_brand_prefix(word) && (is_cued || is_alone))
        }
        Some(Piece::Mixed(_)) => true,
        _ => false,
    }
}

/// Letters and digits: `A1B2C3`, `A1B2-C3D4`; no lower-case word with a digit at its end.
fn mixed(atoms: &[Atom], at: usize) -> (usize, Option<Candidate>) {
    let mut groups: Vec<&str> = Vec::new();
    let mut end = at;
    while let Some(Piece::Mixed(part) | Piece::Digits(part) | Piece::Word(part)) =
        atoms.get(end).map(|a| &a.piece)
    {
        groups.push(part);
        end += 1;
        let joined = |at: usize| atoms.get(at).is_some_and(|atom| !atom.spaced);
        if !(joined(end) && joined(end + 1) && atoms[end].mark() == Some('-')) {
            break;
        }
        end += 1;
    }
    let text = groups.concat();
    let in_capitals = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let fits = (MIN..=USUAL_MAX).contains(&text.len()) && (in_capitals || groups.len() == 1 && digits >= 2);
    let touches =
        |at: Option<&Atom>| at.and_then(Atom::mark).is_some_and(|m| matches!(m, '+' | '/' | '_' | '-'));
    let before = at.checked_sub(1).map(|at| &atoms[at]).filter(|_| !atoms[at].spaced);
    let after = atoms.get(end).filter(|atom| !atom.spaced);
    if !fits || touches(before) || touches(after) || is_measure(&text) || is_sum(atoms, at, end) {
        return (end, None);
    }
    (end, Some(Candidate { from: at, end, text, is_number: false, doubt: None }))
}

/// `10minutes`, `1080p`, `NGN5000`, `N5000`.
fn is_measure(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let unit = lower.trim_start_matches(|c: char| c.is_ascii_digit());
    let currency = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    words::is_unit(unit) || words::is_currency(unit) || words::is_currency(currency) || currency == "n"
}
