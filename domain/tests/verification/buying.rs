//! Commit A, one send, commit B.

use std::sync::{Arc, atomic::Ordering};

use chrono::TimeDelta;
use namaskah_domain::{
    CommitError, Fingerprint,
    memory::{ManualClock, MemoryStore, ProviderFailure, ProviderOperation, SeededRandom},
    time::{minutes, seconds},
    verification::{
        Buy, BuyError, DeclineReason, DirectTerms, Failure, NumberProvider, OrderStatus, PriceLimit,
        PriceRule, PurchaseState, QuoteError, ServiceCode, VerificationService,
    },
};

use crate::{
    world::{World, line, usd},
    wrappers::{Failing, Polite},
};

#[tokio::test]
async fn the_price_is_held_and_the_number_can_be_used() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    assert_eq!(order.status(), OrderStatus::Waiting);
    assert_eq!(order.head().price, usd("1.13"));
    assert_eq!(world.money().await, ("98.87".into(), "1.13".into()));
    assert!(line(&order).number.expect("it is kept").as_str().starts_with("+1202"));
    assert_eq!(line(&order).expires_at - line(&order).bound_at, minutes(15));
    world.settled();
}

#[tokio::test]
async fn a_quote_is_kept_although_the_price_has_risen_for_others() {
    let world = World::new().await;
    let quote = world.quote("whatsapp").await;
    world.platform.clock.advance(seconds(119));
    let order = world.platform.orders.buy(world.quoted(&quote)).await.expect("bought").value;
    assert_eq!(order.head().price, quote.price);
    world.settled();
}

#[tokio::test]
async fn a_quote_is_void_after_two_minutes() {
    let world = World::new().await;
    let quote = world.quote("whatsapp").await;
    world.platform.clock.advance(minutes(2));
    refused(&world, world.quoted(&quote), |error| matches!(error, BuyError::QuoteExpired)).await;
}

#[tokio::test]
async fn a_quote_buys_once() {
    let world = World::new().await;
    let quote = world.quote("whatsapp").await;
    world.platform.orders.buy(world.quoted(&quote)).await.expect("bought");
    let again = world.platform.orders.buy(world.quoted(&quote)).await;
    assert!(matches!(again, Err(BuyError::QuoteUsed)));
    assert_eq!(world.platform.provider.reservations().len(), 1);
}

#[tokio::test]
async fn a_quote_used_by_many_at_once_buys_once() {
    let world = polite().await;
    let quote = world.quote("whatsapp").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (world, command) = (world.clone(), world.quoted(&quote));
        tasks.spawn(async move { world.platform.orders.buy(command).await });
    }
    let (mut bought, mut used) = (0, 0);
    while let Some(answer) = tasks.join_next().await {
        match answer.expect("a task") {
            Ok(_) => bought += 1,
            Err(BuyError::QuoteUsed) => used += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((bought, used, world.platform.provider.reservations().len()), (1, 19, 1));
    world.settled();
}

#[tokio::test]
async fn a_quote_for_something_else_or_of_somebody_else_buys_nothing() {
    let world = World::new().await;
    let quote = world.quote("whatsapp").await;
    let other = Buy { ask: world.platform.ask("telegram").expect("an ask"), ..world.quoted(&quote) };
    refused(&world, other, |error| matches!(error, BuyError::QuoteMismatch)).await;
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    let command = Buy { user: ben, ..world.quoted(&quote) };
    refused(&world, command, |error| matches!(error, BuyError::NoSuchQuote)).await;
}

#[tokio::test]
async fn a_price_above_the_limit_buys_nothing() {
    let world = World::new().await;
    let command = Buy { limit: PriceLimit::AtMost(usd("1.12")), ..world.order("whatsapp") };
    refused(
        &world,
        command,
        |error| matches!(error, BuyError::PriceAboveLimit { price } if *price == usd("1.13")),
    )
    .await;
    let exact = Buy { limit: PriceLimit::AtMost(usd("1.13")), ..world.order("whatsapp") };
    world.platform.orders.buy(exact).await.expect("the limit itself is enough");
}

#[tokio::test]
async fn what_is_not_sold_or_cannot_be_priced_buys_nothing() {
    let world = World::new().await;
    let unknown = |error: &BuyError| matches!(error, BuyError::Quote(QuoteError::NoSuchService));
    refused(&world, world.order("nonesuch"), unknown).await;
    world.fail(ProviderOperation::Cost, ProviderFailure::Unavailable, 1);
    let silent = |error: &BuyError| matches!(error, BuyError::Quote(QuoteError::ProviderUnavailable(_)));
    refused(&world, world.order("whatsapp"), silent).await;
}

#[tokio::test]
async fn test_services_are_not_for_sale_in_live() {
    let world = World::with(|fakes, ports| {
        let test = ServiceCode::try_new("test_reusable").expect("a service");
        fakes.provider.sell(test, usd("0.01").money(), 10);
        ports.orders.sells_test_services = false;
    })
    .await;
    let unknown = |error: &BuyError| matches!(error, BuyError::Quote(QuoteError::NoSuchService));
    refused(&world, world.order("test_reusable"), unknown).await;
}

/// Nothing is held, nothing was bought, and the key is unused.
async fn refused(world: &World, command: Buy, expected: impl Fn(&BuyError) -> bool) {
    let before = world.money().await;
    let claim = command.claim.clone();
    let error = world.platform.orders.buy(command).await.expect_err("refused");
    assert!(expected(&error), "{error:?}");
    assert_eq!(world.money().await, before);
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 0);
    use namaskah_domain::Store;
    assert!(matches!(world.platform.store.replay(&claim).await, Ok(None)));
    world.settled();
}

