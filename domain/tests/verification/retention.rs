//! What is past retention is hidden at its instant, and what is erased is known again.

use std::sync::Arc;

use namaskah_domain::{
    Clock, OrderId, Page, PhoneNumber, ReservationId, Time, UserId,
    memory::{ManualClock, MemoryStore},
    retention::{Retention, RetentionService},
    time::{hours, seconds},
    verification::{
        Message, Order, OrderFilter, OrderReads, OrderStatus, ProviderId, Retained, ServiceCode,
        ServiceStats, UpstreamOrder, ports::MockOrderReads,
    },
    wallet::Account,
};

use crate::world::{World, line};

fn retained(world: &World) -> Retained {
    let store: Arc<MemoryStore> = world.platform.store.clone();
    Retained::new(store, world.platform.clock.clone(), Retention::default())
}

fn service(world: &World) -> RetentionService {
    let store: Arc<MemoryStore> = world.platform.store.clone();
    RetentionService::new(store, world.platform.clock.clone(), Retention::default())
}

/// A completed order, when it ended, and its text.
async fn completed(world: &World) -> (Order, Time, Message) {
    let order = world.buy("whatsapp").await;
    world.text(&line(&order), "Your code is 482913");
    world.pass(3).await;
    let order = world.read(order.head().id).await;
    assert_eq!(order.status(), OrderStatus::Completed);
    let ended = order.ended_at().expect("it ended");
    let texts = world.platform.store.messages_of(&[order.head().id]).await.expect("readable");
    let [text] = <[Message; 1]>::try_from(texts).expect("one text");
    (order, ended, text)
}

#[tokio::test]
async fn an_order_shows_its_number_and_text_up_to_the_instant_and_not_at_it() {
    let world = World::new().await;
    let (order, ended, text) = completed(&world).await;
    let open = world.buy("telegram").await;
    let (reads, id) = (retained(&world), order.head().id);
    let last = ended + hours(24) - seconds(1);
    world.platform.clock.advance(last - world.now());
    assert_eq!(reads.order(id).await.expect("readable").as_ref(), Some(&order));
    assert_eq!(reads.messages_of(&[id]).await.expect("readable"), std::slice::from_ref(&text));

    world.platform.clock.advance(seconds(1));
    let bare = order.clone().without_number();
    assert_eq!(line(&bare).number, None);
    assert_eq!(bare.head().version, order.head().version, "nothing happened to it");
    assert_eq!(reads.order(id).await.expect("readable").as_ref(), Some(&bare));
    assert_eq!(reads.orders_among(&[id]).await.expect("readable"), std::slice::from_ref(&bare));
    let page = Page { limit: 10, after: None };
    let listed = reads.orders(world.ada, &OrderFilter::default(), page).await.expect("readable");
    assert_eq!(listed.rows, [open, bare], "an order that is open keeps its number");
    let shown = reads.messages_of(&[id]).await.expect("readable");
    let expected = Message { from: None, text: None, code: None, erased: true, ..text };
    assert_eq!(shown, [expected]);
}

#[tokio::test]
async fn a_purge_of_a_user_leaves_the_books_and_takes_no_text_in_again() {
    let world = World::new().await;
    let (order, _, text) = completed(&world).await;
    let erased = service(&world).purge_user(world.ada).await.expect("erased");
    assert_eq!((erased.orders, erased.purchases, erased.messages), (1, 1, 1));
    // The provider goes on listing the text until the number's end.
    world.pass(30).await;
    let texts = world.platform.store.messages_of(&[order.head().id]).await.expect("readable");
    assert_eq!(texts, [text.without_words()]);
    assert_eq!(world.read(order.head().id).await, order.without_number());
    world.settled();
}

#[tokio::test]
async fn what_is_due_is_erased_once_and_nothing_before() {
    let world = World::new().await;
    let (order, ended, _) = completed(&world).await;
    let service = service(&world);
    world.platform.clock.advance(ended + hours(24) - seconds(1) - world.now());
    assert_eq!(service.purge().await.expect("erased").total(), 0);
    world.platform.clock.advance(seconds(1));
    let erased = service.purge().await.expect("erased");
    assert_eq!((erased.orders, erased.purchases, erased.messages), (1, 1, 1));
    assert_eq!(service.purge().await.expect("erased").total(), 0);
    assert_eq!(world.read(order.head().id).await, order.without_number());
    world.lawful();
}

