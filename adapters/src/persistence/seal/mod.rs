//! Seals: rows that must not change are sealed behind a horizon, in batches that are chained by their digests, so
//! that a row that is edited, deleted or slipped in later is found by reading again.
//!
//! Nothing here is on the way of a commit: no column, index or trigger of what is sealed. A worker reads what is
//! certain to be complete and writes one row a batch.
//!
//! # The horizon
//! A row may be sealed once no other can still appear before it. Numbers are committed out of order on Postgres: the
//! highest number is noted together with the snapshot's `xmax`, and holds as soon as every transaction of that time
//! has ended (`xmin` has reached it) and [`Pace::settle`] has passed, for those that had taken a number and no
//! transaction's identifier yet. On SQLite there is one writer, so the highest number is enough. A UUIDv7 is made
//! before its commit, so the present is noted and holds after [`Pace::lag`]. Notes are kept in memory: whoever takes
//! over begins anew, a little later.
//!
//! # Rows that end later
//! A row that is not final when its stretch is sealed goes in as its key alone, is carried in `seals_pending`, and is
//! sealed whole with a later batch once it has ended. Its row there stays, to tell which batch that was.

mod batch;
mod chain;
mod verify;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use namaskah_domain::{Fault, HoldId, Time};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, TransactionTrait, Value};

pub use self::verify::Head;
pub(crate) use self::verify::{verify, verify_audit_log};
use self::{
    batch::{Content, Found, Seal},
    chain::{CHAINS, Chain, Key, Order},
};
use super::{database::Database, snapshot::Snapshot};

/// How fast is sealed.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Rows of a batch, at most.
    pub batch: u32,
    /// How old a note about numbers is at least when it is used.
    pub settle: Duration,
    /// How long after its identifier was made a record may still be committed: longer than any request and any
    /// difference between the instances' clocks.
    pub lag: Duration,
    /// A batch that is not full waits so long after the one before, so that quiet days make few batches.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch: BATCH,
            settle: Duration::from_secs(10),
            lag: Duration::from_secs(600),
            patience: Duration::from_secs(60),
        }
    }
}

const BATCH: u32 = 10_000;

/// Up to where, once it is certain.
#[derive(Debug, Clone, Copy)]
struct Note {
    up_to: Key,
    xmax: i64,
    at_us: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Horizon {
    certain: Option<Key>,
    noted: Option<Note>,
}

/// Seals what is behind the horizon. One instance at a time does so; if two do, one is refused by the seals' key.
pub struct Sealer {
    database: Database,
    pace: Pace,
    horizons: Mutex<HashMap<&'static str, Horizon>>,
}

impl Sealer {
    /// Over a database whose schema is current.
    pub fn new(database: &Database, pace: Pace) -> Self {
        Self { database: database.clone(), pace, horizons: Mutex::default() }
    }

    /// Seals one batch of each chain that has one. `now` is the time of the clock that identifiers are made with.
    /// Returns how many rows were sealed or passed by.
    ///
    /// # Errors
    /// [`Fault`] if the database does not answer, or another has sealed the same; nothing is sealed twice.
    pub async fn run(&self, now: Time) -> Result<u32, Fault> {
        let mut sealed = 0u32;
        for chain in CHAINS {
            sealed = sealed.saturating_add(self.seal(chain, now).await?);
        }
        Ok(sealed)
    }

    async fn seal(&self, chain: &'static Chain, now: Time) -> Result<u32, Fault> {
        let snapshot = Snapshot::begin(&self.database).await?;
        let now_us = self.now_us(&snapshot).await?;
        let head = batch::head(&snapshot, chain).await?;
        let after = head.as_ref().map_or_else(|| chain.beginning(), |head| head.last);
        let up_to = self.horizon(&snapshot, chain, now, now_us).await?.unwrap_or(after);
        let found = batch::find(&snapshot, chain, after, up_to, self.pace.batch).await?;
        snapshot.end().await?;
        let keys_open = found.content.open.split_terminator(';').count();
        let rows = usize::try_from(found.content.rows).unwrap_or(usize::MAX).saturating_add(keys_open);
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let is_due = head.as_ref().is_none_or(|head| {
            let patience = i64::try_from(self.pace.patience.as_micros()).unwrap_or(i64::MAX);
            now_us >= head.sealed_at_us.saturating_add(patience)
        });
        if rows == 0 || (rows < self.pace.batch && !is_due) {
            return Ok(0);
        }
        self.store(chain, head.as_ref(), after, now_us, found).await?;
        Ok(rows)
    }

