//! The audit: checks the promises about money and orders on a live database while it serves.
//!
//! Everything is read in one snapshot: a REPEATABLE READ, READ ONLY transaction on Postgres, one deferred transaction
//! of a reader on SQLite. Nobody waits for it and it waits for nobody.
//!
//! A law is one set-based query that gives the rows that break it; the database counts them and hands over the first
//! few, so memory does not grow with the tables. Captures are the exception: a capture names its hold by the text of
//! an identifier, which only we can write, so holds and captures are walked side by side, page by page.

mod accounts;
mod captures;
mod journal;
mod law;
mod orders;
mod payments;
mod purchases;
mod structure;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use namaskah_domain::Fault;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, IsolationLevel, QueryResult, Statement,
    TransactionTrait, Value,
};

use self::law::Law;
use super::{database::Database, stored::unreadable};

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every law.
    Everything,
    /// What accounts, holds and the journal say about each other, whatever they were used for.
    Ledger,
}

/// A row that breaks a law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offender {
    /// Which row, as the product names it: an identifier, a line's number, a source.
    pub row: String,
    /// What it says, and what it should.
    pub why: String,
}

/// What was found of one law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The number of the promise that the law is a part of.
    pub promise: u8,
    /// The law's name.
    pub law: &'static str,
    /// The law in words.
    pub says: &'static str,
    /// What was checked, such as `accounts`.
    pub of: &'static str,
    /// How many of them there are.
    pub checked: u64,
    /// How many break the law.
    pub broken: u64,
    /// The first of those, as many as were asked for.
    pub offenders: Vec<Offender>,
    /// How long it took.
    pub took: Duration,
}

/// Checks a database against every law.
#[derive(Debug, Clone)]
pub struct Audit {
    database: Database,
}

impl Audit {
    /// Of a database whose schema is current.
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }

    /// Checks one law after the other in one snapshot, and tells each finding as it is made. Of the rows that break a
    /// law at most `rows` are named; all are counted.
    ///
    /// # Errors
    /// [`Fault`] if the database cannot be read: then nothing is known.
    pub async fn run(
        &self,
        scope: Scope,
        rows: u32,
        tell: &mut (dyn FnMut(&Finding) + Send),
    ) -> Result<Vec<Finding>, Fault> {
        let snapshot = Snapshot::begin(&self.database).await?;
        let mut findings = Vec::new();
        let mut counts = HashMap::new();
        for law in law::all(snapshot.backend()).filter(|law| scope == Scope::Everything || law.of_ledger) {
            let finding = snapshot.check(&law, rows, &mut counts).await?;
            tell(&finding);
            findings.push(finding);
        }
        for finding in captures::check(&snapshot, scope, rows).await? {
            tell(&finding);
            findings.push(finding);
        }
        snapshot.end().await?;
        Ok(findings)
    }
}

/// One moment of the database, to read as much of as one likes.
pub(crate) struct Snapshot {
    transaction: DatabaseTransaction,
}

impl Snapshot {
    pub(crate) async fn begin(database: &Database) -> Result<Self, Fault> {
        let transaction = if database.is_postgres() {
            let frozen = (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly));
            let transaction =
                database.reads().begin_with_config(frozen.0, frozen.1).await.map_err(Fault::new)?;
            // Sorting a million lines in memory instead of on disk; for this transaction alone.
            transaction.execute_unprepared("SET LOCAL work_mem = '64MB'").await.map_err(Fault::new)?;
            transaction
        } else {
            database.reads().begin().await.map_err(Fault::new)?
        };
        Ok(Self { transaction })
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    pub(crate) async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, Fault> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        self.transaction.query_all_raw(statement).await.map_err(Fault::new)
    }

    pub(crate) async fn number(&self, sql: &str) -> Result<u64, Fault> {
        let rows = self.rows(sql, Vec::new()).await?;
        let row = rows.first().ok_or_else(|| unreadable("count"))?;
        row.try_get_by_index::<i64>(0).map(i64::unsigned_abs).map_err(Fault::new)
    }

    /// Nothing was changed, so nothing is committed.
    pub(crate) async fn end(self) -> Result<(), Fault> {
        self.transaction.rollback().await.map_err(Fault::new)
    }

    async fn check(
        &self,
        law: &Law,
        rows: u32,
        counts: &mut HashMap<&'static str, u64>,
    ) -> Result<Finding, Fault> {
        let started = Instant::now();
        let checked = match counts.get(law.of) {
            Some(known) => *known,
            None => self.number(&format!("SELECT COUNT(*) FROM {}", law.of)).await?,
        };
        counts.insert(law.of, checked);
        let sql = format!(
            "SELECT b.id AS id, b.why AS why, CAST(COUNT(*) OVER () AS BIGINT) AS broken FROM ({}) b LIMIT {}",
            law.broken,
            rows.max(1)
        );
        let broken = self.rows(&sql, Vec::new()).await?;
        let count = broken.first().map_or(Ok(0), |row| row.try_get::<i64>("", "broken").map_err(Fault::new));
        Ok(Finding {
            promise: law.promise,
            law: law.name,
            says: law.says,
            of: law.of,
            checked,
            broken: count?.unsigned_abs(),
            offenders: broken.iter().map(|row| law.subject.offender(row)).collect::<Result<_, _>>()?,
            took: started.elapsed(),
        })
    }
}
