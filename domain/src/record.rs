//! Records: what a commit writes whole, guarded by the version it was decided on.

/// How often a record has been written. The first writing is version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(i64);

impl Version {
    /// The version of a record that is written for the first time.
    pub const FIRST: Self = Self(1);

    /// The version of a record that is not written yet; the next one is the first.
    pub(crate) const NONE: Self = Self(0);

    /// The version as storage keeps it.
    pub const fn from_stored(version: i64) -> Self {
        Self(version)
    }

    /// As a number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The version that the next writing has.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The version that must be stored for a writing of `self` to be accepted; `None`: no record yet.
    pub const fn decided_on(self) -> Option<Self> {
        if self.0 <= 1 { None } else { Some(Self(self.0 - 1)) }
    }
}
