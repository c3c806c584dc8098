//! Terms: each change with its line of the log, none where nothing changes, and of many at once one.

use std::sync::Arc;

use namaskah_domain::{
    Clock, Currency, Money, Page, PricingRuleId, UserId,
    auth::Role,
    memory::{Platform, ProviderFailure, ProviderOperation},
    staff::{
        Actor, AuditAction, AuditQuery, NewPricingRule, ProviderDesk, ProviderDeskPorts, StaffReads,
        TradeDesk, TradeError, TradePorts,
    },
    time::seconds,
    verification::{
        Block, BuyError, DirectTerms, NumberProvider, PriceRule, PricingRule, PricingRuleStatus, ProviderId,
        QuoteError, Scope, ServiceCode, Switched, TermReads, Trouble, Watched,
    },
    wallet::Reason,
};
use rust_decimal::Decimal;

struct World {
    platform: Platform,
    desk: Arc<TradeDesk>,
}

impl World {
    fn new() -> Self {
        let platform = Platform::new(29);
        let ports = TradePorts {
            store: platform.store.clone(),
            reads: platform.store.clone(),
            terms: Arc::new(DirectTerms(platform.store.clone())),
            catalogue: platform.catalogue.clone(),
            clock: platform.clock.clone(),
            random: platform.random.clone(),
        };
        let desk = Arc::new(TradeDesk::new(ports, rule(15)));
        Self { platform, desk }
    }

    async fn actions(&self) -> Vec<AuditAction> {
        let page = Page { limit: 100, after: None };
        let lines = self.platform.store.audit_log(&AuditQuery::default(), page).await.expect("readable").rows;
        lines.into_iter().rev().map(|line| line.action).collect()
    }

    async fn rules(&self) -> Vec<PricingRule> {
        self.desk.rules(Page { limit: 100, after: None }).await.expect("readable").rows
    }
}

fn operator() -> Actor {
    let user = UserId::from_uuid(uuid::Uuid::from_u128(7));
    Actor { user, role: Role::Operator, ip: super::ip(super::HERE), request: "req-1".to_owned() }
}

fn reason() -> Reason {
    Reason::try_new("fraud").expect("a reason")
}

fn service(code: &str) -> ServiceCode {
    ServiceCode::try_new(code).expect("a service")
}

fn rule(tenths: i64) -> PriceRule {
    PriceRule::try_new(Decimal::new(tenths, 1), Money::zero(Currency::Usd)).expect("not below cost")
}

fn new(tenths: i64) -> NewPricingRule {
    let scope = Scope { service: Some(service("whatsapp")), country: None };
    NewPricingRule { scope, rule: rule(tenths), valid_from: None }
}

#[tokio::test]
async fn a_block_is_told_once_and_lifted_once() {
    let world = World::new();
    let (desk, by, whatsapp) = (&world.desk, operator(), service("whatsapp"));
    // Lines of one millisecond are in no order.
    let later = || world.platform.clock.advance(seconds(1));
    assert_eq!(desk.unblock(&by, &whatsapp).await.expect("it is sold").block, None);
    for _ in 0..2 {
        let blocked = desk.block(&by, &whatsapp, reason()).await.expect("blocked");
        assert!(matches!(blocked.block, Some(Block::ByStaff(_))));
    }
    later();
    for _ in 0..2 {
        assert_eq!(desk.unblock(&by, &whatsapp).await.expect("unblocked").block, None);
    }
    later();
    // What is blocked by its kind is blocked by a word of staff all the same.
    let paypal = service("paypal");
    desk.block(&by, &paypal, reason()).await.expect("blocked");
    later();
    desk.unblock(&by, &paypal).await.expect("unblocked");
    let (block, unblock) = (AuditAction::ServiceBlocked, AuditAction::ServiceUnblocked);
    assert_eq!(world.actions().await, [block, unblock, block, unblock]);
    let listed = desk.services().await.expect("readable");
    assert!(listed.is_sorted_by_key(|standing| standing.service.clone()));
    assert!(listed.iter().any(|standing| standing.service == paypal && standing.block.is_none()));
}

#[tokio::test]
async fn nothing_is_ordered_of_what_is_blocked_or_switched_off() {
    let world = World::new();
    let platform = &world.platform;
    let ada = platform.new_user("ada@example.com").await.expect("a user");
    platform.fund(ada, "10.00").await.expect("funds");
    let refused = async || {
        platform.clock.advance(seconds(1));
        let command = platform.order(ada, "whatsapp", "2.00").expect("an order");
        platform.orders.buy(command).await.map(|_| ()).expect_err("refused")
    };
    world.desk.block(&operator(), &service("whatsapp"), reason()).await.expect("blocked");
    assert!(matches!(refused().await, BuyError::Quote(QuoteError::Blocked)));
    world.desk.unblock(&operator(), &service("whatsapp")).await.expect("unblocked");
    let provider = ProviderId::TextVerified;
    platform.clock.advance(seconds(1));
    for _ in 0..2 {
        world.desk.switch(&operator(), provider, Switched::Off, reason()).await.expect("off");
    }
    assert!(matches!(refused().await, BuyError::Quote(QuoteError::ProviderOff)));
    assert!(platform.provider.reservations().is_empty());
    assert_eq!(platform.balance(ada).await.expect("a balance").held.to_string(), "0.00");
    world.desk.switch(&operator(), provider, Switched::On, reason()).await.expect("on");
    platform.clock.advance(seconds(1));
    platform.buy(ada, "whatsapp", "2.00").await.expect("bought");
    let told = world.actions().await;
    assert_eq!(told[2..], [AuditAction::ProviderSwitchedOff, AuditAction::ProviderSwitchedOn]);
}

