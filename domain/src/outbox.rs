//! Ports of those who work after a commit: the event relay, the job runner, the readers of notices, and leases.

mod back_off;
mod bell;
mod desk;
mod schedule;

pub use back_off::back_off;
#[cfg(any(test, feature = "mocks"))]
pub use bell::MockBell;
pub use bell::{Bell, Heard};
#[cfg(any(test, feature = "mocks"))]
pub use desk::MockJobReads;
pub use desk::{
    JobDesk, JobError, JobFailure, JobQuery, JobReads, JobRefusal, JobState, MAX_ATTEMPTS, QueuedJob,
};
#[cfg(any(test, feature = "mocks"))]
pub use schedule::MockScheduleReads;
pub use schedule::{Schedule, ScheduleReads, Scheduler};

use async_trait::async_trait;
use uuid::Uuid;

use crate::{Event, Fault, JobId, JobKind, JobLane, Notice, Sender, Time, TraceParent, UserId};

/// An event with its place in the one order in which everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequencedEvent {
    /// Its place, from 1, rising; stamped after the commit by one relay at a time, so none appears late.
    pub sequence: i64,
    /// The event.
    pub event: Event,
}

/// Which events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventQuery {
    /// Only this user's; `None`: everybody's, for the relay's own readers.
    pub user: Option<UserId>,
    /// Only about this record.
    pub subject: Option<Uuid>,
    /// Only after this sequence.
    pub after: i64,
    /// At most so many.
    pub limit: u32,
}

/// The log of events.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Gives every committed event without a sequence the next ones, in the order of their commits.
    /// Instances exclude each other. Returns how many were stamped.
    async fn stamp(&self) -> Result<u32, Fault>;

    /// Stamped events, ascending.
    async fn after(&self, query: EventQuery) -> Result<Vec<SequencedEvent>, Fault>;

    /// The highest sequence given so far, or 0.
    async fn newest(&self) -> Result<i64, Fault>;
}

/// A job in the hands of one runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedJob {
    /// Which.
    pub id: JobId,
    /// What to do.
    pub kind: JobKind,
    /// How often it was tried before.
    pub attempts: u32,
    /// Since when it was due.
    pub run_at: Time,
    /// Proves the lease; an older one changes nothing.
    pub fence: i64,
    /// The place in a trace that has queued it, if it is known.
    pub cause: Option<TraceParent>,
}

/// The queue of jobs. Any number of runners take from it, and none leads.
///
/// A job is done at least once: a runner that dies leaves its jobs to others when its leases run out. Every effect is safe
/// to repeat, so it is there once.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Takes up to `limit` jobs of a lane that are due at `now` and that nobody holds, for 60 s of the database's time:
    /// those of a higher [`Priority`](crate::Priority) first, each oldest first.
    async fn lease(
        &self,
        holder: Uuid,
        lane: JobLane,
        now: Time,
        limit: u32,
    ) -> Result<Vec<LeasedJob>, Fault>;

    /// It is done.
    async fn done(&self, job: &LeasedJob) -> Result<(), Fault>;

    /// They are done, all in one writing where the store has such a thing.
    async fn done_all(&self, jobs: &[LeasedJob]) -> Result<(), Fault> {
        for job in jobs {
            self.done(job).await?;
        }
        Ok(())
    }

    /// It failed and is due again at `at`. If another one of its [key](crate::JobKind::key) waits by now, that one stands
    /// for it, and it is gone.
    async fn retry(&self, job: &LeasedJob, at: Time) -> Result<(), Fault>;

    /// It is not its time yet: nothing has failed, and it is due at `at` with as many attempts as before it was taken.
    /// For others of its key as [`Self::retry`].
    async fn put_off(&self, job: &LeasedJob, at: Time) -> Result<(), Fault>;

    /// It failed for good, for this reason.
    async fn bury(&self, job: &LeasedJob, why: &str) -> Result<(), Fault>;

    /// Gives back whatever `holder` has, as a stopping process does; but for what another of its key stands for.
    async fn release(&self, holder: Uuid) -> Result<(), Fault>;
}

/// A right that one process has at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Rises whenever the right changes hands.
    pub fence: i64,
}

/// Leases over the database's own time, so that clocks of instances do not matter.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes or renews the right `name` for `seconds`; `None` while another holds it.
    async fn acquire(&self, name: &str, holder: Uuid, seconds: u32) -> Result<Option<Lease>, Fault>;

    /// Gives it back.
    async fn release(&self, name: &str, holder: Uuid) -> Result<(), Fault>;
}

/// Reads of notices.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait NoticeReads: Send + Sync {
    /// Notices of a sender that nobody has handled: first those that were put off least often, each oldest first.
    async fn new_notices(&self, sender: Sender, limit: u32) -> Result<Vec<Notice>, Fault>;

    /// Unmatched notices of a number provider whose subject is now the reservation of a purchase: in the same
    /// order.
    async fn matchable_notices(&self, limit: u32) -> Result<Vec<Notice>, Fault>;
}
