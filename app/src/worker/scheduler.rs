//! The scheduler: queues the jobs that come again and again. Any number of instances may run it; each job is queued by one.

use std::time::Duration;

use async_trait::async_trait;
use namaskah_domain::outbox::Scheduler as Schedules;

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(30);

/// Queues what is due.
pub struct Scheduler {
    schedules: Schedules,
}

impl Scheduler {
    /// Over the schedules of a store.
    pub const fn new(schedules: Schedules) -> Self {
        Self { schedules }
    }
}

#[async_trait]
impl Worker for Scheduler {
    fn name(&self) -> &'static str {
        "scheduler"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        Ok(self.schedules.queue_due().await?)
    }
}
