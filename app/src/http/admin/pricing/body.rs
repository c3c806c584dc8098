//! Bodies of rules of prices.

use std::borrow::Cow;

use namaskah_domain::{
    Currency, Money, PricingRuleId, Time, UserId,
    staff::{NewPricingRule, OfferPreview, Preview},
    verification::{
        Capability, CountryCode, Multiplier, PriceRule, PricingRule, PricingRuleStatus, Scope, ServiceCode,
    },
};
use poem_openapi::{Object, registry::MetaSchema};
use serde::Deserialize;

use crate::http::{
    body::{
        MoneyBody, Text, TextForm,
        money::{PlainDecimal, WalletCurrency},
        text::{decimal, pattern},
        word_enum,
    },
    problem::Problem,
};

/// The most that a floor may be.
const MOST_FLOOR_UNITS: i64 = 1_000_000_000;
/// Days that a preview looks back if it is not said.
const DAYS: u16 = 7;
const MOST_DAYS: u16 = 90;

impl TextForm for Multiplier {
    const EXPECTED: &'static str = "a decimal string from 1 to 1000 with at most 6 digits after the point";

    fn schema() -> MetaSchema {
        pattern("^[0-9]{1,4}(\\.[0-9]{1,6})?$", "1.5")
    }

    fn read(text: &str) -> Option<Self> {
        PlainDecimal::read(text).and_then(|_| text.parse().ok()).and_then(Self::try_new)
    }

    fn write(&self) -> Cow<'_, str> {
        decimal(self.value()).into()
    }
}

word_enum! {
    /// How a rule stands.
    pub RuleStatusWord, "the status of a rule";
    Scheduled = "scheduled",
    InForce = "in_force",
    Ended = "ended",
}

impl From<PricingRuleStatus> for RuleStatusWord {
    fn from(status: PricingRuleStatus) -> Self {
        match status {
            PricingRuleStatus::Scheduled => Self::Scheduled,
            PricingRuleStatus::InForce => Self::InForce,
            PricingRuleStatus::Ended => Self::Ended,
        }
    }
}

/// What a price is above the cost at least.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "PriceFloor")]
pub struct FloorBody {
    /// A decimal string, 0 to 1000.
    pub amount: Text<PlainDecimal>,
    /// The currency of wallets.
    pub currency: Text<WalletCurrency>,
}

impl FloorBody {
    fn parse(&self) -> Result<Money, Problem> {
        let floor = Money::parse(&self.amount.0.write(), Currency::Usd);
        let floor = floor.map_err(|error| Problem::invalid("floor.amount", "invalid", error))?;
        if floor.units() <= MOST_FLOOR_UNITS {
            Ok(floor)
        } else {
            Err(Problem::invalid("floor.amount", "out_of_range", "0 to 1000"))
        }
    }
}

fn rule_of(multiplier: Multiplier, floor: Option<&FloorBody>) -> Result<PriceRule, Problem> {
    let floor = floor.map_or(Ok(Money::zero(Currency::Usd)), FloorBody::parse)?;
    PriceRule::try_new(multiplier.value(), floor)
        .map_err(|error| Problem::invalid("multiplier", "out_of_range", error))
}

/// A rule to make.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewPricingRule")]
pub struct NewRuleBody {
    /// For which service; for any without one.
    pub service: Option<Text<ServiceCode>>,
    /// For which country; for any without one.
    pub country: Option<Text<CountryCode>>,
    /// What the cost is multiplied by, up to the cent.
    pub multiplier: Text<Multiplier>,
    /// What a price is above the cost at least; nothing without one.
    pub floor: Option<FloorBody>,
    /// From when on; now without one.
    pub valid_from: Option<Text<Time>>,
}

impl NewRuleBody {
    /// The command.
    ///
    /// # Errors
    /// For a floor that is none.
    pub fn parse(self) -> Result<NewPricingRule, Problem> {
        Ok(NewPricingRule {
            rule: rule_of(self.multiplier.0, self.floor.as_ref())?,
            scope: Scope {
                service: self.service.map(|service| service.0),
                country: self.country.map(|country| country.0),
            },
            valid_from: self.valid_from.map(|at| at.0),
        })
    }
}

/// A rule to try.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "PricingPreviewRequest")]
pub struct PreviewAskBody {
    /// For which service; for any without one.
    pub service: Option<Text<ServiceCode>>,
    /// For which country; for any without one.
    pub country: Option<Text<CountryCode>>,
    /// What the cost is multiplied by, up to the cent.
    pub multiplier: Text<Multiplier>,
    /// What a price is above the cost at least; nothing without one.
    pub floor: Option<FloorBody>,
    /// How many days back orders are looked at: 1 to 90, 7 without one.
    #[oai(validator(minimum(value = "1"), maximum(value = "90")))]
    pub days: Option<u16>,
}

