//! Tells other processes that something waits in the queue.

use async_trait::async_trait;

use crate::{Fault, JobLane};

/// What a process hears of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Something waits in a lane.
    Lane(JobLane),
    /// The line was cut and is there again: anything may wait.
    Anything,
}

/// Rings for the other processes on the same database, and hears them. It is a hint and no more: who hears nothing looks
/// by itself, so a ring that is lost costs an interval and never a job.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Bell: Send + Sync {
    /// Something waits in `lane`.
    async fn ring(&self, lane: JobLane) -> Result<(), Fault>;

    /// Waits for the next ring of another process. After a failure it is asked again; what was rung meanwhile is told as
    /// `Anything`.
    async fn hear(&self) -> Result<Heard, Fault>;
}
