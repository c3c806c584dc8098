//! A worker: the product's runner over a queue, with a mailer that notes when its letters came.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use namaskah::worker::{Doers, JobRunner, Supervisor, Wakers, listen};
use namaskah_adapters::{
    persistence::{Database, Options, PostgresBell, Stores, connect},
    system::{SystemClock, SystemRandom},
    vault::Vault,
};
use namaskah_domain::{
    Fault, JobId, JobLane, Letter, Time,
    auth::Email,
    mailer::{MailError, Mailer},
    memory::Platform,
    notification::News,
    outbox::{Jobs, LeasedJob},
    upkeep::UpkeepService,
};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Failure;

/// What a worker has done.
#[derive(Debug, Serialize, Deserialize)]
pub struct Did {
    /// From the stamp of each letter to its effect.
    pub latencies_us: Vec<u64>,
    /// When the queue knew of the last one.
    pub last_us: u64,
}

/// This machine's clock, which all processes share.
pub fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or_default()
}

/// Sends nothing. An address begins with the time at which its letter was queued.
#[derive(Default)]
struct Stamps(Mutex<Vec<u64>>);

#[async_trait]
impl Mailer for Stamps {
    async fn send(&self, _: JobId, to: &Email, _: &Letter) -> Result<(), MailError> {
        let stamp = to.as_str().split_once('@').and_then(|(stamp, _)| stamp.parse::<u64>().ok());
        let stamp = stamp.ok_or_else(|| MailError::Permanent(Fault::new("no stamp")))?;
        let latency = now_us().saturating_sub(stamp);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(latency);
        Ok(())
    }

    async fn tell(&self, _: JobId, _: &Email, _: &News) -> Result<(), MailError> {
        Err(MailError::Permanent(Fault::new("no news is queued here")))
    }
}

/// A queue that notes when it last knew of an end.
struct Timed {
    inner: Arc<dyn Jobs>,
    last_us: AtomicU64,
}

#[async_trait]
impl Jobs for Timed {
    async fn lease(
        &self,
        holder: Uuid,
        lane: JobLane,
        now: Time,
        limit: u32,
    ) -> Result<Vec<LeasedJob>, Fault> {
        self.inner.lease(holder, lane, now, limit).await
    }

    async fn done(&self, job: &LeasedJob) -> Result<(), Fault> {
        self.done_all(std::slice::from_ref(job)).await
    }

    async fn done_all(&self, jobs: &[LeasedJob]) -> Result<(), Fault> {
        self.inner.done_all(jobs).await?;
        self.last_us.fetch_max(now_us(), Ordering::Relaxed);
        Ok(())
    }

    async fn retry(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        self.inner.retry(job, at).await
    }

    async fn put_off(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        self.inner.put_off(job, at).await
    }

    async fn bury(&self, job: &LeasedJob, why: &str) -> Result<(), Fault> {
        self.inner.bury(job, why).await
    }

    async fn release(&self, holder: Uuid) -> Result<(), Fault> {
        self.inner.release(holder).await
    }
}

/// Says that it is ready, works from the first line of its input to the end of it, and says what it did.
pub async fn work(url: &str, at_once: &str) -> Result<(), Failure> {
    let database = connect(url, Options { max_connections: 4, ..Options::default() }).await?;
    let stores = Stores::open(&database, Arc::new(Vault::new([7; 32])));
    let holder = crate::own();
    let (stamps, clock) = (Arc::new(Stamps::default()), Arc::new(SystemClock::new(0)));
    let jobs = Arc::new(Timed { inner: stores.jobs.clone(), last_us: AtomicU64::new(0) });
    let upkeep = UpkeepService::new(stores.leftovers.clone(), clock.clone());
    let platform = Platform::new(1);
    let (orders, notifications) = (platform.orders, Arc::new(platform.notifications));
    let doers = Doers { mailer: stamps.clone(), notifications, orders, upkeep: Arc::new(upkeep) };
    let runner = JobRunner::new(JobLane::Mail, jobs.clone(), doers, clock, Arc::new(SystemRandom), holder);
    let runner = runner.at_once(at_once.parse()?);

    let mut input = BufReader::new(tokio::io::stdin()).lines();
    println!("ready");
    let (wakers, stop) = (Wakers::default(), CancellationToken::new());
    if input.next_line().await?.is_some() {
        hear(&database, url, holder, &wakers, &stop)?;
        let workers = Supervisor::default().with(Arc::new(runner), wakers.mail.clone()).start(stop.clone());
        while input.next_line().await?.is_some() {}
        stop.cancel();
        workers.stop().await;
    }
    let latencies_us = std::mem::take(&mut *stamps.0.lock().unwrap_or_else(PoisonError::into_inner));
    let did = Did { latencies_us, last_us: jobs.last_us.load(Ordering::Relaxed) };
    println!("{}", serde_json::to_string(&did)?);
    database.close().await;
    Ok(())
}

fn hear(
    database: &Database,
    url: &str,
    holder: Uuid,
    wakers: &Wakers,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    if let Some(bell) = PostgresBell::try_new(database, url, holder)? {
        tokio::spawn(listen(Arc::new(bell), wakers.clone(), stop.clone()));
    }
    Ok(())
}
