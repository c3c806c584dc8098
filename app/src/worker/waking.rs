//! A store that wakes the workers for whom a commit left something.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use namaskah_domain::{Change, Claim, CommitError, Committed, JobLane, Store, UnitOfWork};
use tokio::sync::Notify;
use uuid::Uuid;

use super::Unrung;

/// Who is woken for what.
#[derive(Debug, Clone, Default)]
pub struct Wakers {
    /// Stamps events.
    pub relay: Arc<Notify>,
    /// Sends mail.
    pub mail: Arc<Notify>,
    /// Tells providers.
    pub tellers: Arc<Notify>,
    /// Sweeps.
    pub upkeep: Arc<Notify>,
    /// Handles notices.
    pub notices: Arc<Notify>,
    /// Gives events to endpoints.
    pub fan_out: Arc<Notify>,
    /// Delivers to endpoints.
    pub deliveries: Arc<Notify>,
    /// For the runners of other processes.
    pub others: Unrung,
}

impl Wakers {
    /// Wakes this process' runner of a lane.
    pub fn wake(&self, lane: JobLane) {
        self.of(lane).notify_one();
    }

    /// What wakes the runner of a lane.
    pub const fn of(&self, lane: JobLane) -> &Arc<Notify> {
        match lane {
            JobLane::Mail => &self.mail,
            JobLane::Provider => &self.tellers,
            JobLane::Upkeep => &self.upkeep,
        }
    }
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

/// Where a change leaves work.
fn queued_in(change: &Change) -> Option<JobLane> {
    match change {
        Change::Job(job) => Some(job.kind.lane()),
        Change::QueuedJob(job) => Some(job.lane),
        _ => None,
    }
}

#[async_trait]
impl Store for WakingStore {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        let has = |wanted: fn(&Change) -> bool| unit.changes().iter().any(wanted);
        let events = has(|change| matches!(change, Change::Event(_)));
        let notices = has(|change| matches!(change, Change::Notice(_)));
        let deliveries = has(|change| matches!(change, Change::WebhookDelivery(_)));
        let lanes = unit.changes().iter().filter_map(queued_in).collect::<BTreeSet<JobLane>>();
        let committed = self.inner.commit(unit).await?;
        let wakers = &self.wakers;
        for (left, waker) in
            [(events, &wakers.relay), (notices, &wakers.notices), (deliveries, &wakers.deliveries)]
        {
            if left {
                waker.notify_one();
            }
        }
        for lane in lanes {
            wakers.wake(lane);
            wakers.others.add(lane);
        }
        Ok(committed)
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.inner.replay(claim).await
    }
}
