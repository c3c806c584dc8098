//! The queue of jobs. Leases run on the database's time; every change names its fence, so an older lease changes
//! nothing.
//!
//! Many jobs are taken, and many ended, by one statement each. Runners on Postgres skip what another one is taking just
//! now, so none waits for another; on SQLite there is one writer.

use std::fmt::Write;

use async_trait::async_trait;
use namaskah_domain::{
    Fault, JobLane, Priority, Time,
    outbox::{Jobs, LeasedJob, MAX_ATTEMPTS},
};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::{Reads, all, fault};
use crate::persistence::{entity::job::Leased, stored::us};

const LEASE_US: i64 = 60_000_000;

/// Another job of the same key waits: it stands for this one.
const STOOD_FOR: &str = "EXISTS (SELECT 1 FROM jobs o WHERE o.unique_key = jobs.unique_key \
     AND o.state = 'pending' AND o.holder IS NULL)";

/// The same of jobs that go back together: of one key the last one stays.
const STOOD_FOR_ALREADY: &str = "EXISTS (SELECT 1 FROM jobs o WHERE o.unique_key = jobs.unique_key \
     AND o.state = 'pending' AND (o.holder IS NULL OR (o.holder = jobs.holder AND o.id > jobs.id)))";

impl Reads {
    /// Each priority by itself, so that an index tells what of it is due; what one has taken is not to be had any more.
    fn due(&self) -> String {
        let clock = self.database.now_us();
        let skip = if self.database.is_postgres() { " FOR UPDATE SKIP LOCKED" } else { "" };
        let (mut due, mut left, mut taken) = (String::new(), "$3".to_owned(), Vec::new());
        for priority in Priority::ALL {
            let rank = priority.rank();
            let with = if due.is_empty() { "WITH" } else { "," };
            // Writing to a String cannot fail.
            let _ = write!(
                due,
                "{with} due_{rank} AS MATERIALIZED (\
                 SELECT id FROM jobs WHERE state = 'pending' AND kind = $4 AND priority = {rank} AND run_at_us <= $2 \
                 AND (holder IS NULL OR leased_until_us <= {clock}) ORDER BY run_at_us, id LIMIT {left}{skip})"
            );
            let _ = write!(left, " - (SELECT count(*) FROM due_{rank})");
            taken.push(format!("SELECT id FROM due_{rank}"));
        }
        format!(
            "{due} UPDATE jobs SET holder = $1, fence = fence + 1, attempts = attempts + 1, \
             leased_until_us = {clock} + {LEASE_US} WHERE id IN ({}) \
             RETURNING id, payload_sealed, priority, run_at_us, attempts, fence, traceparent",
            taken.join(" UNION ALL ")
        )
    }

    /// A job that this code cannot read may be a newer version's, so it is left until its lease runs out; and it must not
    /// hold up the others. What nobody can read is given up in the end.
    async fn cannot_read(&self, job: &Leased, fault: &Fault) -> Result<(), Fault> {
        tracing::warn!(job = %job.id, error = %fault, "a job cannot be read here");
        if job.attempts <= i64::from(MAX_ATTEMPTS) {
            return Ok(());
        }
        self.given_up(job.id, job.fence, "it cannot be read").await
    }

    /// Back into the queue, unless another one stands for it by now.
    async fn put_back(&self, job: &LeasedJob, at: Time, and: &'static str) -> Result<(), Fault> {
        let leased = || vec![job.id.uuid().into(), job.fence.into()];
        if job.kind.key().is_some() {
            let sql = format!("DELETE FROM jobs WHERE id = $1 AND fence = $2 AND {STOOD_FOR}");
            self.database.write(sql, leased()).await?;
        }
        let sql = format!(
            "UPDATE jobs SET holder = NULL, run_at_us = $3{and} WHERE id = $1 AND fence = $2 AND holder IS NOT NULL"
        );
        let values = [leased(), vec![us(at).into()]].concat();
        self.database.write(sql, values).await.map(|_| ())
    }

    async fn given_up(&self, id: Uuid, fence: i64, why: &str) -> Result<(), Fault> {
        let sql =
            "UPDATE jobs SET holder = NULL, state = 'buried', buried_for = $3 WHERE id = $1 AND fence = $2";
        let values = vec![id.into(), fence.into(), why.into()];
        self.database.write(sql.to_owned(), values).await.map(|_| ())
    }
}

#[async_trait]
impl Jobs for Reads {
    async fn lease(
        &self,
        holder: Uuid,
        lane: JobLane,
        now: Time,
        limit: u32,
    ) -> Result<Vec<LeasedJob>, Fault> {
        let values = vec![holder.into(), us(now).into(), i64::from(limit).into(), lane.job().into()];
        let rows = self.database.write(self.due(), values).await?;
        let mut leased = all(rows, |row| Leased::from_query_result(&row, "").map_err(fault))?;
        leased.sort_by_key(|job| (job.priority, job.run_at_us, job.id));
        let mut opened = Vec::with_capacity(leased.len());
        for job in leased {
            match job.open(&self.vault) {
                Ok(job) => opened.push(job),
                Err(fault) => self.cannot_read(&job, &fault).await?,
            }
        }
        Ok(opened)
    }

    async fn done(&self, job: &LeasedJob) -> Result<(), Fault> {
        self.done_all(std::slice::from_ref(job)).await
    }

    /// The list is filled up to a power of two, so that there are few texts to prepare. It is looked up by identifier; that
    /// the fence is right is asked of each besides.
    async fn done_all(&self, jobs: &[LeasedJob]) -> Result<(), Fault> {
        let Some(last) = jobs.last() else { return Ok(()) };
        let filled = jobs.iter().chain(std::iter::repeat(last)).take(jobs.len().next_power_of_two());
        let (mut ids, mut pairs, mut values) = (Vec::new(), Vec::new(), Vec::<Value>::new());
        for job in filled {
            values.extend([job.id.uuid().into(), job.fence.into()]);
            ids.push(format!("${}", values.len() - 1));
            pairs.push(format!("(${}, ${})", values.len() - 1, values.len()));
        }
        let sql = format!(
            "DELETE FROM jobs WHERE id IN ({}) AND (id, fence) IN (VALUES {})",
            ids.join(", "),
            pairs.join(", ")
        );
        self.database.write(sql, values).await.map(|_| ())
    }

    async fn retry(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        self.put_back(job, at, "").await
    }

    /// The attempt was counted when it was taken.
    async fn put_off(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        self.put_back(job, at, ", attempts = attempts - 1").await
    }

    async fn bury(&self, job: &LeasedJob, why: &str) -> Result<(), Fault> {
        self.given_up(job.id.uuid(), job.fence, why).await
    }

    async fn release(&self, holder: Uuid) -> Result<(), Fault> {
        let sql = format!(
            "DELETE FROM jobs WHERE holder = $1 AND unique_key IS NOT NULL AND state = 'pending' \
             AND {STOOD_FOR_ALREADY}"
        );
        self.database.write(sql, vec![holder.into()]).await?;
        let sql =
            "UPDATE jobs SET holder = NULL, fence = fence + 1, attempts = attempts - 1 WHERE holder = $1";
        self.database.write(sql.to_owned(), vec![holder.into()]).await.map(|_| ())
    }
}
