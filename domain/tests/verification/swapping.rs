//! Swapping: another number for the same order and the same hold, twice at most.

use std::sync::{Arc, atomic::Ordering};

use namaskah_domain::{
    CommitError, OrderId,
    memory::{ProviderFailure, ProviderOperation},
    time::minutes,
    verification::{DeclineReason, Order, OrderStatus, Swap, SwapError},
};

use crate::{
    world::{World, line},
    wrappers::{Failing, Polite},
};

fn swap(world: &World, order: OrderId) -> Swap {
    let key: OrderId = world.platform.id();
    let claim = world.platform.claim(world.ada, &key.uuid().to_string(), order.uuid()).expect("a claim");
    Swap { user: world.ada, order, claim }
}

pub async fn swapped(world: &World, order: OrderId) -> Result<Order, SwapError> {
    world.platform.orders.swap(swap(world, order)).await.map(|done| done.value)
}

#[tokio::test]
async fn a_swapped_order_keeps_its_hold_and_has_another_number_twice() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let id = order.head().id;
    let mut numbers = vec![line(&order).number];
    for swaps in 1..=2 {
        let after = swapped(&world, id).await.expect("another number");
        assert_eq!((after.status(), after.head().swaps), (OrderStatus::Waiting, swaps));
        assert_eq!((after.head().id, after.head().hold), (id, order.head().hold));
        assert!(!numbers.contains(&line(&after).number));
        numbers.push(line(&after).number);
        assert_eq!(world.money().await, ("98.87".into(), "1.13".into()));
        world.lawful();
    }
    assert!(matches!(swapped(&world, id).await, Err(SwapError::NotSwappable)));
    assert_eq!(world.status(id).await, OrderStatus::Waiting);
    let done = world.platform.deliver(id, "Your code is 482913").await.expect("delivered");
    assert_eq!(done.status(), OrderStatus::Completed);
    assert_eq!(world.platform.provider.credited().to_string(), "1.50");
    world.settled();
}

#[tokio::test]
async fn the_same_key_swaps_once_and_another_command_under_it_not_at_all() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let command = swap(&world, order.head().id);
    let first = world.platform.orders.swap(command.clone()).await.expect("another number");
    let again = world.platform.orders.swap(command.clone()).await.expect("the same");
    assert_eq!((again.replayed, &again.value), (true, &first.value));
    let mut claim = command.claim;
    claim.fingerprint = namaskah_domain::Fingerprint([7; 32]);
    let refused = world.platform.orders.swap(Swap { claim, ..swap(&world, order.head().id) }).await;
    assert!(matches!(refused, Err(SwapError::Commit(CommitError::KeyReused))));
    assert_eq!(world.read(order.head().id).await, first.value);
    world.settled();
}

#[tokio::test]
async fn a_code_that_was_quicker_completes_the_order() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.text(&line(&order), "Your code is 482913");
    assert!(matches!(swapped(&world, order.head().id).await, Err(SwapError::NotSwappable)));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    world.settled();
}

#[tokio::test]
async fn an_account_that_is_blocked_gets_no_other_number() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.owes("1.00").await;
    let refused = swapped(&world, order.head().id).await;
    assert!(matches!(refused, Err(SwapError::Commit(CommitError::AccountBlocked))), "{refused:?}");
    assert_eq!(world.read(order.head().id).await, order);
    assert_eq!(world.platform.provider.calls(ProviderOperation::Cancel), 0);
    world.settled();
}

#[tokio::test]
async fn a_swap_that_is_refused_ends_the_order_and_gives_its_money_back() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Buy, ProviderFailure::Declined(DeclineReason::NoNumbers), 1);
    let after = swapped(&world, order.head().id).await.expect("an answer");
    assert_eq!(after.status(), OrderStatus::Cancelled);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn a_number_that_was_seen_before_is_no_other_number() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.provider.next_number(line(&order).number.expect("it is kept"));
    let after = swapped(&world, order.head().id).await.expect("an answer");
    assert_eq!(after.status(), OrderStatus::Cancelled);
    world.platform.tick().await;
    world.settled();
}

#[tokio::test]
async fn an_unknown_outcome_waits_without_a_number_until_it_is_found() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Buy, ProviderFailure::LostAnswer, 1);
    let after = swapped(&world, order.head().id).await.expect("an answer");
    assert_eq!((after.status(), after.line()), (OrderStatus::Waiting, None));
    assert_eq!(after.expires_at(), Some(line(&order).expires_at));
    world.lawful();
    world.pass(20).await;
    let found = world.read(order.head().id).await;
    assert_eq!(found.status(), OrderStatus::Waiting);
    assert_ne!(line(&found).number, line(&order).number);
    world.settled();
}

