//! Units that go together, as rows: pure.
//!
//! Each unit is settled in its order of arrival on the row that the one before left, and joins or stays out as a
//! whole. Who stays out is not refused here: it goes alone, and the statement that it then gets tells why.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use namaskah_domain::unit::AccountChange;
use sea_orm::Value;
use uuid::Uuid;

use super::{
    entity::{account, claim, hold},
    known::Known,
    plan::{HoldEnding, Line, Plan, Row, hold_endings, row},
    settle::{EndedParts, PlacedParts, settle},
};

/// Rows of one table.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    pub(crate) columns: Cow<'a, [&'static str]>,
    pub(crate) rows: Vec<Cow<'a, [Value]>>,
    /// For rows that replace others: the version that each replaces.
    pub(crate) decided_on: Vec<i64>,
}

/// An account before the first and after the last unit of a batch.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) decided_on: i64,
    pub(crate) row: account::Model,
}

/// What units write together.
#[derive(Debug, Default)]
pub(crate) struct Batch<'a> {
    pub(crate) claims: Option<Table<'a>>,
    /// In the order of their tables' names, as every commit locks.
    pub(crate) updates: BTreeMap<&'static str, Table<'a>>,
    pub(crate) ends: Vec<(Uuid, HoldEnding)>,
    /// In the order in which accounts are locked.
    pub(crate) accounts: BTreeMap<Uuid, Moved>,
    pub(crate) holds: Vec<hold::Model>,
    pub(crate) transfers: Vec<Vec<Value>>,
    pub(crate) inserts: BTreeMap<&'static str, Table<'a>>,
    records: HashSet<Record<'a>>,
}

/// Something that at most one unit of a batch touches: a table, and what names the row.
type Record<'a> = (&'static str, Cow<'a, [u8]>, &'a str);

/// Columns of the journal but those that the database gives.
pub(crate) const TRANSFER: [&str; 11] = [
    "user_id",
    "debit_account",
    "credit_account",
    "amount_units",
    "currency",
    "kind",
    "source",
    "leg",
    "balance_after_units",
    "account_version",
    "created_at_us",
];

/// Whether lanes take such a unit at all: one account or none, and nothing that has no common form.
pub(crate) fn suits(plan: &Plan) -> bool {
    let empty = plan.claim.is_none()
        && plan.updates.is_empty()
        && plan.accounts.is_empty()
        && plan.lines.is_empty()
        && plan.inserts.is_empty();
    let opens = || plan.inserts.iter().any(|row| row.table == "accounts");
    !empty && plan.accounts.len() <= 1 && plan.endings.is_empty() && plan.opened.is_empty() && !opens()
}

/// A unit that the lane cannot put into this batch.
pub(crate) struct Unfit;

/// What a unit makes of its account.
struct Settled {
    decided_on: i64,
    row: account::Model,
    holds: Vec<hold::Model>,
    ends: Vec<HoldEnding>,
    lines: Vec<Line>,
    total_before: i64,
}

impl<'a> Batch<'a> {
    /// Adds a unit, or leaves the batch as it is.
    pub(crate) fn add(&mut self, plan: &'a Plan, known: &mut Known) -> Result<(), Unfit> {
        let records = records(plan);
        if records.iter().any(|record| self.records.contains(record)) {
            return Err(Unfit);
        }
        let settled = match plan.accounts.as_slice() {
            [] => None,
            [(user, change)] => Some(self.settle(*user, change, known)?),
            _ => return Err(Unfit),
        };
        self.records.extend(records);
        if let Some(claim) = &plan.claim {
            self.claim(claim);
        }
        for update in &plan.updates {
            let table = table(&mut self.updates, &update.row);
            table.rows.push(Cow::Borrowed(&update.row.values));
            table.decided_on.push(update.decided_on);
        }
        self.post(plan, settled.as_ref());
        if let Some(settled) = settled {
            let user = settled.row.user_id;
            self.ends.extend(settled.ends.into_iter().map(|end| (user, end)));
            self.holds.extend(settled.holds);
            let first = Moved { decided_on: settled.decided_on, row: settled.row.clone() };
            self.accounts.entry(user).or_insert(first).row = settled.row;
        }
        for row in &plan.inserts {
            table(&mut self.inserts, row).rows.push(Cow::Borrowed(&row.values));
        }
        Ok(())
    }

