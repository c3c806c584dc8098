//! From events to deliveries.

use namaskah_domain::{
    EventKind,
    webhook::{EndpointChange, FanOut, Subscription},
};

use crate::world::World;

#[tokio::test]
async fn an_event_is_sent_once_to_each_endpoint_of_its_user_that_wants_it() {
    let world = World::new().await;
    let bob = world.platform.new_user("bob@example.com").await.expect("a user");
    let all = world.endpoint().await;
    let payments = Subscription::of([EventKind::PaymentSucceeded]).expect("a kind");
    let some = world.endpoint_for(world.ada, payments).await.endpoint;
    world.endpoint_for(bob, Subscription::Everything).await;
    let order = world.happens_to(world.ada, EventKind::VerificationWaiting).await;
    let payment = world.happens_to(world.ada, EventKind::PaymentSucceeded).await;
    world.fan_out().await;
    world.fan_out().await;
    let told = async |endpoint| {
        let deliveries = world.deliveries(endpoint).await.into_iter();
        deliveries.map(|(delivery, _)| delivery.telling.id).collect::<Vec<_>>()
    };
    assert_eq!(told(all.id).await, [payment.id, order.id]);
    assert_eq!(told(some.id).await, [payment.id]);
}

#[tokio::test]
async fn what_happened_before_an_endpoint_was_made_or_while_it_was_off_is_not_sent() {
    let world = World::new().await;
    let before = world.happens_to(world.ada, EventKind::VerificationWaiting).await;
    let endpoint = world.endpoint().await;
    world.fan_out().await;
    let off = EndpointChange { is_on: Some(false), ..EndpointChange::default() };
    world.webhooks.change(world.ada, endpoint.id, off).await.expect("off");
    let meanwhile = world.happens().await;
    let on = EndpointChange { is_on: Some(true), ..EndpointChange::default() };
    world.webhooks.change(world.ada, endpoint.id, on).await.expect("on");
    let after = world.happens().await;
    let deliveries = world.deliveries(endpoint.id).await;
    let told: Vec<_> = deliveries.iter().map(|(delivery, _)| delivery.telling.id).collect();
    assert_eq!(told, [after.id], "neither {} nor {}", before.id, meanwhile.id);
}

#[tokio::test]
async fn two_instances_make_each_delivery_once() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    let ports = || world.platform.store.clone();
    let (clock, random) = (world.platform.clock.clone(), world.platform.random.clone());
    let other = FanOut::new(ports(), ports(), ports(), clock, random);
    for _ in 0..5 {
        world.happens_to(world.ada, EventKind::VerificationWaiting).await;
        let (one, two) = (world.fan_out.run(), other.run());
        one.await.expect("the memory answers");
        two.await.expect("the memory answers");
    }
    assert_eq!(world.deliveries(endpoint.id).await.len(), 5);
}

/// Before it was given to the endpoints, that is: then both make it.
#[tokio::test]
async fn what_a_user_has_asked_for_again_holds_up_nobody() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    let since = namaskah_domain::Clock::now(world.platform.clock.as_ref());
    world.happens_to(world.ada, EventKind::VerificationWaiting).await;
    let replayed = world.webhooks.replay_since(world.ada, endpoint.id, since).await.expect("replayed");
    assert_eq!((replayed.count, replayed.next_since), (1, None));
    world.happens_to(world.ada, EventKind::VerificationCompleted).await;
    world.fan_out().await;
    assert_eq!(world.deliveries(endpoint.id).await.len(), 2);
}
