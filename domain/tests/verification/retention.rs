//! What is past retention is hidden at its instant, and what is erased is known again.

use std::sync::Arc;

use namaskah_domain::{
    Page, Time,
    memory::MemoryStore,
    retention::{Retention, RetentionService},
    time::{hours, seconds},
    verification::{Message, Order, OrderFilter, OrderReads, OrderStatus, Retained},
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
