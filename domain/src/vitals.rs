//! How work stands, in counts: for those who watch. No user, no number and no name is in them.

mod drift;

pub use drift::{DRIFT_SLICE, DriftSlice, DriftWatch};

use async_trait::async_trait;

use crate::{Fault, JobLane, Money, Time, UserId, time::seconds};

/// Seconds after its end for which an order may still be waiting without being overdue: promise 6, with one look of a
/// worker.
pub const OVERDUE_S: i64 = 10;

/// So many lines of the journal are looked at for drift, the newest ones.
pub const DRIFT_LINES: u32 = 1_000;

/// What waits in a lane of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// Which.
    pub lane: JobLane,
    /// Due and not done.
    pub due: u64,
    /// For how long the oldest of these has been due, in seconds.
    pub oldest_s: i64,
    /// Given up.
    pub buried: u64,
}

/// How work stands at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vitals {
    /// Orders that wait for a code.
    pub orders_waiting: u64,
    /// Of these, those whose time was over [`OVERDUE_S`] ago. They hold money that should be free: always 0.
    pub orders_overdue: u64,
    /// Purchases whose outcome is unknown.
    pub purchases_unknown: u64,
    /// Each lane.
    pub queues: [Queue; JobLane::ALL.len()],
    /// Notices of providers that nobody has looked at.
    pub notices_new: u64,
    /// How old the oldest of them is, in seconds.
    pub notices_oldest_s: i64,
    /// Payments that wait for a person.
    pub suspense_open: u64,
    /// Refunds that are under way.
    pub refunds_open: u64,
    /// For how long the oldest of them has been so, in seconds.
    pub refunds_oldest_s: i64,
    /// Numbers that serve no order, and for which the provider has not given the money back.
    pub orphans_open: u64,
    /// For how long the oldest of them has been known, in seconds.
    pub orphans_oldest_s: i64,
    /// Disputes that are not decided.
    pub disputes_open: u64,
    /// Mismatches that reconciliation has found and nobody has closed.
    pub findings_open: u64,
    /// Deliveries of webhooks that are due and not sent.
    pub webhooks_due: u64,
    /// For how long the oldest of them has been due, in seconds.
    pub webhooks_oldest_s: i64,
}

impl Vitals {
    /// An order that ended before this and waits is overdue at `now`.
    pub fn overdue_before(now: Time) -> Time {
        now - seconds(OVERDUE_S)
    }
}

/// Reads how work stands. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait VitalsReads: Send + Sync {
    /// How it stands at `now`.
    async fn vitals(&self, now: Time) -> Result<Vitals, Fault>;

    /// How far accounts are from what the journal and their holds say of them, in dollars and without signs: zero, or
    /// something is broken. Looks at accounts that [`DRIFT_LINES`] or fewer of the newest lines touch, and at those with
    /// an open hold, so it costs the same in every year; [`DriftWatch`] looks at all in turn.
    async fn drift(&self) -> Result<Money, Fault>;

    /// The same of the first `limit` accounts behind `after`, by their users' identifiers; `None`: of the first of all.
    async fn drift_of(&self, after: Option<UserId>, limit: u32) -> Result<DriftSlice, Fault>;
}
