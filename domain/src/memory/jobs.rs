//! Jobs as staff sees them, in memory. A job in the hands of a runner is in work: memory knows no time of leases.

use async_trait::async_trait;

use super::{
    MemoryStore,
    reads::page_of,
    state::{State, StoredJob},
};
use crate::{
    Fault, JobId, Page, PageOf,
    outbox::{JobQuery, JobReads, JobState, QueuedJob},
};

fn shown(stored: &StoredJob) -> QueuedJob {
    let state = match (&stored.buried, stored.cancelled, stored.holder) {
        (_, true, _) => JobState::Cancelled,
        (Some(_), ..) => JobState::Buried,
        (None, _, Some(_)) => JobState::InWork,
        (None, ..) => JobState::Waiting,
    };
    QueuedJob {
        id: stored.job.id,
        lane: stored.job.kind.lane(),
        state,
        // Databases count an attempt when it begins, and here it counts when it has failed.
        attempts: stored.attempts + u32::from(matches!(state, JobState::InWork | JobState::Buried)),
        run_at: stored.job.run_at,
        fence: stored.fence,
    }
}

impl State {
    /// What staff decided about a job that is there.
    pub(super) fn decide_job(&mut self, decided: &QueuedJob) {
        // Whoever takes it next has a later fence.
        self.fence = self.fence.max(decided.fence);
        let Some(stored) = self.jobs.get_mut(&decided.id) else { return };
        stored.cancelled = decided.state == JobState::Cancelled;
        stored.buried = None;
        stored.attempts = decided.attempts;
        stored.fence = decided.fence;
        stored.job.run_at = decided.run_at;
    }
}

#[async_trait]
impl JobReads for MemoryStore {
    async fn queued(&self, query: JobQuery, page: Page<JobId>) -> Result<PageOf<QueuedJob>, Fault> {
        let state = self.state();
        let wanted = state.jobs.values().rev().map(shown).filter(|job| {
            query.state.is_none_or(|state| job.state == state)
                && query.lane.is_none_or(|lane| job.lane == lane)
        });
        Ok(page_of(wanted.collect(), page, |job| job.id))
    }

    async fn job(&self, id: JobId) -> Result<Option<QueuedJob>, Fault> {
        Ok(self.state().jobs.get(&id).map(shown))
    }
}
