//! Purchases whose answer was lost: settled by looking, never by sending again.

use std::sync::{Arc, atomic::Ordering};

use chrono::TimeDelta;
use namaskah_domain::{
    OrderId,
    memory::{ProviderFailure, ProviderOperation, laws::Snapshot},
    time::{hours, minutes, seconds},
    verification::{Failure, NumberProvider, OpenAttempt, OrderStatus, PurchaseState},
    wallet::House,
};

use crate::{
    world::{World, usd},
    wrappers::{Failing, Odd},
};

async fn states(world: &World, orders: &[OrderId]) -> Vec<OrderStatus> {
    let mut states = Vec::new();
    for order in orders {
        states.push(world.status(*order).await);
    }
    states
}

#[tokio::test]
async fn a_lost_answer_is_found_in_the_listing_and_nothing_is_sent_again() {
    let world = World::new().await;
    let id = world.buy_unknown("whatsapp").await;
    assert_eq!(world.money().await, ("98.87".into(), "1.13".into()));
    world.pass(12).await;
    assert_eq!(world.status(id).await, OrderStatus::Requested, "its answer may still come");
    world.pass(1).await;
    assert_eq!(world.status(id).await, OrderStatus::Waiting);
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 1);
    world.platform.deliver(id, "Your code is 482913").await.expect("delivered");
    world.settled();
}

#[tokio::test]
async fn a_purchase_that_never_arrived_is_absent_after_two_listings_and_its_money_is_back() {
    let world = World::new().await;
    world.fail(ProviderOperation::Buy, ProviderFailure::Unavailable, 1);
    let id = world.buy("whatsapp").await.head().id;
    world.pass(71).await;
    assert_eq!(world.status(id).await, OrderStatus::Requested);
    world.pass(2).await;
    assert_eq!(world.failure(id).await, Some(Failure::ProviderUnknown));
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 1);
    world.settled();
}

#[tokio::test]
async fn identical_orders_at_once_with_answers_lost_are_each_bound_to_a_number_of_their_own() {
    for lost in 0..=6 {
        let world = World::new().await;
        let mut orders = Vec::new();
        for at in 0..6 {
            if at < lost {
                orders.push(world.buy_unknown("whatsapp").await);
            } else {
                orders.push(world.buy("whatsapp").await.head().id);
            }
        }
        world.pass(14).await;
        assert_eq!(states(&world, &orders).await, [OrderStatus::Waiting; 6], "{lost} lost");
        assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 6);
        assert_eq!(world.orphans(), 0);
        world.settled();
    }
}

#[tokio::test]
async fn of_requests_that_were_lost_some_before_and_some_after_the_sale_each_number_finds_an_order() {
    let world = World::new().await;
    let mut orders = Vec::new();
    for failure in [ProviderFailure::Unavailable, ProviderFailure::LostAnswer, ProviderFailure::Unavailable] {
        world.fail(ProviderOperation::Buy, failure, 1);
        orders.push(world.buy("whatsapp").await.head().id);
    }
    world.pass(90).await;
    let mut states = states(&world, &orders).await;
    states.sort();
    assert_eq!(states, [OrderStatus::Waiting, OrderStatus::Failed, OrderStatus::Failed]);
    world.settled();
}

#[tokio::test]
async fn a_listing_that_lags_is_waited_for() {
    let world = World::new().await;
    world.platform.provider.set_listing_lag(seconds(40));
    let id = world.buy_unknown("whatsapp").await;
    world.pass(39).await;
    assert_eq!(world.status(id).await, OrderStatus::Requested);
    world.pass(2).await;
    assert_eq!(world.status(id).await, OrderStatus::Waiting);
    world.settled();
}

#[tokio::test]
async fn a_number_listed_after_its_purchase_was_given_up_is_an_orphan_and_cancelled() {
    let world = World::new().await;
    world.platform.provider.set_listing_lag(minutes(3));
    let id = world.buy_unknown("whatsapp").await;
    for _ in 0..20 {
        world.platform.advance(seconds(15)).await;
    }
    assert_eq!(world.failure(id).await, Some(Failure::ProviderUnknown));
    assert_eq!(world.orphans(), 1);
    assert_eq!(world.platform.provider.credited().to_string(), "0.75");
    world.settled();
}

