//! The audit: checks the promises about money and orders on a live database while it serves.
//!
//! Everything is read in one snapshot: a REPEATABLE READ, READ ONLY transaction on Postgres, one deferred transaction
//! of a reader on SQLite. Nobody waits for it and it waits for nobody.
//!
//! A law is one set-based query that gives the rows that break it; the database counts them and hands over the first
//! few, so memory does not grow with the tables. What names a record by the text of an identifier is the exception, for
//! only we can write that: captures, reports, refunds, disputes, bookings, gifts and the sources of all that moved users'
//! money are walked side by side with their records, page by page; and so are batches, whose results are one text.

mod accounts;
mod batches;
mod books;
mod captures;
mod journal;
mod law;
mod lines;
mod orders;
mod payments;
mod purchases;
mod reports;
mod returns;
mod sources;
mod structure;
mod tally;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use namaskah_domain::Fault;

use self::law::Law;
use super::{
    database::Database,
    seal::{self, Head},
    snapshot::Snapshot,
};

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every law.
    Everything,
    /// What accounts, holds and the journal say about each other, whatever they were used for.
    Ledger,
}

/// What is asked of an audit.
#[derive(Debug, Clone)]
pub struct Question {
    /// Which laws.
    pub scope: Scope,
    /// How many rows are named of a law that is broken; all are counted.
    pub rows: u32,
    /// Heads of chains that were kept elsewhere, and must still be in their chains.
    pub expected: Vec<Head>,
}

impl Question {
    /// About these laws, naming a hundred rows of each.
    pub const fn of(scope: Scope) -> Self {
        Self { scope, rows: 100, expected: Vec::new() }
    }
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Law by law.
    pub findings: Vec<Finding>,
    /// The newest seal of each chain that has one, as of the same moment.
    pub heads: Vec<Head>,
}

impl Report {
    /// The laws that are broken.
    pub fn broken(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.broken > 0)
    }
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

    /// Checks one law after the other in one snapshot, and tells each finding as it is made.
    ///
    /// # Errors
    /// [`Fault`] if the database cannot be read: then nothing is known.
    pub async fn run(
        &self,
        question: &Question,
        tell: &mut (dyn FnMut(&Finding) + Send),
    ) -> Result<Report, Fault> {
        let snapshot = Snapshot::begin(&self.database).await?;
        let mut report = Report { findings: Vec::new(), heads: Vec::new() };
        let mut counts = HashMap::new();
        let of_scope = |law: &Law| question.scope == Scope::Everything || law.of_ledger;
        for law in law::all(snapshot.backend()).filter(of_scope) {
            let finding = check(&snapshot, &law, question.rows, &mut counts).await?;
            tell(&finding);
            report.findings.push(finding);
        }
        for finding in captures::check(&snapshot, question.scope, question.rows).await? {
            tell(&finding);
            report.findings.push(finding);
        }
        if question.scope == Scope::Everything {
            for finding in [
                reports::check(&snapshot, question.rows).await?,
                sources::check(&snapshot, question.rows).await?,
                returns::check_refunds(&snapshot, question.rows).await?,
                returns::check_disputes(&snapshot, question.rows).await?,
                books::check_bookings(&snapshot, question.rows).await?,
                books::check_grants(&snapshot, question.rows).await?,
                batches::check(&snapshot, question.rows).await?,
                batches::check_orders(&snapshot, question.rows).await?,
            ] {
                tell(&finding);
                report.findings.push(finding);
            }
        }
        verify(&snapshot, question, tell, &mut report).await?;
        snapshot.end().await?;
        Ok(report)
    }
}

/// `$1, $2, …` for a list of values.
fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|n| format!("${n}")).collect();
    places.join(", ")
}

/// Reads again what was sealed.
async fn verify(
    snapshot: &Snapshot,
    question: &Question,
    tell: &mut (dyn FnMut(&Finding) + Send),
    report: &mut Report,
) -> Result<(), Fault> {
    let started = Instant::now();
    for found in seal::verify(snapshot, &question.expected).await? {
        let finding = Finding {
            promise: 1,
            law: found.law,
            says: "what was sealed is as it was, row by row, and nothing was put between",
            of: "batches",
            checked: found.batches,
            broken: found.offenders.len() as u64,
            offenders: found.offenders.into_iter().take(question.rows as usize).collect(),
            took: started.elapsed(),
        };
        tell(&finding);
        report.findings.push(finding);
        report.heads.extend(found.head);
    }
    Ok(())
}

/// One law in one snapshot; `counts` keeps how many rows each table has.
async fn check(
    snapshot: &Snapshot,
    law: &Law,
    rows: u32,
    counts: &mut HashMap<&'static str, u64>,
) -> Result<Finding, Fault> {
    let started = Instant::now();
    let checked = match counts.get(law.of) {
        Some(known) => *known,
        None => snapshot.number(&format!("SELECT COUNT(*) FROM {}", law.of)).await?,
    };
    counts.insert(law.of, checked);
    let sql = format!(
        "SELECT b.id AS id, b.why AS why, CAST(COUNT(*) OVER () AS BIGINT) AS broken FROM ({}) b LIMIT {}",
        law.broken,
        rows.max(1)
    );
    let broken = snapshot.rows(&sql, Vec::new()).await?;
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
