//! Payments that were booked back out of suspense, and whose money has not gone: nobody sent it, or the bank refused it.

use crate::{
    Money, PaymentId, Time,
    payment::{
        Followed, GatewayDispute, Intent, PaymentService, SettleError, Suspended, SuspenseState,
        elsewhere::Elsewhere, suspense::DISPUTES_FROM_H,
    },
    time::hours,
};

/// Hours after which what was booked back should be on its way.
const GRACE_H: i64 = 24;
/// Hours from a payment's beginning for which it is looked after.
const LOOKED_AFTER_H: i64 = 90 * 24;
/// So many are read at a time.
const PAGE: u32 = 100;

impl PaymentService {
    /// How many payments were booked back a day ago or longer and have not gone back whole, as the gateway tells it, and
    /// of how many it tells nothing.
    ///
    /// # Errors
    /// If disputes or the store cannot be read.
    pub(super) async fn unsent(&self, now: Time) -> Result<Followed, SettleError> {
        let returned = self.returned(now).await?;
        let mut followed = Followed::default();
        let Some(first) = returned.iter().map(|item| item.at).min() else { return Ok(followed) };
        let disputes = self.gateway.disputes_since(first - hours(DISPUTES_FROM_H)).await?.rows;
        for item in returned {
            let Some(intent) = self.reads.intent(item.payment).await? else { continue };
            match self.left_at_gateway(&item, &intent, &disputes).await {
                Ok(left) => followed.attention += u32::from(left.is_none_or(|left| !left.is_zero())),
                // It keeps nobody from hearing of the others.
                Err(_) => followed.unanswered += 1,
            }
        }
        Ok(followed)
    }

    /// Everything that was booked back a day ago or longer.
    async fn returned(&self, now: Time) -> Result<Vec<Suspended>, SettleError> {
        let is_due = |item: &Suspended| matches!(item.state, SuspenseState::Returned { at } if now >= at + hours(GRACE_H));
        let mut since = PaymentId::from_parts(now - hours(LOOKED_AFTER_H), [0; 10]);
        let mut returned = Vec::new();
        loop {
            let page = self.books.returned_suspense(since, PAGE).await?;
            let next = page.last().and_then(|item| item.payment.uuid().as_u128().checked_add(1));
            let is_last = page.len() < PAGE as usize;
            returned.extend(page.into_iter().filter(is_due));
            match next {
                Some(next) if !is_last => since = PaymentId::from_uuid(uuid::Uuid::from_u128(next)),
                _ => return Ok(returned),
            }
        }
    }

    /// `None` if it cannot be said in the currency that was paid.
    async fn left_at_gateway(
        &self,
        item: &Suspended,
        intent: &Intent,
        disputes: &[GatewayDispute],
    ) -> Result<Option<Money>, SettleError> {
        let refunds = self.gateway.refunds_of(&intent.reference).await?.whole()?;
        let disputes: Vec<_> = disputes.iter().filter(|of| of.reference == intent.reference).collect();
        Ok(Elsewhere { refunds: &refunds, disputes: &disputes }.left_of(item).ok())
    }
}