#[tokio::test]
async fn of_rules_made_at_once_one_has_no_end_and_each_is_told() {
    let world = World::new();
    let mut tasks = tokio::task::JoinSet::new();
    for tenths in 20..30 {
        let desk = world.desk.clone();
        tasks.spawn(async move { desk.add_rule(&operator(), new(tenths)).await.is_ok() });
    }
    let made = tasks.join_all().await.into_iter().filter(|made| *made).count();
    let rules = world.rules().await;
    assert!(made >= 1);
    assert_eq!((rules.len(), world.actions().await.len()), (made, made));
    assert_eq!(rules.iter().filter(|rule| rule.ends_at.is_none()).count(), 1);
}

#[tokio::test]
async fn a_rule_begins_no_earlier_than_now_and_after_every_other_of_its_scope() {
    let world = World::new();
    let (desk, by) = (&world.desk, operator());
    let now = world.platform.clock.now();
    let from = |at| NewPricingRule { valid_from: Some(at), ..new(20) };
    let past = desk.add_rule(&by, from(now - seconds(1))).await;
    assert!(matches!(past, Err(TradeError::FromPast)));
    let first = desk.add_rule(&by, new(20)).await.expect("made");
    let later = desk.add_rule(&by, from(now + seconds(60))).await.expect("made");
    for at in [None, Some(now + seconds(60)), Some(now + seconds(59))] {
        let between = desk.add_rule(&by, NewPricingRule { valid_from: at, ..new(30) }).await;
        assert!(matches!(between, Err(TradeError::LaterRule)));
    }
    let stored = world.platform.store.pricing_rule(first.id).await.expect("readable").expect("it is there");
    assert_eq!((stored.ends_at, stored.ended_by), (Some(later.valid_from), Some(by.user)));
    assert_eq!(later.status(now), PricingRuleStatus::Scheduled);
    let ended = desk.end_rule(&by, later.id).await.expect("ended");
    assert_eq!(ended.status(now), PricingRuleStatus::Ended);
    assert_eq!(desk.end_rule(&by, later.id).await.expect("as before"), ended);
    desk.add_rule(&by, from(now + seconds(30))).await.expect("made");
    let unknown = desk.end_rule(&by, PricingRuleId::from_uuid(uuid::Uuid::nil())).await;
    assert!(matches!(unknown, Err(TradeError::NotFound)));
}

#[tokio::test]
async fn a_balance_is_asked_for_every_half_minute_and_trouble_is_remembered() {
    let world = World::new();
    let platform = &world.platform;
    let watched = Arc::new(Watched::new(platform.provider.clone(), platform.clock.clone()));
    let desk = ProviderDesk::new(ProviderDeskPorts {
        provider: watched.clone(),
        books: platform.store.clone(),
        terms: Arc::new(DirectTerms(platform.store.clone())),
        orders: platform.orders.clone(),
        clock: platform.clock.clone(),
    });
    let shown = async || desk.providers().await.expect("readable").remove(0);
    let begun = platform.clock.now();
    let first = shown().await;
    assert_eq!(first.balance.map(|(_, at)| at), Some(begun));
    assert_eq!((first.switch, first.answers.well_at), (None, Some(begun)));
    platform.provider.fail_next(ProviderOperation::Balance, ProviderFailure::Unavailable);
    platform.clock.advance(seconds(29));
    assert_eq!(shown().await.balance.map(|(_, at)| at), Some(begun));
    platform.clock.advance(seconds(1));
    let failed = shown().await;
    assert_eq!(failed.balance.map(|(_, at)| at), Some(begun), "what it said last");
    assert_eq!(failed.answers.trouble, Some((Trouble::Unreachable, begun + seconds(30))));
    assert_eq!(shown().await.balance.map(|(_, at)| at), Some(begun + seconds(30)));
    platform.orders.poll().await.expect("polled");
    let polled = shown().await;
    let now = platform.clock.now();
    assert_eq!(polled.is_polled_on_time(now), polled.polled_at.map(|_| true));
    assert_eq!(polled.is_polled_on_time(now + seconds(61)), polled.polled_at.map(|_| false));
    assert!(watched.balance().await.is_ok());
}
