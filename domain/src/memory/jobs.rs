//! The queue of jobs, in memory, and jobs as staff sees them. A job in the hands of a runner is in work: memory knows no
//! time of leases.

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    MemoryStore,
    reads::page_of,
    state::{State, StoredJob},
};
use crate::{
    Fault, JobId, JobLane, NewJob, Page, PageOf, Time,
    outbox::{JobQuery, JobReads, JobState, Jobs, LeasedJob, QueuedJob, Schedule, ScheduleReads},
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

impl StoredJob {
    fn is_waiting(&self) -> bool {
        self.holder.is_none() && self.buried.is_none() && !self.cancelled
    }
}

impl State {
    /// A new job; nothing if another one of its key waits.
    pub(super) fn queue_job(&mut self, job: NewJob) {
        if !self.is_stood_for(&job) {
            let stored =
                StoredJob { attempts: 0, fence: 0, holder: None, buried: None, cancelled: false, job };
            self.jobs.insert(stored.job.id, stored);
        }
    }

    fn is_stood_for(&self, job: &NewJob) -> bool {
        let Some(key) = job.kind.key() else { return false };
        let others = self.jobs.values().filter(|other| other.job.id != job.id && other.is_waiting());
        others.filter_map(|other| other.job.kind.key()).any(|other| other == key)
    }

    /// A job that goes back into the queue, unless another one stands for it by now.
    fn put_back(&mut self, id: JobId) {
        let Some(stored) = self.jobs.get_mut(&id) else { return };
        stored.holder = None;
        let job = stored.job.clone();
        if self.is_stood_for(&job) {
            self.jobs.remove(&id);
        }
    }

    fn leased(&mut self, job: &LeasedJob) -> Option<&mut StoredJob> {
        self.jobs.get_mut(&job.id).filter(|stored| stored.fence == job.fence)
    }

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
impl Jobs for MemoryStore {
    async fn lease(
        &self,
        holder: Uuid,
        lane: JobLane,
        now: Time,
        limit: u32,
    ) -> Result<Vec<LeasedJob>, Fault> {
        let mut state = self.state();
        state.fence += 1;
        let fence = state.fence;
        let is_due = |stored: &StoredJob| stored.is_waiting() && stored.job.run_at <= now;
        let of_lane = state.jobs.values_mut().filter(|stored| stored.job.kind.lane() == lane);
        let mut due: Vec<&mut StoredJob> = of_lane.filter(|stored| is_due(stored)).collect();
        due.sort_by_key(|stored| (stored.job.kind.priority(), stored.job.run_at, stored.job.id));
        let taken = due.into_iter().take(limit as usize).map(|stored| {
            (stored.holder, stored.fence) = (Some(holder), fence);
            let NewJob { id, kind, run_at, cause } = stored.job.clone();
            LeasedJob { id, kind, attempts: stored.attempts, run_at, fence, cause }
        });
        Ok(taken.collect())
    }

    async fn done(&self, job: &LeasedJob) -> Result<(), Fault> {
        let mut state = self.state();
        if state.leased(job).is_some() {
            state.jobs.remove(&job.id);
        }
        Ok(())
    }

    async fn retry(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        let mut state = self.state();
        if let Some(stored) = state.leased(job) {
            stored.attempts += 1;
            stored.job.run_at = at;
            state.put_back(job.id);
        }
        Ok(())
    }

    async fn put_off(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        let mut state = self.state();
        if let Some(stored) = state.leased(job).filter(|stored| stored.holder.is_some()) {
            stored.job.run_at = at;
            state.put_back(job.id);
        }
        Ok(())
    }

    async fn bury(&self, job: &LeasedJob, why: &str) -> Result<(), Fault> {
        if let Some(stored) = self.state().leased(job) {
            stored.holder = None;
            stored.buried = Some(why.to_owned());
        }
        Ok(())
    }

    async fn release(&self, holder: Uuid) -> Result<(), Fault> {
        let mut state = self.state();
        let held = state.jobs.iter().filter(|(_, stored)| stored.holder == Some(holder));
        let held: Vec<JobId> = held.map(|(id, _)| *id).collect();
        for id in held {
            state.put_back(id);
        }
        Ok(())
    }
}

#[async_trait]
impl ScheduleReads for MemoryStore {
    async fn schedules(&self) -> Result<Vec<Schedule>, Fault> {
        Ok(self.state().schedules.values().cloned().collect())
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
