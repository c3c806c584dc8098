//! Retrying: a new order in the place of an old one, paid for with the same money, once.

use std::sync::{Arc, atomic::Ordering};

use namaskah_domain::{
    CommitError, Currency, Money, OrderId,
    memory::{ProviderFailure, ProviderOperation},
    time::{minutes, seconds},
    verification::{DeclineReason, Failure, Order, OrderStatus, Retry, RetryError},
    wallet::House,
};

use crate::{
    world::{World, line},
    wrappers::{Failing, Polite},
};

fn retry(world: &World, of: OrderId) -> Retry {
    let id: OrderId = world.platform.id();
    let claim = world.platform.claim(world.ada, &id.uuid().to_string(), id.uuid()).expect("a claim");
    Retry { id, user: world.ada, of, claim }
}

async fn retried(world: &World, of: OrderId) -> Order {
    world.platform.orders.retry(retry(world, of)).await.expect("a new order").value
}

#[tokio::test]
async fn a_waiting_order_is_cancelled_and_its_money_pays_for_the_next() {
    let world = World::with(|_, ports| ports.orders.max_open_orders = 1).await;
    // Ada has enough for one order, not for two.
    world.platform.provider.sell(world.platform.ask("whatsapp").expect("an ask").service, dollars(50), 9);
    let order = world.platform.buy(world.ada, "whatsapp", "80.00").await.expect("an order");
    let next = retried(&world, order.head().id).await;
    assert_eq!((next.status(), next.head().attempt), (OrderStatus::Waiting, 2));
    assert_eq!((next.head().retry_of, next.head().price), (Some(order.head().id), order.head().price));
    assert_ne!(line(&next).number, line(&order).number);
    let former = world.read(order.head().id).await;
    assert_eq!((former.status(), former.head().retried_by), (OrderStatus::Cancelled, Some(next.head().id)));
    assert_eq!(world.money().await, ("25.00".into(), "75.00".into()));
    assert_eq!(world.platform.provider.credited().to_string(), "50.00");
    world.settled();
}

fn dollars(n: i64) -> Money {
    Money::from_units(n * 1_000_000, Currency::Usd)
}

#[tokio::test]
async fn a_gift_that_was_over_while_an_order_held_it_pays_for_no_other_order() {
    for retries in [true, false] {
        let world = World::new().await;
        world.gift("2.00", 5).await;
        let order = world.buy("whatsapp").await.head().id;
        world.platform.advance(minutes(6)).await;
        assert_eq!(world.money().await, ("100.00".into(), "1.13".into()), "what no order held is taken");
        if retries {
            retried(&world, order).await;
        } else {
            world.platform.orders.cancel(world.ada, order).await.expect("cancelled");
            world.buy("whatsapp").await;
        }
        assert_eq!(world.money().await, ("98.87".into(), "2.26".into()), "both are held, one for the house");
        world.platform.tick().await;
        assert_eq!(world.money().await, ("98.87".into(), "1.13".into()));
        assert_eq!(world.house(House::PromoExpense), "0.00");
        world.settled();
    }
}

#[tokio::test]
async fn no_number_is_given_up_for_a_retry_that_a_gift_would_have_to_pay_for_that_is_over() {
    let world = World::new().await;
    world.platform.provider.sell(world.platform.ask("whatsapp").expect("an ask").service, dollars(50), 9);
    let buy = async || world.platform.buy(world.ada, "whatsapp", "80.00").await.expect("an order");
    buy().await;
    world.gift("75.00", 5).await;
    let order = buy().await;
    world.platform.advance(minutes(6)).await;
    let refused = world.platform.orders.retry(retry(&world, order.head().id)).await;
    assert!(matches!(refused, Err(RetryError::Commit(CommitError::InsufficientFunds))), "{refused:?}");
    assert_eq!(world.read(order.head().id).await.status(), OrderStatus::Waiting);
    world.settled();
}

#[tokio::test]
async fn a_retry_of_what_has_ended_holds_money_like_a_first_try() {
    let world = World::new().await;
    let cancelled = world.buy("whatsapp").await.head().id;
    world.platform.orders.cancel(world.ada, cancelled).await.expect("cancelled");
    world.fail(ProviderOperation::Buy, ProviderFailure::Declined(DeclineReason::NoNumbers), 1);
    let failed = world.buy("whatsapp").await.head().id;
    let expired = world.buy("whatsapp").await.head().id;
    world.platform.advance(minutes(15)).await;
    let other = world.buy("telegram").await.head().id;
    world.platform.orders.cancel(world.ada, other).await.expect("cancelled");
    for (of, ok) in [(expired, true), (other, true), (cancelled, false), (failed, false)] {
        let answer = world.platform.orders.retry(retry(&world, of)).await;
        assert_eq!(answer.is_ok(), ok, "ten minutes have passed for the first two");
    }
    assert_eq!(world.money().await.1, "1.88");
    world.settled();
}

