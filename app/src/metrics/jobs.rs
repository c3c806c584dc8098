//! Jobs: how long they waited, how often they were tried, and what became of them.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{
    Fault, JobLane, Time,
    outbox::{Jobs, LeasedJob},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use uuid::Uuid;

use super::{
    Metrics, in_seconds,
    vitals::{Lane, name},
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    lane: &'static str,
    outcome: &'static str,
}

/// From the first attempt to the last.
const ATTEMPTS: [f64; 8] = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0, 61.0];

fn in_attempts() -> Histogram {
    Histogram::new(ATTEMPTS)
}

type Histograms = Family<Lane, Histogram, fn() -> Histogram>;

#[derive(Clone)]
pub(super) struct Work {
    attempts: Family<Ended, Counter>,
    needed: Histograms,
    waited: Histograms,
}

impl Work {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            attempts: Family::default(),
            needed: Family::new_with_constructor(in_attempts as fn() -> Histogram),
            waited: Family::new_with_constructor(in_seconds as fn() -> Histogram),
        };
        registry.register("job_attempts", "Attempts at jobs by what became of them", all.attempts.clone());
        let about = "Attempts that a job needed until it was done or given up";
        registry.register("job_attempts_needed", about, all.needed.clone());
        let about = "Seconds that a job was due before it was taken";
        registry.register_with_unit("job_wait", about, Unit::Seconds, all.waited.clone());
        all
    }

    fn taken(&self, lane: JobLane, now: Time, jobs: &[LeasedJob]) {
        let waited = self.waited.get_or_create(&Lane { lane: name(lane) });
        for job in jobs {
            // One that is taken too early, by another clock, did not wait.
            waited.observe((now - job.run_at).to_std().unwrap_or_default().as_secs_f64());
        }
    }

    fn ended(&self, jobs: &[LeasedJob], outcome: &'static str) {
        for job in jobs {
            let lane = name(job.kind.lane());
            self.attempts.get_or_create(&Ended { lane, outcome }).inc();
            if outcome != RETRIED && outcome != PUT_OFF {
                self.needed.get_or_create(&Lane { lane }).observe(f64::from(job.attempts) + 1.0);
            }
        }
    }
}

const RETRIED: &str = "retried";
const PUT_OFF: &str = "put_off";

/// A queue over `inner`, measured.
pub(super) struct MeasuredJobs {
    inner: Arc<dyn Jobs>,
    metrics: Metrics,
}

impl MeasuredJobs {
    /// Over any queue.
    pub(super) fn new(inner: Arc<dyn Jobs>, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }

    fn work(&self) -> &Work {
        &self.metrics.0.work
    }
}

#[async_trait]
impl Jobs for MeasuredJobs {
    async fn lease(
        &self,
        holder: Uuid,
        lane: JobLane,
        now: Time,
        limit: u32,
    ) -> Result<Vec<LeasedJob>, Fault> {
        let leased = self.inner.lease(holder, lane, now, limit).await?;
        self.work().taken(lane, now, &leased);
        Ok(leased)
    }

    async fn done(&self, job: &LeasedJob) -> Result<(), Fault> {
        self.done_all(std::slice::from_ref(job)).await
    }

    async fn done_all(&self, jobs: &[LeasedJob]) -> Result<(), Fault> {
        self.inner.done_all(jobs).await?;
        self.work().ended(jobs, "done");
        Ok(())
    }

    async fn retry(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        self.inner.retry(job, at).await?;
        self.work().ended(std::slice::from_ref(job), RETRIED);
        Ok(())
    }

    async fn put_off(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        self.inner.put_off(job, at).await?;
        self.work().ended(std::slice::from_ref(job), PUT_OFF);
        Ok(())
    }

    async fn bury(&self, job: &LeasedJob, why: &str) -> Result<(), Fault> {
        self.inner.bury(job, why).await?;
        self.work().ended(std::slice::from_ref(job), "buried");
        Ok(())
    }

    async fn release(&self, holder: Uuid) -> Result<(), Fault> {
        self.inner.release(holder).await
    }
}
