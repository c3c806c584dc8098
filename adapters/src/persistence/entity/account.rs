//! A user's account: the one row that every hold and credit of that user changes.

use namaskah_domain::{
    Currency, Fault, Money, UserId, Version,
    wallet::{Account, Pocket},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    pub wallet_posted_units: i64,
    pub wallet_held_units: i64,
    pub promo_posted_units: i64,
    pub promo_held_units: i64,
    pub promo_lapsed_units: i64,
    pub debt_units: i64,
    pub disputed_units: i64,
    pub open_disputes: i64,
    pub open_orders: i64,
    pub open_intents: i64,
    pub frozen: bool,
    pub version: i64,
}
alone!();

impl Model {
    pub(crate) fn opened(user: UserId) -> Self {
        Self {
            user_id: user.uuid(),
            wallet_posted_units: 0,
            wallet_held_units: 0,
            promo_posted_units: 0,
            promo_held_units: 0,
            promo_lapsed_units: 0,
            debt_units: 0,
            disputed_units: 0,
            open_disputes: 0,
            open_orders: 0,
            open_intents: 0,
            frozen: false,
            version: Version::FIRST.get(),
        }
    }
}

impl TryFrom<Model> for Account {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let usd = |units| Money::from_units(units, Currency::Usd);
        Ok(Self {
            user: UserId::from_uuid(row.user_id),
            wallet: Pocket { posted: usd(row.wallet_posted_units), held: usd(row.wallet_held_units) },
            promo: Pocket { posted: usd(row.promo_posted_units), held: usd(row.promo_held_units) },
            promo_lapsed: usd(row.promo_lapsed_units),
            debt: usd(row.debt_units),
            disputed: usd(row.disputed_units),
            open_disputes: stored::count(row.open_disputes)?,
            open_orders: stored::count(row.open_orders)?,
            open_intents: stored::count(row.open_intents)?,
            frozen: row.frozen,
            version: Version::from_stored(row.version),
        })
    }
}
