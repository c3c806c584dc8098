//! Payments that wait, or waited, for a person.

use namaskah_domain::{
    Currency, Fault, PaymentId, UserId, Version,
    payment::{Suspended, SuspenseReason, SuspenseState},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{amount, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "suspense")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment_id: Uuid,
    pub user_id: Uuid,
    pub paid_units: i64,
    pub paid_currency: String,
    pub reason: String,
    pub at_us: i64,
    pub state: String,
    pub closed_at_us: Option<i64>,
    /// In dollars.
    pub credited_units: Option<i64>,
    pub version: i64,
}
alone!();

impl From<&Suspended> for Model {
    fn from(item: &Suspended) -> Self {
        let reason = match item.reason {
            SuspenseReason::AmountDiffers => "amount_differs",
            SuspenseReason::CurrencyDiffers => "currency_differs",
            SuspenseReason::AccountClosed => "account_closed",
        };
        let (state, closed_at, credited) = match item.state {
            SuspenseState::Open => ("open", None, None),
            SuspenseState::Credited { amount, at } => ("credited", Some(at), Some(amount.units())),
            SuspenseState::Returned { at } => ("returned", Some(at), None),
        };
        Self {
            payment_id: item.payment.uuid(),
            user_id: item.user.uuid(),
            paid_units: item.paid.units(),
            paid_currency: item.paid.currency().code().to_owned(),
            reason: reason.to_owned(),
            at_us: us(item.at),
            state: state.to_owned(),
            closed_at_us: closed_at.map(us),
            credited_units: credited,
            version: item.version.get(),
        }
    }
}

impl TryFrom<Model> for Suspended {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let reason = match row.reason.as_str() {
            "amount_differs" => SuspenseReason::AmountDiffers,
            "currency_differs" => SuspenseReason::CurrencyDiffers,
            "account_closed" => SuspenseReason::AccountClosed,
            _ => return Err(unreadable("reason of suspense")),
        };
        let state = match (row.state.as_str(), row.closed_at_us, row.credited_units) {
            ("open", None, None) => SuspenseState::Open,
            ("credited", Some(at), Some(units)) => {
                SuspenseState::Credited { amount: amount(units, Currency::Usd.code())?, at: time(at)? }
            }
            ("returned", Some(at), None) => SuspenseState::Returned { at: time(at)? },
            _ => return Err(unreadable("state of suspense")),
        };
        Ok(Self {
            payment: PaymentId::from_uuid(row.payment_id),
            user: UserId::from_uuid(row.user_id),
            paid: amount(row.paid_units, &row.paid_currency)?,
            reason,
            at: time(row.at_us)?,
            state,
            version: Version::from_stored(row.version),
        })
    }
}
