//! Reconciling: how often it looks at the provider, and what it says it did.

use namaskah_domain::{
    memory::ProviderOperation,
    time::{minutes, seconds},
    verification::OrderStatus,
};

use crate::world::World;

#[tokio::test]
async fn a_listing_is_asked_for_once_a_minute_and_for_what_is_overdue() {
    let world = World::new().await;
    let reconciled = async || world.platform.orders.reconcile().await.expect("reconciled");
    let listings = || world.platform.provider.calls(ProviderOperation::List);
    world.platform.clock.advance(minutes(2));
    assert_eq!(reconciled().await, 0);
    let before = listings();

    world.platform.clock.advance(seconds(59));
    assert_eq!((reconciled().await, listings()), (0, before));
    world.platform.clock.advance(seconds(1));
    assert_eq!((reconciled().await, listings()), (0, before + 1));

    let unknown = [world.buy_unknown("whatsapp").await, world.buy_unknown("telegram").await];
    world.platform.clock.advance(seconds(20));
    assert_eq!((reconciled().await, listings()), (2, before + 2));
    for order in unknown {
        assert_eq!(world.status(order).await, OrderStatus::Waiting);
    }
    assert_eq!((reconciled().await, listings()), (0, before + 2));
    world.settled();
}
