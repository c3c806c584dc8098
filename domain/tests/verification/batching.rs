//! Batches: one commit for all holds, each purchase sent once, and what was decided stays.

use std::sync::{Arc, atomic::Ordering};

use namaskah_domain::{
    BatchId, CommitError, Fingerprint, OrderId,
    memory::{ProviderFailure, ProviderOperation},
    time::minutes,
    verification::{
        BatchError, BatchItem, BatchItems, BatchMode, Buy, BuyBatch, DeclineReason, Failure, ItemRefusal,
        ItemResult, OrderStatus, PriceLimit, ShownBatch, VerificationError,
    },
};

use crate::{
    world::{World, usd},
    wrappers::{Counting, Failing},
};

use BatchMode::{AllOrNothing, BestEffort};

fn item(order: Buy) -> BatchItem {
    BatchItem { id: order.id, ask: order.ask, limit: order.limit, metadata: order.metadata }
}

fn batch(world: &World, mode: BatchMode, items: Vec<BatchItem>) -> BuyBatch {
    let id: BatchId = world.platform.id();
    let claim = world.platform.claim(world.ada, &id.uuid().to_string(), id.uuid()).expect("a claim");
    let items = BatchItems::try_new(items).expect("1 to 50 items");
    BuyBatch { id, user: world.ada, mode, items, claim }
}

/// So many items for WhatsApp, at 1.13 each.
fn many(world: &World, count: usize) -> Vec<BatchItem> {
    (0..count).map(|_| item(world.order("whatsapp"))).collect()
}

async fn bought(world: &World, command: BuyBatch) -> ShownBatch {
    let done = world.platform.orders.buy_batch(command).await.expect("a batch");
    assert!(!done.replayed);
    done.value
}

async fn refused(world: &World, command: BuyBatch) -> (usize, ItemRefusal) {
    match world.platform.orders.buy_batch(command).await {
        Err(BatchError::Item { index, refusal }) => (index, refusal),
        other => panic!("{other:?}"),
    }
}

fn states(shown: &ShownBatch) -> Vec<OrderStatus> {
    shown.orders.iter().map(|shown| shown.order.status()).collect()
}

fn refusals(shown: &ShownBatch) -> Vec<(usize, ItemRefusal)> {
    let results = shown.batch.results.iter().enumerate();
    let refused = results.filter_map(|(index, result)| match result {
        ItemResult::Created(_) => None,
        ItemResult::Refused(refusal) => Some((index, *refusal)),
    });
    refused.collect()
}

#[tokio::test]
async fn fifty_orders_are_held_in_one_commit_and_each_is_sent_once() {
    let mut counting = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Counting::new(fakes.store.clone()));
        ports.store = store.clone();
        counting = Some(store);
    })
    .await;
    let counting = counting.expect("put in");
    let before = counting.commits();
    let shown = bought(&world, batch(&world, AllOrNothing, many(&world, 50))).await;
    assert_eq!(counting.commits() - before, 1 + 50, "one for the batch, and a commit B for each");
    assert_eq!(states(&shown), [OrderStatus::Waiting; 50]);
    let batched =
        shown.orders.iter().filter(|shown_order| shown_order.order.head().batch == Some(shown.batch.id));
    assert_eq!(batched.count(), 50);
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 50);
    assert_eq!(world.money().await, ("43.50".into(), "56.50".into()));
    world.settled();
}

#[tokio::test]
async fn one_item_too_many_or_none_is_no_batch() {
    let world = World::new().await;
    for count in [0, 51] {
        assert!(BatchItems::try_new(many(&world, count)).is_err(), "{count}");
    }
}

#[tokio::test]
async fn all_or_nothing_takes_exactly_the_money_that_is_there_or_none() {
    let world = World::new().await;
    // 88 cost 99.44; the 89th does not fit.
    for _ in 0..38 {
        world.buy("whatsapp").await;
    }
    assert_eq!(world.money().await.0, "57.06");
    bought(&world, batch(&world, AllOrNothing, many(&world, 40))).await;
    assert_eq!(world.money().await.0, "11.86");
    let poor = refused(&world, batch(&world, AllOrNothing, many(&world, 12))).await;
    assert_eq!(poor, (10, ItemRefusal::InsufficientFunds));
    assert_eq!(world.money().await.0, "11.86");
    bought(&world, batch(&world, AllOrNothing, many(&world, 10))).await;
    assert_eq!(world.money().await.0, "0.56");
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 88);
    world.settled();
}

