//! The journal. Rows are added and never changed.
//!
//! A statement's line has an identifier that is made of the transfer's instant and its number in the journal: the
//! last 62 bits of the UUID are the number, so a page goes on where the last one ended without another look-up.

use namaskah_domain::{
    EntryId, Fault, Money, Time,
    wallet::{Entry, EntryKind, Source},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{money, time, unreadable};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfers")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub user_id: Option<Uuid>,
    pub debit_account: String,
    pub credit_account: String,
    pub amount_units: i64,
    pub currency: String,
    pub kind: String,
    pub source: String,
    pub leg: i64,
    pub balance_after_units: Option<i64>,
    pub account_version: Option<i64>,
    pub created_at_us: i64,
}
alone!();

const NUMBER_BITS: u64 = (1 << 62) - 1;

/// The identifier of the line `number` of the journal.
pub(crate) fn entry_id(at: Time, number: i64) -> EntryId {
    let mut tail = [0u8; 10];
    tail[2..].copy_from_slice(&number.to_be_bytes());
    EntryId::from_parts(at, tail)
}

/// The line that an identifier names.
pub(crate) fn number_of(id: EntryId) -> i64 {
    let (_, low) = id.uuid().as_u64_pair();
    i64::try_from(low & NUMBER_BITS).unwrap_or(i64::MAX)
}

/// The purses that a statement shows.
pub(crate) const PURSES: [&str; 2] = ["wallet", "promo"];

impl TryFrom<Model> for Entry {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let shown = |account: &String| PURSES.contains(&account.as_str());
        let units = match (shown(&row.debit_account), shown(&row.credit_account)) {
            (true, false) => -row.amount_units,
            (false, true) => row.amount_units,
            _ => 0,
        };
        let kind = EntryKind::ALL.into_iter().find(|kind| kind.name() == row.kind);
        let after = row.balance_after_units.ok_or_else(|| unreadable("balance"))?;
        let at = time(row.created_at_us)?;
        let amount = money(units, &row.currency)?;
        Ok(Self {
            id: entry_id(at, row.id),
            kind: kind.ok_or_else(|| unreadable("kind of entry"))?,
            amount,
            balance_after: Money::from_units(after, amount.currency()),
            source: Source::from_stored(row.source),
            at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_carries_its_line_and_sorts_by_instant_then_line() {
        let at = |us| time(us).expect("an instant");
        for number in [1, 2, 255, 1 << 40, (1 << 62) - 1] {
            assert_eq!(number_of(entry_id(at(1_700_000_000_000_000), number)), number);
        }
        assert!(entry_id(at(1_700_000_000_000_000), 7) < entry_id(at(1_700_000_000_000_000), 8));
        assert!(entry_id(at(1_700_000_000_000_000), 8) < entry_id(at(1_700_000_000_001_000), 1));
    }
}
