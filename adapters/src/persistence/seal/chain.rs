//! Chains: which rows are sealed, in which order, and as which bytes. A further chain is one more constant.
//!
//! A row's canonical text is made by the database, the same on both: its columns in order, numbers as decimal,
//! identifiers as 32 hex digits, each with a comma after it; texts with their length in bytes and a colon before
//! them; `-` for NULL. So no two rows have one text, and a batch is one value to fetch and not ten thousand rows.

use namaskah_domain::Fault;
use sea_orm::{DbBackend, Value};
use uuid::Uuid;

use crate::persistence::stored::unreadable;

/// A column, and the form of its canonical text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    Number(&'static str),
    Text(&'static str),
    Id(&'static str),
}

/// When a row's place in the order is certain to have nothing missing before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The key is a number that the database gives; on Postgres numbers are committed out of order.
    Numbered,
    /// The key is a UUIDv7, made by an instance some time before its commit.
    Timed,
}

/// Rows of one table that are sealed in the order of their key.
#[derive(Debug)]
pub(super) struct Chain {
    pub name: &'static str,
    /// What the audit calls the law that it is whole.
    pub law: &'static str,
    pub table: &'static str,
    /// `id`, for both orders.
    pub order: Order,
    pub columns: &'static [Column],
    /// True of a row that will not change any more; without it every row is final. Others are carried.
    pub is_final: Option<&'static str>,
}

/// Every transfer.
static TRANSFERS: Chain = Chain {
    name: "transfers",
    law: "seals:transfers",
    table: "transfers",
    order: Order::Numbered,
    columns: &[
        Column::Number("id"),
        Column::Id("user_id"),
        Column::Text("debit_account"),
        Column::Text("credit_account"),
        Column::Number("amount_units"),
        Column::Text("currency"),
        Column::Text("kind"),
        Column::Text("source"),
        Column::Number("leg"),
        Column::Number("balance_after_units"),
        Column::Number("account_version"),
        Column::Number("created_at_us"),
    ],
    is_final: None,
};

/// Every hold, once it has ended.
static HOLDS: Chain = Chain {
    name: "holds",
    law: "seals:holds",
    table: "holds",
    order: Order::Timed,
    columns: &[
        Column::Id("id"),
        Column::Id("user_id"),
        Column::Id("order_id"),
        Column::Text("purpose"),
        Column::Number("amount_units"),
        Column::Number("promo_units"),
        Column::Number("wallet_units"),
        Column::Text("currency"),
        Column::Text("state"),
        Column::Number("placed_at_us"),
        Column::Number("ended_at_us"),
    ],
    is_final: Some("state <> 'open'"),
};

/// Every line of the log of what staff did.
pub(super) static AUDIT_LOG: Chain = Chain {
    name: "audit_log",
    law: "seals:audit_log",
    table: "audit_log",
    order: Order::Timed,
    columns: &[
        Column::Id("id"),
        Column::Id("actor_id"),
        Column::Text("role"),
        Column::Text("ip"),
        Column::Text("request_id"),
        Column::Text("action"),
        Column::Text("subject_kind"),
        Column::Text("subject_id"),
        Column::Text("facts_before"),
        Column::Text("facts_after"),
        Column::Number("at_us"),
    ],
    is_final: None,
};

/// Every chain there is.
pub(super) static CHAINS: [&Chain; 3] = [&TRANSFERS, &HOLDS, &AUDIT_LOG];

/// A place in a chain's order. As text: a decimal number, or 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Number(i64),
    Id(Uuid),
}

impl Key {
    pub fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Id(id) => id.simple().to_string(),
        }
    }

    pub fn value(self) -> Value {
        match self {
            Self::Number(number) => number.into(),
            Self::Id(id) => id.into(),
        }
    }
}

impl Chain {
    /// Below every row.
    pub fn beginning(&self) -> Key {
        match self.order {
            Order::Numbered => Key::Number(i64::MIN),
            Order::Timed => Key::Id(Uuid::nil()),
        }
    }

    pub fn key(&self, text: &str) -> Result<Key, Fault> {
        let key = match self.order {
            Order::Numbered => text.parse().ok().map(Key::Number),
            Order::Timed => Uuid::try_parse(text).ok().map(Key::Id),
        };
        key.ok_or_else(|| unreadable("key of a seal"))
    }

    /// The key of row `r` as text, in SQL.
    pub fn key_text(&self, backend: DbBackend) -> String {
        match self.order {
            Order::Numbered => "CAST(r.id AS TEXT)".to_owned(),
            Order::Timed => hex(backend, "r.id"),
        }
    }

    /// The key whose text is `p.key`, in SQL.
    pub fn key_of_text(&self, backend: DbBackend) -> &'static str {
        match (self.order, backend) {
            (Order::Numbered, _) => "CAST(p.key AS BIGINT)",
            (Order::Timed, DbBackend::Postgres) => "CAST(p.key AS UUID)",
            (Order::Timed, _) => "unhex(p.key)",
        }
    }

    /// The canonical text of row `r`, in SQL.
    pub fn line(&self, backend: DbBackend) -> String {
        let cells = self.columns.iter().map(|column| match column {
            Column::Number(name) => format!("COALESCE(CAST(r.{name} AS TEXT), '-') || ','"),
            Column::Id(name) => format!("COALESCE({}, '-') || ','", hex(backend, &format!("r.{name}"))),
            Column::Text(name) => {
                format!("COALESCE(CAST(octet_length(r.{name}) AS TEXT) || ':' || r.{name}, '-') || ','")
            }
        });
        let cells: Vec<String> = cells.collect();
        format!("{} || ';'", cells.join(" || "))
    }

    /// The first or the last key of what `b` selects, as text, in SQL.
    pub fn extreme(&self, which: &str) -> String {
        match self.order {
            Order::Numbered => format!("CAST({which}(b.id) AS TEXT)"),
            Order::Timed => format!("{which}(b.key)"),
        }
    }
}

/// All of `what` in the order of the keys as one text, in SQL.
pub(super) fn joined(backend: DbBackend, what: &str, order: &str) -> String {
    let function = if backend == DbBackend::Postgres { "string_agg" } else { "group_concat" };
    format!("{function}({what}, '' ORDER BY {order})")
}

fn hex(backend: DbBackend, column: &str) -> String {
    if backend == DbBackend::Postgres {
        format!("replace(CAST({column} AS TEXT), '-', '')")
    } else {
        format!("lower(hex({column}))")
    }
}
