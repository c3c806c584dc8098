//! The bell of jobs: Postgres' own notifications, on a connection beside the pool.
//!
//! A ring is a statement of its own after the commit, and no part of it: a transaction that notifies queues for a lock of
//! the whole server when it commits. A pooler that shares connections between transactions cannot carry a `LISTEN`; then
//! there is no bell, and jobs of other processes are found by looking.

use std::{str::FromStr, time::Duration};

use async_trait::async_trait;
use namaskah_domain::{
    Fault, JobLane,
    outbox::{Bell, Heard},
};
use sea_orm::sqlx::{
    self,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::Database;

const CHANNEL: &str = "namaskah_jobs";
const TO_CONNECT: Duration = Duration::from_secs(10);

/// [`Bell`] over Postgres.
pub struct PostgresBell {
    database: Database,
    options: PgConnectOptions,
    /// This process: it need not hear itself.
    own: Uuid,
    line: Mutex<Option<PgListener>>,
}

impl PostgresBell {
    /// The bell of `database`, which is at `url`; `None` on SQLite, whose processes share one host and look often enough.
    ///
    /// # Errors
    /// If the URL is none. Connects when it listens.
    pub fn try_new(database: &Database, url: &str, own: Uuid) -> Result<Option<Self>, Fault> {
        if !database.is_postgres() {
            return Ok(None);
        }
        let options = PgConnectOptions::from_str(url).map_err(Fault::new)?;
        // Poolers refuse words about floats, as on the pool's own connections.
        let options = options.application_name("namaskah bell").extra_float_digits(None);
        Ok(Some(Self { database: database.clone(), options, own, line: Mutex::default() }))
    }

    async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = pool.acquire_timeout(TO_CONNECT).connect_with(self.options.clone()).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.ignore_pool_close_event(true);
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }

    /// The lane of a ring; `None` if it is our own, or of a lane that this code does not know.
    fn lane(&self, told: &str) -> Option<JobLane> {
        let (job, by) = told.split_once(' ')?;
        if by == self.own.to_string() { None } else { JobLane::of_job(job) }
    }
}

#[async_trait]
impl Bell for PostgresBell {
    async fn ring(&self, lane: JobLane) -> Result<(), Fault> {
        let told = format!("{} {}", lane.job(), self.own);
        let sql = format!("SELECT 1 FROM pg_notify('{CHANNEL}', $1)");
        self.database.write(sql, vec![told.into()]).await.map(|_| ())
    }

    async fn hear(&self) -> Result<Heard, Fault> {
        let mut line = self.line.lock().await;
        let Some(listener) = line.as_mut() else {
            *line = Some(self.listen().await.map_err(Fault::new)?);
            return Ok(Heard::Anything);
        };
        loop {
            match listener.try_recv().await {
                Ok(Some(told)) => {
                    if let Some(lane) = self.lane(told.payload()) {
                        return Ok(Heard::Lane(lane));
                    }
                }
                Ok(None) => return Ok(Heard::Anything),
                Err(error) => {
                    *line = None;
                    return Err(Fault::new(error));
                }
            }
        }
    }
}
