//! Findings: what a provider's list and our books do not agree on, kept until somebody or something closes it.

use std::str::FromStr;

use crate::{FindingId, Money, Time, Version, staff::Facts, time::hours, wallet::Reason};

/// Hours after which a finding that is open is an error and no warning.
const ALARM_AFTER_H: i64 = 24;

/// Whose list was held against our books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Book {
    /// Paystack's successful transactions, against payments.
    Paystack,
    /// TextVerified's reservations and its balance, against purchases and the float.
    TextVerified,
}

impl Book {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Paystack, Self::TextVerified];

    /// As it is stored and told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paystack => "paystack",
            Self::TextVerified => "textverified",
        }
    }
}

/// How the two do not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mismatch {
    /// Both have it, for different money.
    AmountDiffers,
    /// We booked it, and the provider does not have it.
    OnlyOurs,
    /// The provider has it, and we have not booked it.
    OnlyTheirs,
}

impl Mismatch {
    /// Each.
    pub const ALL: [Self; 3] = [Self::AmountDiffers, Self::OnlyOurs, Self::OnlyTheirs];

    /// As it is stored and told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AmountDiffers => "amount_differs",
            Self::OnlyOurs => "only_ours",
            Self::OnlyTheirs => "only_theirs",
        }
    }
}

/// A word that names nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a word of reconciliation")]
pub struct UnknownWord;

impl FromStr for Book {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|book| book.name() == text).ok_or(UnknownWord)
    }
}

impl FromStr for Mismatch {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|class| class.name() == text).ok_or(UnknownWord)
    }
}

/// Where a finding stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingState {
    /// Somebody should look.
    Open,
    /// A later comparison found both sides in agreement.
    Matched {
        /// When.
        at: Time,
    },
    /// Somebody has looked. It stays so as long as both sides say what they said then.
    Resolved {
        /// When.
        at: Time,
        /// What was found out.
        note: Reason,
    },
}

/// One mismatch. A book has one finding of a key, which is opened again if the key goes wrong again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its identifier.
    pub id: FindingId,
    /// Whose list.
    pub book: Book,
    /// What it is about there: a reference, a reservation, or `balance`.
    pub key: String,
    /// How the two do not agree.
    pub mismatch: Mismatch,
    /// What we have.
    pub ours: Option<Money>,
    /// What the provider has, if it is money that we can keep.
    pub theirs: Option<Money>,
    /// When the thing itself happened, as well as is known.
    pub at: Time,
    /// When it was found, or found again.
    pub found_at: Time,
    /// For `balance`: how much more the provider had than our float when an operator took that for right.
    pub accepted: Option<Money>,
    /// Where it stands.
    pub state: FindingState,
    /// Counts every change.
    pub version: Version,
}

/// What a comparison has to say about one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it is about.
    pub key: String,
    /// How the two do not agree.
    pub mismatch: Mismatch,
    /// What we have.
    pub ours: Option<Money>,
    /// What the provider has.
    pub theirs: Option<Money>,
    /// When the thing happened.
    pub at: Time,
}

impl Finding {
    /// A mismatch that is seen for the first time.
    pub fn new(id: FindingId, book: Book, seen: Seen, now: Time) -> Self {
        let Seen { key, mismatch, ours, theirs, at } = seen;
        let state = FindingState::Open;
        let version = Version::FIRST;
        Self { id, book, key, mismatch, ours, theirs, at, found_at: now, accepted: None, state, version }
    }

