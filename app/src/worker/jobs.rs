//! The job runners, one a lane. At least once; every effect is safe to repeat.
//!
//! A runner has so many jobs of its lane in work and no more. When half of these places are free it takes as many jobs, by
//! one statement; what is done is told by one statement for all that ended meanwhile. Nothing waits for anything else: a job
//! that is slow holds its own place alone.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use namaskah_domain::{
    Clock, Fault, JobKind, JobLane, Random,
    mailer::{MailError, Mailer},
    notification::NotificationService,
    outbox::{Jobs, LeasedJob, MAX_ATTEMPTS, back_off},
    upkeep::UpkeepService,
    verification::VerificationService,
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
}

/// What came of a job.
enum Outcome {
    Done,
    Later(String),
    Never(String),
}

/// Something that a run waits for has come.
enum Step {
    /// Jobs were taken, of so many that there was room for.
    Taken(u32, Result<Vec<LeasedJob>, Fault>),
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
        Self { lane, at_once, jobs, doers, clock, random, holder }
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
            JobKind::SendMail { to, letter } => self.doers.mailer.send(to, letter).await.into(),
            JobKind::Notify { notification } => match self.doers.notifications.letter(*notification).await {
                Ok(Some((to, news))) => self.doers.mailer.tell(&to, &news).await.into(),
                Ok(None) => Outcome::Done,
                Err(fault) => Outcome::Later(fault.to_string()),
            },
            JobKind::TellStaff { occasion } => match self.doers.notifications.tell_staff(*occasion).await {
                Ok(_) => Outcome::Done,
                Err(fault) => Outcome::Later(fault.to_string()),
            },
            JobKind::EndReservation { purchase } => {
                match self.doers.orders.end_reservation(*purchase).await {
                    Ok(false) => Outcome::Done,
                    Ok(true) => Outcome::Later("the provider has not ended it yet".to_owned()),
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
        let told = match self.attempt(&job).await {
            Outcome::Done => return Step::Done(job),
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
        if !run.is_taking && room > 0 && free >= self.at_once / 2 {
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
                // Fewer than there was room for: nothing more is due.
                run.left = if taken < room { 0 } else { run.left.saturating_sub(taken) };
                run.in_work += taken;
                for job in leased {
                    run.steps.push(Box::pin(self.work(job)));
                }
            }
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
            is_taking: false,
            is_telling: false,
            ended: 0,
            fault: None,
        };
        self.go_on(&mut run);
        while let Some(step) = run.steps.next().await {
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

    async fn stop(&self) {
        if let Err(error) = self.jobs.release(self.holder).await {
            tracing::warn!(%error, "leases of jobs run out by themselves");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use namaskah_domain::{
        Id, Letter, Time,
        auth::Email,
        memory::{ManualClock, MemoryStore, Platform, SeededRandom},
        notification::News,
    };
    use tokio::sync::Notify;

    use super::*;

    /// Jobs of a queue that ends only when it is told to, and a mail server that is slow with some.
    #[derive(Default)]
    struct Post {
        queued: Mutex<Vec<LeasedJob>>,
        /// How many are on their way, and the most that ever were.
        on_the_way: Mutex<(u32, u32)>,
        /// How many were told as done at a time.
        told: Mutex<Vec<usize>>,
        settled: Notify,
    }

    fn job(name: &str, n: u128) -> LeasedJob {
        let to = Email::try_new(name).expect("an address");
        let kind = JobKind::SendMail { to, letter: Letter::PasswordChanged };
        let id = Id::from_uuid(Uuid::from_u128(n));
        LeasedJob { id, kind, attempts: 0, run_at: Time::UNIX_EPOCH, fence: 1, cause: None }
    }

    impl Post {
        fn of(names: &[&str]) -> Arc<Self> {
            let jobs = names.iter().zip(1..).map(|(name, n)| job(name, n));
            Arc::new(Self { queued: Mutex::new(jobs.collect()), ..Self::default() })
        }

        fn runner(self: &Arc<Self>) -> JobRunner {
            let clock = Arc::new(ManualClock::default());
            let upkeep = UpkeepService::new(Arc::new(MemoryStore::new()), clock.clone());
            let (orders, random) = (Platform::new(1).orders, Arc::new(SeededRandom::new(1)));
            let notifications = Arc::new(Platform::new(1).notifications);
            let doers = Doers { mailer: self.clone(), notifications, orders, upkeep: Arc::new(upkeep) };
            JobRunner::new(JobLane::Mail, self.clone(), doers, clock, random, Uuid::from_u128(1))
        }

        fn is_on_its_way(&self) {
            let mut counted = self.on_the_way.lock().expect("sound");
            counted.0 += 1;
            counted.1 = counted.1.max(counted.0);
        }

        fn told(&self) -> Vec<usize> {
            self.told.lock().expect("sound").clone()
        }
    }

    #[async_trait]
    impl Jobs for Post {
        async fn lease(&self, _: Uuid, _: JobLane, _: Time, limit: u32) -> Result<Vec<LeasedJob>, Fault> {
            let mut queued = self.queued.lock().expect("sound");
            let taken = queued.len().min(limit as usize);
            Ok(queued.drain(..taken).collect())
        }

        async fn done(&self, job: &LeasedJob) -> Result<(), Fault> {
            self.done_all(std::slice::from_ref(job)).await
        }

        async fn done_all(&self, jobs: &[LeasedJob]) -> Result<(), Fault> {
            self.told.lock().expect("sound").push(jobs.len());
            self.settled.notify_one();
            Ok(())
        }

        async fn retry(&self, _: &LeasedJob, _: Time) -> Result<(), Fault> {
            Ok(())
        }

        async fn bury(&self, _: &LeasedJob, _: &str) -> Result<(), Fault> {
            Err(Fault::new("the queue is away"))
        }

        async fn release(&self, _: Uuid) -> Result<(), Fault> {
            Ok(())
        }
    }

    #[async_trait]
    impl Mailer for Post {
        async fn send(&self, to: &Email, _: &Letter) -> Result<(), MailError> {
            self.is_on_its_way();
            if to.as_str().starts_with("slow") {
                self.settled.notified().await;
            }
            tokio::task::yield_now().await;
            self.on_the_way.lock().expect("sound").0 -= 1;
            match to.as_str().starts_with("bad") {
                true => Err(MailError::Permanent(Fault::new("no such address"))),
                false => Ok(()),
            }
        }

        async fn tell(&self, _: &Email, _: &News) -> Result<(), MailError> {
            Ok(())
        }
    }

    async fn run(runner: &JobRunner) -> Result<u32, RunError> {
        tokio::time::timeout(Duration::from_secs(10), runner.run()).await.expect("it ends")
    }

    #[tokio::test]
    async fn a_mail_that_is_sent_is_settled_while_another_is_still_on_its_way() {
        let post = Post::of(&["slow@example.com", "quick@example.com"]);
        assert_eq!(run(&post.runner()).await.expect("both are sent"), 2);
        assert_eq!(post.told(), [1, 1]);
    }

    #[tokio::test]
    async fn no_more_are_in_work_than_may_be_and_a_slow_one_holds_its_own_place_alone() {
        let post = Post::of(&[["slow@example.com"].as_slice(), &["quick@example.com"; 30]].concat());
        let runner = post.runner().at_once(8);
        let mut sent = 0;
        while sent < 31 {
            sent += run(&runner).await.expect("sent");
        }
        assert_eq!(post.on_the_way.lock().expect("sound").1, 8);
    }

    #[tokio::test]
    async fn what_ends_together_is_told_together() {
        let post = Post::of(&["quick@example.com"; 16]);
        assert_eq!(run(&post.runner()).await.expect("sent"), 16);
        assert_eq!(post.told(), [16]);
    }

    #[tokio::test]
    async fn a_run_ends_though_more_is_queued() {
        let post = Post::of(&["quick@example.com"; 100]);
        assert_eq!(run(&post.runner().at_once(10)).await.expect("sent"), 10 * TAKES_OF_A_RUN);
    }

    #[tokio::test]
    async fn a_job_that_cannot_be_settled_fails_the_run_and_hurts_no_other() {
        let post = Post::of(&["bad@example.com", "quick@example.com"]);
        let fault = run(&post.runner()).await.expect_err("the queue is away");
        assert!(fault.to_string().contains("away"), "{fault}");
        assert_eq!(post.told(), [1]);
    }
}
