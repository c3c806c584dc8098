//! Units that queued for the writer, as few statements for all of them: rows are read by the list of their keys, decided
//! on in memory, and written a table at a time.
//!
//! Nobody else writes while the transaction lasts, so accounts and holds are still as they were read. Who does not fit
//! is left for a savepoint of its own; if a statement fails, all of it is to be undone.

use futures::future::BoxFuture;
use namaskah_domain::Fault;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, ModelTrait, Statement, Value,
};
use uuid::Uuid;

use crate::persistence::{
    batch::{Batch, TRANSFER, Table, suits},
    entity::{account, hold},
    known::Known,
    plan::{Plan, Row, row, unless_stood_for, version_of},
    stored::columns,
};

/// Writes the units that fit, and says which those are.
///
/// # Errors
/// If a row was not as decided, or the database refused a statement; the transaction is to be rolled back.
pub(crate) fn together<'a>(
    transaction: &'a DatabaseTransaction,
    units: &'a [Option<&'a Plan>],
) -> BoxFuture<'a, Result<Vec<bool>, Fault>> {
    let fitting: Vec<Option<&Plan>> = units.iter().map(|unit| unit.filter(|plan| suits(plan))).collect();
    Box::pin(async move {
        if fitting.iter().flatten().count() < 2 {
            return Ok(vec![false; fitting.len()]);
        }
        let on = Together { transaction };
        let mut known = on.read(&fitting).await?;
        let mut batch = Batch::default();
        let mut written = Vec::with_capacity(fitting.len());
        for unit in &fitting {
            written.push(unit.is_some_and(|plan| batch.add(plan, &mut known).is_ok()));
        }
        on.write(&batch, &mut known).await?;
        Ok(written)
    })
}

/// A row was not of the version, or a hold not in the state, in which it should be.
#[derive(Debug, thiserror::Error)]
#[error("a row is not as decided")]
struct NotAsDecided;

struct Together<'t> {
    transaction: &'t DatabaseTransaction,
}