    /// How it stands, in a word.
    pub const fn status(&self) -> &'static str {
        match self.state {
            FindingState::Open => "open",
            FindingState::Matched { .. } => "matched",
            FindingState::Resolved { .. } => "resolved",
        }
    }

    /// What the log tells of it.
    pub(super) fn facts(&self) -> Facts {
        let note = match &self.state {
            FindingState::Resolved { note, .. } => Some(note.as_str()),
            FindingState::Open | FindingState::Matched { .. } => None,
        };
        let facts = Facts::none().with("book", self.book.name()).with("key", &self.key);
        facts.with("mismatch", self.mismatch.name()).with("status", self.status()).maybe("note", note)
    }

    /// True until it is closed.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, FindingState::Open)
    }

    /// True if it is open for longer than anybody should need.
    pub fn is_overdue(&self, now: Time) -> bool {
        self.is_open() && now >= self.found_at + hours(ALARM_AFTER_H)
    }

    /// The same key is wrong again, or still; `None` if nothing about it is new.
    #[must_use]
    pub fn seen_again(self, seen: Seen, now: Time) -> Option<Self> {
        let same = (self.mismatch, self.ours, self.theirs) == (seen.mismatch, seen.ours, seen.theirs);
        match (&self.state, same) {
            (FindingState::Open | FindingState::Resolved { .. }, true) => None,
            (FindingState::Open, false) => Some(self.open_as(seen)),
            (FindingState::Matched { .. }, _) | (FindingState::Resolved { .. }, false) => {
                Some(Self { found_at: now, ..self.open_as(seen) })
            }
        }
    }

    fn open_as(self, seen: Seen) -> Self {
        let Seen { mismatch, ours, theirs, at, .. } = seen;
        Self { mismatch, ours, theirs, at, ..self }.moved(FindingState::Open)
    }

    /// Both sides agree now; `None` if it is closed already.
    #[must_use]
    pub fn matched(self, at: Time) -> Option<Self> {
        self.is_open().then(|| self.moved(FindingState::Matched { at }))
    }

    /// Somebody has looked; `None` if it is closed already.
    #[must_use]
    pub fn resolved(self, note: Reason, at: Time) -> Option<Self> {
        self.is_open().then(|| self.moved(FindingState::Resolved { at, note }))
    }

    /// An operator takes the difference that is told here for right from now on.
    #[must_use]
    pub fn accepting(self, difference: Money, note: Reason, at: Time) -> Self {
        Self { accepted: Some(difference), state: FindingState::Resolved { at, note }, ..self }
    }

    /// The same as the next version of what is stored.
    #[must_use]
    pub fn after(self, stored: &Self) -> Self {
        Self { id: stored.id, found_at: stored.found_at, version: stored.version.next(), ..self }
    }

    fn moved(self, state: FindingState) -> Self {
        Self { state, version: self.version.next(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    fn usd(units: i64) -> Option<Money> {
        Some(Money::from_units(units, Currency::Usd))
    }

    fn at(hour: i64) -> Time {
        Time::UNIX_EPOCH + hours(hour)
    }

    fn seen(theirs: i64) -> Seen {
        let mismatch = Mismatch::AmountDiffers;
        Seen { key: "r1".into(), mismatch, ours: usd(1), theirs: usd(theirs), at: at(0) }
    }

    fn open() -> Finding {
        Finding::new(FindingId::from_uuid(uuid::Uuid::nil()), Book::TextVerified, seen(2), at(1))
    }

    fn note() -> Reason {
        Reason::try_new("looked at").unwrap()
    }

    #[test]
    fn what_is_seen_unchanged_is_no_news_and_keeps_its_age() {
        assert_eq!(open().seen_again(seen(2), at(2)), None);
        let changed = open().seen_again(seen(3), at(2)).unwrap();
        assert_eq!((changed.theirs, changed.found_at), (usd(3), at(1)));
        assert!(!changed.is_overdue(at(24)));
        assert!(changed.is_overdue(at(25)));
    }

    #[test]
    fn what_was_resolved_stays_so_until_something_about_it_changes() {
        let resolved = open().resolved(note(), at(2)).unwrap();
        assert_eq!(resolved.clone().resolved(note(), at(2)), None);
        assert_eq!(resolved.clone().matched(at(3)), None);
        assert_eq!(resolved.clone().seen_again(seen(2), at(3)), None);
        let again = resolved.seen_again(seen(3), at(4)).unwrap();
        assert!(again.is_open());
        assert_eq!(again.found_at, at(4));
    }

    #[test]
    fn what_is_seen_otherwise_is_told_as_it_is_now() {
        let now =
            Seen { key: "r1".into(), mismatch: Mismatch::OnlyTheirs, ours: None, theirs: usd(9), at: at(5) };
        let changed = open().seen_again(now.clone(), at(6)).unwrap();
        let version = open().version.next();
        let Seen { mismatch, ours, theirs, at: happened_at, .. } = now;
        assert_eq!(changed, Finding { mismatch, ours, theirs, at: happened_at, version, ..open() });
    }

    #[test]
    fn what_closed_by_itself_is_opened_by_the_same_mismatch() {
        let matched = open().matched(at(2)).unwrap();
        let again = matched.seen_again(seen(2), at(30)).unwrap();
        assert!(again.is_open() && !again.is_overdue(at(31)));
    }

    #[test]
    fn words_are_read_as_they_are_told() {
        for book in Book::ALL {
            assert_eq!(book.name().parse(), Ok(book));
        }
        for class in Mismatch::ALL {
            assert_eq!(class.name().parse(), Ok(class));
        }
        assert_eq!("late".parse::<Mismatch>(), Err(UnknownWord));
        assert_eq!("smtp".parse::<Book>(), Err(UnknownWord));
    }
}
