//! The queue of jobs. Leases run on the database's time; every change names its fence, so an older lease changes
//! nothing.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, JobLane, Time,
    outbox::{Jobs, LeasedJob},
};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Reads, all, fault};
use crate::persistence::{entity::job::Leased, stored::us};

const LEASE_US: i64 = 60_000_000;

#[async_trait]
impl Jobs for Reads {
    async fn lease(
        &self,
        holder: Uuid,
        lane: JobLane,
        now: Time,
        limit: u32,
    ) -> Result<Vec<LeasedJob>, Fault> {
        let clock = self.database.now_us();
        // Two runners on Postgres do not wait for each other; on SQLite there is one writer.
        let skip = if self.database.is_postgres() { " FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!(
            "WITH due AS MATERIALIZED (\
                 SELECT id FROM jobs WHERE state = 'pending' AND kind = $4 AND run_at_us <= $2 \
                 AND (holder IS NULL OR leased_until_us <= {clock}) ORDER BY run_at_us, id LIMIT $3{skip}) \
             UPDATE jobs SET holder = $1, fence = fence + 1, attempts = attempts + 1, \
             leased_until_us = {clock} + {LEASE_US} WHERE id IN (SELECT id FROM due) \
             RETURNING id, payload_sealed, run_at_us, attempts, fence"
        );
        let values = vec![holder.into(), us(now).into(), i64::from(limit).into(), lane.job().into()];
        let rows = self.database.write(sql, values).await?;
        let mut leased = all(rows, |row| Leased::from_query_result(&row, "").map_err(fault))?;
        leased.sort_by_key(|job| (job.run_at_us, job.id));
        all(leased, |job| job.open(&self.vault))
    }

    async fn done(&self, job: &LeasedJob) -> Result<(), Fault> {
        let sql = "DELETE FROM jobs WHERE id = $1 AND fence = $2".to_owned();
        self.database.write(sql, vec![job.id.uuid().into(), job.fence.into()]).await.map(|_| ())
    }

    async fn retry(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        let sql = "UPDATE jobs SET holder = NULL, run_at_us = $3 WHERE id = $1 AND fence = $2".to_owned();
        let values = vec![job.id.uuid().into(), job.fence.into(), us(at).into()];
        self.database.write(sql, values).await.map(|_| ())
    }

    async fn bury(&self, job: &LeasedJob, why: &str) -> Result<(), Fault> {
        let sql =
            "UPDATE jobs SET holder = NULL, state = 'buried', buried_for = $3 WHERE id = $1 AND fence = $2";
        let values = vec![job.id.uuid().into(), job.fence.into(), why.into()];
        self.database.write(sql.to_owned(), values).await.map(|_| ())
    }

    async fn release(&self, holder: Uuid) -> Result<(), Fault> {
        let sql =
            "UPDATE jobs SET holder = NULL, fence = fence + 1, attempts = attempts - 1 WHERE holder = $1";
        self.database.write(sql.to_owned(), vec![holder.into()]).await.map(|_| ())
    }
}
