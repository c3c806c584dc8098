//! A stretch of time that figures and lists are about: a year and a day at most.

use crate::{Id, Time};

/// The longest, in days: a leap year.
const MAX_DAYS: i64 = 366;

/// From an instant on, and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    from: Time,
    to: Time,
}

/// Why two instants make no stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StretchError {
    /// It ends before it begins.
    #[error("it ends after it begins")]
    Empty,
    /// It is too long.
    #[error("it is 366 days at most")]
    TooLong,
}

impl Stretch {
    /// # Errors
    /// [`StretchError`], by name.
    pub fn try_new(from: Time, to: Time) -> Result<Self, StretchError> {
        if from >= to {
            Err(StretchError::Empty)
        } else if to - from > chrono::TimeDelta::days(MAX_DAYS) {
            Err(StretchError::TooLong)
        } else {
            Ok(Self { from, to })
        }
    }

    /// Its first instant.
    pub const fn from(self) -> Time {
        self.from
    }

    /// The first instant after it.
    pub const fn to(self) -> Time {
        self.to
    }

    /// True if the instant belongs to it.
    pub fn has(self, at: Time) -> bool {
        (self.from..self.to).contains(&at)
    }

    /// Identifiers of what was made within it lie from the first on and before the second: they carry milliseconds, so
    /// the edges hold a little more.
    pub fn ids<T>(self) -> (Id<T>, Id<T>) {
        let after = self.to + chrono::TimeDelta::milliseconds(1);
        (Id::from_parts(self.from, [0; 10]), Id::from_parts(after, [0; 10]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UserId;

    fn at(ms: i64) -> Time {
        Time::from_timestamp_millis(ms).expect("a time")
    }

    #[test]
    fn a_stretch_begins_before_it_ends_and_is_a_leap_year_at_most() {
        let year = chrono::TimeDelta::days(366);
        assert_eq!(Stretch::try_new(at(5), at(5)), Err(StretchError::Empty));
        assert_eq!(Stretch::try_new(at(6), at(5)), Err(StretchError::Empty));
        assert!(Stretch::try_new(at(5), at(5) + year).is_ok());
        let longer = at(6) + year;
        assert_eq!(Stretch::try_new(at(5), longer), Err(StretchError::TooLong));
        let stretch = Stretch::try_new(at(5), at(7)).expect("two milliseconds");
        assert!(stretch.has(at(5)) && stretch.has(at(6)) && !stretch.has(at(7)) && !stretch.has(at(4)));
    }

    #[test]
    fn whatever_was_made_within_it_has_an_identifier_between_its_edges() {
        let stretch = Stretch::try_new(at(1_000), at(2_000)).expect("a second");
        let (first, end) = stretch.ids();
        for (ms, tail, is_within) in
            [(999, 255, false), (1_000, 0, true), (1_999, 255, true), (2_000, 255, true), (2_001, 0, false)]
        {
            let id = UserId::from_parts(at(ms), [tail; 10]);
            assert_eq!((first..end).contains(&id), is_within, "{ms}");
        }
    }
}
