//! Reports of errors, to whoever speaks Sentry's protocol: what failed, where and in which release, and nothing of whom.
//!
//! A report is made of what a line of the log says, by a list of fields: what is not in the list does not leave, and
//! words of others are scrubbed.

mod dsn;
mod layer;
mod report;
mod scrub;
mod sender;

pub use dsn::Dsn;
pub(crate) use scrub::scrubbed;
pub use sender::Reports;

/// Where the line belongs that ends a request: it names the route that its errors are grouped by.
pub const ANSWERED: &str = "namaskah::answered";
