//! Reads of terms, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{MemoryStore, reads::page_of};
use crate::{
    Currency, Fault, Money, Page, PageOf, PricingRuleId, Time,
    verification::{Order, Paid, PricingRule, ProviderSwitch, ServiceDecision, TermReads},
};

#[async_trait]
impl TermReads for MemoryStore {
    async fn service_decisions(&self) -> Result<Vec<ServiceDecision>, Fault> {
        Ok(self.state().service_decisions.values().cloned().collect())
    }

    async fn provider_switches(&self) -> Result<Vec<ProviderSwitch>, Fault> {
        Ok(self.state().provider_switches.values().cloned().collect())
    }

    async fn open_pricing_rules(&self, now: Time) -> Result<Vec<PricingRule>, Fault> {
        let state = self.state();
        let open = state.pricing_rules.values().filter(|rule| rule.ends_at.is_none_or(|end| end > now));
        Ok(open.cloned().collect())
    }

    async fn pricing_rule(&self, id: PricingRuleId) -> Result<Option<PricingRule>, Fault> {
        Ok(self.state().pricing_rules.get(&id).cloned())
    }

    async fn pricing_rules(&self, page: Page<PricingRuleId>) -> Result<PageOf<PricingRule>, Fault> {
        let state = self.state();
        Ok(page_of(state.pricing_rules.values().rev().cloned().collect(), page, |rule| rule.id))
    }

    async fn paid_since(&self, since: Time) -> Result<Vec<Paid>, Fault> {
        let state = self.state();
        let mut groups: BTreeMap<_, Paid> = BTreeMap::new();
        for order in state.orders.values() {
            let Order::Completed(done) = order else { continue };
            let head = &done.head;
            let first = state.purchases.values().find(|purchase| {
                purchase.wanted_by.is_some_and(|(id, _)| id == head.id) && purchase.sent_at == head.created_at
            });
            let bought = state.purchases.get(&done.line.purchase).and_then(|purchase| purchase.bought());
            let (Some(first), Some(bought)) = (first, bought) else { continue };
            if done.at < since {
                continue;
            }
            let (service, country) = (head.ask.service.clone(), head.ask.country.clone());
            let quoted = first.cost_cap;
            let key = (service.clone(), country.clone(), quoted.units());
            let none = Money::zero(Currency::Usd);
            let paid = groups.entry(key).or_insert(Paid {
                service,
                country,
                quoted,
                orders: 0,
                revenue: none,
                cost: none,
            });
            paid.orders += 1;
            paid.revenue = paid.revenue.checked_add(head.price.money()).map_err(Fault::new)?;
            paid.cost = paid.cost.checked_add(bought.cost).map_err(Fault::new)?;
        }
        Ok(groups.into_values().collect())
    }
}
