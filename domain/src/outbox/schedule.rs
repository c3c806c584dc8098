//! What comes again and again: a row a task with the time of its next job.
//!
//! Nobody leads. Whoever finds a row due moves it on and queues its job in one commit, which is decided on the row's
//! version: of all who find it, one succeeds, and the others have nothing to do. A process that dies leaves either both or
//! neither.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{
    Change, Clock, CommitError, Fault, JobId, JobKind, NewJob, Random, Store, Time, UnitOfWork, Version,
    upkeep::Task,
};

/// When a task is due next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What.
    pub task: Task,
    /// When its next job is queued.
    pub next_at: Time,
    /// Counts every change.
    pub version: Version,
}

impl Schedule {
    /// A task that nobody has scheduled yet: due after one span, so that a start is not the time for everything.
    pub fn first(task: Task, now: Time) -> Self {
        Self { task, next_at: now + task.every(), version: Version::FIRST }
    }

    /// The schedule after it was due, with the job; `None` before. Whatever was missed while nothing ran is one job.
    pub fn take(self, now: Time, random: &dyn Random) -> Option<(Self, NewJob)> {
        if now < self.next_at {
            return None;
        }
        let (task, late) = (self.task, now - self.next_at);
        let next_at = self.next_at + task.every() * (whole(late, task.every()) + 1);
        let job = NewJob::new(JobId::generate(now, random), JobKind::Upkeep { task }, now);
        Some((Self { task, next_at, version: self.version.next() }, job))
    }
}

/// How many whole spans are in a stretch of time.
fn whole(stretch: TimeDelta, span: TimeDelta) -> i32 {
    let spans = stretch.num_milliseconds() / span.num_milliseconds().max(1);
    i32::try_from(spans).unwrap_or(i32::MAX - 1)
}

/// Reads schedules. One statement.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait ScheduleReads: Send + Sync {
    /// Every schedule that there is.
    async fn schedules(&self) -> Result<Vec<Schedule>, Fault>;
}

/// Queues what is due.
pub struct Scheduler {
    store: Arc<dyn Store>,
    reads: Arc<dyn ScheduleReads>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Scheduler {
    /// Over any store.
    pub const fn new(
        store: Arc<dyn Store>,
        reads: Arc<dyn ScheduleReads>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { store, reads, clock, random }
    }

    /// Queues a job of each task that is due, and schedules what is not yet. Returns how many jobs.
    ///
    /// # Errors
    /// If the store does not answer; the next call finds what is left.
    pub async fn queue_due(&self) -> Result<u32, CommitError> {
        let now = self.clock.now();
        let known = self.reads.schedules().await.map_err(CommitError::Unavailable)?;
        let mut queued = 0;
        for task in Task::ALL {
            match known.iter().find(|schedule| schedule.task == task).cloned() {
                None => {
                    self.commit(UnitOfWork::new().with(Change::Schedule(Schedule::first(task, now)))).await?;
                }
                Some(schedule) => {
                    let Some((next, job)) = schedule.take(now, self.random.as_ref()) else { continue };
                    let unit = UnitOfWork::new().with(Change::Schedule(next)).with(Change::Job(job));
                    queued += u32::from(self.commit(unit).await?);
                }
            }
        }
        Ok(queued)
    }

    /// False if somebody else was first.
    async fn commit(&self, unit: UnitOfWork) -> Result<bool, CommitError> {
        match self.store.commit(unit).await {
            Ok(_) => Ok(true),
            Err(CommitError::Stale | CommitError::Duplicate(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        JobLane,
        memory::{ManualClock, MemoryStore, SeededRandom},
        outbox::Jobs,
        time::{hours, seconds},
    };

    fn at(hour: i64) -> Time {
        Time::UNIX_EPOCH + hours(hour)
    }

    fn schedule(next_at: Time) -> Schedule {
        Schedule { task: Task::Quotes, next_at, version: Version::FIRST }
    }

    #[test]
    fn what_is_due_makes_a_job_and_is_due_again_after_its_span() {
        let random = SeededRandom::new(1);
        assert_eq!(Task::Quotes.every(), hours(1));
        assert_eq!(schedule(at(5)).take(at(5) - seconds(1), &random), None);
        let (next, job) = schedule(at(5)).take(at(5), &random).expect("due");
        assert_eq!((next.next_at, next.version), (at(6), Version::FIRST.next()));
        assert_eq!((job.kind, job.run_at), (JobKind::Upkeep { task: Task::Quotes }, at(5)));
    }

    #[test]
    fn what_was_missed_is_one_job_and_the_beat_stays() {
        let (next, _) = schedule(at(5)).take(at(9) + seconds(60), &SeededRandom::new(1)).expect("due");
        assert_eq!(next.next_at, at(10));
    }

    /// Everything over one memory, as each process has it.
    fn scheduler(store: &Arc<MemoryStore>, clock: &Arc<ManualClock>, seed: u64) -> Scheduler {
        let random = Arc::new(SeededRandom::new(seed));
        Scheduler::new(store.clone(), store.clone(), clock.clone(), random)
    }

    #[tokio::test]
    async fn of_any_number_of_schedulers_one_queues_a_job() {
        let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::default()));
        let all: Vec<Scheduler> = (0..5).map(|seed| scheduler(&store, &clock, seed)).collect();
        for scheduler in &all {
            assert_eq!(scheduler.queue_due().await.expect("stored"), 0, "nothing is due at first");
        }
        clock.advance(hours(25));
        let mut queued = 0;
        for scheduler in &all {
            queued += scheduler.queue_due().await.expect("stored");
        }
        assert_eq!(queued as usize, Task::ALL.len());
        let jobs = store.lease(uuid::Uuid::nil(), JobLane::Upkeep, clock.now(), 99).await.expect("leased");
        assert_eq!(jobs.len(), Task::ALL.len());
    }

    #[tokio::test]
    async fn who_decided_on_what_has_moved_on_queues_nothing() {
        let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::default()));
        scheduler(&store, &clock, 1).queue_due().await.expect("stored");
        let before = store.schedules().await.expect("readable");
        clock.advance(hours(25));
        scheduler(&store, &clock, 2).queue_due().await.expect("stored");
        let mut old = MockScheduleReads::new();
        old.expect_schedules().return_once(move || Ok(before));
        let late = Scheduler::new(store, Arc::new(old), clock, Arc::new(SeededRandom::new(3)));
        assert_eq!(late.queue_due().await.expect("no fault"), 0);
    }
}
