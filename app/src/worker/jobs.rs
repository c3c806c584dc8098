//! The job runners, one a lane. At least once; every effect is safe to repeat.
//!
//! A runner has so many jobs of its lane in work and no more. When half of these places are free it takes as many jobs, by
//! one statement; what is done is told by one statement for all that ended meanwhile. Nothing waits for anything else: a job
//! that is slow holds its own place alone, and what is queued meanwhile is taken beside it. A job that panics is a job that
//! failed.

#[cfg(test)]
mod tests;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use namaskah_domain::{
    Clock, Fault, JobKind, JobLane, Random, Time,
    mailer::{MailError, Mailer},
    notification::NotificationService,
    outbox::{Jobs, LeasedJob, MAX_ATTEMPTS, back_off},
    upkeep::UpkeepService,
    verification::{NumberEnd, VerificationService},
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tracing::{Instrument, field::Empty};
use uuid::Uuid;

use super::{RunError, Worker};
use crate::{logging::SPANS, traces};

const REST: Duration = Duration::from_millis(500);
/// Mails on their way at a time, unless it is configured.
pub const MAILS_AT_ONCE: u32 = 16;
/// Each may wait for its turn three times, and its lease must not run out meanwhile: at one call a second, 24 s.
const TOLD_AT_ONCE: u32 = 8;
const SWEPT_AT_ONCE: u32 = 1;
/// A run takes so many times what may be in work, so that it ends, even while more and more is queued.
const TAKES_OF_A_RUN: u32 = 4;

/// With what jobs are done.
#[derive(Clone)]
pub struct Doers {
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// Knows what users are told.
    pub notifications: Arc<NotificationService>,
    /// Tells providers.
    pub orders: Arc<VerificationService>,
    /// Sweeps.
    pub upkeep: Arc<UpkeepService>,
}

/// Takes jobs of one lane and does them.
pub struct JobRunner {
    lane: JobLane,
    at_once: u32,
    jobs: Arc<dyn Jobs>,
    doers: Doers,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    holder: Uuid,
    wake: Option<Arc<Notify>>,
    leaving: AtomicBool,
}

/// What came of a job.
enum Outcome {
    Done,
    /// Nothing has failed: what it waits for may come by then.
    NotYet(Time),
    Later(String),
    Never(String),
}

/// Something that a run waits for has come.
enum Step {
    /// Jobs were taken, of so many that there was room for.
    Taken(u32, Result<Vec<LeasedJob>, Fault>),
    /// More jobs may be due: somebody tells of them, or it is time to look.
    Due,
    /// A job is done, and the queue does not know yet.
    Done(LeasedJob),
    /// The queue knows of a job that is not to be done again.
    GivenUp,
    /// The queue knows of a job that is tried again later.
    PutOff,
    /// The queue could not be told of a job: its lease runs out.
    Lost(Fault),
    /// The queue knows of so many that are done.
    Told(Result<u32, Fault>),
}

/// A run so far.
struct Run<'r> {
    steps: FuturesUnordered<BoxFuture<'r, Step>>,
    /// Done, and not told yet.
    done: Vec<LeasedJob>,
    in_work: u32,
    /// How many more may be taken.
    left: u32,
    /// Nothing more was due at the last look: when to look again, unless somebody tells of more.
    look_at: Option<Instant>,
    is_taking: bool,
    is_telling: bool,
    ended: u32,
    fault: Option<Fault>,
}

impl From<Result<(), MailError>> for Outcome {
    fn from(sent: Result<(), MailError>) -> Self {
        match sent {
            Ok(()) => Self::Done,
            Err(MailError::Transient(fault)) => Self::Later(fault.to_string()),
            Err(MailError::Permanent(fault)) => Self::Never(fault.to_string()),
            Err(error @ MailError::BadAddress { .. }) => Self::Never(error.to_string()),
            // Nobody is there to read it.
            Err(MailError::Suppressed) => Self::Done,
        }
    }
}

