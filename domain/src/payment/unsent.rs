//! Payments that were booked back out of suspense, and whose money has not gone: nobody sent it, or the bank refused it.

use crate::{
    Money, PaymentId, Time,
    payment::{
        GatewayDispute, Intent, PaymentService, SettleError, Suspended, SuspenseState, elsewhere::Elsewhere,
        suspense::DISPUTES_FROM_H,
    },
    time::hours,
};

/// Hours after which what was booked back should be on its way.
const GRACE_H: i64 = 24;
/// Hours from a payment's beginning for which it is looked after.
const LOOKED_AFTER_H: i64 = 90 * 24;
/// At most so many at a time.
const LIMIT: u32 = 100;

impl PaymentService {
    /// How many payments were booked back a day ago or longer and have not gone back whole, as the gateway tells it.
    ///
    /// # Errors
    /// If the gateway or the store cannot be asked.
    pub(super) async fn unsent(&self, now: Time) -> Result<u32, SettleError> {
        let since = PaymentId::from_parts(now - hours(LOOKED_AFTER_H), [0; 10]);
        let is_due = |item: &Suspended| matches!(item.state, SuspenseState::Returned { at } if now >= at + hours(GRACE_H));
        let mut returned = self.books.returned_suspense(since, LIMIT).await?;
        returned.retain(is_due);
        let Some(first) = returned.iter().map(|item| item.at).min() else { return Ok(0) };
        let disputes = self.gateway.disputes_since(first - hours(DISPUTES_FROM_H)).await?;
        let mut unsent = 0;
        for item in returned {
            let Some(intent) = self.reads.intent(item.payment).await? else { continue };
            let left = self.left_at_gateway(&item, &intent, &disputes).await?;
            unsent += u32::from(left.is_none_or(|left| !left.is_zero()));
        }
        Ok(unsent)
    }

    /// `None` if it cannot be said in the currency that was paid.
    async fn left_at_gateway(
        &self,
        item: &Suspended,
        intent: &Intent,
        disputes: &[GatewayDispute],
    ) -> Result<Option<Money>, SettleError> {
        let refunds = self.gateway.refunds_of(&intent.reference).await?;
        let disputes: Vec<_> = disputes.iter().filter(|of| of.reference == intent.reference).collect();
        Ok(Elsewhere { refunds: &refunds, disputes: &disputes }.left_of(item).ok())
    }
}
