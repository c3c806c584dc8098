//! Ending orders whose time is over.

use crate::{
    Change, OrderId, Time, UnitOfWork,
    race::unless,
    time::seconds,
    verification::{IntakeError, Order, OrderStatus, Purchase, VerificationService, Waiting},
};

/// If the provider cannot be read, an order is released this long after its end all the same.
const RELEASE_AFTER_S: i64 = 4;
/// Orders ended in one go.
const END_LIMIT: u32 = 200;

impl VerificationService {
    /// Ends every order whose time is over. A shared poll that starts now must complete first, so that a code that
    /// came in time wins; if the provider cannot be read, the money goes back 4 s after the end all the same.
    /// Returns how many ended.
    ///
    /// # Errors
    /// If the store cannot be asked; the orders are still due.
    pub async fn expire_due(&self) -> Result<u32, IntakeError> {
        let due = self.reads.ending(self.clock.now(), END_LIMIT).await?;
        if due.is_empty() {
            return Ok(0);
        }
        // Those that have waited long enough do not wait for the others' poll.
        let overdue = self.end_all(&due).await;
        self.poll_for_the_last_time(&due).await;
        let polled = self.end_all(&due).await;
        Ok(overdue? + polled?)
    }

    async fn end_all(&self, due: &[OrderId]) -> Result<u32, IntakeError> {
        let mut ended = 0;
        let mut failed = None;
        for id in due {
            match self.expire(*id).await {
                Ok(is_ended) => ended += u32::from(is_ended),
                // One that cannot be ended now holds up nobody else's money.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(ended), Err)
    }

    /// Polls unless a poll that began after every end has completed, but no longer than the first of these orders
    /// may wait. Those that have waited long enough are not waited for.
    async fn poll_for_the_last_time(&self, due: &[OrderId]) {
        let mut ends = Vec::new();
        for id in due {
            // One that cannot be read holds up nobody else's money.
            if let Ok(Some(Order::Waiting(waiting))) = self.reads.order(*id).await {
                ends.push(waiting.line.expires_at);
            }
        }
        let (polled_at, now) = (self.remember(|memory| memory.polled_at), self.clock.now());
        let uncovered = |end: &Time| polled_at < Some(*end) && now < *end + seconds(RELEASE_AFTER_S);
        let Some(first) = ends.into_iter().filter(uncovered).min() else { return };
        // A poll that fails is told by `polled_at`, which it leaves as it was.
        let _ = unless(self.poll(), self.clock.sleep_until(first + seconds(RELEASE_AFTER_S))).await;
    }

    async fn expire(&self, id: OrderId) -> Result<bool, IntakeError> {
        let polled_at = self.remember(|memory| memory.polled_at);
        let Some(Order::Waiting(waiting)) = self.reads.order(id).await? else { return Ok(false) };
        let end = waiting.line.expires_at;
        let may_end = polled_at >= Some(end) || self.clock.now() >= end + seconds(RELEASE_AFTER_S);
        if !may_end {
            return Ok(false);
        }
        let ended = self.change(id, waiting.line.purchase, |order, purchase, now| {
            let Order::Waiting(waiting) = order else { return Ok(None) };
            Ok(Some(self.expiring(waiting, &purchase, now)))
        });
        Ok(ended.await?.status() == OrderStatus::Expired)
    }

    pub(super) fn expiring(&self, waiting: Waiting, purchase: &Purchase, now: Time) -> (UnitOfWork, Order) {
        let head = waiting.head.clone();
        let (expired, end) = waiting.expire(now);
        let expired = Order::from(expired);
        let unit = UnitOfWork::new()
            .end(self.release(&head, end, now))
            .with(self.event(&expired, now))
            .with(Change::Order(expired.clone()))
            .with(self.end_reservation_job(purchase.id, now));
        (unit, expired)
    }
}