impl Together<'_> {
    async fn read(&self, plans: &[Option<&Plan>]) -> Result<Known, Fault> {
        let (mut accounts, mut holds) = (Vec::new(), Vec::new());
        for (user, change) in plans.iter().flatten().flat_map(|plan| &plan.accounts) {
            accounts.push(*user);
            holds.extend(change.ends.iter().map(|end| end.hold.uuid()));
        }
        let mut known = Known::new();
        let by_user = format!("SELECT {} FROM accounts WHERE user_id IN", columns::<account::Entity>(""));
        for row in self.rows(&by_user, "", accounts).await? {
            known.learn_account(row);
        }
        let by_id = format!("SELECT {} FROM holds WHERE id IN", columns::<hold::Entity>(""));
        for row in self.rows(&by_id, " AND ended_at_us IS NULL", holds).await? {
            known.learn_hold(row);
        }
        Ok(known)
    }

    /// Rows by their keys. The list is filled up to a power of two, so that there are few texts to prepare.
    async fn rows<M: FromQueryResult>(
        &self,
        select: &str,
        and: &str,
        mut keys: Vec<Uuid>,
    ) -> Result<Vec<M>, Fault> {
        keys.sort_unstable();
        keys.dedup();
        let Some(last) = keys.last().copied() else { return Ok(Vec::new()) };
        keys.resize(keys.len().next_power_of_two(), last);
        let sql = format!("{select} {}{and}", places(keys.len()));
        let values: Vec<Value> = keys.into_iter().map(Value::from).collect();
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let rows = self.transaction.query_all_raw(statement).await.map_err(Fault::new)?;
        rows.iter().map(|row| M::from_query_result(row, "").map_err(Fault::new)).collect()
    }

    async fn write(&self, batch: &Batch<'_>, known: &mut Known) -> Result<(), Fault> {
        if let Some(claims) = &batch.claims {
            self.insert_table(claims).await?;
        }
        for table in batch.updates.values() {
            for (values, decided_on) in table.rows.iter().zip(&table.decided_on) {
                self.update(table, values, *decided_on).await?;
            }
        }
        let mut ended = Vec::with_capacity(batch.ends.len());
        for (_, end) in &batch.ends {
            let hold = known.hold(end.hold).ok_or_else(|| Fault::new(NotAsDecided))?.clone();
            ended.push(hold::Model { state: end.state.to_owned(), ended_at_us: Some(end.at_us), ..hold });
        }
        self.replace(&ended, "id", &["state", "ended_at_us"]).await?;
        let accounts: Vec<_> = batch.accounts.values().map(|moved| moved.row.clone()).collect();
        self.replace(&accounts, "user_id", &[]).await?;
        let holds: Vec<Row> = batch.holds.iter().map(|hold| row(hold, &[])).collect();
        self.insert_rows(&holds, "").await?;
        let transfers: Vec<&[Value]> = batch.transfers.iter().map(Vec::as_slice).collect();
        self.insert("transfers", &TRANSFER, &transfers, "").await?;
        for table in batch.inserts.values() {
            self.insert_table(table).await?;
        }
        Ok(())
    }

    /// Rows that are there and were read by this transaction: all of their columns are written, or those named.
    async fn replace<M: ModelTrait>(&self, rows: &[M], key: &str, columns: &[&str]) -> Result<(), Fault> {
        let rows: Vec<Row> = rows.iter().map(|model| row(model, &[])).collect();
        let Some(first) = rows.first() else { return Ok(()) };
        let changed = if columns.is_empty() { &first.columns } else { columns };
        let sets: Vec<String> = changed
            .iter()
            .filter(|column| **column != key)
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        let replace = format!(" ON CONFLICT ({key}) DO UPDATE SET {}", sets.join(", "));
        self.insert_rows(&rows, &replace).await
    }

    async fn insert_rows(&self, rows: &[Row], otherwise: &str) -> Result<(), Fault> {
        let Some(first) = rows.first() else { return Ok(()) };
        let values: Vec<&[Value]> = rows.iter().map(|row| row.values.as_slice()).collect();
        self.insert(first.table, &first.columns, &values, otherwise).await
    }

    async fn insert_table(&self, table: &Table<'_>) -> Result<(), Fault> {
        let values: Vec<&[Value]> = table.rows.iter().map(AsRef::as_ref).collect();
        self.insert(table.name, &table.columns, &values, unless_stood_for(table.name)).await
    }

    /// Rows in their order, in pieces whose sizes are powers of two, so that there are few texts to prepare.
    async fn insert(
        &self,
        table: &str,
        columns: &[&str],
        mut rows: &[&[Value]],
        otherwise: &str,
    ) -> Result<(), Fault> {
        while let Some(exponent) = rows.len().checked_ilog2() {
            let (piece, rest) = rows.split_at(1 << exponent);
            rows = rest;
            let tuples = vec![places(columns.len()); piece.len()].join(", ");
            let sql = format!("INSERT INTO {table} ({}) VALUES {tuples}{otherwise}", columns.join(", "));
            let values: Vec<Value> = piece.iter().flat_map(|row| row.iter().cloned()).collect();
            self.execute(sql, values).await?;
        }
        Ok(())
    }

    async fn update(&self, table: &Table<'_>, values: &[Value], decided_on: i64) -> Result<(), Fault> {
        let key = table.columns.iter().position(|column| *column == table.key).unwrap_or_default();
        let sets: Vec<String> = table.columns.iter().map(|column| format!("{column} = ?")).collect();
        let (name, version) = (table.name, version_of(table.name));
        let sql = format!("UPDATE {name} SET {} WHERE {} = ? AND {version} = ?", sets.join(", "), table.key);
        let guard = values.get(key).cloned().into_iter().chain([decided_on.into()]);
        let values = values.iter().cloned().chain(guard).collect();
        if self.execute(sql, values).await? == 1 { Ok(()) } else { Err(Fault::new(NotAsDecided)) }
    }

    async fn execute(&self, sql: String, values: Vec<Value>) -> Result<u64, Fault> {
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let done = self.transaction.execute_raw(statement).await.map_err(Fault::new)?;
        Ok(done.rows_affected())
    }
}

/// `(?, ?, …)`.
fn places(count: usize) -> String {
    format!("({})", vec!["?"; count].join(", "))
}
