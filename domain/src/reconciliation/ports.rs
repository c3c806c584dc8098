//! What reconciliation reads.

use async_trait::async_trait;

use crate::{
    Fault, FindingId, Money, PaymentReference, ReservationId, Time,
    reconciliation::{Book, Finding, OurNumber, OurPayment, Run},
    verification::ProviderId,
};

/// Our float at a provider, and what may be on its way. All in dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float {
    /// What the journal says we have there.
    pub booked: Money,
    /// What purchases of unknown outcome may have cost at most: charged there, perhaps, and not booked here.
    pub in_flight: Money,
    /// What numbers cost that have been bought lately and whose credit may have been given, and is not booked.
    pub awaited: Money,
}

/// Reads of what is compared, and of findings. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait ReconciliationReads: Send + Sync {
    /// Of these references, the payments that have one.
    async fn payments_named(&self, references: &[PaymentReference]) -> Result<Vec<OurPayment>, Fault>;

    /// Payments that were credited or set aside at `from` or later and before `to`.
    async fn payments_booked(&self, from: Time, to: Time) -> Result<Vec<OurPayment>, Fault>;

    /// Of these reservations, the numbers that a purchase holds.
    async fn numbers_named(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<OurNumber>, Fault>;

    /// Numbers of purchases that were sent at `from` or later and before `to`.
    async fn numbers_bought(
        &self,
        provider: ProviderId,
        from: Time,
        to: Time,
    ) -> Result<Vec<OurNumber>, Fault>;

    /// Our float; receivables count as awaited if their number is known since `since` or later.
    async fn float(&self, provider: ProviderId, since: Time) -> Result<Float, Fault>;

    /// One finding.
    async fn finding(&self, id: FindingId) -> Result<Option<Finding>, Fault>;

    /// The findings of a book that have one of these keys, open or not.
    async fn findings_of(&self, book: Book, keys: &[String]) -> Result<Vec<Finding>, Fault>;

    /// Findings that are open, oldest first.
    async fn open_findings(&self, limit: u32) -> Result<Vec<Finding>, Fault>;

    /// The last runs, newest first.
    async fn runs(&self, limit: u32) -> Result<Vec<Run>, Fault>;
}
