//! What is asked of the provider once, and when it is asked again.

use chrono::TimeDelta;
use namaskah_domain::{
    Currency, Money,
    verification::{AreaCode, Ask},
};

use crate::world::World;

fn sells(world: &World, cost_units: i64, stock: u64) {
    let service = world.platform.ask("whatsapp").expect("an ask").service;
    world.platform.provider.sell(service, Money::from_units(cost_units, Currency::Usd), stock);
}

async fn stock(world: &World) -> Option<u64> {
    let ask = world.platform.ask("whatsapp").expect("an ask");
    let listed = world.platform.catalogue.offers(vec![ask]).await.expect("offers");
    listed.first().and_then(|listed| listed.offer.stock)
}

async fn price(world: &World, area: Option<&str>) -> String {
    let area_code = area.map(|area| AreaCode::try_new(area).expect("an area code"));
    let ask = Ask { area_code, ..world.platform.ask("whatsapp").expect("an ask") };
    world.platform.catalogue.price(&ask).await.expect("a price").money().to_string()
}

#[tokio::test]
async fn stock_is_asked_for_once_a_minute() {
    let world = World::new().await;
    sells(&world, 750_000, 7);
    assert_eq!(stock(&world).await, Some(7));
    sells(&world, 750_000, 3);
    world.platform.clock.advance(TimeDelta::seconds(60));
    assert_eq!(stock(&world).await, Some(7));
    world.platform.clock.advance(TimeDelta::seconds(1));
    assert_eq!(stock(&world).await, Some(3));
}

#[tokio::test]
async fn one_cost_is_asked_for_whichever_area_is_wished_for() {
    let world = World::new().await;
    sells(&world, 750_000, 7);
    let wished = price(&world, Some("305")).await;
    sells(&world, 1_500_000, 7);
    assert_eq!(price(&world, Some("212")).await, wished);
    assert_ne!(price(&world, None).await, wished);
}
