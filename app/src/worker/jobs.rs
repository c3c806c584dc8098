//! The job runner: mail, and what providers are told afterwards. At least once; every effect is safe to repeat.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Clock, JobKind,
    mailer::{MailError, Mailer},
    outbox::{Jobs, LeasedJob},
    verification::VerificationService,
};
use uuid::Uuid;

use super::{RunError, Worker};

const REST: Duration = Duration::from_millis(500);
const LEASED_AT_ONCE: u32 = 16;
/// A job that failed so often is buried: after about two days of doubling pauses.
const MAX_ATTEMPTS: u32 = 60;
const FIRST_PAUSE_S: i64 = 5;
const LONGEST_PAUSE_S: i64 = 3_600;

/// Takes jobs and does them.
pub struct JobRunner {
    jobs: Arc<dyn Jobs>,
    mailer: Arc<dyn Mailer>,
    orders: Arc<VerificationService>,
    clock: Arc<dyn Clock>,
    holder: Uuid,
}

/// What came of a job.
enum Outcome {
    Done,
    Later(String),
    Never(String),
}

impl JobRunner {
    /// `holder` names this process in leases.
    pub fn new(
        jobs: Arc<dyn Jobs>,
        mailer: Arc<dyn Mailer>,
        orders: Arc<VerificationService>,
        clock: Arc<dyn Clock>,
        holder: Uuid,
    ) -> Self {
        Self { jobs, mailer, orders, clock, holder }
    }

    async fn attempt(&self, job: &LeasedJob) -> Outcome {
        match &job.kind {
            JobKind::SendMail { to, letter } => match self.mailer.send(to, letter).await {
                Ok(()) => Outcome::Done,
                Err(MailError::Transient(fault)) => Outcome::Later(fault.to_string()),
                Err(MailError::Permanent(fault)) => Outcome::Never(fault.to_string()),
            },
            JobKind::EndReservation { purchase } => match self.orders.end_reservation(*purchase).await {
                Ok(false) => Outcome::Done,
                Ok(true) => Outcome::Later("the provider has not ended it yet".to_owned()),
                Err(error) => Outcome::Later(error.to_string()),
            },
        }
    }

    async fn settle(&self, job: &LeasedJob, outcome: Outcome) -> Result<u32, RunError> {
        match outcome {
            Outcome::Done => self.jobs.done(job).await?,
            Outcome::Later(why) if job.attempts < MAX_ATTEMPTS => {
                tracing::warn!(job = %job.id, attempts = job.attempts, why, "a job is tried again later");
                self.jobs.retry(job, self.clock.now() + pause(job.attempts)).await?;
                return Ok(0);
            }
            Outcome::Later(why) | Outcome::Never(why) => {
                tracing::error!(job = %job.id, why, "a job is given up");
                self.jobs.bury(job, &why).await?;
            }
        }
        Ok(1)
    }
}

fn pause(attempts: u32) -> TimeDelta {
    let doubled = FIRST_PAUSE_S.saturating_mul(1 << attempts.min(10));
    TimeDelta::seconds(doubled.min(LONGEST_PAUSE_S))
}

#[async_trait]
impl Worker for JobRunner {
    fn name(&self) -> &'static str {
        "jobs"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        let leased = self.jobs.lease(self.holder, self.clock.now(), LEASED_AT_ONCE).await?;
        let attempts = leased.iter().map(|job| async move { (job, self.attempt(job).await) });
        let mut done = 0;
        for (job, outcome) in futures::future::join_all(attempts).await {
            done += self.settle(job, outcome).await?;
        }
        Ok(done)
    }

    async fn stop(&self) {
        if let Err(error) = self.jobs.release(self.holder).await {
            tracing::warn!(%error, "leases of jobs run out by themselves");
        }
    }
}
