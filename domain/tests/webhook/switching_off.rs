//! An endpoint that takes nothing is switched off, and its user is told.

use namaskah_domain::{
    Clock, Letter,
    memory::Receiver,
    time::hours,
    webhook::{EndpointChange, Health, OffReason, Standing},
};

use crate::world::World;

#[tokio::test]
async fn five_days_of_failure_switch_an_endpoint_off_and_its_user_is_told_once() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    let began = world.platform.clock.now();
    world.receiver.from_now_on(Receiver::Answers(500));
    while world.now_is(&endpoint).await.is_on() {
        world.happens().await;
        world.deliver().await;
        assert!(world.platform.clock.now() - began <= hours(5 * 24 + 6), "it is never switched off");
        world.platform.clock.advance(hours(6));
    }
    let off = world.now_is(&endpoint).await;
    let Standing::Off { why: OffReason::Failing, at } = off.standing else { panic!("{:?}", off.standing) };
    assert!(at - began >= hours(5 * 24));
    assert_eq!(world.letters().await, [Letter::WebhookEndpointOff]);
    // Nothing is sent to it any more, and nobody is told again.
    let before = world.receiver.arrived().len();
    world.happens().await;
    world.platform.clock.advance(hours(24));
    world.deliver().await;
    assert_eq!(world.receiver.arrived().len(), before);
    assert_eq!(world.letters().await, []);
}

#[tokio::test]
async fn one_success_in_five_days_keeps_it_on() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    for half_day in 0..14 {
        world.happens().await;
        let receiver = if half_day == 7 { Receiver::Answers(200) } else { Receiver::Answers(500) };
        world.receiver.from_now_on(receiver);
        world.deliver().await;
        world.platform.clock.advance(hours(12));
        assert!(world.now_is(&endpoint).await.is_on(), "{half_day}");
    }
}

#[tokio::test]
async fn an_endpoint_that_says_it_is_gone_is_switched_off_at_once() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    world.happens().await;
    world.receiver.next(Receiver::Answers(410));
    world.deliver().await;
    let off = world.now_is(&endpoint).await;
    assert!(matches!(off.standing, Standing::Off { why: OffReason::Gone, .. }), "{:?}", off.standing);
    assert_eq!(world.letters().await, [Letter::WebhookEndpointOff]);
}

/// Whoever switches it on again and again is told by one who says "gone" again and again.
#[tokio::test]
async fn an_endpoint_that_is_switched_off_more_than_once_a_day_is_told_of_once() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    let mut told = Vec::new();
    for _ in 0..4 {
        world.happens().await;
        world.receiver.next(Receiver::Answers(410));
        world.deliver().await;
        assert!(!world.now_is(&endpoint).await.is_on());
        told.push(world.letters().await.len());
        let change = EndpointChange { is_on: Some(true), ..EndpointChange::default() };
        world.webhooks.change(world.ada, endpoint.id, change).await.expect("on");
        world.platform.clock.advance(hours(8));
    }
    assert_eq!(told, [1, 0, 0, 1]);
    // Of another one he hears.
    let other = world.endpoint().await;
    world.happens().await;
    world.receiver.from_now_on(Receiver::Answers(410));
    world.deliver().await;
    assert!(!world.now_is(&other).await.is_on());
    assert_eq!(world.letters().await, [Letter::WebhookEndpointOff]);
}

#[tokio::test]
async fn whoever_switches_it_on_again_begins_anew() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    world.happens().await;
    world.receiver.next(Receiver::Answers(410));
    world.deliver().await;
    let change = EndpointChange { is_on: Some(true), ..EndpointChange::default() };
    let on = world.webhooks.change(world.ada, endpoint.id, change).await.expect("on");
    assert_eq!((on.standing, on.health), (Standing::On, Health::default()));
    let event = world.happens().await;
    world.deliver().await;
    assert_eq!(world.receiver.arrived().last().map(|(_, call)| call.id), Some(event.id));
}
