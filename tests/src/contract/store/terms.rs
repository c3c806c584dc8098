//! Sentences about terms of trade.

use namaskah_domain::{
    Change, CommitError, Page, Unique, UnitOfWork, Version,
    verification::{
        Ask, Capability, CountryCode, Head, Order, Paid, PricingRule, ProviderSwitch, Purchase, Requested,
        Scope, ServiceDecision, Switched, Verdict,
    },
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at, usd},
};

/// With a reason and without, one of each service and of each provider.
pub async fn what_is_decided_on_services_and_providers_is_stored_as_decided(on: &Backend) {
    assert_eq!(on.terms.service_decisions().await.expect("readable"), []);
    assert_eq!(on.terms.provider_switches().await.expect("readable"), []);
    let (paypal, x) = (given::service_decision("paypal"), given::service_decision("x"));
    for decision in [&x, &paypal] {
        on.apply(UnitOfWork::new().with(Change::ServiceDecision(decision.clone()))).await;
    }
    let again = on.refuse(UnitOfWork::new().with(Change::ServiceDecision(x.clone()))).await;
    assert_refused!(again, CommitError::Duplicate(Unique::Record));
    let version = paypal.version.next();
    let allowed = ServiceDecision { verdict: Verdict::Allowed, reason: None, version, ..paypal };
    on.apply(UnitOfWork::new().with(Change::ServiceDecision(allowed.clone()))).await;
    assert_eq!(on.terms.service_decisions().await.expect("readable"), [allowed, x]);

    let off = given::provider_switch();
    on.apply(UnitOfWork::new().with(Change::ProviderSwitch(off.clone()))).await;
    assert_eq!(on.terms.provider_switches().await.expect("readable"), std::slice::from_ref(&off));
    let again = ProviderSwitch { to: Switched::On, version: off.version.next(), at: at(9), ..off };
    on.apply(UnitOfWork::new().with(Change::ProviderSwitch(again.clone()))).await;
    assert_eq!(on.terms.provider_switches().await.expect("readable"), [again]);
}

/// Of every scope, with an end and without; those that have ended are history.
pub async fn rules_of_prices_are_stored_as_decided(on: &Backend) {
    let us = CountryCode::try_new("US").ok();
    let telegram = Some(given::service("telegram"));
    let mut stored = Vec::new();
    for (service, country) in [(None, None), (None, us.clone()), (telegram.clone(), None), (telegram, us)] {
        let rule = PricingRule { scope: Scope { service, country }, ..given::pricing_rule("x") };
        on.apply(UnitOfWork::new().with(Change::PricingRule(rule.clone()))).await;
        assert_eq!(on.terms.pricing_rule(rule.id).await.expect("readable"), Some(rule.clone()));
        stored.push(rule);
    }
    assert_eq!(on.terms.open_pricing_rules(at(0)).await.expect("readable"), stored);
    let ended = stored[1].clone().ended(at(5), given::id());
    on.apply(UnitOfWork::new().with(Change::PricingRule(ended.clone()))).await;
    assert_eq!(on.terms.pricing_rule(ended.id).await.expect("readable"), Some(ended.clone()));
    stored[1] = ended;
    assert_eq!(on.terms.open_pricing_rules(at(4)).await.expect("readable"), stored);
    let open: Vec<PricingRule> = stored.iter().filter(|rule| rule.ends_at.is_none()).cloned().collect();
    assert_eq!(on.terms.open_pricing_rules(at(5)).await.expect("readable"), open);
    stored.reverse();
    let all = on.terms.pricing_rules(Page { limit: 10, after: None }).await.expect("readable");
    assert_eq!((&all.rows, all.has_more), (&stored, false));
    let page = on.terms.pricing_rules(Page { limit: 2, after: Some(stored[0].id) }).await.expect("readable");
    assert_eq!((&page.rows[..], page.has_more), (&stored[1..3], true));
    assert_eq!(on.terms.pricing_rule(given::id()).await.expect("readable"), None);
}

