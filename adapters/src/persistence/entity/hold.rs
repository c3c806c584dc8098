//! Holds, with the parts that the store split them into.

use namaskah_domain::{
    Fault, HoldId, OrderId, RefundId, UserId,
    wallet::{Hold, HoldPurpose, HoldState, PlaceHold, Split},
};
use sea_orm::entity::prelude::*;

use crate::persistence::{
    settle::PlacedParts,
    stored::{amount, money, time, unreadable, us},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "holds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    /// The order, or whatever else `purpose` says.
    pub order_id: Uuid,
    pub purpose: String,
    pub amount_units: i64,
    pub promo_units: i64,
    pub wallet_units: i64,
    pub currency: String,
    pub state: String,
    pub placed_at_us: i64,
    pub ended_at_us: Option<i64>,
}
alone!();

impl Model {
    /// A new hold and the parts that were taken for it.
    pub(crate) fn placed(place: &PlaceHold, parts: PlacedParts) -> Self {
        Self {
            id: place.id.uuid(),
            user_id: place.user.uuid(),
            order_id: subject(place.purpose.of_hold()),
            purpose: purpose_name(place.purpose.of_hold()).to_owned(),
            amount_units: place.amount.units(),
            promo_units: parts.promo,
            wallet_units: parts.wallet,
            currency: place.amount.currency().code().to_owned(),
            state: "open".to_owned(),
            placed_at_us: us(place.at),
            ended_at_us: None,
        }
    }
}

/// What is written for an order's hold; such holds alone are counted.
pub(crate) const ORDER: &str = "order";
const REFUND: &str = "refund";

pub(crate) const fn purpose_name(purpose: HoldPurpose) -> &'static str {
    match purpose {
        HoldPurpose::Order(_) => ORDER,
        HoldPurpose::Refund(_) => REFUND,
    }
}

/// What the hold is for, whatever it is.
pub(crate) fn subject(purpose: HoldPurpose) -> Uuid {
    match purpose {
        HoldPurpose::Order(order) => order.uuid(),
        HoldPurpose::Refund(refund) => refund.uuid(),
    }
}

impl TryFrom<Model> for Hold {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let state = match (row.state.as_str(), row.ended_at_us) {
            ("open", None) => HoldState::Open,
            ("captured", Some(at)) => HoldState::Captured { at: time(at)? },
            ("released", Some(at)) => HoldState::Released { at: time(at)? },
            _ => return Err(unreadable("hold")),
        };
        Ok(Self {
            id: HoldId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            purpose: match row.purpose.as_str() {
                ORDER => HoldPurpose::Order(OrderId::from_uuid(row.order_id)),
                REFUND => HoldPurpose::Refund(RefundId::from_uuid(row.order_id)),
                _ => return Err(unreadable("purpose of a hold")),
            },
            amount: amount(row.amount_units, &row.currency)?,
            split: Split {
                promo: money(row.promo_units, &row.currency)?,
                wallet: money(row.wallet_units, &row.currency)?,
            },
            state,
            placed_at: time(row.placed_at_us)?,
        })
    }
}