impl JobRunner {
    /// `holder` names this process in leases.
    pub fn new(
        lane: JobLane,
        jobs: Arc<dyn Jobs>,
        doers: Doers,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        holder: Uuid,
    ) -> Self {
        let at_once = match lane {
            JobLane::Mail => MAILS_AT_ONCE,
            JobLane::Provider => TOLD_AT_ONCE,
            JobLane::Upkeep => SWEPT_AT_ONCE,
        };
        let leaving = AtomicBool::new(false);
        Self { lane, at_once, jobs, doers, clock, random, holder, wake: None, leaving }
    }

    /// Looks for jobs that are queued while others are in work: when `wake` tells of some, and by itself. Without it, what is
    /// queued meanwhile is for the next run.
    #[must_use]
    pub fn woken_by(self, wake: Arc<Notify>) -> Self {
        Self { wake: Some(wake), ..self }
    }

    /// With so many jobs in work at a time; at least one.
    #[must_use]
    pub fn at_once(self, at_once: u32) -> Self {
        Self { at_once: at_once.max(1), ..self }
    }

    /// In a span of its own, in the trace of the commit that queued it.
    async fn attempt(&self, job: &LeasedJob) -> Outcome {
        let lane = self.lane.job();
        let span = tracing::info_span!(
            target: SPANS, "job", job = %job.id, lane, attempts = job.attempts, otel.kind = Empty
        );
        traces::caused(&span, job.cause, "consumer");
        self.perform(job).instrument(span).await
    }

    async fn perform(&self, job: &LeasedJob) -> Outcome {
        match &job.kind {
            JobKind::SendMail { to, letter } => self.doers.mailer.send(job.id, to, letter).await.into(),
            JobKind::Notify { notification } => match self.doers.notifications.letter(*notification).await {
                Ok(Some((to, news))) => self.doers.mailer.tell(job.id, &to, &news).await.into(),
                Ok(None) => Outcome::Done,
                Err(fault) => Outcome::Later(fault.to_string()),
            },
            JobKind::TellStaff { occasion } => match self.doers.notifications.tell_staff(*occasion).await {
                Ok(_) => Outcome::Done,
                Err(fault) => Outcome::Later(fault.to_string()),
            },
            JobKind::EndReservation { purchase } => {
                match self.doers.orders.end_reservation(*purchase).await {
                    Ok(NumberEnd::Settled) => Outcome::Done,
                    Ok(NumberEnd::Awaited { again_at }) => Outcome::NotYet(again_at),
                    Ok(NumberEnd::Open) => Outcome::Later("the provider has not ended it yet".to_owned()),
                    Err(error) => Outcome::Later(error.to_string()),
                }
            }
            JobKind::Upkeep { task } => match self.doers.upkeep.run(*task).await {
                Ok(deleted) => {
                    if deleted > 0 {
                        tracing::info!(task = task.name(), deleted, "what is of no more use was deleted");
                    }
                    Outcome::Done
                }
                Err(fault) => Outcome::Later(fault.to_string()),
            },
        }
    }

    /// Does a job; and tells the queue, unless it is done: that is told of many together.
    async fn work(&self, job: LeasedJob) -> Step {
        // Every effect is safe to repeat, so what it has left half done is done again. With what it panicked is not told: it may
        // quote what it worked on.
        let attempt = AssertUnwindSafe(self.attempt(&job)).catch_unwind().await;
        let told = match attempt.unwrap_or_else(|_| Outcome::Later("it panicked".to_owned())) {
            Outcome::Done => return Step::Done(job),
            Outcome::NotYet(at) => {
                tracing::debug!(job = %job.id, "a job is not due yet");
                self.jobs.put_off(&job, at).await.map(|()| Step::PutOff)
            }
            Outcome::Later(why) if job.attempts < MAX_ATTEMPTS => {
                tracing::warn!(job = %job.id, attempts = job.attempts, why, "a job is tried again later");
                let at = self.clock.now() + back_off(job.attempts, self.random.as_ref());
                self.jobs.retry(&job, at).await.map(|()| Step::PutOff)
            }
            Outcome::Later(why) | Outcome::Never(why) => {
                tracing::error!(job = %job.id, why, "a job is given up");
                self.jobs.bury(&job, &why).await.map(|()| Step::GivenUp)
            }
        };
        told.unwrap_or_else(Step::Lost)
    }

