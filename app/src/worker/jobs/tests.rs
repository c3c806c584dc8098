use std::sync::Mutex;

use namaskah_domain::{
    Id, JobId, Letter,
    auth::Email,
    memory::{ManualClock, MemoryStore, Platform, SeededRandom},
    notification::News,
};

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
    /// A slow one is on its way.
    waits: Notify,
    /// Jobs that were given up, with how often they had been tried; `None`: the queue takes none.
    buried: Mutex<Option<Vec<(u32, String)>>>,
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

    fn queue(&self, job: LeasedJob) {
        self.queued.lock().expect("sound").push(job);
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

    async fn retry(&self, job: &LeasedJob, _: Time) -> Result<(), Fault> {
        self.queue(LeasedJob { attempts: job.attempts + 1, ..job.clone() });
        Ok(())
    }

    async fn put_off(&self, _: &LeasedJob, _: Time) -> Result<(), Fault> {
        Ok(())
    }

    async fn bury(&self, job: &LeasedJob, why: &str) -> Result<(), Fault> {
        let mut buried = self.buried.lock().expect("sound");
        let buried = buried.as_mut().ok_or_else(|| Fault::new("the queue is away"))?;
        buried.push((job.attempts, why.to_owned()));
        Ok(())
    }

    async fn release(&self, _: Uuid) -> Result<(), Fault> {
        Ok(())
    }
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, _: JobId, to: &Email, _: &Letter) -> Result<(), MailError> {
        self.is_on_its_way();
        if to.as_str().starts_with("slow") {
            self.waits.notify_one();
            self.settled.notified().await;
        }
        assert!(!to.as_str().starts_with("dropped"), "it was dropped");
        tokio::task::yield_now().await;
        self.on_the_way.lock().expect("sound").0 -= 1;
        match to.as_str().starts_with("bad") {
            true => Err(MailError::Permanent(Fault::new("no such address"))),
            false => Ok(()),
        }
    }

    async fn tell(&self, _: JobId, _: &Email, _: &News) -> Result<(), MailError> {
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

/// The slow one ends when another is settled, and not before.
#[tokio::test]
async fn an_urgent_letter_queued_while_a_slow_one_is_on_its_way_is_sent_before_it_ends() {
    let (post, wake) = (Post::of(&["slow@example.com"]), Arc::new(Notify::new()));
    let runner = post.runner().woken_by(wake.clone());
    let queueing = async {
        post.waits.notified().await;
        post.queue(job("urgent@example.com", 2));
        wake.notify_one();
    };
    let (sent, ()) = tokio::join!(run(&runner), queueing);
    assert_eq!(sent.expect("both are sent"), 2);
    assert_eq!(post.told(), [1, 1]);
}

/// By another process, say, whose ring was lost.
#[tokio::test]
async fn what_nobody_tells_of_is_found_while_a_slow_one_is_on_its_way() {
    let post = Post::of(&["slow@example.com"]);
    let runner = post.runner().woken_by(Arc::default());
    let queueing = async {
        post.waits.notified().await;
        post.queue(job("quiet@example.com", 2));
    };
    let (sent, ()) = tokio::join!(run(&runner), queueing);
    assert_eq!(sent.expect("both are sent"), 2);
}

#[tokio::test]
async fn a_runner_whose_process_stops_takes_nothing_more() {
    let post = Post::of(&["quick@example.com"]);
    let runner = post.runner();
    runner.leave();
    assert_eq!(run(&runner).await.expect("nothing to do"), 0);
    assert_eq!(post.queued.lock().expect("sound").len(), 1);
}

#[tokio::test]
async fn a_job_that_panics_is_buried_after_its_tries_and_the_one_beside_it_is_told_as_done() {
    let post = Post::of(&["dropped@example.com", "quick@example.com"]);
    *post.buried.lock().expect("sound") = Some(Vec::new());
    let runner = post.runner();
    assert_eq!(run(&runner).await.expect("the one beside it is sent"), 1);
    assert_eq!(post.told(), [1]);
    for _ in 1..MAX_ATTEMPTS {
        assert_eq!(run(&runner).await.expect("it is put off"), 0);
    }
    assert_eq!(run(&runner).await.expect("it is given up"), 1);
    let buried = post.buried.lock().expect("sound").clone();
    assert_eq!(buried, Some(vec![(MAX_ATTEMPTS, "it panicked".to_owned())]));
}
