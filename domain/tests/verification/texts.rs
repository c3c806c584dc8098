//! Texts: which are an order's own, and what they cost.

use std::sync::{Arc, atomic::Ordering};

use chrono::TimeDelta;
use namaskah_domain::{
    Clock, ReservationId,
    memory::{ProviderFailure, ProviderOperation},
    outbox::NoticeReads,
    time::{minutes, seconds},
    verification::{IncomingMessage, NumberProvider, Order, OrderStatus, ReservationState},
};

use crate::{
    world::{World, completed, line},
    wrappers::{Failing, Odd},
};

#[tokio::test]
async fn the_first_code_is_paid_for_and_revenue_and_cost_are_booked_in_that_commit() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let done = world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    assert!(completed(&done).is_some());
    assert_eq!(world.codes(order.head().id).await, [Some("482913".into())]);
    assert_eq!(world.money().await, ("98.87".into(), "0.00".into()));
    let journal = world.platform.store.journal();
    let of_order: Vec<String> = journal[3..]
        .iter()
        .map(|p| format!("{} -> {} {:?}", p.transfer.debit, p.transfer.credit, p.transfer.amount))
        .collect();
    assert_eq!(
        of_order,
        [
            "provider_receivable -> provider_float:textverified 0.75 USD",
            "wallet -> revenue 1.13 USD",
            "cost_of_numbers -> provider_receivable 0.75 USD"
        ]
    );
    world.settled();
}

#[tokio::test]
async fn a_notice_alone_brings_the_code() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let text = world.text(&line(&order), "Your code is 482913");
    world.platform.notify_text(&text).await.expect("stored");
    let handled = world.platform.orders.handle_notices(world.platform.store.as_ref()).await;
    assert!(matches!(handled, Ok(1)));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
}

#[tokio::test]
async fn with_every_notice_lost_the_shared_poll_brings_the_code() {
    let world = World::new().await;
    let orders = [world.buy("whatsapp").await, world.buy("telegram").await];
    for order in &orders {
        world.text(&line(order), "Your code is 482913");
    }
    let reads = world.platform.provider.calls(ProviderOperation::Messages);
    assert!(matches!(world.platform.orders.poll().await, Ok(2)));
    // One account-wide read, however many orders wait.
    assert_eq!(world.platform.provider.calls(ProviderOperation::Messages) - reads, 1);
    for order in &orders {
        assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    }
}

#[tokio::test]
async fn a_text_that_names_no_reservation_makes_us_read_those_of_its_number() {
    let world = odd(|odd| odd.unnamed.store(true, Ordering::SeqCst)).await;
    let order = world.buy("whatsapp").await;
    world.text(&line(&order), "Your code is 482913");
    assert!(matches!(world.platform.orders.poll().await, Ok(1)));
    assert_eq!(world.codes(order.head().id).await, [Some("482913".into())]);
}

async fn odd(set: impl FnOnce(&Odd)) -> World {
    World::with(|fakes, ports| {
        let odd = Odd::new(fakes.provider.clone());
        set(&odd);
        ports.numbers = Arc::new(odd);
    })
    .await
}

fn forged(order: &Order, reservation: ReservationId, received_at: namaskah_domain::Time) -> IncomingMessage {
    IncomingMessage {
        reservation: Some(reservation),
        to: line(order).number,
        from: Some("22395".into()),
        text: Some("Your code is 999999".into()),
        parsed_code: Some("999999".into()),
        received_at,
    }
}

#[tokio::test]
async fn a_recycled_number_delivers_no_earlier_renters_code() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let other = ReservationId::try_new("lr_of_an_earlier_renter").expect("a reservation");
    let now = world.platform.clock.now();
    world.platform.provider.list_message(forged(&order, other, now));
    world.platform.clock.advance(seconds(5));
    assert!(matches!(world.platform.orders.poll().await, Ok(0)));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Waiting);
    assert_eq!(world.codes(order.head().id).await, []);
}

#[tokio::test]
async fn a_text_from_before_the_number_was_shown_is_never_shown_and_never_charged() {
    let world = World::new().await;
    world.platform.clock.advance(TimeDelta::microseconds(500_001));
    let order = world.buy("whatsapp").await;
    let shown = line(&order).bound_at;
    for earlier in [TimeDelta::microseconds(1), seconds(1), minutes(1)] {
        let text = forged(&order, line(&order).reservation, shown - earlier);
        world.platform.provider.list_message(text.clone());
        world.platform.notify_text(&text).await.expect("stored");
    }
    world.platform.advance(seconds(10)).await;
    assert_eq!(world.codes(order.head().id).await, []);
    assert_eq!(world.status(order.head().id).await, OrderStatus::Waiting);
    world.lawful();
}