    fn settle(&self, user: Uuid, change: &AccountChange, known: &mut Known) -> Result<Settled, Unfit> {
        let before = match self.accounts.get(&user) {
            Some(moved) => moved.row.clone(),
            None => known.account(user).ok_or(Unfit)?.clone(),
        };
        let ends: Vec<HoldEnding> = hold_endings(change).collect();
        let (mut parts, mut lines) = (Vec::with_capacity(ends.len()), Vec::new());
        for end in &ends {
            let hold = known.hold(end.hold).filter(|hold| hold.user_id == user).ok_or(Unfit)?;
            parts.push(ended(hold, end, &mut lines));
        }
        let (decided_on, total_before) =
            (before.version, before.wallet_posted_units + before.promo_posted_units);
        let (row, placed) = settle(before, change, &parts).map_err(|_| Unfit)?;
        let place = |(place, parts): (_, &PlacedParts)| hold::Model::placed(place, *parts);
        let holds = change.places.iter().zip(&placed).map(place).collect();
        Ok(Settled { decided_on, row, holds, ends, lines, total_before })
    }

    fn claim(&mut self, claim: &'a claim::Model) {
        let Row { table: name, columns, values, key } = row(claim, &[]);
        let new =
            || Table { name, key, columns: Cow::Owned(columns), rows: Vec::new(), decided_on: Vec::new() };
        self.claims.get_or_insert_with(new).rows.push(Cow::Owned(values));
    }

    /// Captures first, then transfers, each with the posted total that its user has after it.
    fn post(&mut self, plan: &Plan, settled: Option<&Settled>) {
        let mut total = settled.map(|settled| settled.total_before);
        let version = settled.map(|settled| settled.row.version);
        let captured = settled.map_or(&[][..], |settled| &settled.lines);
        for line in captured.iter().chain(&plan.lines) {
            if line.user.is_some() {
                total = total.map(|total| total + line.effect);
            }
            let of_user = |value: Option<i64>| line.user.and(value);
            self.transfers.push(vec![
                line.user.into(),
                line.debit.into(),
                line.credit.into(),
                line.units.into(),
                line.currency.into(),
                line.kind.into(),
                line.source.as_str().into(),
                line.leg.into(),
                of_user(total).into(),
                of_user(version).into(),
                line.at_us.into(),
            ]);
        }
    }
}

/// The parts of a hold that ends; adds the lines of one that is captured.
fn ended(hold: &hold::Model, end: &HoldEnding, lines: &mut Vec<Line>) -> EndedParts {
    if end.captured {
        for (purse, leg, units) in [("wallet", 1, hold.wallet_units), ("promo", 2, hold.promo_units)] {
            if units > 0 {
                lines.push(Line::captured(hold.user_id, purse, leg, units, end));
            }
        }
    }
    EndedParts {
        promo: hold.promo_units,
        wallet: hold.wallet_units,
        captured: end.captured,
        counted: hold.purpose == hold::ORDER,
    }
}

fn table<'t, 'a>(tables: &'t mut BTreeMap<&'static str, Table<'a>>, row: &'a Row) -> &'t mut Table<'a> {
    tables.entry(row.table).or_insert_with(|| Table {
        name: row.table,
        key: row.key,
        columns: Cow::Borrowed(&row.columns),
        rows: Vec::new(),
        decided_on: Vec::new(),
    })
}

/// What no other unit of the same batch may touch. A row that two units would make is not among them: the database
/// knows every unique thing, and tells.
fn records(plan: &Plan) -> Vec<Record<'_>> {
    let mut records: Vec<Record<'_>> = Vec::new();
    if let Some(claim) = &plan.claim {
        records.push(("idempotency_claims", Cow::Borrowed(claim.scope.as_bytes()), &claim.key));
    }
    for update in &plan.updates {
        let row = &update.row;
        let key = row.columns.iter().zip(&row.values).find(|(column, _)| **column == row.key);
        records.extend(key.and_then(|(_, key)| bytes(key)).map(|key| (row.table, key, "")));
    }
    for (_, change) in &plan.accounts {
        for end in &change.ends {
            records.push(("holds", Cow::Owned(end.hold.uuid().as_bytes().to_vec()), ""));
        }
    }
    for line in &plan.lines {
        if line.leg <= 1 {
            records.push(("transfers", Cow::Borrowed(line.source.as_bytes()), ""));
        }
    }
    records
}

fn bytes(key: &Value) -> Option<Cow<'_, [u8]>> {
    match key {
        Value::Uuid(Some(id)) => Some(Cow::Borrowed(id.as_bytes().as_slice())),
        Value::String(Some(text)) => Some(Cow::Borrowed(text.as_bytes())),
        Value::Bytes(Some(bytes)) => Some(Cow::Borrowed(bytes.as_slice())),
        _ => None,
    }
}