#[tokio::test]
async fn an_order_can_be_retried_for_ten_minutes_and_once() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await.head().id;
    world.platform.orders.cancel(world.ada, order).await.expect("cancelled");
    world.platform.clock.advance(minutes(10) - seconds(1));
    assert!(world.read(order).await.can_retry(world.now()));
    let next = retried(&world, order).await.head().id;
    let again = world.platform.orders.retry(retry(&world, order)).await;
    assert!(matches!(again, Err(RetryError::NotRetryable)));
    assert!(!world.read(order).await.can_retry(world.now()));
    world.platform.orders.cancel(world.ada, next).await.expect("cancelled");
    world.platform.clock.advance(minutes(10));
    let late = world.platform.orders.retry(retry(&world, next)).await;
    assert!(matches!(late, Err(RetryError::NotRetryable)));
    world.settled();
}

#[tokio::test]
async fn the_same_key_answers_with_the_same_new_order() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await.head().id;
    let command = retry(&world, order);
    let first = world.platform.orders.retry(command.clone()).await.expect("a new order");
    let second = world.platform.orders.retry(Retry { id: world.platform.id(), ..command }).await;
    let second = second.expect("the same");
    assert_eq!((first.replayed, second.replayed), (false, true));
    assert_eq!(first.value.head().id, second.value.head().id);
    world.settled();
}

#[tokio::test]
async fn a_key_of_another_command_cancels_nothing() {
    let world = World::new().await;
    let (order, other) = (world.buy("whatsapp").await, world.buy("telegram").await.head().id);
    let first = retry(&world, other);
    world.platform.orders.retry(first.clone()).await.expect("a new order");
    let mut claim = first.claim;
    claim.fingerprint = namaskah_domain::Fingerprint([7; 32]);
    let second = Retry { claim, ..retry(&world, order.head().id) };
    let refused = world.platform.orders.retry(second).await;
    assert!(matches!(refused, Err(RetryError::Commit(CommitError::KeyReused))));
    assert_eq!(world.read(order.head().id).await, order);
    world.settled();
}

#[tokio::test]
async fn a_code_that_was_quicker_wins() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.text(&line(&order), "Your code is 482913");
    let refused = world.platform.orders.retry(retry(&world, order.head().id)).await;
    assert!(matches!(refused, Err(RetryError::NotRetryable)));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    assert_eq!(world.platform.store.all_orders().len(), 1);
    world.settled();
}

#[tokio::test]
async fn what_has_become_dearer_is_refused_and_what_is_cheaper_costs_less() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await.head().id;
    let service = world.platform.ask("whatsapp").expect("an ask").service;
    world.platform.provider.sell(service.clone(), dollars(1), 9);
    world.platform.clock.advance(minutes(5));
    // The cost is remembered for an hour; the provider refuses what is above it, and it is forgotten.
    let fails = retried(&world, order).await;
    assert_eq!(world.failure(fails.head().id).await, Some(Failure::PriceChanged));
    let refused = world.platform.orders.retry(retry(&world, fails.head().id)).await;
    assert!(matches!(refused, Err(RetryError::PriceAboveLimit { price }) if price.to_string() == "1.50"));
    world.platform.provider.sell(service, Money::from_units(200_000, Currency::Usd), 9);
    let world = world.restarted().await;
    let cheap = retried(&world, fails.head().id).await;
    assert_eq!((cheap.head().price.to_string(), cheap.head().attempt), ("0.30".into(), 3));
    world.settled();
}

#[tokio::test]
async fn completed_requested_and_foreign_orders_are_not_retried() {
    let world = World::new().await;
    let done = world.buy("whatsapp").await.head().id;
    world.platform.deliver(done, "Your code is 482913").await.expect("delivered");
    let unknown = world.buy_unknown("telegram").await;
    for of in [done, unknown] {
        let refused = world.platform.orders.retry(retry(&world, of)).await;
        assert!(matches!(refused, Err(RetryError::NotRetryable)));
    }
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    let foreign = Retry { user: ben, ..retry(&world, done) };
    assert!(matches!(world.platform.orders.retry(foreign).await, Err(RetryError::NotFound)));
}

