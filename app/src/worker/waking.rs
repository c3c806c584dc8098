//! A store that wakes the workers for whom a commit left something.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{Change, Claim, CommitError, Committed, Store, UnitOfWork};
use tokio::sync::Notify;
use uuid::Uuid;

/// Who is woken for what.
#[derive(Debug, Clone, Default)]
pub struct Wakers {
    /// Stamps events.
    pub relay: Arc<Notify>,
    /// Runs jobs.
    pub jobs: Arc<Notify>,
    /// Handles notices.
    pub notices: Arc<Notify>,
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
        let jobs = has(|change| matches!(change, Change::Job(_)));
        let notices = has(|change| matches!(change, Change::Notice(_)));
        let committed = self.inner.commit(unit).await?;
        for (left, waker) in
            [(events, &self.wakers.relay), (jobs, &self.wakers.jobs), (notices, &self.wakers.notices)]
        {
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