#[tokio::test]
async fn a_refused_item_refuses_all_and_leaves_the_key_unused() {
    let world = World::with(|_, ports| ports.orders.max_open_orders = 3).await;
    let unknown = BatchItem {
        ask: world.platform.ask("nosuchservice").expect("an ask"),
        ..item(world.order("whatsapp"))
    };
    let dear = BatchItem { limit: PriceLimit::AtMost(usd("0.10")), ..item(world.order("whatsapp")) };
    let unquoted =
        BatchItem { limit: PriceLimit::Quote(world.platform.id()), ..item(world.order("whatsapp")) };
    for (bad, why) in [
        (unknown, ItemRefusal::NoSuchService),
        (dear, ItemRefusal::PriceAboveLimit { price: usd("1.13") }),
        (unquoted, ItemRefusal::NoSuchQuote),
    ] {
        let items = [many(&world, 1), vec![bad], many(&world, 1)].concat();
        assert_eq!(refused(&world, batch(&world, AllOrNothing, items)).await, (1, why));
    }
    let command = batch(&world, AllOrNothing, many(&world, 4));
    assert_eq!(refused(&world, command.clone()).await, (3, ItemRefusal::TooManyOpenOrders));
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    assert!(world.platform.store.all_orders().is_empty());
    let items = BatchItems::try_new(many(&world, 3)).expect("three");
    bought(&world, BuyBatch { items, ..command }).await;
    world.settled();
}

#[tokio::test]
async fn best_effort_takes_items_in_their_order_while_they_fit() {
    let world = World::with(|_, ports| ports.orders.max_open_orders = 3).await;
    let dear = BatchItem { limit: PriceLimit::AtMost(usd("0.10")), ..item(world.order("whatsapp")) };
    let items = [vec![dear], many(&world, 5)].concat();
    let shown = bought(&world, batch(&world, BestEffort, items)).await;
    assert_eq!(
        refusals(&shown),
        [
            (0, ItemRefusal::PriceAboveLimit { price: usd("1.13") }),
            (4, ItemRefusal::TooManyOpenOrders),
            (5, ItemRefusal::TooManyOpenOrders)
        ]
    );
    assert_eq!(states(&shown), [OrderStatus::Waiting; 3]);
    world.settled();
}

#[tokio::test]
async fn best_effort_spends_what_is_there_and_no_more() {
    let world = World::new().await;
    for _ in 0..85 {
        world.buy("whatsapp").await;
    }
    assert_eq!(world.money().await.0, "3.95");
    let shown = bought(&world, batch(&world, BestEffort, many(&world, 5))).await;
    let poor = ItemRefusal::InsufficientFunds;
    assert_eq!((refusals(&shown), shown.orders.len()), (vec![(3, poor), (4, poor)], 3));
    assert_eq!(world.money().await.0, "0.56");
    world.settled();
}

#[tokio::test]
async fn a_batch_of_refusals_alone_is_a_batch_and_is_replayed() {
    let world = World::new().await;
    let dear = || BatchItem { limit: PriceLimit::AtMost(usd("0.10")), ..item(world.order("whatsapp")) };
    let command = batch(&world, BestEffort, vec![dear(), dear()]);
    let shown = bought(&world, command.clone()).await;
    assert_eq!((refusals(&shown).len(), shown.orders.len()), (2, 0));
    let again = world.platform.orders.buy_batch(command).await.expect("the same");
    assert!(again.replayed);
    assert_eq!(again.value, shown);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn a_quote_serves_one_item_of_a_batch() {
    let world = World::new().await;
    let quote = world.quote("whatsapp").await;
    let items = vec![item(world.quoted(&quote)), item(world.quoted(&quote))];
    let shown = bought(&world, batch(&world, BestEffort, items)).await;
    assert_eq!(refusals(&shown), [(1, ItemRefusal::QuoteUsed)]);
    let used = refused(&world, batch(&world, AllOrNothing, vec![item(world.quoted(&quote))])).await;
    assert_eq!(used, (0, ItemRefusal::QuoteUsed));
    world.settled();
}

#[tokio::test]
async fn a_repeated_batch_answers_the_same_set_with_the_orders_as_they_are_now() {
    let world = World::new().await;
    let command = batch(&world, BestEffort, many(&world, 3));
    let first = bought(&world, command.clone()).await;
    let gone = first.orders[1].order.head().id;
    world.platform.orders.cancel(world.ada, gone).await.expect("cancelled");
    let again = BuyBatch {
        id: world.platform.id(),
        items: BatchItems::try_new(many(&world, 3)).expect("three"),
        ..command.clone()
    };
    let again = world.platform.orders.buy_batch(again).await.expect("the same");
    assert!(again.replayed);
    assert_eq!(again.value.batch, first.batch);
    assert_eq!(states(&again.value), [OrderStatus::Waiting, OrderStatus::Cancelled, OrderStatus::Waiting]);
    let mut other = command;
    other.claim.fingerprint = Fingerprint([7; 32]);
    let reused = world.platform.orders.buy_batch(other).await;
    assert!(matches!(reused, Err(BatchError::Commit(CommitError::KeyReused))));
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 3);
    world.settled();
}

