//! What a rule of prices would do: to what is offered now, and to what was paid lately. It moves nothing.

use std::{ops::ControlFlow, sync::Arc};

use crate::{
    Amount, Currency, Money, MoneyError, PricingRuleId, Time, UserId, Version,
    race::each,
    staff::{NewPricingRule, TradeDesk, TradeError},
    time::hours,
    verification::{Ask, CatalogueService, Paid, PriceRule, PricingRule, QuoteError, Terms},
};

/// Offers that are shown.
const OFFERS: usize = 20;
/// Costs asked for at once.
const ABREAST: usize = 4;

/// What something costs and would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferPreview {
    /// What is offered.
    pub ask: Ask,
    /// What it costs us now.
    pub cost: Money,
    /// What a user pays for it now.
    pub before: Amount,
    /// What he would pay.
    pub after: Amount,
}

/// What was paid, and what would have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidPreview {
    /// Orders that were paid for, within the scope of the rule.
    pub orders: u64,
    /// What was paid.
    pub before: Money,
    /// What would have been.
    pub after: Money,
    /// What their numbers cost us.
    pub cost: Money,
}

/// What a rule would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// To what is offered now, by code; the first few of its scope.
    pub offers: Vec<OfferPreview>,
    /// To what was paid lately.
    pub paid: PaidPreview,
}

impl TradeDesk {
    /// What a rule would do to present offers, and to orders that were paid for within so many days.
    ///
    /// # Errors
    /// If provider or store cannot be read, or a price leaves the range of the ledger.
    pub async fn preview(&self, new: &NewPricingRule, days: u16) -> Result<Preview, TradeError> {
        let now = self.now();
        let present = self.fresh(now).await?;
        let after = with_rule(&present, new, now);
        let paid = self.ports.reads.paid_since(now - hours(24 * i64::from(days))).await?;
        let paid = reckon(&paid, new, &after, self.configured, now)?;
        Ok(Preview { offers: self.offers(new, &present, &after, now).await?, paid })
    }

    async fn offers(
        &self,
        new: &NewPricingRule,
        present: &Terms,
        after: &Terms,
        now: Time,
    ) -> Result<Vec<OfferPreview>, TradeError> {
        let catalogue = &self.ports.catalogue;
        let Some((country, _)) = catalogue.countries().into_iter().next() else { return Ok(Vec::new()) };
        let sold = catalogue.services().await?.services.into_iter().filter(|service| {
            new.scope.covers(&service.code, &country) && present.block_of(&service.code).is_none()
        });
        let ask = |service: crate::verification::ProviderService| Ask {
            service: service.code,
            country: country.clone(),
            capability: service.capability,
            area_code: None,
            carrier: None,
        };
        let mut asks: Vec<Ask> = sold.map(ask).collect();
        asks.sort_by(|a, b| (&a.service, a.capability).cmp(&(&b.service, b.capability)));
        asks.truncate(OFFERS);
        let mut costs = Vec::new();
        let asked = asks.into_iter().map(|ask| cost_of(catalogue.clone(), ask));
        each(asked, ABREAST, |asked| {
            costs.push(asked);
            ControlFlow::Continue(())
        })
        .await;
        let mut offers = Vec::new();
        for (ask, cost) in costs {
            // What has no price now is left out.
            let Ok(cost) = cost else { continue };
            let priced = |terms: &Terms| {
                terms.rule_for(&ask.service, &ask.country, self.configured, now).price_of(cost)
            };
            let (before, after) = (priced(present)?, priced(after)?);
            offers.push(OfferPreview { cost, before, after, ask });
        }
        offers.sort_by(|a, b| (&a.ask.service, a.ask.capability).cmp(&(&b.ask.service, b.ask.capability)));
        Ok(offers)
    }
}

async fn cost_of(catalogue: Arc<CatalogueService>, ask: Ask) -> (Ask, Result<Money, QuoteError>) {
    let cost = catalogue.cost(&ask).await;
    (ask, cost)
}

