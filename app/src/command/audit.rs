//! `audit`: checks the promises about money and orders on a database, while it serves.

use std::process::ExitCode;

use namaskah_adapters::persistence::audit::{Audit as Auditor, Finding, Scope};

use super::CommandError;
use crate::{cli::Audit, config::Config, start};

/// A schema that is not the one of this binary cannot be judged by it.
#[derive(Debug, thiserror::Error)]
#[error("steps of the schema are missing: run `namaskah migrate up` first")]
struct NotCurrent;

/// Exits with 1 if a law is broken; the rows are named.
pub(super) async fn run(config: &Config, asked: &Audit) -> Result<ExitCode, CommandError> {
    let database = start::connect(config).await?;
    if !namaskah_migration::is_current(database.reads()).await? {
        return Err(NotCurrent.into());
    }
    let scope = if asked.ledger { Scope::Ledger } else { Scope::Everything };
    let audited = Auditor::new(&database).run(scope, asked.rows, &mut |finding| print(finding)).await;
    database.close().await;
    let broken = audited?.iter().filter(|finding| finding.broken > 0).count();
    if broken == 0 {
        println!("every law holds");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{broken} laws are broken");
    Ok(ExitCode::FAILURE)
}

fn print(finding: &Finding) {
    let Finding { promise, law, says, of, checked, broken, offenders, took } = finding;
    let ms = took.as_millis();
    if *broken == 0 {
        println!("ok    {promise:>2} {law:<16} {checked} {of}, {ms} ms: {says}");
        return;
    }
    println!("WRONG {promise:>2} {law:<16} {broken} of {checked} {of}, {ms} ms: {says}");
    for offender in offenders {
        println!("         {}: {}", offender.row, offender.why);
    }
    let named = u64::try_from(offenders.len()).unwrap_or(u64::MAX);
    if *broken > named {
        println!("         and {} more; --rows {broken} names them all", broken - named);
    }
}
