//! The job runners, one a lane: mail, and what providers are told afterwards. At least once; every effect is safe to
//! repeat.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Clock, JobKind, JobLane,
    mailer::{MailError, Mailer},
    outbox::{Jobs, LeasedJob, MAX_ATTEMPTS},
    verification::VerificationService,
};
use uuid::Uuid;

use super::{RunError, Worker};

const REST: Duration = Duration::from_millis(500);
const LEASED_AT_ONCE: u32 = 16;
/// Each may wait for its turn three times, and its lease must not run out meanwhile: at one call a second, 24 s.
const TOLD_AT_ONCE: u32 = 8;
const FIRST_PAUSE_S: i64 = 5;
const LONGEST_PAUSE_S: i64 = 3_600;

/// Takes jobs of one lane and does them.
pub struct JobRunner {
    lane: JobLane,
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
        lane: JobLane,
        jobs: Arc<dyn Jobs>,
        mailer: Arc<dyn Mailer>,
        orders: Arc<VerificationService>,
        clock: Arc<dyn Clock>,
        holder: Uuid,
    ) -> Self {
        Self { lane, jobs, mailer, orders, clock, holder }
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
        match self.lane {
            JobLane::Mail => "mail",
            JobLane::Provider => "tellers",
        }
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        let limit = match self.lane {
            JobLane::Mail => LEASED_AT_ONCE,
            JobLane::Provider => TOLD_AT_ONCE,
        };
        let leased = self.jobs.lease(self.holder, self.lane, self.clock.now(), limit).await?;
        // Each is settled when it ends: one that is slow must not let the lease of a mail that is sent run out.
        let attempts =
            leased.iter().map(|job| async move { self.settle(job, self.attempt(job).await).await });
        let mut done = 0;
        for settled in futures::future::join_all(attempts).await {
            done += settled?;
        }
        Ok(done)
    }

    async fn stop(&self) {
        if let Err(error) = self.jobs.release(self.holder).await {
            tracing::warn!(%error, "leases of jobs run out by themselves");
        }
    }
}

#[cfg(test)]
mod tests {
    use namaskah_domain::{
        Fault, Id, Letter, Time,
        auth::Email,
        memory::{ManualClock, Platform},
    };
    use tokio::sync::Notify;

    use super::*;

    /// Two mails. The slow one is sent only once the quick one is settled.
    #[derive(Default)]
    struct Post {
        settled: Notify,
    }

    fn job(name: &str, n: u128) -> LeasedJob {
        let to = Email::try_new(name).expect("an address");
        let kind = JobKind::SendMail { to, letter: Letter::PasswordChanged };
        LeasedJob { id: Id::from_uuid(Uuid::from_u128(n)), kind, attempts: 0, fence: 1 }
    }

    #[async_trait]
    impl Jobs for Post {
        async fn lease(&self, _: Uuid, _: JobLane, _: Time, _: u32) -> Result<Vec<LeasedJob>, Fault> {
            Ok(vec![job("slow@example.com", 1), job("quick@example.com", 2)])
        }

        async fn done(&self, _: &LeasedJob) -> Result<(), Fault> {
            self.settled.notify_one();
            Ok(())
        }

        async fn retry(&self, _: &LeasedJob, _: Time) -> Result<(), Fault> {
            Ok(())
        }

        async fn bury(&self, _: &LeasedJob, _: &str) -> Result<(), Fault> {
            Ok(())
        }

        async fn release(&self, _: Uuid) -> Result<(), Fault> {
            Ok(())
        }
    }

    #[async_trait]
    impl Mailer for Post {
        async fn send(&self, to: &Email, _: &Letter) -> Result<(), MailError> {
            if to.as_str().starts_with("slow") {
                self.settled.notified().await;
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_mail_that_is_sent_is_settled_while_another_is_still_on_its_way() {
        let (post, orders) = (Arc::new(Post::default()), Platform::new(1).orders);
        let clock = Arc::new(ManualClock::default());
        let holder = Uuid::from_u128(1);
        let runner = JobRunner::new(JobLane::Mail, post.clone(), post, orders, clock, holder);
        let run = tokio::time::timeout(Duration::from_secs(10), runner.run());
        assert_eq!(run.await.expect("neither waits for the other").expect("both are sent"), 2);
    }
}