#[tokio::test]
async fn an_order_that_is_cancelled_between_two_numbers_ends_when_the_next_is_known() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.fail(ProviderOperation::Buy, ProviderFailure::LostAnswer, 1);
    swapped(&world, order.head().id).await.expect("an answer");
    let asked = world.platform.orders.cancel(world.ada, order.head().id).await.expect("recorded");
    assert_eq!((asked.status(), asked.line()), (OrderStatus::Waiting, None));
    world.pass(20).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Cancelled);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn an_order_between_two_numbers_has_its_money_back_at_its_end() {
    let (world, odd) = World::at_an_odd_provider().await;
    let order = world.buy("whatsapp").await;
    world.platform.clock.advance(minutes(14));
    odd.slow_buys.store(1, Ordering::SeqCst);
    let swapping = tokio::spawn({
        let world = world.clone();
        async move { swapped(&world, order.head().id).await }
    });
    while world.platform.provider.reservations().len() < 2 {
        tokio::task::yield_now().await;
    }
    world.platform.clock.advance(minutes(1));
    world.platform.orders.expire_due().await.expect("ended");
    let id = world.platform.store.all_orders()[0].head().id;
    assert_eq!(world.status(id).await, OrderStatus::Expired);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.lawful();
    odd.let_go.notify_one();
    let answer = swapping.await.expect("a task").expect("an answer");
    assert_eq!(answer.status(), OrderStatus::Expired);
    assert_eq!(world.orphans(), 1);
    world.platform.tick().await;
    world.settled();
}

#[tokio::test]
async fn a_cancel_that_an_order_outran_by_a_swap_ends_its_new_number_too() {
    let (world, odd) = World::at_an_odd_provider().await;
    let id = world.buy("whatsapp").await.head().id;
    odd.slow_cancels.store(1, Ordering::SeqCst);
    let cancelling = tokio::spawn({
        let world = world.clone();
        async move { world.platform.orders.cancel(world.ada, id).await }
    });
    while world.platform.provider.credited().is_zero() {
        tokio::task::yield_now().await;
    }
    let moved = swapped(&world, id).await.expect("another number");
    assert_eq!((moved.status(), world.platform.provider.reservations().len()), (OrderStatus::Waiting, 2));
    // What the provider says of the first number says nothing of the second.
    odd.let_go.notify_one();
    let answer = cancelling.await.expect("a task").expect("cancelled");
    assert_eq!(answer.status(), OrderStatus::Cancelled);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    assert_eq!(world.platform.provider.credited().to_string(), "1.50");
    world.settled();
}

#[tokio::test]
async fn a_crash_before_the_commit_leaves_an_order_that_ends_by_itself() {
    for lost in [false, true] {
        let mut failing = None;
        let world = World::with(|fakes, ports| {
            let store = Arc::new(Failing::new(fakes.store.clone()));
            store.lost.store(lost, Ordering::SeqCst);
            ports.store = store.clone();
            failing = Some(store);
        })
        .await;
        let (order, failing) = (world.buy("whatsapp").await.head().id, failing.expect("put in"));
        failing.fail_for(Some(order));
        assert!(swapped(&world, order).await.is_err());
        failing.fail_for(None);
        let world = world.restarted().await;
        // Nobody sent it: found out by looking.
        world.pass(150).await;
        assert_eq!(world.status(order).await, OrderStatus::Cancelled);
        assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
        world.settled();
    }
}

#[tokio::test]
async fn swaps_and_cancels_at_once_end_in_one_order_with_one_hold() {
    let world =
        Arc::new(World::with(|fakes, ports| ports.store = Arc::new(Polite(fakes.store.clone()))).await);
    let id = world.buy("whatsapp").await.head().id;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..12 {
        let world = world.clone();
        tasks.spawn(async move {
            match n % 3 {
                0 => drop(world.platform.orders.cancel(world.ada, id).await),
                1 => drop(world.platform.orders.poll().await),
                _ => drop(swapped(&world, id).await),
            }
        });
    }
    while let Some(joined) = tasks.join_next().await {
        joined.expect("a task");
    }
    world.pass(30).await;
    assert_eq!(world.platform.store.all_holds().len(), 1);
    world.settled();
}