#[tokio::test]
async fn a_stamp_of_the_whole_second_in_which_the_number_was_shown_counts() {
    let world = odd(|odd| odd.whole_seconds.store(true, Ordering::SeqCst)).await;
    world.platform.clock.advance(TimeDelta::milliseconds(700));
    let order = world.buy("whatsapp").await;
    world.platform.clock.advance(TimeDelta::milliseconds(100));
    world.text(&line(&order), "Your code is 482913");
    assert!(matches!(world.platform.orders.poll().await, Ok(1)));
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    world.lawful();
}

#[tokio::test]
async fn a_providers_clock_that_runs_ahead_or_behind_hides_no_code() {
    for skew in [-30, 30] {
        let world = World::new().await;
        world.platform.provider.set_skew(seconds(skew));
        let order = world.buy("whatsapp").await;
        assert_eq!(line(&order).expires_at - line(&order).bound_at, minutes(15));
        world.platform.clock.advance(seconds(1));
        world.text(&line(&order), "Your code is 482913");
        assert!(matches!(world.platform.orders.poll().await, Ok(1)), "skew {skew}");
        world.lawful();
    }
}

#[tokio::test]
async fn the_end_of_a_number_is_the_providers_whatever_its_clock_says() {
    for skew in [-30, 30] {
        let world = World::new().await;
        world.platform.provider.set_skew(seconds(skew));
        let order = world.buy("whatsapp").await;
        // Ten seconds before the end, which both clocks call something else.
        world.platform.clock.advance(minutes(15) - seconds(10));
        world.text(&line(&order), "Your code is 482913");
        assert!(matches!(world.platform.orders.poll().await, Ok(1)), "skew {skew}");
        assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
        world.lawful();
    }
}

#[tokio::test]
async fn a_text_that_comes_three_ways_is_shown_and_charged_once() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let text = world.text(&line(&order), "Your code is 482913");
    world.platform.notify_text(&text).await.expect("stored");
    world.platform.notify_text(&text).await.expect("stored");
    world.platform.tick().await;
    world.platform.orders.receive(vec![text.clone(), text]).await.expect("taken in");
    assert_eq!(world.codes(order.head().id).await.len(), 1);
    assert_eq!(world.money().await, ("98.87".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn one_code_from_many_tasks_at_once_is_charged_once() {
    let world = Arc::new(
        World::with(|fakes, ports| ports.store = Arc::new(crate::wrappers::Polite(fakes.store.clone())))
            .await,
    );
    let order = world.buy("whatsapp").await;
    let text = world.text(&line(&order), "Your code is 482913");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let (world, text) = (world.clone(), text.clone());
        tasks.spawn(async move { world.platform.orders.receive(vec![text]).await });
    }
    while let Some(taken_in) = tasks.join_next().await {
        taken_in.expect("a task").expect("taken in");
    }
    assert_eq!(world.codes(order.head().id).await.len(), 1);
    world.settled();
}

#[tokio::test]
async fn a_text_without_a_code_is_shown_and_the_order_waits_to_its_end_for_another() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.deliver(order.head().id, "Welcome! A code follows.").await.expect("delivered");
    assert_eq!(world.codes(order.head().id).await, [None]);
    // The provider calls it completed now: that is no reason to give up.
    world.pass(120).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Waiting);
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    assert_eq!(world.codes(order.head().id).await, [None, Some("482913".into())]);
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    world.settled();
}

#[tokio::test]
async fn a_text_without_a_code_alone_costs_nothing() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.deliver(order.head().id, "Welcome!").await.expect("delivered");
    world.platform.advance(minutes(15)).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Expired);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.lawful();
}

#[tokio::test]
async fn later_texts_of_a_completed_order_are_shown_and_cost_nothing() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    world.platform.clock.advance(seconds(30));
    let text = world.text(&line(&order), "Your code is 771122");
    world.platform.notify_text(&text).await.expect("stored");
    world.platform.tick().await;
    assert_eq!(world.codes(order.head().id).await, [Some("482913".into()), Some("771122".into())]);
    assert_eq!(world.money().await.0, "98.87");
    world.settled();
}

#[tokio::test]
async fn the_providers_reading_of_a_code_comes_first() {
    let world = World::new().await;
    let order = world.buy("google").await;
    let sent =
        world.platform.provider.receive(&line(&order).reservation, "806-185 or 1234", Some("G-806185"));
    world.platform.orders.receive(vec![sent.expect("received")]).await.expect("taken in");
    assert_eq!(world.codes(order.head().id).await, [Some("806185".into())]);
}

#[tokio::test]
async fn completed_upstream_without_a_text_is_believed_for_a_minute() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.provider.set_state(&line(&order).reservation, ReservationState::Completed);
    world.platform.tick().await;
    world.pass(59).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Waiting);
    world.pass(17).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Expired);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.lawful();
}

