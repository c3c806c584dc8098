//! Wishes that cannot be told apart bind nothing.

use namaskah_domain::{
    OrderId, PhoneNumber,
    memory::{ProviderFailure, ProviderOperation},
    time::seconds,
    verification::{AreaCode, Buy, OrderStatus},
};

use crate::world::World;

async fn unknown(world: &World, area: Option<&str>, failure: ProviderFailure) -> OrderId {
    let mut command: Buy = world.order("whatsapp");
    command.ask.area_code = area.map(|area| AreaCode::try_new(area).expect("an area"));
    world.fail(ProviderOperation::Buy, failure, 1);
    world.platform.orders.buy(command).await.expect("an answer").value.head().id
}

fn next(world: &World, number: &str) {
    world.platform.provider.next_number(PhoneNumber::try_new(number).expect("a number"));
}

#[tokio::test]
async fn a_number_that_two_different_wishes_could_have_bought_serves_neither() {
    let world = World::new().await;
    next(&world, "+13055550101");
    let plain = unknown(&world, None, ProviderFailure::LostAnswer).await;
    let miami = unknown(&world, Some("305"), ProviderFailure::Unavailable).await;
    world.pass(300).await;
    assert_eq!(world.status(plain).await, OrderStatus::Requested);
    assert_eq!(world.status(miami).await, OrderStatus::Requested);
    for _ in 0..80 {
        world.platform.advance(seconds(15)).await;
    }
    assert_eq!(world.status(plain).await, OrderStatus::Failed);
    assert_eq!(world.status(miami).await, OrderStatus::Failed);
    assert_eq!(world.orphans(), 1);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn wishes_that_the_number_itself_tells_apart_are_each_served() {
    let world = World::new().await;
    next(&world, "+13055550101");
    next(&world, "+12125550101");
    let miami = unknown(&world, Some("305"), ProviderFailure::LostAnswer).await;
    let york = unknown(&world, Some("212"), ProviderFailure::LostAnswer).await;
    world.pass(14).await;
    for (order, area) in [(miami, "+1305"), (york, "+1212")] {
        let read = world.read(order).await;
        assert!(
            read.line().and_then(|line| line.number.clone()).expect("a number").as_str().starts_with(area)
        );
    }
    world.settled();
}

#[tokio::test]
async fn another_service_at_the_same_moment_is_no_rival() {
    let world = World::new().await;
    let first = world.buy_unknown("whatsapp").await;
    let second = world.buy_unknown("telegram").await;
    world.pass(14).await;
    assert_eq!(world.status(first).await, OrderStatus::Waiting);
    assert_eq!(world.status(second).await, OrderStatus::Waiting);
    world.settled();
}

#[tokio::test]
async fn nothing_is_bound_while_a_rivals_answer_may_still_come() {
    let world = World::new().await;
    let first = world.buy_unknown("whatsapp").await;
    world.pass(8).await;
    let second = world.buy_unknown("whatsapp").await;
    world.pass(12).await;
    assert_eq!(world.status(first).await, OrderStatus::Requested);
    world.pass(2).await;
    assert_eq!(world.status(first).await, OrderStatus::Waiting);
    assert_eq!(world.status(second).await, OrderStatus::Waiting);
    world.settled();
}