#[tokio::test]
async fn while_listings_are_not_whole_nothing_is_called_absent_before_the_hard_stop() {
    let world = World::new().await;
    world.platform.provider.set_listings_complete(false);
    world.fail(ProviderOperation::Buy, ProviderFailure::Unavailable, 1);
    let id = world.buy("whatsapp").await.head().id;
    for _ in 0..79 {
        world.platform.advance(seconds(15)).await;
    }
    assert_eq!(world.status(id).await, OrderStatus::Requested);
    world.platform.advance(seconds(15)).await;
    assert_eq!(world.failure(id).await, Some(Failure::ProviderUnknown));
    world.settled();
}

#[tokio::test]
async fn with_a_provider_that_cannot_be_listed_the_money_is_back_after_twenty_minutes() {
    let world = World::new().await;
    let id = world.buy_unknown("whatsapp").await;
    world.fail(ProviderOperation::List, ProviderFailure::Unavailable, 1_000);
    for _ in 0..79 {
        world.platform.advance(seconds(15)).await;
    }
    assert_eq!(world.status(id).await, OrderStatus::Requested);
    world.platform.advance(seconds(15)).await;
    assert_eq!(world.failure(id).await, Some(Failure::ProviderUnknown));
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
}

#[tokio::test]
async fn past_the_hard_stop_a_number_that_is_found_is_booked_as_an_orphan_at_once() {
    let world = World::new().await;
    let id = world.buy_unknown("whatsapp").await;
    world.platform.advance(minutes(21)).await;
    assert_eq!(world.failure(id).await, Some(Failure::ProviderUnknown));
    assert_eq!(world.orphans(), 1);
    world.settled();
}

#[tokio::test]
async fn a_number_with_less_than_two_minutes_left_is_not_adopted() {
    let world = World::new().await;
    world.platform.provider.set_lifetime(minutes(2) + seconds(12));
    let id = world.buy_unknown("whatsapp").await;
    world.pass(13).await;
    assert_eq!(world.failure(id).await, Some(Failure::ProviderUnknown));
    assert_eq!(world.orphans(), 1);
    world.settled();
}