/// As it would be if the rule began now.
fn with_rule(present: &Terms, new: &NewPricingRule, now: Time) -> Terms {
    let mut after = present.clone();
    after.rules.retain(|rule| rule.scope != new.scope);
    after.rules.push(PricingRule {
        id: PricingRuleId::from_uuid(uuid::Uuid::nil()),
        scope: new.scope.clone(),
        rule: new.rule,
        valid_from: now,
        ends_at: None,
        made_by: UserId::from_uuid(uuid::Uuid::nil()),
        made_at: now,
        ended_by: None,
        version: Version::FIRST,
    });
    after
}

/// Prices what was paid again, by the cost that it was priced by then.
fn reckon(
    paid: &[Paid],
    new: &NewPricingRule,
    after: &Terms,
    configured: PriceRule,
    now: Time,
) -> Result<PaidPreview, MoneyError> {
    let none = Money::zero(Currency::Usd);
    let mut sum = PaidPreview { orders: 0, before: none, after: none, cost: none };
    for group in paid.iter().filter(|group| new.scope.covers(&group.service, &group.country)) {
        let price = after.rule_for(&group.service, &group.country, configured, now).price_of(group.quoted)?;
        let orders = i64::try_from(group.orders).map_err(|_| MoneyError::Overflow)?;
        let units = price.units().checked_mul(orders).ok_or(MoneyError::Overflow)?;
        sum.orders += group.orders;
        sum.before = sum.before.checked_add(group.revenue)?;
        sum.after = sum.after.checked_add(Money::from_units(units, Currency::Usd))?;
        sum.cost = sum.cost.checked_add(group.cost)?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::verification::{CountryCode, Scope, ServiceCode};

    fn usd(units: i64) -> Money {
        Money::from_units(units, Currency::Usd)
    }

    fn paid(service: &str, quoted: i64, orders: u64, revenue: i64, cost: i64) -> Paid {
        Paid {
            service: ServiceCode::try_new(service).expect("a service"),
            country: CountryCode::try_new("US").expect("a country"),
            quoted: usd(quoted),
            orders,
            revenue: usd(revenue),
            cost: usd(cost),
        }
    }

    fn rule(service: Option<&str>, tenths: i64, floor: i64) -> NewPricingRule {
        let service = service.map(|code| ServiceCode::try_new(code).expect("a service"));
        let rule = PriceRule::try_new(Decimal::new(tenths, 1), usd(floor)).expect("not below cost");
        NewPricingRule { scope: Scope { service, country: None }, rule, valid_from: None }
    }

    #[test]
    fn what_was_paid_is_priced_again_by_the_cost_of_then_and_within_the_scope_alone() {
        let history = [
            paid("telegram", 500_000, 2, 1_500_000, 1_000_000),
            paid("telegram", 600_000, 1, 900_000, 600_000),
            paid("google", 400_000, 5, 3_000_000, 2_000_000),
        ];
        let now = Time::from_timestamp(0, 0).expect("a time");
        let reckoned = |new: &NewPricingRule, present: &Terms| {
            reckon(&history, new, &with_rule(present, new, now), PriceRule::at_cost(), now).expect("in range")
        };
        let double = reckoned(&rule(Some("telegram"), 20, 0), &Terms::default());
        let expected =
            PaidPreview { orders: 3, before: usd(2_400_000), after: usd(3_200_000), cost: usd(1_600_000) };
        assert_eq!(double, expected);
        let floor = reckoned(&rule(Some("telegram"), 10, 700_000), &Terms::default());
        assert_eq!(floor.after, usd(2 * 1_200_000 + 1_300_000));
        // A more specific rule goes on making the price of its service.
        let special = with_rule(&Terms::default(), &rule(Some("google"), 30, 0), now);
        let all = reckoned(&rule(None, 20, 0), &special);
        assert_eq!((all.orders, all.after), (8, usd(3_200_000 + 5 * 1_200_000)));
    }
}
