//! Texts that come after the end: an order that has expired shows them for half an hour, free, a few a day.

use crate::{
    Change, PhoneNumber, ReservationId, Time,
    time::{hours, seconds},
    verification::{
        Expired, IntakeError, Message, Order, Receivable, UpstreamOrder, VerificationService, buying::broken,
        order::LATE_WITHIN,
    },
};

/// Late texts that a user is shown in 24 hours. A courtesy, not money: two that arrive at the very same instant may
/// both be shown.
const LATE_A_DAY: u32 = 3;
/// How often the shared poll reaches back to orders that have expired: they are in no hurry, and it reads further.
const LATE_EVERY_S: i64 = 12;

impl VerificationService {
    /// When the oldest order was bound that may still show a late text, if it is time to look so far back.
    pub(super) async fn oldest_late(&self, now: Time) -> Result<Option<Time>, IntakeError> {
        let looked_at = self.remember(|memory| memory.late_at);
        if looked_at.is_some_and(|at| now < at + seconds(LATE_EVERY_S)) {
            return Ok(None);
        }
        Ok(self.reads.oldest_expired(self.provider.id(), now - LATE_WITHIN).await?)
    }

    /// Orders of these reservations that take texts in.
    pub(super) async fn listening_to(
        &self,
        reservations: &[ReservationId],
    ) -> Result<Vec<UpstreamOrder>, IntakeError> {
        let (provider, since) = (self.provider.id(), self.clock.now() - LATE_WITHIN);
        let mut orders = self.reads.orders_of(provider, reservations).await?;
        orders.extend(self.reads.expired_of(provider, reservations, since).await?);
        Ok(orders)
    }

    /// Orders on a number that have expired lately.
    pub(super) async fn lately_on(&self, number: &PhoneNumber) -> Result<Vec<UpstreamOrder>, IntakeError> {
        let since = self.clock.now() - LATE_WITHIN;
        Ok(self.reads.expired_on(self.provider.id(), number, since).await?)
    }

    /// Shows texts of an order that has expired, as many as its user may still be shown today. If it is still open
    /// who bears the number's cost, it is the house now: the text proves that the number served.
    pub(super) async fn show_late(&self, expired: Expired, texts: Vec<Message>) -> Result<bool, IntakeError> {
        let now = self.clock.now();
        let shown = self.reads.late_texts_since(expired.head.user, now - hours(24)).await?;
        let left = usize::try_from(LATE_A_DAY.saturating_sub(shown)).unwrap_or_default();
        let late: Vec<Message> = texts.into_iter().take(left).map(|m| Message { late: true, ..m }).collect();
        if late.is_empty() {
            return Ok(false);
        }
        let purchase = self.reads.purchase(expired.line.purchase).await?;
        let mut unit = self.showing(Order::from(expired.show_text()));
        if let Some(purchase) = purchase.and_then(|p| p.close_receivable(Receivable::Costed { at: now })) {
            let entry = purchase.bought().map(|bought| bought.costed_late(now));
            if let Some(entry) = entry.transpose().map_err(broken)?.flatten() {
                unit = unit.post(entry);
            }
            unit = unit.with(Change::Purchase(purchase));
        }
        let unit = late.into_iter().fold(unit, |unit, message| unit.with(Change::Message(message)));
        self.store.commit(unit).await?;
        Ok(true)
    }
}