#[tokio::test]
async fn a_number_that_has_a_text_already_is_not_adopted() {
    let world = World::new().await;
    let id = world.buy_unknown("whatsapp").await;
    let reservation = world.platform.provider.reservations()[0].id.clone();
    world.platform.provider.receive(&reservation, "Your code is 999999", None).expect("received");
    world.pass(13).await;
    assert_eq!(world.failure(id).await, Some(Failure::ProviderUnknown));
    assert_eq!(world.codes(id).await, []);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn a_number_seen_before_is_not_adopted_and_is_cancelled() {
    let world = World::new().await;
    let first = world.buy("whatsapp").await;
    world.platform.provider.next_number(first.line().expect("a number").number.clone().expect("it is kept"));
    let id = world.buy_unknown("whatsapp").await;
    world.pass(200).await;
    assert_eq!(world.failure(id).await, Some(Failure::ProviderUnknown));
    assert_eq!(world.orphans(), 1);
    assert_eq!(world.platform.provider.credited().to_string(), "0.75");
    world.settled();
}

#[tokio::test]
async fn numbers_that_nobody_ordered_are_booked_and_cancelled_but_not_while_they_are_young() {
    let world = World::new().await;
    world.platform.tick().await;
    let attempt =
        OpenAttempt { ask: world.platform.ask("google").expect("an ask"), cost_cap: usd("1").money() };
    world.platform.provider.buy(&attempt).await.expect("sold");
    world.pass(100).await;
    assert_eq!(world.orphans(), 0, "our record of it may still be on its way");
    world.pass(100).await;
    assert_eq!(world.orphans(), 1);
    assert_eq!(world.platform.provider.credited().to_string(), "0.40");
    world.settled();
}

#[tokio::test]
async fn a_night_without_a_process_loses_no_number() {
    let mut world = World::new().await;
    let attempt =
        OpenAttempt { ask: world.platform.ask("google").expect("an ask"), cost_cap: usd("1").money() };
    world.platform.provider.buy(&attempt).await.expect("sold");
    world.platform.clock.advance(hours(10));
    world.platform = world.platform.restarted().await.expect("a new process");
    world.platform.tick().await;
    assert_eq!(world.orphans(), 1);
    world.settled();
}

#[tokio::test]
async fn an_answer_that_comes_after_the_reconciler_bound_its_number_changes_nothing() {
    let (world, odd) = World::at_an_odd_provider().await;
    odd.slow_buys.store(2, Ordering::SeqCst);
    let mut buying = Vec::new();
    let mut orders = Vec::new();
    for sold in 1..=2 {
        let command = world.order("whatsapp");
        orders.push(command.id);
        let of = world.clone();
        buying.push(tokio::spawn(async move { of.platform.orders.buy(command).await }));
        while world.platform.provider.reservations().len() < sold {
            tokio::task::yield_now().await;
        }
    }
    world.pass(14).await;
    assert_eq!(states(&world, &orders).await, [OrderStatus::Waiting; 2]);
    let before = Snapshot::of(&world.platform.store);
    odd.let_go.notify_one();
    odd.let_go.notify_one();
    for answer in buying {
        odd.let_go.notify_one();
        let answer = answer.await.expect("a task").expect("an answer");
        assert_eq!(answer.value.status(), OrderStatus::Waiting);
    }
    let after = Snapshot::of(&world.platform.store);
    assert_eq!((before.orders, before.journal), (after.orders, after.journal));
    world.settled();
}

#[tokio::test]
async fn an_answer_about_a_number_that_serves_another_order_binds_nothing_twice() {
    let world = World::new().await;
    let first = world.buy("whatsapp").await;
    // The same reservation comes back for the next purchase: a provider that repeats itself.
    let taken = first.line().expect("a number").reservation.clone();
    let same = world.platform.provider.reservation(&taken).await.expect("read");
    let mut provider = namaskah_domain::verification::ports::MockNumberProvider::new();
    provider.expect_id().return_const(namaskah_domain::verification::ProviderId::TextVerified);
    provider.expect_admits().return_const(namaskah_domain::breaker::Admits::All);
    provider.expect_skew().return_const(TimeDelta::zero());
    provider.expect_time_out().return_const(seconds(10));
    provider.expect_cost().returning(|_| Ok(usd("0.75").money()));
    provider.expect_buy().times(1).returning(move |_| Ok(same.clone()));
    let platform = &world.platform;
    let other = platform.new_user("ben@example.com").await.expect("a user");
    platform.fund(other, "10.00").await.expect("funds");
    let service = namaskah_domain::verification::VerificationService::new(
        platform.store.clone(),
        platform.store.clone(),
        Arc::new(provider),
        platform.store.clone(),
        Arc::new(namaskah_domain::verification::DirectTerms(platform.store.clone())),
        platform.clock.clone(),
        platform.random.clone(),
        namaskah_domain::verification::OrderPolicy {
            rule: namaskah_domain::verification::PriceRule::at_cost(),
            quote_s: 120,
            send_within_s: 2,
            cancel_after_s: 0,
            max_open_orders: 100,
            sells_test_services: true,
        },
        uuid::Uuid::from_u128(9),
    );
    let command = platform.order(other, "whatsapp", "2.00").expect("an order");
    let second = service.buy(command).await.expect("an answer").value;
    assert_eq!(second.status(), OrderStatus::Requested);
    world.pass(100).await;
    assert_eq!(world.failure(second.head().id).await, Some(Failure::ProviderUnknown));
    assert_eq!(world.status(first.head().id).await, OrderStatus::Waiting);
    world.settled();
}

#[tokio::test]
async fn a_crash_right_after_the_sale_is_settled_by_the_next_process() {
    let mut failing = None;
    let mut world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let failing = failing.expect("put in");
    // Commit A goes through, the process dies before commit B.
    let command = world.order("whatsapp");
    let id = command.id;
    let mut dying = Box::pin(async {
        world.fail(ProviderOperation::Buy, ProviderFailure::LostAnswer, 1);
        world.platform.orders.buy(command).await
    });
    let requested = dying.as_mut().await.expect("an answer").value;
    drop(dying);
    assert_eq!(requested.status(), OrderStatus::Requested);
    failing.fail_for(Some(id));
    world.platform.advance(seconds(13)).await;
    assert_eq!(world.status(id).await, OrderStatus::Requested, "the store was not there");
    failing.fail_for(None);
    world.platform = world.platform.restarted().await.expect("a new process");
    world.platform.tick().await;
    assert_eq!(world.status(id).await, OrderStatus::Waiting);
    world.settled();
}

#[tokio::test]
async fn one_unknown_purchase_that_cannot_be_settled_now_holds_up_no_other() {
    let mut failing = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let orders = [world.buy_unknown("whatsapp").await, world.buy_unknown("whatsapp").await];
    failing.expect("put in").fail_for(Some(orders[0]));
    world.platform.advance(seconds(13)).await;
    assert_eq!(states(&world, &orders).await, [OrderStatus::Requested, OrderStatus::Waiting]);
}

#[tokio::test]
async fn stamps_of_whole_seconds_hide_neither_a_number_nor_an_orphan() {
    let world = World::with(|fakes, ports| {
        let odd = Odd::new(fakes.provider.clone());
        odd.whole_seconds.store(true, Ordering::SeqCst);
        ports.numbers = Arc::new(odd);
    })
    .await;
    world.platform.clock.advance(TimeDelta::milliseconds(900));
    let id = world.buy_unknown("whatsapp").await;
    world.platform.advance(seconds(13)).await;
    assert_eq!(world.status(id).await, OrderStatus::Waiting);
    // Two wishes that cannot be told apart: at the hard stop their number must still be found.
    let first = world.buy_unknown("whatsapp").await;
    let mut second = world.order("whatsapp");
    second.ask.carrier = namaskah_domain::verification::Carrier::try_new("tmo").ok();
    world.fail(ProviderOperation::Buy, ProviderFailure::Unavailable, 1);
    let second = world.platform.orders.buy(second).await.expect("an answer").value.head().id;
    for _ in 0..100 {
        world.platform.advance(seconds(15)).await;
    }
    assert_eq!(states(&world, &[first, second]).await, [OrderStatus::Failed; 2]);
    assert_eq!(world.orphans(), 1);
    world.settled();
}

#[tokio::test]
async fn the_providers_books_are_ours_after_a_day_of_everything() {
    let world = World::new().await;
    for at in 0..12 {
        let lost = at % 3 == 0;
        let id = if lost { world.buy_unknown("google").await } else { world.buy("google").await.head().id };
        world.pass(14).await;
        match at % 4 {
            0 => drop(world.platform.deliver(id, "Your code is 482913").await.expect("delivered")),
            1 => drop(world.platform.orders.cancel(world.ada, id).await.expect("cancelled")),
            _ => {}
        }
    }
    for _ in 0..30 {
        world.platform.advance(minutes(1)).await;
    }
    world.settled();
    let now = Snapshot::of(&world.platform.store);
    let kept = world.platform.provider.charged().units() - world.platform.provider.credited().units();
    assert_eq!(now.house(House::ProviderFloatTextVerified), kept);
    assert_eq!(-now.house(House::CostOfNumbers), kept);
    assert_eq!(now.house(House::ProviderReceivable), 0);
    let bound = now.purchases.iter().filter(|p| matches!(p.state, PurchaseState::Bound(_))).count();
    assert_eq!(bound + world.orphans(), world.platform.provider.reservations().len());
}