#[tokio::test]
async fn a_retry_that_the_account_may_not_pay_for_leaves_the_old_order_waiting() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.owes("1.00").await;
    let refused = world.platform.orders.retry(retry(&world, order.head().id)).await;
    assert!(matches!(refused, Err(RetryError::Commit(CommitError::AccountBlocked))), "{refused:?}");
    assert_eq!(world.read(order.head().id).await, order);
    assert_eq!(world.platform.provider.calls(ProviderOperation::Cancel), 0);
    let done = world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    assert_eq!(done.status(), OrderStatus::Completed);
    world.lawful();
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_leaves_the_order_as_it_was() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Cancel, ProviderFailure::Unavailable, 1);
    let refused = world.platform.orders.retry(retry(&world, order.head().id)).await;
    assert!(matches!(refused, Err(RetryError::ProviderUnavailable(_))));
    assert_eq!(world.read(order.head().id).await, order);
    world.fail(ProviderOperation::Cancel, ProviderFailure::Declined(DeclineReason::Refused), 1);
    let refused = world.platform.orders.retry(retry(&world, order.head().id)).await;
    assert!(matches!(refused, Err(RetryError::NotRetryable)));
    assert_eq!(world.read(order.head().id).await, order);
    world.settled();
}

#[tokio::test]
async fn a_crash_before_the_commit_leaves_an_order_that_ends_by_itself() {
    let mut failing = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let (order, failing) = (world.buy("whatsapp").await.head().id, failing.expect("put in"));
    failing.fail_for(Some(order));
    let refused = world.platform.orders.retry(retry(&world, order)).await;
    assert!(matches!(refused, Err(RetryError::Commit(CommitError::Unavailable(_)))));
    failing.fail_for(None);
    let world = world.restarted().await;
    world.pass(16).await;
    assert_eq!(world.status(order).await, OrderStatus::Cancelled);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn a_lost_answer_of_the_store_is_answered_by_the_key() {
    let mut failing = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        store.lost.store(true, Ordering::SeqCst);
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let (order, failing) = (world.buy("whatsapp").await.head().id, failing.expect("put in"));
    failing.fail_for(Some(order));
    let command = retry(&world, order);
    world.platform.orders.retry(command.clone()).await.expect_err("no answer");
    failing.fail_for(None);
    let again = world.platform.orders.retry(command).await.expect("the first");
    assert!(again.replayed);
    // Nobody sent it: it is found out by looking, and the money goes back.
    world.pass(150).await;
    assert_eq!(world.status(again.value.head().id).await, OrderStatus::Failed);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn retries_cancels_and_codes_at_once_end_the_order_one_way() {
    for with_code in [false, true] {
        let world =
            Arc::new(World::with(|fakes, ports| ports.store = Arc::new(Polite(fakes.store.clone()))).await);
        let order = world.buy("whatsapp").await;
        let id = order.head().id;
        if with_code {
            world.text(&line(&order), "Your code is 482913");
        }
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..12 {
            let world = world.clone();
            tasks.spawn(async move {
                match n % 3 {
                    0 => return world.platform.orders.retry(retry(&world, id)).await.is_ok(),
                    1 => drop(world.platform.orders.cancel(world.ada, id).await),
                    _ => drop(world.platform.orders.poll().await),
                }
                false
            });
        }
        let mut retries = 0;
        while let Some(answer) = tasks.join_next().await {
            retries += u32::from(answer.expect("a task"));
        }
        let orders = world.platform.store.all_orders().len();
        assert_eq!((retries, orders), if with_code { (0, 1) } else { (1, 2) });
        world.settled();
    }
}

#[tokio::test]
async fn an_order_may_be_left_from_a_time_on_and_not_once_its_user_wants_out() {
    let world = World::with(|_, ports| ports.orders.cancel_after_s = 60).await;
    let order = world.buy("whatsapp").await;
    let at = |s| order.head().created_at + seconds(s);
    assert!(!order.can_retry(at(59)) && !order.can_swap(at(59)));
    assert!(order.can_retry(at(60)) && order.can_swap(at(60)));
    let Order::Waiting(mut waiting) = order.clone() else { panic!("it waits") };
    waiting.head.cancel_requested_at = Some(at(61));
    let leaving = Order::from(waiting);
    assert!(!leaving.can_retry(at(62)) && !leaving.can_swap(at(62)));
}
