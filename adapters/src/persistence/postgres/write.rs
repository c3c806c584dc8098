//! A batch as one statement: pure. Its text depends on the set of tables alone, so it stays prepared; the rows come as
//! arrays, a column each.
//!
//! The parts and their order are those of a unit's own statement: claims, updates table by table, holds, accounts,
//! new rows; and it ends by name when one of them fell short.

use std::{borrow::Cow, fmt::Write};

use sea_orm::{
    Value,
    sqlx::{Arguments, Encode, Postgres, Type, postgres::PgArguments},
};

use crate::persistence::{
    batch::{Batch, TRANSFER, Table},
    plan::{row, unless_stood_for, version_of},
};

/// A column of a kind that no table of ours has, or of two kinds.
#[derive(Debug, thiserror::Error)]
#[error("a column cannot be written as an array")]
pub(super) struct Unwritable;

/// A statement and what it is given.
pub(super) struct Written {
    pub(super) sql: String,
    pub(super) arguments: PgArguments,
}

/// The one statement of a batch.
pub(super) fn write(batch: &Batch<'_>) -> Result<Written, Unwritable> {
    let mut sql = Sql::default();
    if let Some(claims) = &batch.claims {
        let first = sql.insert("claim", claims, " RETURNING 1")?;
        sql.promise("claim", &first, "idempotency_once");
    }
    for table in batch.updates.values() {
        sql.update(table)?;
    }
    sql.end_holds(batch)?;
    sql.accounts(batch)?;
    sql.holds(batch)?;
    if !batch.transfers.is_empty() {
        let rows = batch.transfers.iter().map(|values| Cow::Borrowed(values.as_slice())).collect();
        let table = Table {
            name: "transfers",
            key: "id",
            columns: Cow::Borrowed(&TRANSFER),
            rows,
            decided_on: Vec::new(),
        };
        sql.insert("posted", &table, "")?;
    }
    for table in batch.inserts.values() {
        sql.insert(&format!("insert_{}", table.name), table, "")?;
    }
    Ok(sql.finish())
}

#[derive(Default)]
struct Sql {
    parts: String,
    promises: Vec<String>,
    arguments: PgArguments,
}

impl Sql {
    fn part(&mut self, name: &str, sql: &str) {
        let before = if self.parts.is_empty() { "WITH " } else { ",\n" };
        // Writing to a String cannot fail.
        let _ = write!(self.parts, "{before}{name} AS ({sql})");
    }

    /// As many rows as the array `first` is long.
    fn promise(&mut self, part: &str, first: &str, name: &str) {
        self.promises.push(format!(
            "namaskah_require((SELECT count(*) FROM {part}) = cardinality({first}), '{name}')"
        ));
    }

    fn array<'q, T>(&mut self, values: Vec<T>, kind: &str) -> Result<String, Unwritable>
    where
        Vec<T>: Encode<'q, Postgres> + Type<Postgres>,
    {
        self.arguments.add(values).map_err(|_| Unwritable)?;
        Ok(format!("${}::{kind}[]", self.arguments.len()))
    }

