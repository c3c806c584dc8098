//! Batches of orders.

use namaskah_domain::{
    Amount, BatchId, Fault, OrderId, UserId,
    verification::{Batch, BatchMode, ItemRefusal, ItemResult},
};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::persistence::stored::{amount, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "batches")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub mode: String,
    /// A JSON array: what was decided about each item, in their order.
    pub results: String,
    pub created_at_us: i64,
}
alone!();

/// One result as it is stored: an order, or why there is none.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_units: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_currency: Option<String>,
}

/// A refusal's stored name, and the price that it tells.
const fn refusal_name(refusal: ItemRefusal) -> (&'static str, Option<Amount>) {
    match refusal {
        ItemRefusal::NoSuchService => ("no_such_service", None),
        ItemRefusal::ServiceBlocked => ("service_blocked", None),
        ItemRefusal::NoSuchQuote => ("no_such_quote", None),
        ItemRefusal::QuoteMismatch => ("quote_mismatch", None),
        ItemRefusal::QuoteExpired => ("quote_expired", None),
        ItemRefusal::QuoteUsed => ("quote_used", None),
        ItemRefusal::PriceAboveLimit { price } => ("price_above_limit", Some(price)),
        ItemRefusal::InsufficientFunds => ("insufficient_funds", None),
        ItemRefusal::TooManyOpenOrders => ("too_many_open_orders", None),
        ItemRefusal::AccountBlocked => ("account_blocked", None),
    }
}

fn refusal_of(name: &str, price: Option<Amount>) -> Result<ItemRefusal, Fault> {
    Ok(match (name, price) {
        ("no_such_service", None) => ItemRefusal::NoSuchService,
        ("service_blocked", None) => ItemRefusal::ServiceBlocked,
        ("no_such_quote", None) => ItemRefusal::NoSuchQuote,
        ("quote_mismatch", None) => ItemRefusal::QuoteMismatch,
        ("quote_expired", None) => ItemRefusal::QuoteExpired,
        ("quote_used", None) => ItemRefusal::QuoteUsed,
        ("price_above_limit", Some(price)) => ItemRefusal::PriceAboveLimit { price },
        ("insufficient_funds", None) => ItemRefusal::InsufficientFunds,
        ("too_many_open_orders", None) => ItemRefusal::TooManyOpenOrders,
        ("account_blocked", None) => ItemRefusal::AccountBlocked,
        _ => return Err(unreadable("refusal")),
    })
}

impl From<&ItemResult> for Stored {
    fn from(result: &ItemResult) -> Self {
        match result {
            ItemResult::Created(order) => {
                Self { order: Some(order.uuid()), refused: None, price_units: None, price_currency: None }
            }
            ItemResult::Refused(refusal) => {
                let (name, price) = refusal_name(*refusal);
                Self {
                    order: None,
                    refused: Some(name.to_owned()),
                    price_units: price.map(Amount::units),
                    price_currency: price.map(|price| price.currency().code().to_owned()),
                }
            }
        }
    }
}

impl TryFrom<Stored> for ItemResult {
    type Error = Fault;

    fn try_from(stored: Stored) -> Result<Self, Fault> {
        let price = match (stored.price_units, stored.price_currency) {
            (Some(units), Some(currency)) => Some(amount(units, &currency)?),
            _ => None,
        };
        match (stored.order, stored.refused) {
            (Some(order), None) => Ok(Self::Created(OrderId::from_uuid(order))),
            (None, Some(name)) => refusal_of(&name, price).map(Self::Refused),
            _ => Err(unreadable("result of a batch")),
        }
    }
}

impl Model {
    pub(crate) fn of(batch: &Batch) -> Result<Self, Fault> {
        let results: Vec<Stored> = batch.results.iter().map(Stored::from).collect();
        Ok(Self {
            id: batch.id.uuid(),
            user_id: batch.user.uuid(),
            mode: batch.mode.name().to_owned(),
            results: serde_json::to_string(&results).map_err(Fault::new)?,
            created_at_us: us(batch.created_at),
        })
    }
}

impl TryFrom<Model> for Batch {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let results: Vec<Stored> =
            serde_json::from_str(&row.results).map_err(|_| unreadable("list of results"))?;
        Ok(Self {
            id: BatchId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            mode: BatchMode::from_name(&row.mode).ok_or_else(|| unreadable("mode"))?,
            results: results.into_iter().map(ItemResult::try_from).collect::<Result<_, _>>()?,
            created_at: time(row.created_at_us)?,
        })
    }
}