#[tokio::test]
async fn a_refused_hold_never_reaches_the_provider() {
    let mut provider = namaskah_domain::verification::ports::MockNumberProvider::new();
    provider.expect_id().return_const(namaskah_domain::verification::ProviderId::TextVerified);
    provider.expect_admits().return_const(namaskah_domain::breaker::Admits::All);
    provider.expect_skew().return_const(TimeDelta::zero());
    provider.expect_time_out().return_const(TimeDelta::seconds(10));
    provider.expect_cost().returning(|_| Ok(usd("99.00").money()));
    provider.expect_buy().never();
    let world = World::with(|_, ports| ports.numbers = Arc::new(provider)).await;
    let command = Buy { limit: PriceLimit::AtMost(usd("200")), ..world.order("whatsapp") };
    let refused = world.platform.orders.buy(command).await;
    assert!(matches!(refused, Err(BuyError::Commit(CommitError::InsufficientFunds))));
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
}

#[tokio::test]
async fn twenty_purchases_at_once_on_a_balance_worth_three_are_three() {
    let world = polite_with("3.40").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (world, command) = (world.clone(), world.order("whatsapp"));
        tasks.spawn(async move { world.platform.orders.buy(command).await });
    }
    let (mut bought, mut poor) = (0, 0);
    while let Some(answer) = tasks.join_next().await {
        match answer.expect("a task") {
            Ok(_) => bought += 1,
            Err(BuyError::Commit(CommitError::InsufficientFunds)) => poor += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((bought, poor), (3, 17));
    assert_eq!(world.money().await, ("0.01".into(), "3.39".into()));
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 3);
    world.settled();
}

#[tokio::test]
async fn one_key_a_hundred_times_at_once_buys_once_and_all_see_that_order() {
    let world = polite().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let mut command = world.order("whatsapp");
        command.claim = world.platform.claim(world.ada, "k", command.id.uuid()).expect("a claim");
        let world = world.clone();
        tasks.spawn(async move { world.platform.orders.buy(command).await });
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut firsts = 0;
    while let Some(answer) = tasks.join_next().await {
        let done = answer.expect("a task").expect("an answer");
        firsts += u32::from(!done.replayed);
        seen.insert(done.value.head().id);
    }
    assert_eq!((firsts, seen.len(), world.platform.provider.reservations().len()), (1, 1, 1));
    world.settled();
}

#[tokio::test]
async fn a_key_of_another_command_is_refused_and_buys_nothing() {
    let world = World::new().await;
    let first = world.order("whatsapp");
    world.platform.orders.buy(first.clone()).await.expect("bought");
    let mut other = world.order("telegram");
    other.claim.key = first.claim.key.clone();
    other.claim.fingerprint = Fingerprint([9; 32]);
    let refused = world.platform.orders.buy(other).await;
    assert!(matches!(refused, Err(BuyError::Commit(CommitError::KeyReused))));
    assert_eq!(world.platform.provider.reservations().len(), 1);
}

#[tokio::test]
async fn a_repetition_is_answered_even_where_the_order_would_be_refused_now() {
    let world = World::new().await;
    let quote = world.quote("whatsapp").await;
    let command = world.quoted(&quote);
    let first = world.platform.orders.buy(command.clone()).await.expect("bought").value;
    world.platform.clock.advance(minutes(10));
    let again = world.platform.orders.buy(command).await.expect("the same answer");
    assert!(again.replayed);
    assert_eq!(again.value.head().id, first.head().id);
}

#[tokio::test]
async fn a_lost_answer_of_the_store_is_told_and_the_key_finds_the_order() {
    let mut failing = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        store.lost.store(true, Ordering::SeqCst);
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let (command, failing) = (world.order("whatsapp"), failing.expect("put in"));
    failing.fail_for(Some(command.id));
    let answer = world.platform.orders.buy(command.clone()).await;
    assert!(matches!(answer, Err(BuyError::Commit(CommitError::Unavailable(_)))));
    failing.fail_for(None);
    let again = world.platform.orders.buy(command.clone()).await.expect("the order");
    assert!(again.replayed);
    assert_eq!(again.value.head().id, command.id);
    // Nobody sent it: it is found out by looking, and the money goes back.
    world.pass(150).await;
    assert_eq!(world.status(command.id).await, OrderStatus::Failed);
    world.settled();
}

