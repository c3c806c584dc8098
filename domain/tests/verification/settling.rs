//! What the provider is told and asked: its cost does not grow with orders.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use namaskah_domain::{
    memory::{ProviderFailure, ProviderOperation},
    time::{minutes, seconds},
    verification::{NumberEnd, OrderStatus, Pace},
};

use crate::{
    buying::service_over,
    world::{World, line},
};

const ASKED: [ProviderOperation; 4] =
    [ProviderOperation::Messages, ProviderOperation::List, ProviderOperation::Get, ProviderOperation::Cancel];

/// A world with so many waiting orders.
async fn waiting(count: usize) -> World {
    let world = World::with(|_, ports| ports.orders.max_open_orders = 10_000).await;
    world.platform.provider.set_account_limit(usize::MAX);
    world.platform.fund(world.ada, "1000.00").await.expect("funds");
    for _ in 0..count {
        world.buy("telegram").await;
    }
    world
}

fn calls(world: &World) -> [u32; 4] {
    ASKED.map(|operation| world.platform.provider.calls(operation))
}

/// What a minute of waiting asks of the provider: polls every 3 s as the worker makes them, states, nothing else.
async fn asked_in_a_minute(world: &World) -> [u32; 4] {
    let before = calls(world);
    for _ in 0..20 {
        world.platform.clock.advance(seconds(3));
        world.platform.orders.poll().await.expect("polled");
        world.platform.orders.follow_states().await.expect("followed");
        world.platform.orders.expire_due().await.expect("ended");
    }
    let after = calls(world);
    std::array::from_fn(|n| after[n] - before[n])
}

#[tokio::test]
async fn polling_costs_the_same_however_many_orders_wait() {
    for count in [1, 100, 1_000] {
        let world = waiting(count).await;
        assert_eq!(asked_in_a_minute(&world).await, [20, 4, 0, 0], "with {count} open orders");
        assert_eq!(asked_in_a_minute(&world).await, [20, 4, 0, 0], "with {count} open orders");
    }
}

#[tokio::test]
async fn a_thousand_ends_cost_a_listing_and_not_a_thousand_questions() {
    let world = waiting(1_000).await;
    world.platform.clock.advance(minutes(15));
    let before = calls(&world);
    while world.platform.orders.expire_due().await.expect("ended") > 0 {}
    world.platform.orders.follow_states().await.expect("followed");
    let after = calls(&world);
    assert_eq!(after.map(u64::from).iter().sum::<u64>() - before.map(u64::from).iter().sum::<u64>(), 2);
    world.platform.tick().await;
    assert_eq!(calls(&world)[2..], [0, 0], "no job had anything left to ask");
    world.settled();
}

#[tokio::test]
async fn a_number_that_times_out_upstream_a_moment_early_is_left_to_its_end() {
    let world = waiting(10).await;
    world.platform.clock.advance(minutes(15) - seconds(1));
    // Its clock runs a second ahead of what was measured when the numbers were bought.
    world.platform.provider.set_skew(seconds(1));
    let before = calls(&world);
    assert!(matches!(world.platform.orders.follow_states().await, Ok(0)));
    let after = calls(&world);
    assert_eq!(after[0], before[0], "no number is looked at by itself");
    world.platform.clock.advance(seconds(1));
    assert!(matches!(world.platform.orders.expire_due().await, Ok(10)));
}

#[tokio::test]
async fn a_credit_that_no_listing_shows_is_asked_for_by_itself() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::List, ProviderFailure::Unavailable, 1_000);
    world.platform.advance(minutes(15)).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Expired);
    world.settled();
}

#[tokio::test]
async fn a_code_that_was_paid_for_is_never_credited_by_a_listing() {
    let world = World::new().await;
    let (paid, _) = (world.buy("whatsapp").await, world.buy("whatsapp").await);
    world.text(&line(&paid), "Your code is 482913");
    world.platform.orders.poll().await.expect("polled");
    world.platform.advance(minutes(15)).await;
    assert_eq!(world.status(paid.head().id).await, OrderStatus::Completed);
    assert_eq!(world.money().await, ("98.87".into(), "0.00".into()));
    world.settled();
}

/// Counts turns, and lets them pass.
#[derive(Default)]
struct Turns(AtomicU32);

#[async_trait]
impl Pace for Turns {
    async fn turn(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn every_call_that_tells_of_an_end_waits_for_its_turn() {
    let world = World::new().await;
    // To the provider the numbers live on when our orders have ended.
    let orders = [world.buy("whatsapp").await, world.buy("whatsapp").await];
    world.platform.clock.advance(minutes(15));
    world.platform.provider.set_skew(seconds(-60));
    world.fail(ProviderOperation::List, ProviderFailure::Unavailable, 1_000);
    assert!(matches!(world.platform.orders.expire_due().await, Ok(2)));
    let turns = Arc::new(Turns::default());
    let paced = service_over(&world, world.platform.store.clone()).paced(turns.clone());
    let before = calls(&world);
    for order in &orders {
        assert!(matches!(paced.end_reservation(line(order).purchase).await, Ok(NumberEnd::Settled)));
    }
    let after = calls(&world);
    let told: u32 = (2..4).map(|n| after[n] - before[n]).sum();
    assert_eq!((told, turns.0.load(Ordering::SeqCst)), (6, 6));
    for order in &orders {
        assert!(matches!(paced.end_reservation(line(order).purchase).await, Ok(NumberEnd::Settled)));
    }
    assert_eq!(turns.0.load(Ordering::SeqCst), 6, "what is settled costs no turn");
    world.platform.tick().await;
    world.settled();
}