#[tokio::test]
async fn a_notice_from_before_commit_b_is_a_reason_to_look_afterwards() {
    let world = World::new().await;
    let id = world.buy_unknown("whatsapp").await;
    let reservation = world.platform.provider.reservations()[0].id.clone();
    // The notice tells of a reservation that nobody knows yet; the provider shows no text for it.
    let unknown = IncomingMessage {
        reservation: Some(reservation),
        to: None,
        from: None,
        text: Some("hello".into()),
        parsed_code: None,
        received_at: world.platform.clock.now(),
    };
    world.platform.notify_text(&unknown).await.expect("stored");
    world.platform.tick().await;
    let matchable = world.platform.store.matchable_notices(10).await.expect("read");
    assert!(matchable.is_empty());
    world.pass(15).await;
    assert_eq!(world.status(id).await, OrderStatus::Waiting);
    let reads = world.platform.provider.calls(ProviderOperation::Messages);
    world.platform.orders.handle_notices(world.platform.store.as_ref()).await.expect("handled");
    assert!(world.platform.provider.calls(ProviderOperation::Messages) >= reads);
    assert_eq!(world.codes(id).await, []);
}

#[tokio::test]
async fn one_order_that_cannot_take_its_text_in_keeps_no_other_from_its_code() {
    let mut failing = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(world.buy("whatsapp").await);
        world.platform.clock.advance(seconds(1));
    }
    for order in &orders {
        world.text(&line(order), "Your code is 482913");
    }
    failing.expect("put in").fail_for(Some(orders[0].head().id));
    world.platform.orders.poll().await.expect_err("one failed");
    let mut states = Vec::new();
    for order in &orders {
        states.push(world.status(order.head().id).await);
    }
    assert_eq!(states, [OrderStatus::Waiting, OrderStatus::Completed, OrderStatus::Completed]);
}

#[tokio::test]
async fn a_notice_that_cannot_be_handled_now_holds_up_no_other() {
    let world = odd(|odd| odd.unnamed.store(false, Ordering::SeqCst)).await;
    let orders = [world.buy("whatsapp").await, world.buy("telegram").await];
    // The first names a number alone, so that the provider must be read, which fails.
    let first = forged(&orders[0], line(&orders[0]).reservation, world.platform.clock.now());
    let first = IncomingMessage { reservation: None, ..first };
    world.platform.provider.list_message(first.clone());
    world.platform.notify_text(&first).await.expect("stored");
    world.platform.clock.advance(seconds(1));
    let second = world.text(&line(&orders[1]), "Your code is 482913");
    world.platform.notify_text(&second).await.expect("stored");
    world.fail(ProviderOperation::Messages, ProviderFailure::Unavailable, 1);
    let handled = world.platform.orders.handle_notices(world.platform.store.as_ref()).await;
    handled.expect_err("one could not be read");
    assert_eq!(world.status(orders[1].head().id).await, OrderStatus::Completed);
}

#[tokio::test]
async fn a_hundred_notices_that_fail_hold_up_no_newer_one() {
    let world = odd(|odd| odd.unnamed.store(false, Ordering::SeqCst)).await;
    let orders = [world.buy("whatsapp").await, world.buy("telegram").await];
    let first = forged(&orders[0], line(&orders[0]).reservation, world.platform.clock.now());
    let first = IncomingMessage { reservation: None, ..first };
    world.platform.provider.list_message(first.clone());
    for _ in 0..100 {
        world.platform.notify_text(&first).await.expect("stored");
    }
    world.platform.clock.advance(seconds(1));
    let second = world.text(&line(&orders[1]), "Your code is 482913");
    world.platform.notify_text(&second).await.expect("stored");
    world.fail(ProviderOperation::Messages, ProviderFailure::Unavailable, 199);
    let handle = async || world.platform.orders.handle_notices(world.platform.store.as_ref()).await;
    handle().await.expect_err("none could be read");
    assert_eq!(world.status(orders[1].head().id).await, OrderStatus::Waiting);
    handle().await.expect_err("the others cannot be read");
    assert_eq!(world.status(orders[1].head().id).await, OrderStatus::Completed);
}

#[tokio::test]
async fn a_lost_answer_of_the_store_charges_a_code_once() {
    let mut failing = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        store.lost.store(true, Ordering::SeqCst);
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let order = world.buy("whatsapp").await;
    world.text(&line(&order), "Your code is 482913");
    let failing = failing.expect("put in");
    failing.fail_for(Some(order.head().id));
    world.platform.orders.poll().await.expect_err("no answer");
    failing.fail_for(None);
    world.platform.tick().await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    assert_eq!(world.money().await, ("98.87".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn a_credit_that_comes_although_a_code_won_is_booked_against_its_cost() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let reservation = line(&order).reservation;
    world.text(&line(&order), "Your code is 482913");
    // The provider cancels all the same, and pays back.
    world.platform.provider.set_state(&reservation, ReservationState::Cancelled);
    world.platform.orders.follow_states().await.expect("followed");
    assert_eq!(world.status(order.head().id).await, OrderStatus::Completed);
    assert_eq!(world.platform.provider.credited().to_string(), "0.75");
    world.settled();
    assert_eq!(world.platform.provider.balance().await.expect("a balance").to_string(), "10000.00");
}
