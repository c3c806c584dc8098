//! `audit`: checks the promises about money and orders on a database, while it serves.

use std::{path::Path, process::ExitCode, sync::Arc};

use namaskah_adapters::{
    persistence::{
        Access, Stores,
        audit::{Audit as Auditor, Finding, Question, Scope},
        seal::Head,
    },
    vault::Vault,
};
use namaskah_domain::{Clock, Time, UserId, wallet::WalletService};
use serde::{Deserialize, Serialize};

use super::CommandError;
use crate::{cli::Audit, config::Config, start};

/// A schema that is not the one of this binary cannot be judged by it.
#[derive(Debug, thiserror::Error)]
#[error("steps of the schema are missing: run `namaskah migrate up` first")]
struct NotCurrent;

/// A file of heads that is not one of ours.
#[derive(Debug, thiserror::Error)]
#[error("{file} holds no heads of seals: {why}")]
struct NoHeads {
    file: String,
    why: String,
}

/// A file that the newest seals cannot be put into.
#[derive(Debug, thiserror::Error)]
#[error("the heads of the seals cannot be written to {file}: {why}")]
struct Unwritten {
    file: String,
    why: std::io::Error,
}

/// The newest seals, as they are kept elsewhere.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    heads: Vec<KeptHead>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptHead {
    chain: String,
    sequence: i64,
    digest: String,
    last_key: String,
}

/// Exits with 1 if a law is broken; the rows are named.
pub(super) async fn run(config: &Config, asked: &Audit) -> Result<ExitCode, CommandError> {
    if let Some(user) = asked.balance {
        return tell_balance(config, user, asked.at).await;
    }
    let scope = if asked.ledger { Scope::Ledger } else { Scope::Everything };
    let expected = asked.expect.as_deref().map_or_else(|| Ok(Vec::new()), kept)?;
    let question = Question { scope, rows: asked.rows, expected };
    let database = start::connect(config, Access::Look).await?;
    if !namaskah_migration::is_current(database.reads()).await? {
        return Err(NotCurrent.into());
    }
    let audited = Auditor::new(&database).run(&question, &mut print).await;
    database.close().await;
    let report = audited?;
    for head in &report.heads {
        say!("head  {} {} {}", head.chain, head.sequence, hex::encode(&head.digest));
    }
    let broken = report.broken().count();
    if broken > 0 {
        say!("{broken} laws are broken; no heads are exported");
        return Ok(ExitCode::FAILURE);
    }
    if let Some(file) = &asked.export {
        keep(file, &report.heads)?;
        say!("heads are in {}: keep it where nobody who can write to this database can", file.display());
    }
    say!("every law holds");
    Ok(ExitCode::SUCCESS)
}

/// The posted total of a user at a past instant.
async fn tell_balance(config: &Config, user: UserId, at: Option<Time>) -> Result<ExitCode, CommandError> {
    let database = start::connect(config, Access::Look).await?;
    // Balances are in the clear, so that an auditor needs no key; nothing that is sealed is opened with this one.
    let stores = Stores::open(&database, Arc::new(Vault::new([0; 32])));
    let at = match at {
        Some(at) => at,
        None => start::clock_of(config, &stores).await?.now(),
    };
    let balance = WalletService::new(stores.store, stores.wallet).balance_at(user, at).await;
    database.close().await;
    say!("{user} {} {}", at.to_rfc3339(), balance.map(|money| format!("{money} {}", money.currency()))?);
    Ok(ExitCode::SUCCESS)
}

fn kept(file: &Path) -> Result<Vec<Head>, CommandError> {
    let wrong = |why: String| NoHeads { file: file.display().to_string(), why };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let kept: Kept = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let head = |kept: KeptHead| {
        let digest = hex::decode(&kept.digest).map_err(|error| wrong(error.to_string()))?;
        let KeptHead { chain, sequence, last_key, .. } = kept;
        Ok(Head { chain, sequence, digest, last_key })
    };
    kept.heads.into_iter().map(head).collect()
}

fn keep(file: &Path, heads: &[Head]) -> Result<(), CommandError> {
    let heads = heads.iter().map(|head| KeptHead {
        chain: head.chain.clone(),
        sequence: head.sequence,
        digest: hex::encode(&head.digest),
        last_key: head.last_key.clone(),
    });
    let text = serde_json::to_string_pretty(&Kept { heads: heads.collect() })?;
    std::fs::write(file, text + "\n").map_err(|why| Unwritten { file: file.display().to_string(), why })?;
    Ok(())
}

fn print(finding: &Finding) {
    let Finding { promise, law, says, of, checked, broken, offenders, took } = finding;
    let ms = took.as_millis();
    if *broken == 0 {
        say!("ok    {promise:>2} {law:<16} {checked} {of}, {ms} ms: {says}");
        return;
    }
    say!("WRONG {promise:>2} {law:<16} {broken} of {checked} {of}, {ms} ms: {says}");
    for offender in offenders {
        say!("         {}: {}", offender.row, offender.why);
    }
    let named = u64::try_from(offenders.len()).unwrap_or(u64::MAX);
    if *broken > named {
        say!("         and {} more; --rows {broken} names them all", broken - named);
    }
}
