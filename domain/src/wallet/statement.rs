//! Statements: the lines of a time between an opening and a closing balance.
//!
//! A time is cut out of the journal where it lies in the order of posting: it begins after the last line that was
//! posted before its first instant, and ends with the last line that was posted before its end. So it is a piece
//! without gaps, each line's balance follows from the one before, and the statements of adjoining times meet, even
//! where two instances' clocks disagreed by a moment about two lines.

use crate::{EntryId, Money, Time, UserId};

/// From when to when: `from` belongs to it, `to` does not. Open at an end that is not named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Option<Time>,
    to: Option<Time>,
}

/// A time that ends before it has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a period ends after it begins")]
pub struct EmptyPeriod;

impl Period {
    /// # Errors
    /// [`EmptyPeriod`] unless `from` is before `to`.
    pub fn try_new(from: Option<Time>, to: Option<Time>) -> Result<Self, EmptyPeriod> {
        match (from, to) {
            (Some(from), Some(to)) if from >= to => Err(EmptyPeriod),
            _ => Ok(Self { from, to }),
        }
    }

    /// Its first instant.
    pub const fn from(self) -> Option<Time> {
        self.from
    }

    /// The first instant after it.
    pub const fn to(self) -> Option<Time> {
        self.to
    }
}

/// A piece of a user's lines in the order of posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// It begins after this line.
    pub after: Option<EntryId>,
    /// It ends with this line.
    pub up_to: EntryId,
}

/// A statement whose lines are read page by page, so that its size does not matter. What is posted while it is read
/// is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whose.
    pub user: UserId,
    /// The posted total before the first line.
    pub opening: Money,
    /// The posted total after the last line.
    pub closing: Money,
    /// The lines that were not read yet.
    pub(super) rest: Option<Span>,
}
