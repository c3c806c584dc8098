//! Store on SQLite. Units share a transaction of the one writer: those that fit are written [`together`], every other one
//! under a savepoint of its own.
//!
//! Within the writer nobody else changes anything, so guards are row counts and what was just read is still true.

pub(crate) mod together;

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{Claim, CommitError, Committed, Fault, Store, Unique, UnitOfWork, unit::AccountChange};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait, QueryResult,
    Statement, Value,
};
use uuid::Uuid;

use super::{
    claims::claimed,
    entity::{account, claim, hold},
    plan::{Ending, Line, Plan, Row, Update, hold_endings, row, unless_stood_for, version_of},
    refusal,
    settle::{EndedParts, PlacedParts, settle},
    writer::Writer,
};
use crate::vault::Vault;

/// [`Store`] over the one writer of a SQLite database.
pub struct SqliteStore {
    writer: Writer,
    reads: DatabaseConnection,
    vault: Arc<Vault>,
}

impl SqliteStore {
    pub(crate) fn new(writer: Writer, reads: DatabaseConnection, vault: Arc<Vault>) -> Self {
        Self { writer, reads, vault }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        let plan = Plan::of(&unit, &self.vault)?;
        self.writer.commit(plan).await
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        claimed(&self.reads, &claim.into()).await
    }
}

struct Writing<'t> {
    transaction: &'t DatabaseTransaction,
}

/// Applies one unit. If it fails, what it did before it failed is still there, for the caller to undo.
pub(crate) async fn apply(transaction: &DatabaseTransaction, plan: &Plan) -> Result<Committed, CommitError> {
    let on = &Writing { transaction };
    if let Some(claim) = &plan.claim
        && let Some(replayed) = on.replay(claim).await?
    {
        return Ok(replayed);
    }
    for update in &plan.updates {
        on.update(update).await?;
    }
    for ending in &plan.endings {
        on.end_sessions(ending).await?;
    }
    let mut lines = Vec::new();
    let opened = plan.opened.iter();
    let mut befores: Vec<Before> =
        opened.map(|opened| Before { user: opened.user, total: 0, version: opened.version }).collect();
    for (user, change) in &plan.accounts {
        befores.push(on.account(*user, change, &mut lines).await?);
    }
    lines.extend(plan.lines.iter().cloned());
    on.post(lines, befores).await?;
    for row in &plan.inserts {
        on.insert(row).await?;
    }
    Ok(Committed::Applied)
}

/// An account before and after the unit, as its lines need it.
struct Before {
    user: Uuid,
    total: i64,
    version: i64,
}

