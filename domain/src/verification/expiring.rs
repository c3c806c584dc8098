//! Ending orders whose time is over.

use std::ops::ControlFlow;

use crate::{
    Change, CommitError, Time, UnitOfWork,
    race::{each, unless},
    time::seconds,
    verification::{IntakeError, Order, VerificationService, Waiting},
};

/// If the provider cannot be read, an order is released this long after its end all the same.
const RELEASE_AFTER_S: i64 = 4;
/// Orders read in one go.
const END_LIMIT: u32 = 1_000;
/// Commits on their way at once: enough to fill a store that joins what arrives together.
pub(super) const AT_ONCE: usize = 128;
/// So many ends lost to somebody else mean that another instance is at the same orders.
const LOST_LIMIT: u32 = 32;

impl VerificationService {
    /// Ends orders whose time is over, a thousand at a time. A shared poll that starts now must complete first, so
    /// that a code that came in time wins; if the provider cannot be read, the money goes back 4 s after the end all
    /// the same. Returns how many ended; above 0 there may be more.
    ///
    /// # Errors
    /// If the store cannot be asked; the orders are still due.
    pub async fn expire_due(&self) -> Result<u32, IntakeError> {
        let due = self.reads.ending(self.clock.now(), END_LIMIT).await?;
        let (over, early): (Vec<_>, Vec<_>) = due.into_iter().partition(|waiting| self.may_end(waiting));
        // Those that have waited long enough, or have no number now, do not wait for the others' poll.
        let swapped = self.expire_swaps().await;
        let overdue = self.end_all(over).await.and_then(|ended| Ok(ended + swapped?));
        if early.is_empty() {
            return overdue;
        }
        self.poll_for_the_last_time(&early).await;
        // What the poll has brought a code for is not due any more.
        let mut due = self.reads.ending(self.clock.now(), END_LIMIT).await?;
        due.retain(|waiting| self.may_end(waiting));
        let polled = self.end_all(due).await;
        Ok(overdue? + polled?)
    }

    /// True once a poll that began after the end has completed, or the order has waited for one long enough.
    fn may_end(&self, waiting: &Waiting) -> bool {
        let end = waiting.line.expires_at;
        let polled_at = self.remember(|memory| memory.polled_at);
        polled_at >= Some(end) || self.clock.now() >= end + seconds(RELEASE_AFTER_S)
    }

    /// Polls, but no longer than the first of these orders may wait.
    async fn poll_for_the_last_time(&self, early: &[Waiting]) {
        let Some(first) = early.iter().map(|waiting| waiting.line.expires_at).min() else { return };
        // A poll that fails is told by `polled_at`, which it leaves as it was.
        let _ = unless(self.poll(), self.clock.sleep_until(first + seconds(RELEASE_AFTER_S))).await;
    }

    /// Ends each as it was read. One that has moved on meanwhile is left as it is: if it still waits, it is read again.
    async fn end_all(&self, mut due: Vec<Waiting>) -> Result<u32, IntakeError> {
        self.begin_somewhere(&mut due);
        let (mut ended, mut lost, mut failed) = (0, 0, None);
        let commits = due.into_iter().map(|waiting| self.end_one(waiting));
        each(commits, AT_ONCE, |outcome| {
            match outcome {
                Ok(()) => ended += 1,
                Err(CommitError::Stale) => lost += 1,
                // One that cannot be ended now holds up nobody else's money.
                Err(error) => failed = failed.take().or(Some(error)),
            }
            if lost < LOST_LIMIT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .await;
        failed.map_or(Ok(ended), |error| Err(error.into()))
    }

    /// Instances that read the same orders begin at different ones, so that they meet late instead of each doing
    /// what the other has just done.
    fn begin_somewhere(&self, due: &mut [Waiting]) {
        let place = self.holder.as_u128() % due.len().max(1) as u128;
        due.rotate_left(usize::try_from(place).unwrap_or_default());
    }

    async fn end_one(&self, waiting: Waiting) -> Result<(), CommitError> {
        let (unit, _) = self.expiring(waiting, self.clock.now());
        self.store.commit(unit).await.map(|_| ())
    }

    pub(super) fn expiring(&self, waiting: Waiting, now: Time) -> (UnitOfWork, Order) {
        let (head, purchase) = (waiting.head.clone(), waiting.line.purchase);
        let (expired, end) = waiting.expire(now);
        let expired = Order::from(expired);
        let unit = UnitOfWork::new()
            .end(self.release(&head, end, now))
            .with(self.event(&expired, now))
            .with(Change::Order(expired.clone()))
            .with(self.end_reservation_job(purchase, now));
        (unit, expired)
    }
}
