//! Reads of terms: services, providers, prices.

use async_trait::async_trait;
use namaskah_domain::{
    Currency, Fault, Money, Page, PageOf, PricingRuleId, Time,
    verification::{CountryCode, Paid, PricingRule, ProviderSwitch, ServiceCode, ServiceDecision, TermReads},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Reads, all, fault, one_more, page_of};
use crate::persistence::{
    entity::{pricing_rule, provider_switch, service_decision},
    stored::{unreadable, us},
};

#[async_trait]
impl TermReads for Reads {
    async fn service_decisions(&self) -> Result<Vec<ServiceDecision>, Fault> {
        let decisions = service_decision::Entity::find().order_by_asc(service_decision::Column::Service);
        all(decisions.all(self.database.reads()).await.map_err(fault)?, ServiceDecision::try_from)
    }

    async fn provider_switches(&self) -> Result<Vec<ProviderSwitch>, Fault> {
        let switches = provider_switch::Entity::find().order_by_asc(provider_switch::Column::Provider);
        all(switches.all(self.database.reads()).await.map_err(fault)?, ProviderSwitch::try_from)
    }

    async fn open_pricing_rules(&self, now: Time) -> Result<Vec<PricingRule>, Fault> {
        let ends = pricing_rule::Column::EndsAtUs;
        let open = Condition::any().add(ends.is_null()).add(ends.gt(us(now)));
        let rules = pricing_rule::Entity::find().filter(open).order_by_asc(pricing_rule::Column::Id);
        all(rules.all(self.database.reads()).await.map_err(fault)?, PricingRule::try_from)
    }

    async fn pricing_rule(&self, id: PricingRuleId) -> Result<Option<PricingRule>, Fault> {
        let row = pricing_rule::Entity::find_by_id(id.uuid()).one(self.database.reads()).await;
        row.map_err(fault)?.map(PricingRule::try_from).transpose()
    }

    async fn pricing_rules(&self, page: Page<PricingRuleId>) -> Result<PageOf<PricingRule>, Fault> {
        let mut rules = pricing_rule::Entity::find();
        if let Some(after) = page.after {
            rules = rules.filter(pricing_rule::Column::Id.lt(after.uuid()));
        }
        let rules = rules.order_by_desc(pricing_rule::Column::Id).limit(one_more(&page));
        page_of(rules.all(self.database.reads()).await.map_err(fault)?, page.limit, PricingRule::try_from)
    }

    /// The price was made of the cost that the first attempt was capped by, which was sent as the order was placed.
    async fn paid_since(&self, since: Time) -> Result<Vec<Paid>, Fault> {
        const SQL: &str = "SELECT o.service, o.country, f.cost_cap_units AS quoted, COUNT(*) AS orders, \
             CAST(SUM(o.price_units) AS BIGINT) AS revenue, CAST(SUM(b.cost_units) AS BIGINT) AS cost \
             FROM orders o JOIN purchases f ON f.order_id = o.id AND f.sent_at_us = o.created_at_us \
             JOIN purchases b ON b.id = o.purchase_id \
             WHERE o.ended_at_us >= $1 AND o.state = 'completed' \
             GROUP BY o.service, o.country, f.cost_cap_units ORDER BY o.service, o.country, f.cost_cap_units";
        all(self.database.read(SQL, vec![us(since).into()]).await?, |row| {
            let text = |column| row.try_get::<String>("", column).map_err(fault);
            let number = |column| row.try_get::<i64>("", column).map_err(fault);
            let money = |column| number(column).map(|units| Money::from_units(units, Currency::Usd));
            Ok(Paid {
                service: ServiceCode::try_new(&text("service")?).map_err(|_| unreadable("service"))?,
                country: CountryCode::try_new(&text("country")?).map_err(|_| unreadable("country"))?,
                quoted: money("quoted")?,
                orders: number("orders")?.unsigned_abs(),
                revenue: money("revenue")?,
                cost: money("cost")?,
            })
        })
    }
}
