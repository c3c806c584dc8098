//! `reconcile`: providers' lists against our books, on demand.

use std::process::ExitCode;

use namaskah_adapters::persistence::Access;
use namaskah_domain::{
    Clock, Money,
    reconciliation::{Finding, FindingState, ReconcileError, ReconciliationService, Tally, Window},
    staff::By,
    time::hours,
    wallet::Reason,
};
use serde_json::{Value, json};

use super::CommandError;
use crate::{
    cli::Reconcile,
    config::Config,
    start,
    wiring::{self, Adapters, Outside},
};

/// Hours that are compared unless a time is named.
const WINDOW_H: i64 = 26;

/// Exits with 1 if something is open, or could not be compared.
pub(super) async fn run(config: &Config, asked: &Reconcile) -> Result<ExitCode, CommandError> {
    let database = start::open_database(config, Access::Change).await?;
    let stores = wiring::open_stores(config, &database).await?;
    start::stamp_mode(config, &stores).await?;
    let clock = start::clock_of(config, &stores).await?;
    let outside = Outside::beside(config);
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    let adapters = Adapters::of(config, &outside, &url, clock.clone())?;
    let wired = wiring::wire(config, stores, adapters, &url, clock)?;
    let done = answer(&wired.reconciliation, wired.clock.as_ref(), asked).await;
    database.close().await;
    done
}

async fn answer(
    service: &ReconciliationService,
    clock: &dyn Clock,
    asked: &Reconcile,
) -> Result<ExitCode, CommandError> {
    if let (Some(id), Some(note)) = (asked.resolve, &asked.note) {
        let finding = service.resolve(&By::Console, id, note.clone()).await?;
        print(asked, &json!({ "resolved": told(&finding) }), &[line(&finding)]);
        return Ok(ExitCode::SUCCESS);
    }
    if asked.accept_balance {
        let note = asked.note.clone().map_or_else(|| Reason::try_new("balance accepted"), Ok)?;
        let finding = service.accept_balance(&By::Console, note).await?;
        print(asked, &json!({ "accepted": told(&finding) }), &[line(&finding)]);
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = Vec::new();
    let mut answer = json!({});
    let mut failed = false;
    if !asked.open {
        let to = asked.to.unwrap_or_else(|| clock.now());
        let from = asked.from.unwrap_or(to - hours(WINDOW_H));
        if from >= to {
            return Err("--from must be before --to".into());
        }
        let report = service.run(Window { from, to }).await;
        for (name, compared) in [
            ("payments", report.payments.map(Some)),
            ("numbers", report.numbers.map(Some)),
            ("float", report.float),
        ] {
            failed |= compared.is_err();
            let (value, text) = summary(name, compared);
            answer[name] = value;
            lines.push(text);
        }
    }
    let open = service.open().await?;
    lines.extend(open.iter().map(line));
    answer["open"] = open.iter().map(told).collect();
    print(asked, &answer, &lines);
    Ok(if open.is_empty() && !failed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(asked: &Reconcile, answer: &Value, lines: &[String]) {
    if asked.json {
        say!("{answer}");
    } else {
        lines.iter().for_each(|line| say!("{line}"));
    }
}

fn summary(name: &str, compared: Result<Option<Tally>, ReconcileError>) -> (Value, String) {
    match compared {
        Err(error) => (json!({ "error": error.to_string() }), format!("FAILED {name}: {error}")),
        Ok(None) => (Value::Null, format!("skipped {name}: no balance was accepted (--accept-balance)")),
        Ok(Some(tally)) => {
            let Tally { matched, late, differ, booked, whole, opened, closed } = tally;
            let (opened, closed) = (opened.len(), closed.len());
            let text = format!(
                "compared {name}: {matched} matched, {late} late, {differ} differ; {opened} opened, {closed} closed, \
                 {booked} credits booked{}",
                if whole { "" } else { "; not everything could be compared" }
            );
            let value = json!({
                "matched": matched, "late": late, "differ": differ, "credits_booked": booked, "whole": whole,
                "opened": opened, "closed": closed,
            });
            (value, text)
        }
    }
}

fn sum(money: Option<Money>) -> String {
    money.map_or_else(|| "nothing".to_owned(), |money| format!("{money} {}", money.currency()))
}

fn state(finding: &Finding) -> &'static str {
    match finding.state {
        FindingState::Open => "open",
        FindingState::Matched { .. } => "matched",
        FindingState::Resolved { .. } => "resolved",
    }
}

fn line(finding: &Finding) -> String {
    format!(
        "{} {} {} {} {}: ours {}, theirs {}, found {}",
        state(finding),
        finding.id,
        finding.book.name(),
        finding.mismatch.name(),
        finding.key,
        sum(finding.ours),
        sum(finding.theirs),
        finding.found_at.to_rfc3339(),
    )
}

fn told(finding: &Finding) -> Value {
    let money = |money: Option<Money>| {
        money.map(|money| json!({ "amount": money.to_string(), "currency": money.currency().code() }))
    };
    json!({
        "id": finding.id.to_string(),
        "book": finding.book.name(),
        "class": finding.mismatch.name(),
        "key": finding.key,
        "ours": money(finding.ours),
        "theirs": money(finding.theirs),
        "at": finding.at.to_rfc3339(),
        "found_at": finding.found_at.to_rfc3339(),
        "state": state(finding),
    })
}