/// However many make one; one that ends in the same unit makes room.
pub async fn of_one_scope_one_rule_has_no_end(on: &Backend) {
    let (first, second) = (given::pricing_rule("telegram"), given::pricing_rule("telegram"));
    on.apply(UnitOfWork::new().with(Change::PricingRule(first.clone()))).await;
    let refused = on.refuse(UnitOfWork::new().with(Change::PricingRule(second.clone()))).await;
    assert_refused!(refused, CommitError::Duplicate(Unique::Record));
    let other = given::pricing_rule("google");
    on.apply(UnitOfWork::new().with(Change::PricingRule(other))).await;
    let former = first.ended(second.valid_from, given::id());
    let unit = UnitOfWork::new().with(Change::PricingRule(former.clone()));
    on.apply(unit.with(Change::PricingRule(second.clone()))).await;
    assert_eq!(on.terms.pricing_rule(former.id).await.expect("readable"), Some(former));
    let whole = Scope { service: None, country: None };
    for expected in [true, false] {
        let rule = PricingRule { scope: whole.clone(), ..given::pricing_rule("x") };
        let made = on.store.commit(UnitOfWork::new().with(Change::PricingRule(rule))).await;
        assert_eq!(made.is_ok(), expected, "of everything as well");
    }
}

/// A completed order of a service at a price, whose first attempt was capped by `quoted` and whose number cost `cost`.
async fn paid(
    on: &Backend,
    service: &str,
    (quoted, price, cost): (i64, i64, i64),
    swapped: bool,
    ended: i64,
) {
    let order = given::requested(given::id());
    let ask = Ask {
        service: given::service(service),
        country: CountryCode::try_new("US").expect("a country"),
        capability: Capability::Sms,
        area_code: None,
        carrier: None,
    };
    let order = Requested { head: Head { ask, price: given::amount(price), ..order.head }, ..order };
    let first = |purchase: Purchase| Purchase { version: Version::FIRST, ..purchase };
    let mut attempt = Purchase { cost_cap: usd(quoted), ..given::purchase(&order) };
    if swapped {
        let given_up = first(attempt.clone().bind(given::bought()));
        on.apply(UnitOfWork::new().with(Change::Purchase(given_up))).await;
        attempt = Purchase { sent_at: at(5), cost_cap: usd(1), ..given::purchase(&order) };
    }
    let mut bought = given::bought();
    bought.cost = usd(cost);
    let line = given::line(&attempt, &bought);
    let (mut done, _) = order.bind(line).receive(at(ended));
    done.head.version = Version::FIRST;
    let unit = UnitOfWork::new().with(Change::Order(Order::from(done)));
    on.apply(unit.with(Change::Purchase(first(attempt.bind(bought))))).await;
}

/// By service and cost; what ended before, or without a code, does not count.
pub async fn orders_that_were_paid_for_are_summed_by_what_they_were_priced_by(on: &Backend) {
    paid(on, "telegram", (500, 750, 490), false, 30).await;
    paid(on, "telegram", (500, 760, 510), true, 31).await;
    paid(on, "telegram", (600, 900, 600), false, 32).await;
    paid(on, "google", (400, 600, 400), false, 33).await;
    paid(on, "google", (400, 600, 400), false, 29).await;
    let open = given::requested(given::id());
    let unit = UnitOfWork::new().with(Change::Purchase(given::purchase(&open)));
    on.apply(unit.with(Change::Order(open.into()))).await;
    let group = |service: &str, quoted, orders, revenue, cost| Paid {
        service: given::service(service),
        country: CountryCode::try_new("US").expect("a country"),
        quoted: usd(quoted),
        orders,
        revenue: usd(revenue),
        cost: usd(cost),
    };
    let expected = [
        group("google", 400, 1, 600, 400),
        group("telegram", 500, 2, 1_510, 1_000),
        group("telegram", 600, 1, 900, 600),
    ];
    assert_eq!(on.terms.paid_since(at(30)).await.expect("readable"), expected);
    assert_eq!(on.terms.paid_since(at(34)).await.expect("readable"), []);
}
