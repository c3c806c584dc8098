//! Cancelling: the provider's state decides, and a second time changes nothing.

use std::sync::{Arc, atomic::Ordering};

use namaskah_domain::{
    memory::{ProviderFailure, ProviderOperation},
    time::{minutes, seconds},
    verification::{CancelError, DeclineReason, Order, OrderStatus, ReservationState},
};

use crate::{
    world::{World, line},
    wrappers::Failing,
};

#[tokio::test]
async fn a_cancelled_order_has_its_money_back_and_a_second_cancel_is_answered_alike() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let first = world.platform.orders.cancel(world.ada, order.head().id).await.expect("cancelled");
    assert_eq!(first.status(), OrderStatus::Cancelled);
    for _ in 0..3 {
        // Cancel, read, cancel: nothing is given back twice.
        let read = world.platform.orders.get(world.ada, order.head().id).await.expect("read").order;
        let again = world.platform.orders.cancel(world.ada, order.head().id).await.expect("as before");
        assert_eq!((&read, &again), (&first, &first));
    }
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    assert_eq!(world.platform.provider.credited().to_string(), "0.75");
    world.settled();
}

#[tokio::test]
async fn cancelling_many_times_at_once_gives_back_once() {
    let world = Arc::new(
        World::with(|fakes, ports| ports.store = Arc::new(crate::wrappers::Polite(fakes.store.clone())))
            .await,
    );
    let order = world.buy("whatsapp").await.head().id;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let world = world.clone();
        tasks.spawn(async move { world.platform.orders.cancel(world.ada, order).await });
    }
    while let Some(answer) = tasks.join_next().await {
        assert!(matches!(answer.expect("a task"), Ok(Order::Cancelled(_))));
    }
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn a_code_that_was_quicker_wins_and_the_cancel_is_refused() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.text(&line(&order), "Your code is 482913");
    let refused = world.platform.orders.cancel(world.ada, order.head().id).await;
    assert!(matches!(refused, Err(CancelError::NotCancellable)));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    world.settled();
}

#[tokio::test]
async fn a_code_and_a_cancel_at_once_end_the_order_one_way_and_the_money_with_it() {
    for code_first in [true, false] {
        let world = Arc::new(
            World::with(|fakes, ports| ports.store = Arc::new(crate::wrappers::Polite(fakes.store.clone())))
                .await,
        );
        let order = world.buy("whatsapp").await;
        let id = order.head().id;
        if code_first {
            world.text(&line(&order), "Your code is 482913");
        }
        let cancelling = tokio::spawn({
            let world = world.clone();
            async move { world.platform.orders.cancel(world.ada, id).await }
        });
        let polling = tokio::spawn({
            let world = world.clone();
            async move { world.platform.orders.poll().await }
        });
        let (cancelled, polled) = (cancelling.await.expect("a task"), polling.await.expect("a task"));
        polled.expect("polled");
        let status = world.status(id).await;
        assert_eq!(cancelled.is_ok(), status == OrderStatus::Cancelled);
        assert_eq!(code_first, status == OrderStatus::Completed);
        world.settled();
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_leaves_everything_as_it_was() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Cancel, ProviderFailure::Unavailable, 1);
    world.fail(ProviderOperation::Get, ProviderFailure::Unavailable, 1);
    let refused = world.platform.orders.cancel(world.ada, order.head().id).await;
    assert!(matches!(refused, Err(CancelError::ProviderUnavailable(_))));
    assert_eq!(world.read(order.head().id).await, order);
    assert_eq!(world.money().await, ("98.87".into(), "1.13".into()));
    world.settled();
}

#[tokio::test]
async fn a_cancel_that_did_not_arrive_may_be_tried_again() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Cancel, ProviderFailure::Unavailable, 1);
    let refused = world.platform.orders.cancel(world.ada, order.head().id).await;
    assert!(matches!(refused, Err(CancelError::ProviderUnavailable(_))));
    let cancelled = world.platform.orders.cancel(world.ada, order.head().id).await;
    assert!(matches!(cancelled, Ok(Order::Cancelled(_))));
    world.settled();
}

#[tokio::test]
async fn a_cancel_whose_answer_is_lost_is_seen_by_reading_again() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Cancel, ProviderFailure::LostAnswer, 1);
    let cancelled = world.platform.orders.cancel(world.ada, order.head().id).await;
    assert!(matches!(cancelled, Ok(Order::Cancelled(_))));
    world.settled();
}

#[tokio::test]
async fn a_cancel_whose_answers_are_all_lost_is_found_by_following_the_states() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Cancel, ProviderFailure::LostAnswer, 1);
    world.fail(ProviderOperation::Get, ProviderFailure::Unavailable, 1);
    world.platform.orders.cancel(world.ada, order.head().id).await.expect_err("no answer");
    world.platform.advance(seconds(15)).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Cancelled);
    world.settled();
}

#[tokio::test]
async fn a_number_that_the_provider_keeps_open_is_not_cancelled() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Cancel, ProviderFailure::Declined(DeclineReason::Refused), 1);
    let refused = world.platform.orders.cancel(world.ada, order.head().id).await;
    assert!(matches!(refused, Err(CancelError::NotCancellable)));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Waiting);
}

