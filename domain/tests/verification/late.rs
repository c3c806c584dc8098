//! Texts after the end: shown free for expired orders, for half an hour, three a day.

use std::sync::{Arc, atomic::Ordering};

use namaskah_domain::{
    OrderId,
    memory::ProviderOperation,
    time::{hours, minutes, seconds},
    verification::{IncomingMessage, Order, OrderStatus, Receivable, ReportReason, ReservationState, Retry},
    wallet::{House, LedgerAccount},
};

use crate::{
    world::{World, line},
    wrappers::Odd,
};

/// The provider lists a text to the order's number now, whatever has become of the reservation.
fn text(world: &World, order: &Order, text: &str) -> IncomingMessage {
    let line = line(order);
    let message = IncomingMessage {
        reservation: Some(line.reservation),
        to: line.number,
        from: Some("22395".into()),
        text: Some(text.into()),
        parsed_code: None,
        received_at: world.now(),
    };
    world.platform.provider.list_message(message.clone());
    message
}

async fn expired(world: &World, service: &str) -> Order {
    let order = world.buy(service).await;
    world.platform.advance(minutes(15)).await;
    let order = world.read(order.head().id).await;
    assert_eq!(order.status(), OrderStatus::Expired);
    order
}

fn costs(world: &World) -> i64 {
    let account = LedgerAccount::House(House::CostOfNumbers);
    world.platform.store.journal().iter().map(|p| -p.transfer.effect_on(account).units()).sum()
}

#[tokio::test]
async fn a_late_code_is_shown_free_and_ends_nothing_anew() {
    let world = World::new().await;
    let order = expired(&world, "whatsapp").await;
    text(&world, &order, "Your code is 482913");
    world.platform.advance(minutes(1)).await;
    let shown = world.platform.orders.get(world.ada, order.head().id).await.expect("the order");
    assert_eq!(shown.order.status(), OrderStatus::Expired);
    assert!(shown.order.head().version > order.head().version, "those who wait are told");
    let texts: Vec<_> = shown.messages.iter().map(|m| (m.late, m.code.is_some())).collect();
    assert_eq!(texts, [(true, true)]);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    // The provider had given our money back, so it cost nothing.
    assert_eq!(costs(&world), 0);
    world.settled();
}

#[tokio::test]
async fn the_house_bears_the_cost_of_a_number_that_served_late() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    // "Completed" upstream, and no text is listed: the order ends after a minute, and no credit comes.
    world.platform.provider.set_state(&line(&order).reservation, ReservationState::Completed);
    world.pass(80).await;
    assert_eq!(world.status(order.head().id).await, OrderStatus::Expired);
    let receivable = || world.purchase_of(order.head().id).bought().expect("bought").receivable;
    assert_eq!(receivable(), Receivable::Open);
    for code in ["482913", "111222"] {
        text(&world, &order, &format!("Your code is {code}"));
        world.pass(15).await;
    }
    assert!(matches!(receivable(), Receivable::Costed { .. }));
    assert_eq!(costs(&world), 750_000, "once");
    assert_eq!(world.codes(order.head().id).await.len(), 2);
    world.settled();
}

#[tokio::test]
async fn a_credit_that_comes_after_all_lowers_the_cost() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.platform.clock.advance(minutes(15) + seconds(4));
    world.platform.orders.expire_due().await.expect("ended");
    text(&world, &order, "Your code is 482913");
    world.platform.orders.poll().await.expect("polled");
    assert_eq!(costs(&world), 750_000);
    world.platform.advance(minutes(1)).await;
    assert_eq!(costs(&world), 0);
    world.settled();
}

#[tokio::test]
async fn after_half_an_hour_nothing_more_is_shown() {
    let world = World::new().await;
    let order = expired(&world, "whatsapp").await;
    world.platform.clock.advance(minutes(31));
    let message = text(&world, &order, "Your code is 482913");
    world.platform.notify_text(&message).await.expect("stored");
    world.platform.tick().await;
    assert!(world.codes(order.head().id).await.is_empty());
    let asked = world.platform.provider.calls(ProviderOperation::Messages);
    world.platform.advance(minutes(1)).await;
    assert_eq!(world.platform.provider.calls(ProviderOperation::Messages), asked, "nobody listens any more");
    world.settled();
}

#[tokio::test]
async fn three_late_texts_a_day_are_shown() {
    let world = World::new().await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(world.buy("google").await);
    }
    world.platform.advance(minutes(15)).await;
    for order in &orders {
        text(&world, order, "Your code is 482913");
    }
    world.pass(20).await;
    let mut shown = 0;
    for order in &orders {
        shown += world.codes(order.head().id).await.len();
    }
    assert_eq!(shown, 3);
    world.platform.clock.advance(hours(24));
    let next = expired(&world, "google").await;
    text(&world, &next, "Your code is 482913");
    world.pass(20).await;
    assert_eq!(world.codes(next.head().id).await.len(), 1);
    world.settled();
}

#[tokio::test]
async fn cancelled_retried_and_reported_orders_show_nothing_late() {
    let world = World::new().await;
    let cancelled = world.buy("whatsapp").await;
    world.platform.orders.cancel(world.ada, cancelled.head().id).await.expect("cancelled");
    let (retried, reported) = (world.buy("telegram").await, world.buy("google").await);
    world.platform.advance(minutes(15)).await;
    let id: OrderId = world.platform.id();
    let claim = world.platform.claim(world.ada, "again", id.uuid()).expect("a claim");
    let command = Retry { id, user: world.ada, of: retried.head().id, claim };
    world.platform.orders.retry(command).await.expect("a new order");
    let id = reported.head().id;
    world.platform.orders.report(world.ada, id, ReportReason::NoCode).await.expect("reported");
    for order in [&cancelled, &retried, &reported] {
        let message = text(&world, order, "Your code is 482913");
        world.platform.notify_text(&message).await.expect("stored");
    }
    world.pass(40).await;
    for order in [cancelled, retried, reported] {
        assert!(world.codes(order.head().id).await.is_empty());
    }
    world.lawful();
}

#[tokio::test]
async fn a_notice_brings_a_late_text_at_once_and_one_without_its_reservation_too() {
    let mut odd = None;
    let world = World::with(|fakes, ports| {
        let unnamed = Arc::new(Odd::new(fakes.provider.clone()));
        ports.numbers = unnamed.clone();
        odd = Some(unnamed);
    })
    .await;
    let (first, second) = (world.buy("whatsapp").await, world.buy("telegram").await);
    world.platform.advance(minutes(15)).await;
    let message = text(&world, &first, "Your code is 482913");
    world.platform.notify_text(&message).await.expect("stored");
    world.platform.orders.handle_notices(world.platform.store.as_ref()).await.expect("handled");
    assert_eq!(world.codes(first.head().id).await.len(), 1);
    odd.expect("put in").unnamed.store(true, Ordering::SeqCst);
    text(&world, &second, "Your code is 111222");
    world.pass(15).await;
    assert_eq!(world.codes(second.head().id).await.len(), 1);
    world.settled();
}
