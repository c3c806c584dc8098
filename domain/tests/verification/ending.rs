//! Ends by time and by the provider: the money is back within five seconds.

use std::sync::{Arc, atomic::Ordering};

use namaskah_domain::{
    Clock, OrderId,
    memory::{Platform, ProviderFailure, ProviderOperation},
    time::{minutes, seconds},
    verification::{OrderStatus, ReservationState},
};

use crate::{
    swapping::swapped,
    world::{World, line},
    wrappers::{Counting, Failing, Odd, Polite},
};

#[tokio::test]
async fn without_a_code_the_money_is_back_when_the_time_is_over() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.advance(minutes(15) - seconds(1)).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Waiting);
    world.platform.advance(seconds(1)).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Expired);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn all_that_end_in_one_go_are_counted_whichever_way_they_come() {
    let world = World::new().await;
    let (moving, _overdue) = (world.buy("whatsapp").await, world.buy("telegram").await);
    world.platform.clock.advance(seconds(3));
    let _polled = world.buy("telegram").await;
    // One has given up its number, and the next one's answer is lost.
    world.platform.clock.advance(minutes(15) - seconds(4));
    world.fail(ProviderOperation::Buy, ProviderFailure::LostAnswer, 1);
    swapped(&world, moving.head().id).await.expect("an answer");
    // Four seconds past the end of the first two, one past that of the third: it is over with one more poll.
    world.platform.clock.advance(seconds(5));
    assert!(matches!(world.platform.orders.expire_due().await, Ok(3)));
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
}

#[tokio::test]
async fn a_code_of_the_last_moment_wins_over_the_end() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.clock.advance(minutes(15) - seconds(1));
    world.text(&line(&order), "Your code is 482913");
    world.platform.clock.advance(seconds(1));
    world.platform.orders.expire_due().await.expect("done");
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    world.settled();
}

#[tokio::test]
async fn if_the_provider_cannot_be_read_the_money_is_back_four_seconds_after_the_end() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Messages, ProviderFailure::Unavailable, 100);
    world.fail(ProviderOperation::List, ProviderFailure::Unavailable, 100);
    world.platform.clock.advance(minutes(15));
    for waited in 0..4 {
        world.platform.orders.expire_due().await.expect("done");
        assert_eq!(world.status(order.head().id).await, OrderStatus::Waiting, "after {waited} s");
        world.platform.clock.advance(seconds(1));
    }
    world.platform.orders.expire_due().await.expect("done");
    assert_eq!(world.status(order.head().id).await, OrderStatus::Expired);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
}

#[tokio::test]
async fn if_the_provider_never_answers_the_money_is_back_four_seconds_after_the_end() {
    let mut odd = None;
    let world = World::with(|fakes, ports| {
        let hanging = Arc::new(Odd::new(fakes.provider.clone()));
        ports.numbers = hanging.clone();
        odd = Some(hanging);
    })
    .await;
    let world = Arc::new(world);
    let order = world.buy("whatsapp").await;
    odd.expect("put in").hangs.store(true, Ordering::SeqCst);
    world.platform.clock.advance(minutes(15));
    let ending = tokio::spawn({
        let world = world.clone();
        async move { world.platform.orders.expire_due().await }
    });
    while world.platform.clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    let end = line(&order).expires_at;
    assert_eq!(world.platform.clock.next_wake(), Some(end + seconds(4)));
    world.platform.clock.advance(seconds(4));
    assert!(matches!(ending.await.expect("a task"), Ok(1)));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Expired);
}

#[tokio::test]
async fn a_restart_gives_back_what_ended_while_nobody_was_there() {
    let mut world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.clock.advance(minutes(60));
    world.platform = world.platform.restarted().await.expect("a new process");
    world.platform.tick().await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Expired);
    world.settled();
}

#[tokio::test]
async fn one_order_that_cannot_be_ended_holds_up_nobody_elses_money() {
    let mut failing = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let first = world.buy("whatsapp").await;
    world.platform.clock.advance(seconds(1));
    let second = world.buy("whatsapp").await;
    failing.expect("put in").fail_for(Some(first.head().id));
    world.platform.clock.advance(minutes(15));
    world.platform.orders.expire_due().await.expect_err("one failed");
    assert_eq!(world.status(first.head().id).await, OrderStatus::Waiting);
    assert_eq!(world.status(second.head().id).await, OrderStatus::Expired);
}

/// Waiting orders of Ada, who can afford them.
async fn many(world: &World, count: usize) -> Vec<OrderId> {
    world.platform.provider.set_account_limit(usize::MAX);
    world.platform.fund(world.ada, "1000.00").await.expect("funds");
    let mut orders = Vec::new();
    for _ in 0..count {
        orders.push(world.buy("telegram").await.head().id);
    }
    orders
}

#[tokio::test]
async fn orders_that_end_together_cost_one_poll_and_end_together() {
    let world = World::with(|_, ports| ports.orders.max_open_orders = 1_000).await;
    let orders = many(&world, 1_000).await;
    world.platform.clock.advance(minutes(15));
    let before = world.platform.provider.calls(ProviderOperation::Messages);
    assert!(matches!(world.platform.orders.expire_due().await, Ok(1_000)));
    assert_eq!(world.platform.provider.calls(ProviderOperation::Messages), before + 1);
    for order in orders {
        assert_eq!(world.status(order).await, OrderStatus::Expired);
    }
    assert_eq!(world.money().await, ("1100.00".into(), "0.00".into()));
}

