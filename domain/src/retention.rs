//! Retention: numbers, senders, texts and codes are shown for a time after their order has ended, and erased then.
//!
//! Two things see to it, and neither waits for the other. [`Retained`](crate::verification::Retained) hides what is
//! past retention from every reader, from that instant on. [`RetentionService`] erases it for good, in batches, a little
//! later. Money, states, times and identifiers stay.

use std::{ops::AddAssign, sync::Arc};

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{Clock, Fault, Time, UserId};

/// Records of each kind that are erased at a time.
pub const BATCH: u32 = 500;

/// How long numbers and texts are kept after the end of their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention(TimeDelta);

impl Retention {
    /// So many hours. An order takes late texts for half an hour, which is within.
    pub const fn of_hours(hours: u32) -> Self {
        Self(TimeDelta::hours(hours as i64))
    }

    /// What ended at this instant or before is past retention at `now`.
    pub fn ended_by(self, now: Time) -> Time {
        now - self.0
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self::of_hours(24)
    }
}

/// How much was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Orders whose number was erased.
    pub orders: u32,
    /// Purchases whose number was erased.
    pub purchases: u32,
    /// Messages whose sender, text and code were erased.
    pub messages: u32,
    /// Notices of providers whose body was erased.
    pub notices: u32,
    /// Letters that were given up, with the tokens in them.
    pub letters: u32,
    /// Tickets of closed accounts whose words were erased.
    pub tickets: u32,
    /// Notifications of closed accounts, and what their users wished of them.
    pub notifications: u32,
}

impl Erased {
    /// Everything together.
    pub const fn total(self) -> u32 {
        let texts = self.orders.saturating_add(self.purchases).saturating_add(self.messages);
        let more = self.notices.saturating_add(self.letters).saturating_add(self.tickets);
        texts.saturating_add(more).saturating_add(self.notifications)
    }
}

impl AddAssign for Erased {
    fn add_assign(&mut self, more: Self) {
        self.orders = self.orders.saturating_add(more.orders);
        self.purchases = self.purchases.saturating_add(more.purchases);
        self.messages = self.messages.saturating_add(more.messages);
        self.notices = self.notices.saturating_add(more.notices);
        self.letters = self.letters.saturating_add(more.letters);
        self.tickets = self.tickets.saturating_add(more.tickets);
        self.notifications = self.notifications.saturating_add(more.notifications);
    }
}

/// Erases for good. Nothing that is erased comes back, no version rises, and repeating is safe.
///
/// Erasing is no decision: what may be erased follows from times alone. So it is not a unit of work, and a commit that
/// was decided before and stores a number again is found by the next call.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Erasures: Send + Sync {
    /// Up to `limit` records of each kind: numbers and texts of orders that ended at `ended_by` or before, numbers of
    /// purchases that serve no other orders, and bodies of notices that came by then and need no more handling or
    /// match nothing; letters that were given up. What was written in tickets of accounts that are closed goes whatever
    /// the time, and so does what their users were told.
    async fn erase_ended(&self, ended_by: Time, limit: u32) -> Result<Erased, Fault>;

    /// Numbers and texts of up to `limit` ended orders of a user, however lately they ended.
    async fn erase_of(&self, user: UserId, limit: u32) -> Result<Erased, Fault>;
}

/// Erases what is past retention, and what a user wants erased.
pub struct RetentionService {
    erasures: Arc<dyn Erasures>,
    clock: Arc<dyn Clock>,
    retention: Retention,
}

impl RetentionService {
    /// Keeps what the policy says.
    pub fn new(erasures: Arc<dyn Erasures>, clock: Arc<dyn Clock>, retention: Retention) -> Self {
        Self { erasures, clock, retention }
    }

    /// One batch of what is past retention. Nothing is left once it has erased nothing.
    ///
    /// # Errors
    /// If the store does not answer; the next call finds the same.
    pub async fn erase_due(&self) -> Result<Erased, Fault> {
        self.erasures.erase_ended(self.retention.ended_by(self.clock.now()), BATCH).await
    }

    /// Everything that is past retention now.
    ///
    /// # Errors
    /// If the store does not answer; what was erased until then stays erased.
    pub async fn purge(&self) -> Result<Erased, Fault> {
        let mut erased = Erased::default();
        loop {
            let batch = self.erase_due().await?;
            if batch.total() == 0 {
                return Ok(erased);
            }
            erased += batch;
        }
    }

    /// Numbers and texts of every order of a user that has ended. A text that comes late to one of them is kept like any
    /// other.
    ///
    /// # Errors
    /// If the store does not answer; what was erased until then stays erased.
    pub async fn purge_user(&self, user: UserId) -> Result<Erased, Fault> {
        let mut erased = Erased::default();
        loop {
            let batch = self.erasures.erase_of(user, BATCH).await?;
            if batch.total() == 0 {
                return Ok(erased);
            }
            erased += batch;
        }
    }
}

#[cfg(test)]
mod tests {
    use mockall::Sequence;

    use super::*;
    use crate::memory::ManualClock;

    #[tokio::test]
    async fn a_purge_goes_on_until_a_batch_erases_nothing() {
        let clock = Arc::new(ManualClock::default());
        let ended_by = clock.now() - TimeDelta::hours(24);
        let mut erasures = MockErasures::new();
        let mut turns = Sequence::new();
        for messages in [2, 1, 0] {
            let erased = Erased { messages, ..Erased::default() };
            let batch = erasures.expect_erase_ended().times(1).in_sequence(&mut turns);
            batch
                .withf(move |by, limit| (*by, *limit) == (ended_by, BATCH))
                .return_once(move |_, _| Ok(erased));
        }
        let service = RetentionService::new(Arc::new(erasures), clock, Retention::default());
        let erased = service.purge().await.expect("the store answers");
        assert_eq!(erased, Erased { messages: 3, ..Erased::default() });
    }
}