#[tokio::test]
async fn completed_expired_and_failed_orders_are_not_cancelled() {
    let world = World::new().await;
    let done = world.buy("whatsapp").await;
    world.platform.deliver(done.head().id, "Your code is 482913").await.expect("delivered");
    let expired = world.buy("whatsapp").await;
    world.platform.advance(minutes(15)).await;
    world.fail(ProviderOperation::Buy, ProviderFailure::Declined(DeclineReason::NoNumbers), 1);
    let failed = world.buy("whatsapp").await;
    for order in [done, expired, failed] {
        let before = world.read(order.head().id).await;
        let refused = world.platform.orders.cancel(world.ada, order.head().id).await;
        assert!(matches!(refused, Err(CancelError::NotCancellable)));
        assert_eq!(world.read(order.head().id).await, before);
    }
    world.settled();
}

#[tokio::test]
async fn nobody_cancels_somebody_elses_order() {
    let world = World::new().await;
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    let order = world.buy("whatsapp").await;
    let refused = world.platform.orders.cancel(ben, order.head().id).await;
    assert!(matches!(refused, Err(CancelError::NotFound)));
    assert!(world.platform.orders.get(ben, order.head().id).await.is_err());
    assert_eq!(world.status(order.head().id).await, OrderStatus::Waiting);
}

#[tokio::test]
async fn an_order_may_be_cancelled_only_from_its_time_on() {
    let world = World::with(|_, ports| ports.orders.cancel_after_s = 60).await;
    let order = world.buy("whatsapp").await;
    world.platform.clock.advance(seconds(59));
    let early = world.platform.orders.cancel(world.ada, order.head().id).await;
    assert!(
        matches!(early, Err(CancelError::TooEarly { allowed_at }) if allowed_at == order.head().cancel_allowed_at)
    );
    world.platform.clock.advance(seconds(1));
    world.platform.orders.cancel(world.ada, order.head().id).await.expect("cancelled");
}

#[tokio::test]
async fn a_cancel_before_the_number_is_known_waits_for_it_and_then_ends_the_order() {
    let world = World::new().await;
    let id = world.buy_unknown("whatsapp").await;
    let asked = world.platform.orders.cancel(world.ada, id).await.expect("recorded");
    assert_eq!(asked.status(), OrderStatus::Requested);
    assert_eq!(world.money().await.1, "1.13");
    let again = world.platform.orders.cancel(world.ada, id).await.expect("as before");
    assert_eq!(again, asked);
    world.pass(14).await;
    assert_eq!(world.status(id).await, OrderStatus::Cancelled);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn a_cancel_while_the_purchase_is_under_way_ends_the_order_when_its_answer_comes() {
    let (world, odd) = World::at_an_odd_provider().await;
    odd.slow_buys.store(1, Ordering::SeqCst);
    let command = world.order("whatsapp");
    let id = command.id;
    let buying = tokio::spawn({
        let world = world.clone();
        async move { world.platform.orders.buy(command).await }
    });
    while world.platform.provider.reservations().is_empty() {
        tokio::task::yield_now().await;
    }
    world.platform.orders.cancel(world.ada, id).await.expect("recorded");
    odd.let_go.notify_one();
    let answer = buying.await.expect("a task").expect("an answer").value;
    assert_eq!(answer.status(), OrderStatus::Cancelled);
    world.settled();
}

#[tokio::test]
async fn a_cancel_asked_before_the_number_came_survives_a_provider_that_cannot_be_reached() {
    let world = World::new().await;
    let id = world.buy_unknown("whatsapp").await;
    world.platform.orders.cancel(world.ada, id).await.expect("recorded");
    world.platform.clock.advance(seconds(13));
    world.fail(ProviderOperation::Cancel, ProviderFailure::Unavailable, 1);
    world.platform.orders.reconcile().await.expect("bound");
    assert_eq!(world.status(id).await, OrderStatus::Waiting);
    // A code that comes before the next try would be lost to the user: so it is tried soon.
    world.pass(10).await;
    assert_eq!(world.status(id).await, OrderStatus::Cancelled);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn a_lost_answer_of_the_store_gives_the_money_back_once() {
    let mut failing = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        store.lost.store(true, Ordering::SeqCst);
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let (order, failing) = (world.buy("whatsapp").await, failing.expect("put in"));
    failing.fail_for(Some(order.head().id));
    let lost = world.platform.orders.cancel(world.ada, order.head().id).await;
    assert!(matches!(lost, Err(CancelError::Commit(_))));
    failing.fail_for(None);
    let again = world.platform.orders.cancel(world.ada, order.head().id).await;
    assert!(matches!(again, Ok(Order::Cancelled(_))));
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn a_cancel_after_the_end_tells_that_it_has_ended() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.clock.advance(minutes(15));
    let refused = world.platform.orders.cancel(world.ada, order.head().id).await;
    assert!(matches!(refused, Err(CancelError::NotCancellable)));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Expired);
    assert_eq!(world.platform.provider.reservations()[0].state, ReservationState::TimedOut);
    world.settled();
}
