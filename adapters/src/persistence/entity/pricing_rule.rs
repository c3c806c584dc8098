//! Rules of prices, in dollars.

use namaskah_domain::{
    Currency, Fault, PricingRuleId, UserId, Version,
    verification::{CountryCode, Multiplier, PriceRule, PricingRule, Scope, ServiceCode},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{money, optional_time, time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pricing_rules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// For which service; for any without one.
    pub service: Option<String>,
    /// For which country; for any without one.
    pub country: Option<String>,
    pub multiplier_millionths: i64,
    pub floor_units: i64,
    pub valid_from_us: i64,
    pub ends_at_us: Option<i64>,
    pub made_by: Uuid,
    pub made_at_us: i64,
    pub ended_by: Option<Uuid>,
    pub version: i64,
}
alone!();

impl Model {
    pub(crate) fn of(rule: &PricingRule) -> Result<Self, Fault> {
        let multiplier = Multiplier::try_new(rule.rule.multiplier());
        let multiplier = multiplier.ok_or_else(|| Fault::new("a multiplier cannot be stored"))?;
        if rule.rule.floor().currency() != Currency::Usd {
            return Err(Fault::new("a floor in another currency cannot be stored"));
        }
        Ok(Self {
            id: rule.id.uuid(),
            service: rule.scope.service.as_ref().map(ToString::to_string),
            country: rule.scope.country.as_ref().map(ToString::to_string),
            multiplier_millionths: multiplier.millionths(),
            floor_units: rule.rule.floor().units(),
            valid_from_us: us(rule.valid_from),
            ends_at_us: rule.ends_at.map(us),
            made_by: rule.made_by.uuid(),
            made_at_us: us(rule.made_at),
            ended_by: rule.ended_by.map(UserId::uuid),
            version: rule.version.get(),
        })
    }
}

impl TryFrom<Model> for PricingRule {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let broken = || unreadable("rule of prices");
        let multiplier = Multiplier::from_millionths(row.multiplier_millionths).ok_or_else(broken)?;
        let floor = money(row.floor_units, Currency::Usd.code())?;
        let service = row.service.as_deref().map(ServiceCode::try_new).transpose();
        let country = row.country.as_deref().map(CountryCode::try_new).transpose();
        Ok(Self {
            id: PricingRuleId::from_uuid(row.id),
            scope: Scope { service: service.map_err(|_| broken())?, country: country.map_err(|_| broken())? },
            rule: PriceRule::try_new(multiplier.value(), floor).map_err(|_| broken())?,
            valid_from: time(row.valid_from_us)?,
            ends_at: optional_time(row.ends_at_us)?,
            made_by: UserId::from_uuid(row.made_by),
            made_at: time(row.made_at_us)?,
            ended_by: row.ended_by.map(UserId::from_uuid),
            version: Version::from_stored(row.version),
        })
    }
}
