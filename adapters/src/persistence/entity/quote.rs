//! Promised prices.

use namaskah_domain::{Fault, OrderId, QuoteId, UserId, Version, verification::Quote};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{amount, ask, money, time, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quotes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub service: String,
    pub country: String,
    pub capability: String,
    pub area_code: Option<String>,
    pub carrier: Option<String>,
    pub cost_units: i64,
    pub cost_currency: String,
    pub price_units: i64,
    pub price_currency: String,
    pub created_at_us: i64,
    pub expires_at_us: i64,
    pub used_by: Option<Uuid>,
    pub version: i64,
}
alone!();

impl From<&Quote> for Model {
    fn from(quote: &Quote) -> Self {
        Self {
            id: quote.id.uuid(),
            user_id: quote.user.uuid(),
            service: quote.ask.service.to_string(),
            country: quote.ask.country.to_string(),
            capability: quote.ask.capability.name().to_owned(),
            area_code: quote.ask.area_code.as_ref().map(ToString::to_string),
            carrier: quote.ask.carrier.as_ref().map(ToString::to_string),
            cost_units: quote.cost.units(),
            cost_currency: quote.cost.currency().code().to_owned(),
            price_units: quote.price.units(),
            price_currency: quote.price.currency().code().to_owned(),
            created_at_us: us(quote.created_at),
            expires_at_us: us(quote.expires_at),
            used_by: quote.used_by.map(OrderId::uuid),
            version: quote.version.get(),
        }
    }
}

impl TryFrom<Model> for Quote {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let (area_code, carrier) = (row.area_code.as_deref(), row.carrier.as_deref());
        Ok(Self {
            id: QuoteId::from_uuid(row.id),
            user: UserId::from_uuid(row.user_id),
            ask: ask(&row.service, &row.country, &row.capability, area_code, carrier)?,
            cost: money(row.cost_units, &row.cost_currency)?,
            price: amount(row.price_units, &row.price_currency)?,
            created_at: time(row.created_at_us)?,
            expires_at: time(row.expires_at_us)?,
            used_by: row.used_by.map(OrderId::from_uuid),
            version: Version::from_stored(row.version),
        })
    }
}
