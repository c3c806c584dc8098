//! Mismatches between providers' lists and our books.

use namaskah_domain::{
    Currency, Fault, FindingId, Money, Version,
    reconciliation::{Finding, FindingState},
    wallet::Reason,
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{money, optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "findings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub book: String,
    pub item: String,
    pub mismatch: String,
    pub ours_units: Option<i64>,
    pub ours_currency: Option<String>,
    pub theirs_units: Option<i64>,
    pub theirs_currency: Option<String>,
    pub at_us: i64,
    pub found_at_us: i64,
    /// In dollars.
    pub accepted_units: Option<i64>,
    pub state: String,
    pub state_at_us: Option<i64>,
    pub note: Option<String>,
    pub version: i64,
}
alone!();

fn code(money: Money) -> String {
    money.currency().code().to_owned()
}

impl From<&Finding> for Model {
    fn from(finding: &Finding) -> Self {
        let (state, at, note) = match &finding.state {
            FindingState::Open => ("open", None, None),
            FindingState::Matched { at } => ("matched", Some(*at), None),
            FindingState::Resolved { at, note } => ("resolved", Some(*at), Some(note)),
        };
        Self {
            id: finding.id.uuid(),
            book: finding.book.name().to_owned(),
            item: finding.key.clone(),
            mismatch: finding.mismatch.name().to_owned(),
            ours_units: finding.ours.map(Money::units),
            ours_currency: finding.ours.map(code),
            theirs_units: finding.theirs.map(Money::units),
            theirs_currency: finding.theirs.map(code),
            at_us: us(finding.at),
            found_at_us: us(finding.found_at),
            accepted_units: finding.accepted.map(Money::units),
            state: state.to_owned(),
            state_at_us: at.map(us),
            note: note.map(|note| note.as_str().to_owned()),
            version: finding.version.get(),
        }
    }
}

fn side(units: Option<i64>, currency: Option<&str>) -> Result<Option<Money>, Fault> {
    units.zip(currency).map(|(units, currency)| money(units, currency)).transpose()
}

impl TryFrom<Model> for Finding {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let state = match (row.state.as_str(), optional_time(row.state_at_us)?, row.note.as_deref()) {
            ("open", None, None) => FindingState::Open,
            ("matched", Some(at), None) => FindingState::Matched { at },
            ("resolved", Some(at), Some(note)) => {
                FindingState::Resolved { at, note: Reason::try_new(note).map_err(|_| unreadable("note"))? }
            }
            _ => return Err(unreadable("state of a finding")),
        };
        Ok(Self {
            id: FindingId::from_uuid(row.id),
            book: row.book.parse().map_err(|_| unreadable("book"))?,
            key: row.item,
            mismatch: row.mismatch.parse().map_err(|_| unreadable("mismatch"))?,
            ours: side(row.ours_units, row.ours_currency.as_deref())?,
            theirs: side(row.theirs_units, row.theirs_currency.as_deref())?,
            at: time(row.at_us)?,
            found_at: time(row.found_at_us)?,
            accepted: row.accepted_units.map(|units| Money::from_units(units, Currency::Usd)),
            state,
            version: Version::from_stored(row.version),
        })
    }
}
