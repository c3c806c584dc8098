//! What users see of what they asked for and of what is for sale.

use namaskah_domain::{
    OrderId, Page, UserId,
    memory::{ProviderFailure, ProviderOperation},
    time::{hours, seconds},
    verification::{OrderFilter, OrderStatus, QuoteError, Shown, VerificationError},
};

use crate::world::{World, line};

fn ids(shown: &[Shown]) -> Vec<OrderId> {
    shown.iter().map(|shown| shown.order.head().id).collect()
}

#[tokio::test]
async fn orders_are_listed_newest_first_each_with_its_own_texts() {
    let world = World::new().await;
    let mut bought = Vec::new();
    for (service, code) in [("whatsapp", "111111"), ("telegram", "222222"), ("google", "333333")] {
        let order = world.buy(service).await;
        world.platform.deliver(order.head().id, &format!("Your code is {code}")).await.expect("delivered");
        world.platform.advance(seconds(1)).await;
        bought.push((order.head().id, code));
    }
    bought.reverse();
    let (all, page) = (OrderFilter::default(), Page { limit: 2, after: None });
    let first = world.platform.orders.list(world.ada, &all, page).await.expect("orders");
    assert!(first.has_more);
    let rest = Page { limit: 2, after: ids(&first.rows).last().copied() };
    let rest = world.platform.orders.list(world.ada, &all, rest).await.expect("orders");
    assert!(!rest.has_more);
    let rows = [first.rows, rest.rows].concat();
    let told: Vec<_> = rows
        .iter()
        .map(|shown| {
            let [message] = shown.messages.as_slice() else { panic!("{shown:?}") };
            (shown.order.head().id, message.code.as_ref().map(|code| code.as_str()))
        })
        .collect();
    let expected: Vec<_> = bought.into_iter().map(|(id, code)| (id, Some(code))).collect();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_filter_leaves_orders_of_one_state_or_service_and_nobody_sees_anothers() {
    let world = World::new().await;
    let waiting = world.buy("whatsapp").await.head().id;
    let done = world.buy("telegram").await.head().id;
    world.platform.deliver(done, "Your code is 482913").await.expect("delivered");
    let page = Page { limit: 10, after: None };
    let list = async |user, filter: OrderFilter| {
        ids(&world.platform.orders.list(user, &filter, page).await.expect("orders").rows)
    };
    let of = |status| OrderFilter { status: Some(status), service: None };
    assert_eq!(list(world.ada, of(OrderStatus::Waiting)).await, [waiting]);
    assert_eq!(list(world.ada, of(OrderStatus::Completed)).await, [done]);
    assert_eq!(list(world.ada, of(OrderStatus::Failed)).await, []);
    let service = world.platform.ask("whatsapp").expect("an ask").service;
    let of_service = OrderFilter { status: None, service: Some(service.clone()) };
    assert_eq!(list(world.ada, of_service).await, [waiting]);
    let neither = OrderFilter { status: Some(OrderStatus::Completed), service: Some(service) };
    assert_eq!(list(world.ada, neither).await, []);
    let ben: UserId = world.platform.new_user("ben@example.com").await.expect("a user");
    assert_eq!(list(ben, OrderFilter::default()).await, []);
    let theirs = world.platform.orders.get(ben, done).await;
    assert!(matches!(theirs, Err(VerificationError::NotFound)), "{theirs:?}");
}

#[tokio::test]
async fn a_quote_is_shown_to_its_user_alone() {
    let world = World::new().await;
    let quote = world.quote("whatsapp").await;
    let shown = world.platform.orders.quote_of(world.ada, quote.id).await.expect("the quote");
    assert_eq!(shown, quote);
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    let theirs = world.platform.orders.quote_of(ben, quote.id).await;
    assert!(matches!(theirs, Err(VerificationError::NotFound)), "{theirs:?}");
}

#[tokio::test]
async fn the_poll_makes_haste_only_while_an_order_waits() {
    let world = World::new().await;
    let waits = async || world.platform.orders.anybody_waits().await.expect("an answer");
    assert!(!waits().await);
    let order = world.buy("whatsapp").await;
    assert!(waits().await);
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    assert!(!waits().await);
}

#[tokio::test]
async fn services_are_asked_for_once_an_hour_and_remembered_while_the_provider_is_away() {
    let world = World::new().await;
    let away = || world.fail(ProviderOperation::Services, ProviderFailure::Unavailable, 1);
    away();
    let nothing = world.platform.catalogue.services().await;
    assert!(matches!(nothing, Err(QuoteError::ProviderUnavailable(_))), "{nothing:?}");
    let first = world.platform.catalogue.services().await.expect("services");
    assert!(first.services.iter().any(|service| service.code.as_str() == "whatsapp"), "{first:?}");
    let asked = world.platform.provider.calls(ProviderOperation::Services);
    world.platform.clock.advance(hours(1) - seconds(1));
    assert_eq!(world.platform.catalogue.services().await.expect("services"), first);
    assert_eq!(world.platform.provider.calls(ProviderOperation::Services), asked);
    world.platform.clock.advance(seconds(1));
    away();
    assert_eq!(world.platform.catalogue.services().await.expect("services"), first);
    let fresh = world.platform.catalogue.services().await.expect("services");
    assert_eq!((fresh.as_of, &fresh.services), (world.now(), &first.services));
}

#[tokio::test]
async fn numbers_are_sold_from_the_united_states() {
    let world = World::new().await;
    let countries = world.platform.catalogue.countries();
    let [(code, name)] = countries.as_slice() else { panic!("{countries:?}") };
    assert_eq!((code.as_str(), *name), ("US", "United States"));
}

#[tokio::test]
async fn an_offer_without_a_price_is_left_out_and_one_without_stock_is_not() {
    let world = World::new().await;
    let asks = || ["whatsapp", "nosuchservice"].map(|service| world.platform.ask(service).expect("an ask"));
    world.fail(ProviderOperation::Stock, ProviderFailure::Unavailable, 1);
    let listed = world.platform.catalogue.offers(asks().to_vec()).await.expect("offers");
    let [listed] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((listed.offer.stock, listed.offer.price.to_string()), (None, "1.13".to_owned()));
    assert_eq!(listed.stats, None);
    let order = world.buy("whatsapp").await;
    world.platform.advance(seconds(30)).await;
    assert_eq!(line(&order).number, line(&world.read(order.head().id).await).number);
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    let listed = world.platform.catalogue.offers(asks().to_vec()).await.expect("offers");
    let stats = listed[0].stats.as_ref().expect("an order has ended");
    assert_eq!((stats.ended, stats.completed, stats.time_to_code_p50_s), (1, 1, Some(30)));
    assert!(listed[0].offer.stock.is_some());
}