#[tokio::test]
async fn a_batch_is_shown_to_its_owner_alone() {
    let world = World::new().await;
    let shown = bought(&world, batch(&world, BestEffort, many(&world, 2))).await;
    let read = world.platform.orders.batch(world.ada, shown.batch.id).await.expect("hers");
    assert_eq!(read, shown);
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    let foreign = world.platform.orders.batch(ben, shown.batch.id).await;
    assert!(matches!(foreign, Err(VerificationError::NotFound)));
}

#[tokio::test]
async fn each_purchase_has_an_outcome_of_its_own() {
    let world = World::new().await;
    world.fail(ProviderOperation::Buy, ProviderFailure::Declined(DeclineReason::NoNumbers), 1);
    world.fail(ProviderOperation::Buy, ProviderFailure::LostAnswer, 1);
    let shown = bought(&world, batch(&world, AllOrNothing, many(&world, 3))).await;
    assert_eq!(states(&shown), [OrderStatus::Failed, OrderStatus::Requested, OrderStatus::Waiting]);
    let ids: Vec<OrderId> = shown.orders.iter().map(|shown| shown.order.head().id).collect();
    assert_eq!(world.failure(ids[0]).await, Some(Failure::NoNumbers));
    world.pass(14).await;
    assert_eq!(world.status(ids[1]).await, OrderStatus::Waiting);
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 3);
    assert_eq!(world.money().await.1, "2.26");
    world.settled();
}

#[tokio::test]
async fn a_crash_between_the_commit_and_the_sends_gives_all_money_back() {
    let mut failing = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let failing = failing.expect("put in");
    let items = many(&world, 4);
    failing.fail_for(Some(items[2].id));
    failing.lost.store(true, Ordering::SeqCst);
    let command = batch(&world, AllOrNothing, items);
    let unknown = world.platform.orders.buy_batch(command.clone()).await;
    assert!(matches!(unknown, Err(BatchError::Commit(CommitError::Unavailable(_)))));
    failing.fail_for(None);
    let world = world.restarted().await;
    assert_eq!(world.money().await, ("95.48".into(), "4.52".into()));
    let again = world.platform.orders.buy_batch(command.clone()).await.expect("the batch");
    assert_eq!((again.replayed, states(&again.value)), (true, vec![OrderStatus::Requested; 4]));
    world.platform.advance(minutes(2)).await;
    world.pass(60).await;
    let again = world.platform.orders.buy_batch(command).await.expect("the batch");
    assert_eq!((again.replayed, states(&again.value)), (true, vec![OrderStatus::Failed; 4]));
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 0);
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.settled();
}

#[tokio::test]
async fn two_batches_at_once_spend_exactly_the_money_there_is() {
    let world = World::with(|fakes, ports| ports.store = Arc::new(Counting::new(fakes.store.clone()))).await;
    for _ in 0..84 {
        world.buy("whatsapp").await;
    }
    // 5.08 are left: four of 1.13, and 0.56.
    let (first, second) =
        (batch(&world, BestEffort, many(&world, 3)), batch(&world, BestEffort, many(&world, 3)));
    let orders = &world.platform.orders;
    let (first, second) = tokio::join!(orders.buy_batch(first), orders.buy_batch(second));
    let placed = [first, second].map(|done| done.expect("a batch").value.orders.len());
    assert_eq!(placed.iter().sum::<usize>(), 4);
    assert_eq!(world.money().await.0, "0.56");
    world.settled();
}

#[tokio::test]
async fn a_price_that_cannot_be_asked_for_refuses_the_whole_for_now() {
    let world = World::new().await;
    for mode in BatchMode::ALL {
        world.fail(ProviderOperation::Cost, ProviderFailure::Unavailable, 1);
        let refused = world.platform.orders.buy_batch(batch(&world, mode, many(&world, 2))).await;
        assert!(matches!(refused, Err(BatchError::Quote(_))), "{refused:?}");
    }
    assert!(world.platform.store.all_orders().is_empty());
}
