//! Upkeep: what is of no more use is deleted after a stated time, by jobs that come again and again.
//!
//! Nothing here is money, and nothing is named by a record that stays. What ends by retention is another matter: see
//! [`crate::retention`].

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{Clock, Fault, Time, time::hours};

/// Rows that are deleted at a time.
pub const BATCH: u32 = 500;

/// What is swept away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    /// Tokens that were mailed: they prove nothing once they have expired.
    MailTokens,
    /// Refresh tokens. A used one is kept until it expires: it is how a theft is noticed.
    RefreshTokens,
    /// Sessions that have ended or expired, with the device and the address that they name.
    Sessions,
    /// Quotes that were used or have expired.
    Quotes,
    /// Claims of idempotency keys of accounts that are closed. Those of an account that is open stay as long as it does:
    /// each stands for money.
    Claims,
    /// Deliveries of webhooks that have ended, with their tries. Their events stay, so that whoever catches up by the log, or
    /// has everything since an instant sent again, misses nothing.
    Deliveries,
    /// Notifications that were read.
    ReadNotifications,
    /// Notifications that nobody has read.
    UnreadNotifications,
}

impl Task {
    /// Each.
    pub const ALL: [Self; 8] = [
        Self::MailTokens,
        Self::RefreshTokens,
        Self::Sessions,
        Self::Quotes,
        Self::Claims,
        Self::Deliveries,
        Self::ReadNotifications,
        Self::UnreadNotifications,
    ];

    /// The name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MailTokens => "mail_tokens",
            Self::RefreshTokens => "refresh_tokens",
            Self::Sessions => "sessions",
            Self::Quotes => "quotes",
            Self::Claims => "claims",
            Self::Deliveries => "webhook_deliveries",
            Self::ReadNotifications => "read_notifications",
            Self::UnreadNotifications => "unread_notifications",
        }
    }

    /// The task of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }

    /// How often it comes.
    pub const fn every(self) -> TimeDelta {
        match self {
            Self::MailTokens | Self::RefreshTokens | Self::Sessions | Self::Quotes | Self::Deliveries => {
                hours(1)
            }
            Self::Claims | Self::ReadNotifications | Self::UnreadNotifications => hours(24),
        }
    }

    /// How long after its end something is kept. Of sessions: longer than any of their refresh tokens, so that no token
    /// ever names a session that is gone. A notification ends when it is read, or else when it is told.
    pub const fn kept_for(self) -> TimeDelta {
        match self {
            Self::MailTokens | Self::Quotes => hours(7 * 24),
            Self::RefreshTokens => hours(24),
            Self::Sessions => hours(45 * 24),
            Self::Claims => hours(0),
            Self::Deliveries => hours(30 * 24),
            Self::ReadNotifications => hours(90 * 24),
            Self::UnreadNotifications => hours(180 * 24),
        }
    }
}

/// Deletes for good. What may go follows from times alone, so it is no unit of work, and repeating is safe.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Leftovers: Send + Sync {
    /// Deletes up to `limit` rows of what a task is about that were over at `over_by` or before; of claims, whatever the
    /// time. What a row has of its own goes with it and is not counted. Returns how many.
    async fn delete(&self, task: Task, over_by: Time, limit: u32) -> Result<u32, Fault>;
}

/// Sweeps.
pub struct UpkeepService {
    leftovers: Arc<dyn Leftovers>,
    clock: Arc<dyn Clock>,
}

impl UpkeepService {
    /// Over any store.
    pub const fn new(leftovers: Arc<dyn Leftovers>, clock: Arc<dyn Clock>) -> Self {
        Self { leftovers, clock }
    }

    /// Deletes everything of a task whose time is over. Returns how many rows.
    ///
    /// # Errors
    /// If the store does not answer; what was deleted until then is gone, and the next call goes on.
    pub async fn run(&self, task: Task) -> Result<u64, Fault> {
        let over_by = self.clock.now() - task.kept_for();
        let mut all = 0;
        loop {
            let deleted = self.leftovers.delete(task, over_by, BATCH).await?;
            all += u64::from(deleted);
            if deleted < BATCH {
                return Ok(all);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mockall::Sequence;

    use super::*;
    use crate::memory::ManualClock;

    #[tokio::test]
    async fn a_sweep_goes_on_until_a_batch_is_not_full() {
        let clock = Arc::new(ManualClock::default());
        let over_by = clock.now() - TimeDelta::days(7);
        let mut leftovers = MockLeftovers::new();
        let mut turns = Sequence::new();
        for deleted in [BATCH, BATCH, 3] {
            let batch = leftovers.expect_delete().times(1).in_sequence(&mut turns);
            let wanted = (Task::Quotes, over_by, BATCH);
            batch
                .withf(move |task, by, limit| (*task, *by, *limit) == wanted)
                .return_once(move |_, _, _| Ok(deleted));
        }
        let service = UpkeepService::new(Arc::new(leftovers), clock);
        assert_eq!(service.run(Task::Quotes).await.expect("the store answers"), u64::from(2 * BATCH + 3));
    }

    #[test]
    fn a_name_names_one_task() {
        for task in Task::ALL {
            assert_eq!(Task::from_name(task.name()), Some(task));
        }
        assert_eq!(Task::from_name("orders"), None);
    }
}