    /// Takes jobs if enough places are free, and tells of those that are done, each if nothing of its kind is under way.
    fn go_on<'r>(&'r self, run: &mut Run<'r>) {
        let free = self.at_once.saturating_sub(run.in_work);
        let room = free.min(run.left);
        let may_take = run.look_at.is_none() && !self.leaving.load(Ordering::Relaxed);
        if may_take && !run.is_taking && room > 0 && free >= self.at_once / 2 {
            run.is_taking = true;
            let leased = self.jobs.lease(self.holder, self.lane, self.clock.now(), room);
            run.steps.push(Box::pin(async move { Step::Taken(room, leased.await) }));
        }
        if !run.is_telling && !run.done.is_empty() {
            run.is_telling = true;
            let done = std::mem::take(&mut run.done);
            run.steps.push(Box::pin(async move {
                let told = self.jobs.done_all(&done).await;
                Step::Told(told.map(|()| u32::try_from(done.len()).unwrap_or(u32::MAX)))
            }));
        }
    }

    fn take_step<'r>(&'r self, run: &mut Run<'r>, step: Step) {
        match step {
            Step::Taken(room, leased) => {
                run.is_taking = false;
                let leased = leased.unwrap_or_else(|fault| run.fails(fault));
                let taken = u32::try_from(leased.len()).unwrap_or(u32::MAX);
                // Fewer than there was room for: nothing more is due now.
                run.look_at = (taken < room).then(|| Instant::now() + REST);
                run.left = run.left.saturating_sub(taken);
                run.in_work += taken;
                for job in leased {
                    run.steps.push(Box::pin(self.work(job)));
                }
            }
            Step::Due => run.look_at = None,
            Step::Done(job) => {
                run.in_work -= 1;
                run.done.push(job);
            }
            Step::PutOff => run.in_work -= 1,
            Step::GivenUp => {
                run.in_work -= 1;
                run.ended += 1;
            }
            Step::Lost(fault) => {
                run.in_work -= 1;
                run.fails(fault);
            }
            Step::Told(told) => {
                run.is_telling = false;
                match told {
                    Ok(ended) => run.ended += ended,
                    Err(fault) => drop(run.fails(fault)),
                }
            }
        }
    }
}

impl Run<'_> {
    /// What happens next; `None` when nothing is under way any more.
    async fn next(&mut self, wake: Option<&Notify>) -> Option<Step> {
        let (Some(look_at), Some(wake)) = (self.look_at.filter(|_| self.left > 0), wake) else {
            return self.steps.next().await;
        };
        tokio::select! {
            biased;
            step = self.steps.next() => step,
            () = wake.notified() => Some(Step::Due),
            () = sleep_until(look_at) => Some(Step::Due),
        }
    }

    /// Takes nothing more; what is in work is brought to its end.
    fn fails(&mut self, fault: Fault) -> Vec<LeasedJob> {
        self.left = 0;
        self.fault.get_or_insert(fault);
        Vec::new()
    }
}

#[async_trait]
impl Worker for JobRunner {
    fn name(&self) -> &'static str {
        match self.lane {
            JobLane::Mail => "mail",
            JobLane::Provider => "tellers",
            JobLane::Upkeep => "upkeep",
        }
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        let mut run = Run {
            steps: FuturesUnordered::new(),
            done: Vec::new(),
            in_work: 0,
            left: self.at_once.saturating_mul(TAKES_OF_A_RUN),
            look_at: None,
            is_taking: false,
            is_telling: false,
            ended: 0,
            fault: None,
        };
        self.go_on(&mut run);
        while let Some(step) = run.next(self.wake.as_deref()).await {
            self.take_step(&mut run, step);
            // Whatever has come meanwhile is told with it.
            while let Some(Some(step)) = run.steps.next().now_or_never() {
                self.take_step(&mut run, step);
            }
            self.go_on(&mut run);
        }
        match run.fault {
            None => Ok(run.ended),
            Some(fault) => Err(fault.into()),
        }
    }

    fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    async fn stop(&self) {
        if let Err(error) = self.jobs.release(self.holder).await {
            tracing::warn!(%error, "leases of jobs run out by themselves");
        }
    }
}