    /// The last key behind which nothing is missing; `None` while that is not known of any.
    async fn horizon(
        &self,
        snapshot: &Snapshot,
        chain: &'static Chain,
        now: Time,
        now_us: i64,
    ) -> Result<Option<Key>, Fault> {
        let is_postgres = self.database.is_postgres();
        let (highest, xmin, xmax, wait) = match chain.order {
            Order::Numbered => {
                let newest =
                    snapshot.row(&format!("SELECT MAX(id) AS id FROM {}", chain.table), Vec::new()).await?;
                let newest: Option<i64> = newest.try_get("", "id").map_err(Fault::new)?;
                let highest = newest.map(Key::Number);
                if !is_postgres {
                    return Ok(highest);
                }
                let (xmin, xmax) = running(snapshot).await?;
                (highest, xmin, xmax, self.pace.settle)
            }
            Order::Timed => {
                let made_now = HoldId::from_parts(now, [0; 10]).uuid();
                (Some(Key::Id(made_now)), 0, 0, self.pace.lag)
            }
        };
        let wait_us = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        // A panic elsewhere leaves whole values behind.
        let mut horizons = self.horizons.lock().unwrap_or_else(PoisonError::into_inner);
        let horizon = horizons.entry(chain.name).or_default();
        if let Some(note) = horizon.noted
            && xmin >= note.xmax
            && now_us >= note.at_us.saturating_add(wait_us)
        {
            *horizon = Horizon { certain: Some(note.up_to), noted: None };
        }
        if horizon.noted.is_none() {
            horizon.noted = highest.map(|up_to| Note { up_to, xmax, at_us: now_us });
        }
        Ok(horizon.certain)
    }

    async fn now_us(&self, snapshot: &Snapshot) -> Result<i64, Fault> {
        let row = snapshot.row(&format!("SELECT {} AS now", self.database.now_us()), Vec::new()).await?;
        row.try_get("", "now").map_err(Fault::new)
    }

    /// Writes the seal and what it carries, in one transaction.
    async fn store(
        &self,
        chain: &'static Chain,
        head: Option<&Seal>,
        after: Key,
        now_us: i64,
        found: Found,
    ) -> Result<(), Fault> {
        let (first, last) = found.stretch.unwrap_or((after, after));
        let (sequence, before) = head.map_or((1, &[][..]), |head| (head.sequence + 1, &head.digest[..]));
        let Content { rows, .. } = found.content;
        let mut seal = Seal { sequence, first, last, rows, digest: Vec::new(), sealed_at_us: now_us };
        seal.digest = seal.expected(chain, before, &found.content);
        let mut statements = vec![(
            "INSERT INTO seals (chain, sequence, first_key, last_key, sealed_rows, digest, sealed_at_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            batch::values(chain, &seal),
        )];
        for key in found.content.open.split_terminator(';') {
            let values = vec![chain.name.into(), key.into(), sequence.into()];
            statements
                .push(("INSERT INTO seals_pending (chain, key, passed_in) VALUES ($1, $2, $3)", values));
        }
        for key in found.late {
            let values = vec![chain.name.into(), key.into(), sequence.into()];
            statements.push((
                "UPDATE seals_pending SET sealed_in = $3 WHERE chain = $1 AND key = $2 AND sealed_in IS NULL",
                values,
            ));
        }
        self.write(statements).await
    }

    async fn write(&self, statements: Vec<(&'static str, Vec<Value>)>) -> Result<(), Fault> {
        let backend = self.database.backend();
        let bound = statements.into_iter();
        let statements: Vec<Statement> =
            bound.map(|(sql, values)| Statement::from_sql_and_values(backend, sql, values)).collect();
        if let Some(writer) = self.database.writer() {
            return writer.run(move |transaction| Box::pin(run_all(transaction, statements))).await;
        }
        let transaction = self.database.connection().begin().await.map_err(Fault::new)?;
        run_all(&transaction, statements).await?;
        transaction.commit().await.map_err(Fault::new)
    }
}

async fn run_all(transaction: &DatabaseTransaction, statements: Vec<Statement>) -> Result<(), Fault> {
    for statement in statements {
        transaction.execute_raw(statement).await.map_err(Fault::new)?;
    }
    Ok(())
}

/// The oldest transaction that runs, and the next that will.
async fn running(snapshot: &Snapshot) -> Result<(i64, i64), Fault> {
    const SQL: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin, \
         pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xmax";
    let row = snapshot.row(SQL, Vec::new()).await?;
    let number = |column| row.try_get::<i64>("", column).map_err(Fault::new);
    Ok((number("xmin")?, number("xmax")?))
}
