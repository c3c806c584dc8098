//! Jobs as staff sees them: how they stand, never what is in them; those that were given up run again, those that wait
//! are cancelled.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Change, Clock, CommitError, Fault, JobId, JobLane, Page, PageOf, Random, Store, Time, UnitOfWork,
    staff::{Actor, AuditAction, By, Facts, Subject},
    unit::retry_stale,
};

/// A job that has failed so often is buried: after about a day and a half of doubling pauses.
pub const MAX_ATTEMPTS: u32 = 60;

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// It waits for its time.
    Waiting,
    /// A runner has it.
    InWork,
    /// It was given up.
    Buried,
    /// Staff has taken it out.
    Cancelled,
}

impl JobState {
    /// Each.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::InWork, Self::Buried, Self::Cancelled];

    /// As it is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InWork => "in_work",
            Self::Buried => "buried",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What kind of failure a job has met. Its words may name an address, so they stay in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobFailure {
    /// It failed, and is tried again.
    Failing,
    /// It was refused for good.
    Refused,
    /// It failed too often.
    Exhausted,
}

impl JobFailure {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Failing, Self::Refused, Self::Exhausted];

    /// As it is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Refused => "refused",
            Self::Exhausted => "exhausted",
        }
    }
}

/// A job without what is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedJob {
    /// Its identifier.
    pub id: JobId,
    /// Where it queues.
    pub lane: JobLane,
    /// How it stands.
    pub state: JobState,
    /// How often it was taken.
    pub attempts: u32,
    /// Not before.
    pub run_at: Time,
    /// Rises whenever it is taken or decided about: its version.
    pub fence: i64,
}

/// Why staff's wish about a job is not fulfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JobRefusal {
    /// It was not given up, and not cancelled.
    #[error("the job was not given up")]
    NotEnded,
    /// A runner has it: whether it has done its work already is not known.
    #[error("the job is being done")]
    InWork,
    /// It was given up or cancelled before.
    #[error("the job has ended")]
    Ended,
    /// A provider is to be told something that money depends on.
    #[error("the provider must be told")]
    Owed,
}

impl QueuedJob {
    /// What it has met last, if it has failed.
    pub const fn failure(&self) -> Option<JobFailure> {
        match self.state {
            JobState::Buried if self.attempts > MAX_ATTEMPTS => Some(JobFailure::Exhausted),
            JobState::Buried => Some(JobFailure::Refused),
            JobState::Waiting | JobState::Cancelled if self.attempts > 0 => Some(JobFailure::Failing),
            JobState::InWork if self.attempts > 1 => Some(JobFailure::Failing),
            JobState::Waiting | JobState::Cancelled | JobState::InWork => None,
        }
    }

    /// Runs from `now` on, with all its attempts.
    ///
    /// # Errors
    /// `NotEnded`.
    pub fn again(self, now: Time) -> Result<Self, JobRefusal> {
        match self.state {
            JobState::Buried | JobState::Cancelled => {
                let fence = self.fence + 1;
                Ok(Self { state: JobState::Waiting, attempts: 0, run_at: now, fence, ..self })
            }
            JobState::Waiting | JobState::InWork => Err(JobRefusal::NotEnded),
        }
    }

    /// Does not run, unless it is told to again.
    ///
    /// # Errors
    /// `Owed`, `InWork`, `Ended`.
    pub fn cancelled(self) -> Result<Self, JobRefusal> {
        match self.state {
            // The money of a number comes back by what the provider is told: a user's refund waits for it.
            JobState::Waiting if self.lane == JobLane::Provider => Err(JobRefusal::Owed),
            JobState::Waiting => Ok(Self { state: JobState::Cancelled, fence: self.fence + 1, ..self }),
            JobState::InWork => Err(JobRefusal::InWork),
            JobState::Buried | JobState::Cancelled => Err(JobRefusal::Ended),
        }
    }

    fn facts(&self) -> Facts {
        let facts = Facts::none().with("state", self.state.name()).with("kind", self.lane.job());
        facts.with("attempts", self.attempts).at("run_at", Some(self.run_at))
    }
}

/// Which jobs are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobQuery {
    /// How they stand.
    pub state: Option<JobState>,
    /// Where they queue.
    pub lane: Option<JobLane>,
}

/// Reads of jobs without what is in them. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait JobReads: Send + Sync {
    /// Jobs that are not done, newest first.
    async fn queued(&self, query: JobQuery, page: Page<JobId>) -> Result<PageOf<QueuedJob>, Fault>;

    /// One job; `None` once it is done.
    async fn job(&self, id: JobId) -> Result<Option<QueuedJob>, Fault>;
}