impl PreviewAskBody {
    /// The rule, and how many days.
    ///
    /// # Errors
    /// For a floor or a number of days that is none.
    pub fn parse(self) -> Result<(NewPricingRule, u16), Problem> {
        let days = self.days.unwrap_or(DAYS);
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(Problem::invalid("days", "out_of_range", "1 to 90"));
        }
        let Self { service, country, multiplier, floor, .. } = self;
        let new = NewRuleBody { service, country, multiplier, floor, valid_from: None };
        Ok((new.parse()?, days))
    }
}

/// A rule of prices.
#[derive(Debug, Object)]
#[oai(rename = "PricingRule")]
pub struct RuleBody {
    /// Its identifier.
    pub id: Text<PricingRuleId>,
    /// How it stands.
    pub status: Text<RuleStatusWord>,
    /// For which service; null: for any.
    pub service: Option<Text<ServiceCode>>,
    /// For which country; null: for any.
    pub country: Option<Text<CountryCode>>,
    /// What the cost is multiplied by.
    pub multiplier: String,
    /// What a price is above the cost at least.
    pub floor: MoneyBody,
    /// From when on.
    pub valid_from: Text<Time>,
    /// Until when; null: until another one takes its place.
    pub ends_at: Option<Text<Time>>,
    /// Who made it.
    pub made_by: Text<UserId>,
    /// When.
    pub made_at: Text<Time>,
    /// Who set its end.
    pub ended_by: Option<Text<UserId>>,
}

impl RuleBody {
    /// As it is at `now`.
    pub fn of(rule: PricingRule, now: Time) -> Self {
        let status = RuleStatusWord::from(rule.status(now));
        Self {
            id: Text(rule.id),
            status: Text(status),
            multiplier: decimal(rule.rule.multiplier()),
            floor: rule.rule.floor().into(),
            service: rule.scope.service.map(Text),
            country: rule.scope.country.map(Text),
            valid_from: Text(rule.valid_from),
            ends_at: rule.ends_at.map(Text),
            made_by: Text(rule.made_by),
            made_at: Text(rule.made_at),
            ended_by: rule.ended_by.map(Text),
        }
    }
}

/// What is offered now, and at which price it would be.
#[derive(Debug, Object)]
#[oai(rename = "OfferPreview")]
pub struct OfferPreviewBody {
    /// For which service.
    pub service: Text<ServiceCode>,
    /// From which country.
    pub country: Text<CountryCode>,
    /// How the code arrives.
    pub capability: Text<Capability>,
    /// What it costs us.
    pub cost: MoneyBody,
    /// What a user pays now.
    pub price_before: MoneyBody,
    /// What he would pay.
    pub price_after: MoneyBody,
}

impl From<OfferPreview> for OfferPreviewBody {
    fn from(offer: OfferPreview) -> Self {
        Self {
            service: Text(offer.ask.service),
            country: Text(offer.ask.country),
            capability: Text(offer.ask.capability),
            cost: offer.cost.into(),
            price_before: offer.before.into(),
            price_after: offer.after.into(),
        }
    }
}

/// What was paid lately, and what would have been.
#[derive(Debug, Object)]
#[oai(rename = "PaidPreview")]
pub struct PaidPreviewBody {
    /// Over how many days.
    pub days: u16,
    /// Orders within the scope that were paid for.
    pub orders: u64,
    /// What was paid.
    pub revenue_before: MoneyBody,
    /// What would have been.
    pub revenue_after: MoneyBody,
    /// What their numbers cost us.
    pub cost: MoneyBody,
    /// What was left.
    pub margin_before: MoneyBody,
    /// What would have been left.
    pub margin_after: MoneyBody,
}

/// What a rule would do.
#[derive(Debug, Object)]
#[oai(rename = "PricingPreview")]
pub struct PreviewBody {
    /// To present offers of its scope: the first twenty by code.
    pub offers: Vec<OfferPreviewBody>,
    /// To orders of its scope that were paid for.
    pub paid: PaidPreviewBody,
}

impl PreviewBody {
    /// Over so many days.
    pub fn of(preview: Preview, days: u16) -> Self {
        let paid = preview.paid;
        // Both are sums of the ledger, which subtract within its range.
        let left =
            |revenue: Money| Money::from_units(revenue.units() - paid.cost.units(), revenue.currency());
        Self {
            offers: preview.offers.into_iter().map(OfferPreviewBody::from).collect(),
            paid: PaidPreviewBody {
                days,
                orders: paid.orders,
                revenue_before: paid.before.into(),
                revenue_after: paid.after.into(),
                cost: paid.cost.into(),
                margin_before: left(paid.before).into(),
                margin_after: left(paid.after).into(),
            },
        }
    }
}