#[tokio::test]
async fn the_hundred_and_first_open_order_is_refused() {
    let world = World::with(|_, ports| ports.orders.max_open_orders = 3).await;
    for _ in 0..3 {
        world.buy("google").await;
    }
    let refused = world.platform.orders.buy(world.order("google")).await;
    assert!(matches!(refused, Err(BuyError::Commit(CommitError::TooManyOpenOrders))));
    world.platform.advance(minutes(15)).await;
    assert_eq!(world.buy("google").await.status(), OrderStatus::Waiting);
}

#[tokio::test]
async fn each_refusal_of_the_provider_fails_the_order_and_gives_the_money_back() {
    for (reason, failure) in [
        (DeclineReason::NoNumbers, Failure::NoNumbers),
        (DeclineReason::PriceChanged, Failure::PriceChanged),
        (DeclineReason::HouseBalance, Failure::ProviderUnavailable),
        (DeclineReason::AccountLimit, Failure::ProviderUnavailable),
        (DeclineReason::Refused, Failure::ProviderRefused),
    ] {
        let world = World::new().await;
        world.fail(ProviderOperation::Buy, ProviderFailure::Declined(reason), 1);
        let order = world.buy("whatsapp").await;
        assert_eq!(world.failure(order.head().id).await, Some(failure), "{reason:?}");
        assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
        world.settled();
    }
}

#[tokio::test]
async fn a_price_that_rose_at_the_provider_fails_the_order_and_is_asked_anew() {
    let world = World::new().await;
    let cheap = world.quote("whatsapp").await;
    let whatsapp = ServiceCode::try_new("whatsapp").expect("a service");
    world.platform.provider.sell(whatsapp, usd("0.80").money(), 1_000);
    let order = world.platform.orders.buy(world.quoted(&cheap)).await.expect("an answer").value;
    assert_eq!(world.failure(order.head().id).await, Some(Failure::PriceChanged));
    assert_eq!(world.quote("whatsapp").await.price, usd("1.20"));
    world.settled();
}

#[tokio::test]
async fn a_process_that_froze_between_commit_a_and_the_send_sends_nothing() {
    let world = World::with(|fakes, ports| {
        ports.store = Arc::new(crate::wrappers::Freezing {
            store: fakes.store.clone(),
            clock: fakes.clock.clone(),
            freeze_for: std::sync::Mutex::new(None),
        });
    })
    .await;
    // The freeze is armed for the next commit by a store of its own over the same records.
    let frozen = std::sync::Mutex::new(Some(seconds(2)));
    let store = crate::wrappers::Freezing {
        store: world.platform.store.clone(),
        clock: world.platform.clock.clone(),
        freeze_for: frozen,
    };
    let service = service_over(&world, Arc::new(store));
    let order = service.buy(world.order("whatsapp")).await.expect("an answer").value;
    assert_eq!(world.failure(order.head().id).await, Some(Failure::ProviderUnavailable));
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 0);
    assert!(matches!(world.purchase_of(order.head().id).state, PurchaseState::Absent { .. }));
    world.settled();
}

pub fn service_over(world: &World, store: Arc<dyn namaskah_domain::Store>) -> VerificationService {
    let (memory, clock): (Arc<MemoryStore>, Arc<ManualClock>) =
        (world.platform.store.clone(), world.platform.clock.clone());
    let random: Arc<SeededRandom> = world.platform.random.clone();
    let provider: Arc<dyn NumberProvider> = world.platform.provider.clone();
    let policy = namaskah_domain::verification::OrderPolicy {
        rule: PriceRule::at_cost(),
        quote_s: 120,
        send_within_s: 2,
        cancel_after_s: 0,
        max_open_orders: 100,
        sells_test_services: true,
    };
    let holder = uuid::Uuid::from_u128(1);
    let terms = Arc::new(DirectTerms(memory.clone()));
    VerificationService::new(store, memory.clone(), provider, memory, terms, clock, random, policy, holder)
}

#[tokio::test]
async fn a_number_that_the_user_has_seen_for_the_service_fails_the_order_and_is_cancelled() {
    let world = World::new().await;
    let first = world.buy("whatsapp").await;
    world.platform.provider.next_number(line(&first).number.expect("it is kept"));
    let second = world.buy("whatsapp").await;
    assert_eq!(world.failure(second.head().id).await, Some(Failure::NoNumbers));
    assert_eq!(world.orphans(), 1);
    world.platform.tick().await;
    assert_eq!(world.platform.provider.credited().to_string(), "0.75");
    world.settled();
}

#[tokio::test]
async fn a_number_seen_for_one_service_may_serve_another() {
    let world = World::new().await;
    let first = world.buy("whatsapp").await;
    world.platform.provider.next_number(line(&first).number.expect("it is kept"));
    assert_eq!(world.buy("telegram").await.status(), OrderStatus::Waiting);
}

async fn polite() -> Arc<World> {
    polite_with("100.00").await
}

async fn polite_with(dollars: &str) -> Arc<World> {
    let platform = namaskah_domain::memory::Platform::with(5, |fakes, ports| {
        ports.store = Arc::new(Polite(fakes.store.clone()));
    });
    let ada = platform.new_user("ada@example.com").await.expect("a user");
    platform.fund(ada, dollars).await.expect("funds");
    Arc::new(World { platform, ada })
}