/// Why a job stays as it is.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JobError {
    /// There is none of this identifier, or it is done.
    #[error("no such job")]
    NotFound,
    /// How it stands forbids it.
    #[error(transparent)]
    Refused(#[from] JobRefusal),
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("jobs cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Jobs for staff.
pub struct JobDesk {
    store: Arc<dyn Store>,
    reads: Arc<dyn JobReads>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl JobDesk {
    /// Over any store.
    pub const fn new(
        store: Arc<dyn Store>,
        reads: Arc<dyn JobReads>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { store, reads, clock, random }
    }

    /// Jobs, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn list(&self, query: JobQuery, page: Page<JobId>) -> Result<PageOf<QueuedJob>, Fault> {
        self.reads.queued(query, page).await
    }

    /// A job that was given up or cancelled runs again, now.
    ///
    /// # Errors
    /// `NotFound`, `Refused` with `NotEnded`, and the others by name.
    pub async fn retry(&self, actor: &Actor, id: JobId) -> Result<QueuedJob, JobError> {
        let now = self.clock.now();
        self.decide(actor, id, AuditAction::JobRetried, |job| job.again(now)).await
    }

    /// A job that waits does not run. Never one that a runner has.
    ///
    /// # Errors
    /// `NotFound`, `Refused`, and the others by name.
    pub async fn cancel(&self, actor: &Actor, id: JobId) -> Result<QueuedJob, JobError> {
        self.decide(actor, id, AuditAction::JobCancelled, QueuedJob::cancelled).await
    }

    async fn decide(
        &self,
        actor: &Actor,
        id: JobId,
        action: AuditAction,
        decide: impl Fn(QueuedJob) -> Result<QueuedJob, JobRefusal> + Send + Sync,
    ) -> Result<QueuedJob, JobError> {
        let decide = &decide;
        let decided = retry_stale(|| async move {
            match self.decide_once(actor, id, action, decide).await {
                Err(JobError::Commit(refused)) => Err(refused),
                decided => Ok(decided),
            }
        });
        decided.await?
    }

    async fn decide_once(
        &self,
        actor: &Actor,
        id: JobId,
        action: AuditAction,
        decide: &(impl Fn(QueuedJob) -> Result<QueuedJob, JobRefusal> + Send + Sync),
    ) -> Result<QueuedJob, JobError> {
        let job = self.reads.job(id).await?.ok_or(JobError::NotFound)?;
        let before = job.facts();
        let decided = decide(job)?;
        let (by, subject) = (By::Staff(actor.clone()), Subject::of("job", id));
        let told = (self.clock.now(), self.random.as_ref());
        let line = by.did(action, subject, (before, decided.facts()), told);
        let unit = UnitOfWork::new().with(Change::QueuedJob(decided.clone())).with(line);
        self.store.commit(unit).await?;
        Ok(decided)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(state: JobState, attempts: u32) -> QueuedJob {
        let (id, run_at) = (JobId::from_uuid(uuid::Uuid::nil()), Time::UNIX_EPOCH);
        QueuedJob { id, lane: JobLane::Mail, state, attempts, run_at, fence: 7 }
    }

    #[test]
    fn what_was_given_up_or_cancelled_runs_again_with_all_its_attempts() {
        let now = Time::UNIX_EPOCH + crate::time::seconds(9);
        for state in [JobState::Buried, JobState::Cancelled] {
            let again = job(state, 61).again(now).expect("ended");
            assert_eq!((again.state, again.attempts), (JobState::Waiting, 0));
            assert_eq!((again.run_at, again.fence), (now, 8));
        }
        for state in [JobState::Waiting, JobState::InWork] {
            assert_eq!(job(state, 1).again(now), Err(JobRefusal::NotEnded));
        }
    }

    #[test]
    fn what_waits_is_cancelled_and_nothing_that_is_being_done() {
        let cancelled = job(JobState::Waiting, 3).cancelled().expect("it waits");
        assert_eq!((cancelled.state, cancelled.attempts, cancelled.fence), (JobState::Cancelled, 3, 8));
        assert_eq!(job(JobState::InWork, 1).cancelled(), Err(JobRefusal::InWork));
        for state in [JobState::Buried, JobState::Cancelled] {
            assert_eq!(job(state, 1).cancelled(), Err(JobRefusal::Ended));
        }
    }

    #[test]
    fn a_failure_is_told_by_its_kind_alone() {
        for (state, attempts, failure) in [
            (JobState::Waiting, 0, None),
            (JobState::Waiting, 1, Some(JobFailure::Failing)),
            (JobState::InWork, 1, None),
            (JobState::InWork, 2, Some(JobFailure::Failing)),
            (JobState::Cancelled, 0, None),
            (JobState::Cancelled, 4, Some(JobFailure::Failing)),
            (JobState::Buried, 1, Some(JobFailure::Refused)),
            (JobState::Buried, MAX_ATTEMPTS, Some(JobFailure::Refused)),
            (JobState::Buried, MAX_ATTEMPTS + 1, Some(JobFailure::Exhausted)),
        ] {
            assert_eq!(job(state, attempts).failure(), failure, "{state:?} {attempts}");
        }
    }
}
