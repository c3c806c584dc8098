//! One round of everything that the server's workers do.

use super::{Platform, Ticked};
use crate::{
    Clock, Fault, JobKind, JobLane, Time,
    mailer::{MailError, Mailer},
    outbox::{EventLog, Jobs, LeasedJob, MAX_ATTEMPTS, Scheduler, back_off},
    upkeep::UpkeepService,
    verification::NumberEnd,
};

const JOBS_AT_ONCE: u32 = 16;

impl Platform {
    pub(super) async fn round(&self) -> Ticked {
        let mut round = Ticked::default();
        round.note("notices of payments", self.payments.handle_notices(self.store.as_ref()).await);
        round.note("notices of orders", self.orders.handle_notices(self.store.as_ref()).await);
        round.note("expirer", self.orders.expire_due().await);
        // What the next three find is no reason to look again at once.
        round.note("poll", self.orders.poll().await.map(|_| 0));
        round.note("states", self.orders.follow_states().await.map(|_| 0));
        round.note("reconciler", self.orders.reconcile().await.map(|_| 0));
        round.note("sweep", self.payments.sweep().await.map(|swept| swept.settled));
        round.note("refunds", self.payments.follow_refunds().await.map(|followed| followed.changed));
        round.note("disputes", self.payments.follow_disputes().await.map(|followed| followed.changed));
        round.note("expiry of grants", self.books.expire_grants().await);
        round.note("collection of debts", self.books.collect_debts().await);
        round.note("ageing of receivables", self.receivables.write_off_aged().await);
        round.note("schedules", self.scheduler().queue_due().await);
        round.note("low balances", self.notifications.tell_low_balances().await);
        round.note("numbers that expire", self.notifications.tell_expiring().await);
        round.note("jobs", self.run_jobs().await);
        round.note("relay", self.store.stamp().await);
        round
    }

    fn scheduler(&self) -> Scheduler {
        let (store, reads) = (self.ports.store.clone(), self.store.clone());
        Scheduler::new(store, reads, self.clock.clone(), self.random.clone())
    }

    async fn run_jobs(&self) -> Result<u32, Fault> {
        let (mut done, now) = (0, self.clock.now());
        let mut leased = Vec::new();
        for lane in JobLane::ALL {
            leased.extend(self.store.lease(self.holder, lane, now, JOBS_AT_ONCE).await?);
        }
        for job in leased {
            match self.attempt(&job).await {
                Ok(None) => self.store.done(&job).await?,
                Ok(Some(at)) => {
                    self.store.put_off(&job, at).await?;
                    continue;
                }
                Err(Later(true, _)) if job.attempts < MAX_ATTEMPTS => {
                    let pause = back_off(job.attempts, self.random.as_ref());
                    self.store.retry(&job, self.clock.now() + pause).await?;
                    continue;
                }
                Err(Later(_, why)) => self.store.bury(&job, &why).await?,
            }
            done += 1;
        }
        Ok(done)
    }

    /// `None` if it is done; else when it is looked at again, though nothing has failed.
    async fn attempt(&self, job: &LeasedJob) -> Result<Option<Time>, Later> {
        match &job.kind {
            JobKind::SendMail { to, letter } => self.mailer.send(job.id, to, letter).await?,
            JobKind::Notify { notification } => {
                if let Some((to, news)) = self.notifications.letter(*notification).await? {
                    self.mailer.tell(job.id, &to, &news).await?;
                }
            }
            JobKind::TellStaff { occasion } => {
                self.notifications.tell_staff(*occasion).await?;
            }
            JobKind::EndReservation { purchase } => match self.orders.end_reservation(*purchase).await {
                Ok(NumberEnd::Settled) => {}
                Ok(NumberEnd::Awaited { again_at }) => return Ok(Some(again_at)),
                Ok(NumberEnd::Open) => {
                    return Err(Later(true, "the provider has not ended it yet".to_owned()));
                }
                Err(error) => return Err(Later(true, error.to_string())),
            },
            JobKind::Upkeep { task } => {
                UpkeepService::new(self.store.clone(), self.clock.clone()).run(*task).await?;
            }
        }
        Ok(None)
    }
}

/// Why a job is not done: whether it may be tried again, and what went wrong.
struct Later(bool, String);

impl From<Fault> for Later {
    fn from(fault: Fault) -> Self {
        Self(true, fault.to_string())
    }
}

impl From<MailError> for Later {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Transient(fault) => Self(true, fault.to_string()),
            MailError::Permanent(fault) => Self(false, fault.to_string()),
            MailError::BadAddress { .. } | MailError::Suppressed => Self(false, error.to_string()),
        }
    }
}

impl Ticked {
    fn note<E: std::fmt::Display>(&mut self, what: &str, outcome: Result<u32, E>) {
        match outcome {
            Ok(done) => self.done += done,
            Err(error) => self.failures.push(format!("{what}: {error}")),
        }
    }
}
