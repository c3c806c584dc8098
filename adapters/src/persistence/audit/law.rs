//! A law as data, and the list of all.

use namaskah_domain::{AdjustmentId, Fault, HoldId, OrderId, PaymentId, PurchaseId, QuoteId, UserId};
use sea_orm::{DbBackend, QueryResult};
use uuid::Uuid;

use super::{Offender, accounts, books, journal, orders, payments, purchases, structure};

/// What a law is about, and so how its rows are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// An account, by its user.
    Account,
    /// A correction.
    Adjustment,
    /// A hold.
    Hold,
    /// An order.
    Order,
    /// A payment.
    Payment,
    /// A purchase.
    Purchase,
    /// A quote.
    Quote,
    /// A bare UUID.
    Record,
    /// A line of the journal, by its number.
    Line,
    /// Something that has a text for a name.
    Text,
}

/// A law: a query for the rows that break it, with the columns `id` and `why`.
pub(super) struct Law {
    /// The promise that it is a part of.
    pub promise: u8,
    /// A name to speak of it.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// The table whose rows are checked.
    pub of: &'static str,
    /// How rows are named.
    pub subject: Subject,
    /// True if it speaks of accounts, holds and journal alone.
    pub of_ledger: bool,
    /// The rows that break it.
    pub broken: &'static str,
}

/// Every law that is one query.
pub(super) fn all(backend: DbBackend) -> impl Iterator<Item = Law> {
    let ledger = journal::LAWS.into_iter().chain(accounts::LAWS);
    let records = orders::LAWS.into_iter().chain(payments::LAWS).chain(purchases::LAWS);
    ledger.chain(records).chain(books::LAWS).chain([structure::law(backend)])
}

impl Subject {
    pub(super) fn offender(self, row: &QueryResult) -> Result<Offender, Fault> {
        let named = match self {
            Self::Line => row.try_get::<i64>("", "id").map_err(Fault::new)?.to_string(),
            Self::Text => row.try_get("", "id").map_err(Fault::new)?,
            Self::Account => UserId::from_uuid(uuid(row)?).to_string(),
            Self::Adjustment => AdjustmentId::from_uuid(uuid(row)?).to_string(),
            Self::Hold => HoldId::from_uuid(uuid(row)?).to_string(),
            Self::Order => OrderId::from_uuid(uuid(row)?).to_string(),
            Self::Payment => PaymentId::from_uuid(uuid(row)?).to_string(),
            Self::Purchase => PurchaseId::from_uuid(uuid(row)?).to_string(),
            Self::Quote => QuoteId::from_uuid(uuid(row)?).to_string(),
            Self::Record => uuid(row)?.to_string(),
        };
        Ok(Offender { row: named, why: row.try_get("", "why").map_err(Fault::new)? })
    }
}

fn uuid(row: &QueryResult) -> Result<Uuid, Fault> {
    row.try_get("", "id").map_err(Fault::new)
}