impl Writing<'_> {
    /// The outcome of a command that took effect before; else the claim is written.
    async fn replay(&self, claim: &claim::Model) -> Result<Option<Committed>, CommitError> {
        match claimed(self.transaction, claim).await? {
            Some(outcome) => Ok(Some(Committed::Replayed(outcome))),
            None => {
                let sql = "INSERT INTO idempotency_claims (scope, key, fingerprint, outcome) VALUES ($1, $2, $3, $4)";
                let claim = claim.clone();
                let values: Vec<Value> = vec![
                    claim.scope.into(),
                    claim.key.into(),
                    claim.fingerprint.into(),
                    claim.outcome.into(),
                ];
                self.execute("idempotency_claims", sql, values).await.map(|_| None)
            }
        }
    }

    async fn update(&self, Update { row, decided_on }: &Update) -> Result<(), CommitError> {
        let sets: Vec<String> =
            row.columns.iter().enumerate().map(|(at, column)| format!("{column} = ${}", at + 1)).collect();
        let key = row.columns.iter().position(|column| *column == row.key).unwrap_or_default() + 1;
        let (table, last) = (row.table, row.values.len() + 1);
        let sql = format!(
            "UPDATE {table} SET {} WHERE {} = ${key} AND {} = ${last}",
            sets.join(", "),
            row.key,
            version_of(table)
        );
        let mut values = row.values.clone();
        values.push((*decided_on).into());
        match self.execute(table, &sql, values).await? {
            1 => Ok(()),
            _ => Err(CommitError::Stale),
        }
    }

    async fn insert(&self, row: &Row) -> Result<(), CommitError> {
        let places: Vec<String> = (1..=row.values.len()).map(|at| format!("${at}")).collect();
        let (columns, places) = (row.columns.join(", "), places.join(", "));
        let unless = unless_stood_for(row.table);
        let sql = format!("INSERT INTO {} ({columns}) VALUES ({places}){unless}", row.table);
        match self.execute(row.table, &sql, row.values.clone()).await {
            // A row that is there already breaks every constraint at once, and SQLite tells one of them.
            Err(CommitError::Duplicate(Unique::Retry)) if self.is_there(row).await? => {
                Err(CommitError::Duplicate(Unique::Record))
            }
            done => done.map(|_| ()),
        }
    }

    async fn is_there(&self, row: &Row) -> Result<bool, CommitError> {
        let key = row.columns.iter().position(|column| *column == row.key);
        let values: Vec<Value> = key.and_then(|key| row.values.get(key)).cloned().into_iter().collect();
        let sql = format!("SELECT 1 FROM {} WHERE {} = $1", row.table, row.key);
        Ok(self.query(row.table, &sql, values).await?.is_some())
    }

    async fn end_sessions(&self, ending: &Ending) -> Result<(), CommitError> {
        let mut values: Vec<Value> = vec![ending.user.into(), ending.at_us.into()];
        let mut sql = String::from(
            "UPDATE sessions SET ended_at_us = $2, ended_for = 'revoked', version = version + 1 \
             WHERE user_id = $1 AND ended_at_us IS NULL",
        );
        for spared in &ending.spared {
            values.push((*spared).into());
            sql.push_str(&format!(" AND id <> ${}", values.len()));
        }
        self.execute("sessions", &sql, values).await.map(|_| ())
    }

    /// Changes one account and its holds; adds the lines of captured holds.
    async fn account(
        &self,
        user: Uuid,
        change: &AccountChange,
        lines: &mut Vec<Line>,
    ) -> Result<Before, CommitError> {
        let ended = self.end_holds(user, change, lines).await?;
        let row = account::Entity::find_by_id(user).one(self.transaction).await.map_err(unavailable)?;
        let row = row.ok_or(CommitError::Stale)?;
        let total = row.wallet_posted_units + row.promo_posted_units;
        let (after, placed) = settle(row, change, &ended)?;
        let version = after.version;
        self.store_account(after).await?;
        self.place_holds(change, &placed).await?;
        Ok(Before { user, total, version })
    }

    async fn end_holds(
        &self,
        user: Uuid,
        change: &AccountChange,
        lines: &mut Vec<Line>,
    ) -> Result<Vec<EndedParts>, CommitError> {
        const SQL: &str = "UPDATE holds SET state = $1, ended_at_us = $2 \
             WHERE id = $3 AND user_id = $4 AND state = 'open' RETURNING promo_units, wallet_units, purpose";
        let mut ended = Vec::with_capacity(change.ends.len());
        for end in hold_endings(change) {
            let values: Vec<Value> = vec![end.state.into(), end.at_us.into(), end.hold.into(), user.into()];
            let row = self.query("holds", SQL, values).await?.ok_or(CommitError::Stale)?;
            let units = |column| row.try_get::<i64>("", column).map_err(unavailable);
            let purpose: String = row.try_get("", "purpose").map_err(unavailable)?;
            let parts = EndedParts {
                promo: units("promo_units")?,
                wallet: units("wallet_units")?,
                captured: end.captured,
                counted: purpose == hold::ORDER,
            };
            if end.captured {
                for (purse, leg, units) in [("wallet", 1, parts.wallet), ("promo", 2, parts.promo)] {
                    if units > 0 {
                        lines.push(Line::captured(user, purse, leg, units, &end));
                    }
                }
            }
            ended.push(parts);
        }
        Ok(ended)
    }

    async fn store_account(&self, row: account::Model) -> Result<(), CommitError> {
        const SQL: &str = "UPDATE accounts SET wallet_posted_units = $2, wallet_held_units = $3, \
             promo_posted_units = $4, promo_held_units = $5, open_orders = $6, open_intents = $7, version = $8, \
             debt_units = $9, disputed_units = $10, open_disputes = $11, promo_lapsed_units = $12 WHERE user_id = $1";
        let values: Vec<Value> = vec![
            row.user_id.into(),
            row.wallet_posted_units.into(),
            row.wallet_held_units.into(),
            row.promo_posted_units.into(),
            row.promo_held_units.into(),
            row.open_orders.into(),
            row.open_intents.into(),
            row.version.into(),
            row.debt_units.into(),
            row.disputed_units.into(),
            row.open_disputes.into(),
            row.promo_lapsed_units.into(),
        ];
        self.execute("accounts", SQL, values).await.map(|_| ())
    }

    async fn place_holds(&self, change: &AccountChange, placed: &[PlacedParts]) -> Result<(), CommitError> {
        for (place, parts) in change.places.iter().zip(placed) {
            self.insert(&row(&hold::Model::placed(place, *parts), &[])).await?;
        }
        Ok(())
    }

    /// Posts transfers in their order, each with the posted total that its user has after it.
    async fn post(&self, lines: Vec<Line>, mut befores: Vec<Before>) -> Result<(), CommitError> {
        const SQL: &str = "INSERT INTO transfers (user_id, debit_account, credit_account, amount_units, currency, \
             kind, source, leg, balance_after_units, account_version, created_at_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        for line in lines {
            let account = befores.iter_mut().find(|before| Some(before.user) == line.user);
            let (after, version) = match account {
                Some(account) => {
                    account.total += line.effect;
                    (Some(account.total), Some(account.version))
                }
                None => (None, None),
            };
            let values: Vec<Value> = vec![
                line.user.into(),
                line.debit.into(),
                line.credit.into(),
                line.units.into(),
                line.currency.into(),
                line.kind.into(),
                line.source.into(),
                line.leg.into(),
                after.into(),
                version.into(),
                line.at_us.into(),
            ];
            self.execute("transfers", SQL, values).await?;
        }
        Ok(())
    }

    async fn execute(&self, table: &str, sql: &str, values: Vec<Value>) -> Result<u64, CommitError> {
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        match self.transaction.execute_raw(statement).await {
            Ok(done) => Ok(done.rows_affected()),
            Err(error) => Err(refusal::on_sqlite(error, table)),
        }
    }

    async fn query(
        &self,
        table: &str,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<QueryResult>, CommitError> {
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        self.transaction.query_one_raw(statement).await.map_err(|error| refusal::on_sqlite(error, table))
    }
}

fn unavailable(error: DbErr) -> CommitError {
    CommitError::Unavailable(Fault::new(error))
}