    /// One column of rows.
    fn column(&mut self, rows: &[Cow<'_, [Value]>], at: usize) -> Result<String, Unwritable> {
        macro_rules! array {
            ($variant:ident, $kind:literal, $take:expr) => {{
                let mut column = Vec::with_capacity(rows.len());
                for row in rows {
                    match row.get(at) {
                        Some(Value::$variant(value)) => column.push($take(value)),
                        _ => return Err(Unwritable),
                    }
                }
                self.array(column, $kind)
            }};
        }
        match rows.first().and_then(|row| row.get(at)) {
            Some(Value::BigInt(_)) => array!(BigInt, "bigint", |value: &Option<i64>| *value),
            Some(Value::Uuid(_)) => array!(Uuid, "uuid", |value: &Option<uuid::Uuid>| *value),
            Some(Value::String(_)) => array!(String, "text", Option::as_deref),
            Some(Value::Bytes(_)) => array!(Bytes, "bytea", Option::as_deref),
            Some(Value::Bool(_)) => array!(Bool, "boolean", |value: &Option<bool>| *value),
            _ => Err(Unwritable),
        }
    }

    fn columns(&mut self, table: &Table<'_>) -> Result<Vec<String>, Unwritable> {
        (0..table.columns.len()).map(|at| self.column(&table.rows, at)).collect()
    }

    /// New rows, in their order; says which array is the first.
    fn insert(&mut self, name: &str, table: &Table<'_>, returning: &str) -> Result<String, Unwritable> {
        let arrays = self.columns(table)?;
        let sql = format!(
            "INSERT INTO {} ({}) SELECT * FROM unnest({}){}{returning}",
            table.name,
            table.columns.join(", "),
            arrays.join(", "),
            unless_stood_for(table.name)
        );
        self.part(name, &sql);
        arrays.into_iter().next().ok_or(Unwritable)
    }

    /// Rows that replace those of the version before.
    fn update(&mut self, table: &Table<'_>) -> Result<(), Unwritable> {
        self.update_where(table, "")
    }

    fn update_where(&mut self, table: &Table<'_>, and: &str) -> Result<(), Unwritable> {
        let Table { name, key, columns, .. } = table;
        let arrays = self.columns(table)?;
        let decided_on = self.array(table.decided_on.clone(), "bigint")?;
        let changed = columns.iter().filter(|column| *column != key);
        let sets: Vec<String> = changed.map(|column| format!("{column} = u.{column}")).collect();
        let part = format!("update_{name}");
        let sql = format!(
            "UPDATE {name} r SET {} FROM unnest({}, {decided_on}) AS u ({}, decided_on) \
             WHERE r.{key} = u.{key} AND r.{} = u.decided_on{and} RETURNING 1",
            sets.join(", "),
            arrays.join(", "),
            columns.join(", "),
            version_of(name),
        );
        self.part(&part, &sql);
        self.promise(&part, &decided_on, &format!("{name}_as_decided"));
        Ok(())
    }

    /// A hold is open while it has no end. Said so, no plan walks through the open holds, for which there is an index.
    fn end_holds(&mut self, batch: &Batch<'_>) -> Result<(), Unwritable> {
        if batch.ends.is_empty() {
            return Ok(());
        }
        let ends = || batch.ends.iter();
        let id = self.array(ends().map(|(_, end)| end.hold).collect(), "uuid")?;
        let user = self.array(ends().map(|(user, _)| *user).collect(), "uuid")?;
        let state = self.array(ends().map(|(_, end)| end.state).collect(), "text")?;
        let at_us = self.array(ends().map(|(_, end)| end.at_us).collect(), "bigint")?;
        let sql = format!(
            "UPDATE holds h SET state = e.state, ended_at_us = e.at_us \
             FROM unnest({id}, {user}, {state}, {at_us}) AS e (id, user_id, state, at_us) \
             WHERE h.id = e.id AND h.user_id = e.user_id AND h.ended_at_us IS NULL RETURNING 1"
        );
        self.part("ended", &sql);
        self.promise("ended", &id, "holds_as_decided");
        Ok(())
    }

    fn accounts(&mut self, batch: &Batch<'_>) -> Result<(), Unwritable> {
        let rows: Vec<_> = batch.accounts.values().map(|moved| row(&moved.row, &[])).collect();
        let Some(first) = rows.first() else { return Ok(()) };
        let table = Table {
            name: first.table,
            key: first.key,
            columns: Cow::Borrowed(&first.columns),
            rows: rows.iter().map(|row| Cow::Borrowed(row.values.as_slice())).collect(),
            decided_on: batch.accounts.values().map(|moved| moved.decided_on).collect(),
        };
        // Staff sets it by hand, and no unit does: the version does not tell.
        self.update_where(&table, " AND r.frozen = u.frozen")
    }

    fn holds(&mut self, batch: &Batch<'_>) -> Result<(), Unwritable> {
        let rows: Vec<_> = batch.holds.iter().map(|hold| row(hold, &[])).collect();
        let Some(first) = rows.first() else { return Ok(()) };
        let table = Table {
            name: first.table,
            key: first.key,
            columns: Cow::Borrowed(&first.columns),
            rows: rows.iter().map(|row| Cow::Borrowed(row.values.as_slice())).collect(),
            decided_on: Vec::new(),
        };
        self.insert("placed", &table, "").map(|_| ())
    }

    fn finish(self) -> Written {
        let promises = if self.promises.is_empty() { "true".to_owned() } else { self.promises.join(",\n") };
        Written { sql: format!("{}\nSELECT {promises}", self.parts), arguments: self.arguments }
    }
}
