//! Time: UTC only, in microseconds, so that every store keeps the same instant.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// An instant. Always UTC; there is no local time in the domain.
pub type Time = DateTime<Utc>;

/// Cuts an instant to the microseconds that databases keep.
pub fn to_stored_precision(time: Time) -> Time {
    time.trunc_subsecs(6)
}

/// `seconds` as a span.
pub const fn seconds(seconds: i64) -> TimeDelta {
    TimeDelta::seconds(seconds)
}

/// `minutes` as a span.
pub const fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

/// `hours` as a span.
pub const fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}
