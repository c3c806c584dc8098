//! Payments that wait for a person.

use namaskah_domain::payment::{Suspended, SuspenseReason};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::us;

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
}
alone!();

impl From<&Suspended> for Model {
    fn from(item: &Suspended) -> Self {
        let reason = match item.reason {
            SuspenseReason::AmountDiffers => "amount_differs",
            SuspenseReason::CurrencyDiffers => "currency_differs",
        };
        Self {
            payment_id: item.payment.uuid(),
            user_id: item.user.uuid(),
            paid_units: item.paid.units(),
            paid_currency: item.paid.currency().code().to_owned(),
            reason: reason.to_owned(),
            at_us: us(item.at),
        }
    }
}
