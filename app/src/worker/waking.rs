//! A store that wakes the workers for whom a commit left something.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{Change, Claim, CommitError, Committed, JobLane, Store, UnitOfWork};
use tokio::sync::Notify;
use uuid::Uuid;

/// Who is woken for what.
#[derive(Debug, Clone, Default)]
pub struct Wakers {
    /// Stamps events.
    pub relay: Arc<Notify>,
    /// Sends mail.
    pub mail: Arc<Notify>,
    /// Tells providers.
    pub tellers: Arc<Notify>,
    /// Handles notices.
    pub notices: Arc<Notify>,
    /// Gives events to endpoints.
    pub fan_out: Arc<Notify>,
    /// Delivers to endpoints.
    pub deliveries: Arc<Notify>,
}

/// Commits through `inner`, then wakes.
pub struct WakingStore {
    inner: Arc<dyn Store>,
    wakers: Wakers,
}

impl WakingStore {
    /// Over any store.
    pub fn new(inner: Arc<dyn Store>, wakers: Wakers) -> Self {
        Self { inner, wakers }
    }
}

#[async_trait]
impl Store for WakingStore {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        let has = |wanted: fn(&Change) -> bool| unit.changes().iter().any(wanted);
        let events = has(|change| matches!(change, Change::Event(_)));
        let queued = |change: &Change, lane| matches!(change, Change::Job(job) if job.kind.lane() == lane);
        let mail = unit.changes().iter().any(|change| queued(change, JobLane::Mail));
        let tellers = unit.changes().iter().any(|change| queued(change, JobLane::Provider));
        let notices = has(|change| matches!(change, Change::Notice(_)));
        let deliveries = has(|change| matches!(change, Change::WebhookDelivery(_)));
        let committed = self.inner.commit(unit).await?;
        let wakers = &self.wakers;
        for (left, waker) in [
            (events, &wakers.relay),
            (mail, &wakers.mail),
            (tellers, &wakers.tellers),
            (notices, &wakers.notices),
            (deliveries, &wakers.deliveries),
        ] {
            if left {
                waker.notify_one();
            }
        }
        Ok(committed)
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.inner.replay(claim).await
    }
}