#[tokio::test]
async fn two_instances_end_each_order_once_and_share_the_work() {
    let mut counting = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Counting::new(fakes.store.clone()));
        (ports.store, ports.orders.max_open_orders) = (store.clone(), 1_000);
        counting = Some(store);
    })
    .await;
    let orders = many(&world, 1_000).await;
    world.platform.clock.advance(minutes(15));
    let other = world.platform.restarted().await.expect("another process");
    let counting = counting.expect("put in");
    let before = counting.commits();
    let all = async |platform: &Platform| {
        let mut ended = 0;
        while platform.store.count_orders(OrderStatus::Waiting) > 0 {
            ended += platform.orders.expire_due().await.expect("the store answers");
        }
        ended
    };
    let (first, second) = tokio::join!(all(&world.platform), all(&other));
    assert_eq!(first + second, 1_000);
    assert!(first.min(second) > 100, "{first} and {second}");
    let tried = counting.commits() - before;
    assert!(tried < 1_600, "{tried} commits for 1,000 orders");
    for order in orders {
        assert_eq!(world.status(order).await, OrderStatus::Expired);
    }
    assert_eq!(world.money().await, ("1100.00".into(), "0.00".into()));
    world.lawful();
}

#[tokio::test]
async fn an_order_that_moves_on_between_read_and_commit_is_read_again() {
    let world = World::with(|fakes, ports| ports.store = Arc::new(Polite(fakes.store.clone()))).await;
    let order = world.buy("whatsapp").await;
    world.platform.clock.advance(minutes(15) - seconds(1));
    let text = world.text(&line(&order), "Your code is 482913");
    world.platform.clock.advance(seconds(5));
    // The end and the code's notice are decided on the same order.
    let (ended, taken) =
        tokio::join!(world.platform.orders.expire_due(), world.platform.orders.receive(vec![text]));
    ended.expect("a lost race is no failure");
    taken.expect("taken in");
    assert!(world.status(order.head().id).await.is_final());
    world.platform.tick().await;
    world.settled();
}

#[tokio::test]
async fn what_the_provider_ended_ends_here_with_its_credit_booked() {
    for (state, status) in [
        (ReservationState::TimedOut, OrderStatus::Expired),
        (ReservationState::Cancelled, OrderStatus::Cancelled),
    ] {
        let world = World::new().await;
        let order = world.buy("whatsapp").await;
        world.platform.provider.set_state(&line(&order).reservation, state);
        assert!(matches!(world.platform.orders.follow_states().await, Ok(1)));
        assert_eq!(world.status(order.head().id).await, status);
        assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
        world.settled();
    }
}

#[tokio::test]
async fn a_reported_number_ends_the_order_and_its_credit_is_booked_when_it_comes() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let reservation = line(&order).reservation;
    world.platform.provider.set_state(&reservation, ReservationState::Reported);
    world.platform.tick().await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Cancelled);
    world.platform.provider.set_state(&reservation, ReservationState::Cancelled);
    world.platform.advance(minutes(2)).await;
    world.settled();
}

#[tokio::test]
async fn a_state_that_we_do_not_know_ends_nothing() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.provider.set_state(&line(&order).reservation, ReservationState::Other);
    world.platform.advance(minutes(2)).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Waiting);
}

#[tokio::test]
async fn a_time_out_upstream_with_a_code_in_it_is_a_code() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.text(&line(&order), "Your code is 482913");
    world.platform.provider.set_state(&line(&order).reservation, ReservationState::TimedOut);
    world.platform.orders.follow_states().await.expect("followed");
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    world.settled();
}

#[tokio::test]
async fn the_provider_is_told_of_an_end_until_it_has_heard() {
    let world = World::new().await;
    world.platform.provider.set_lifetime(minutes(15));
    let order = world.buy("whatsapp").await;
    // Its clock lags: to it the number still waits when our order has ended.
    world.platform.provider.set_skew(seconds(0));
    world.fail(ProviderOperation::Get, ProviderFailure::Unavailable, 2);
    world.platform.advance(minutes(15)).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Expired);
    assert_eq!(world.purchase_of(order.head().id).bought().map(|b| b.cost.to_string()), Some("0.75".into()));
    world.platform.advance(seconds(5)).await;
    world.platform.advance(seconds(10)).await;
    world.settled();
    assert!(world.platform.store.buried_jobs().is_empty());
    assert!(world.platform.clock.now() < line(&order).expires_at + minutes(1));
}

#[tokio::test]
async fn an_ended_order_never_changes_again() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.advance(minutes(15)).await;
    let ended = world.read(order.head().id).await;
    let late = world.platform.provider.receive(&line(&order).reservation, "Your code is 482913", None);
    assert_eq!(late, None);
    world.platform.advance(minutes(10)).await;
    assert_eq!(world.read(order.head().id).await, ended);
}