#[tokio::test]
async fn what_tells_no_number_and_no_text_is_read_as_it_is() {
    let (user, at) = (UserId::from_uuid(uuid::Uuid::nil()), ManualClock::default().now());
    let (provider, service) = (ProviderId::TextVerified, ServiceCode::try_new("whatsapp").expect("a code"));
    let number = PhoneNumber::try_new("+12025550123").expect("a number");
    let reservation = ReservationId::try_new("lr_1").expect("a reservation");
    let upstream = UpstreamOrder { order: OrderId::from_uuid(user.uuid()), reservation: reservation.clone() };
    let stats =
        ServiceStats { service: service.clone(), ended: 9, completed: 8, time_to_code_p50_s: Some(7) };
    let mut inner = MockOrderReads::new();
    inner.expect_reports_since().returning(|_, _| Ok(7));
    inner.expect_late_texts_since().returning(|_, _| Ok(5));
    inner.expect_was_shown().returning(|_, _, _| Ok(true)).times(1);
    inner.expect_was_shown().returning(|_, _, _| Ok(false));
    inner.expect_is_suppressed().returning(|_, _| Ok(true)).times(1);
    inner.expect_is_suppressed().returning(|_, _| Ok(false));
    inner.expect_oldest_waiting().returning(move |_| Ok(Some(at)));
    inner.expect_oldest_expired().returning(move |_, _| Ok(Some(at)));
    let held = reservation.clone();
    inner.expect_held_among().returning(move |_, _| Ok(vec![held.clone()]));
    let (open_of, open_on) = (upstream.clone(), upstream.clone());
    inner.expect_orders_of().returning(move |_, _| Ok(vec![open_of.clone()]));
    inner.expect_waiting_on().returning(move |_, _| Ok(vec![open_on.clone()]));
    let (of, on) = (upstream.clone(), upstream.clone());
    inner.expect_expired_of().returning(move |_, _, _| Ok(vec![of.clone()]));
    inner.expect_expired_on().returning(move |_, _, _| Ok(vec![on.clone()]));
    inner.expect_payer().returning(|user| Ok(Some(Account::open(user))));
    inner.expect_has_left().returning(|_| Ok(true));
    let shown = stats.clone();
    inner.expect_service_stats().returning(move |_| Ok(vec![shown.clone()]));
    let reads = Retained::new(Arc::new(inner), Arc::new(ManualClock::default()), Retention::default());

    assert_eq!(reads.reports_since(user, at).await.ok(), Some(7));
    assert_eq!(reads.late_texts_since(user, at).await.ok(), Some(5));
    for expected in [true, false] {
        assert_eq!(reads.was_shown(user, &service, &number).await.ok(), Some(expected));
        assert_eq!(reads.is_suppressed(&service, &number).await.ok(), Some(expected));
    }
    assert_eq!(reads.oldest_waiting(provider).await.ok(), Some(Some(at)));
    assert_eq!(reads.oldest_expired(provider, at).await.ok(), Some(Some(at)));
    let asked = std::slice::from_ref(&reservation);
    assert_eq!(reads.held_among(provider, asked).await.ok().as_deref(), Some(asked));
    let found = std::slice::from_ref(&upstream);
    assert_eq!(reads.orders_of(provider, asked).await.ok().as_deref(), Some(found));
    assert_eq!(reads.waiting_on(provider, &number).await.ok().as_deref(), Some(found));
    assert_eq!(reads.expired_of(provider, asked, at).await.ok().as_deref(), Some(found));
    assert_eq!(reads.expired_on(provider, &number, at).await.ok().as_deref(), Some(found));
    assert_eq!(reads.payer(user).await.ok(), Some(Some(Account::open(user))));
    assert_eq!(reads.has_left(user).await.ok(), Some(true));
    assert_eq!(reads.service_stats(at).await.ok(), Some(vec![stats]));
}
