//! Purchases whose answer was lost: settled by looking, never by sending again.

use futures::future::join_all;
use namaskah_domain::breaker::OPENS_AFTER;
use serde_json::{Value, json};

use super::{
    controls::eventually,
    customer::{Customer, order, text},
    on_both,
    world::World,
};

on_both! {
    a_purchase_whose_answer_is_lost_is_found_and_bound,
    a_purchase_that_never_arrived_gives_the_money_back,
    identical_orders_with_lost_answers_bind_each_number_once,
    a_cancel_of_an_unknown_purchase_takes_effect_once_it_is_known,
    a_listing_that_lags_is_waited_for,
    the_texts_of_a_number_that_was_found_are_read,
    what_could_not_be_sent_in_time_is_never_sent,
}

/// Beyond the deadline of an attempt and both complete listings.
async fn let_the_reconciler_settle(world: &World, customers: &[&Customer]) {
    for _ in 0..4 {
        world.controls.advance(45).await;
    }
    eventually("no purchase has an unknown outcome", || async {
        let unknown = world.books.count("SELECT COUNT(*) FROM purchases WHERE state = 'sent'").await;
        (unknown == 0).then_some(())
    })
    .await;
    for customer in customers {
        customer.sign_in().await;
    }
}

async fn a_purchase_whose_answer_is_lost_is_found_and_bound(world: &World) {
    for mode in ["disconnect", "malformed", "timeout_after"] {
        let ada = world.customer_with("10.00").await;
        world.controls.fault("textverified", "create", mode, 1).await;
        let lost = ada.orders("telegram").await;
        assert_eq!((&lost["status"], &lost["phone_number"]), (&json!("requested"), &Value::Null), "{mode}");
        ada.has("9.25", "0.75").await;
        let_the_reconciler_settle(world, &[&ada]).await;
        let found = ada.order(&lost).await;
        assert_eq!(found["status"], "waiting", "{mode}");
        let upstream = world.controls.purchase_of(&found).await;
        assert_eq!(upstream["service"], "telegram");
        world.controls.text(&found, "code 445566", "deliver").await;
        assert_eq!(ada.order_becomes(&found, "completed").await["messages"][0]["code"], "445566");
        ada.has("9.25", "0.00").await;
    }
    assert_eq!(world.controls.purchases().await.len(), 3);
    world.books.agree_on_purchases().await;
    world.books.agree_on_money().await;
}

async fn a_purchase_that_never_arrived_gives_the_money_back(world: &World) {
    for mode in ["http_500", "timeout_before"] {
        let ada = world.customer_with("10.00").await;
        world.controls.fault("textverified", "create", mode, 1).await;
        let lost = ada.orders("telegram").await;
        assert_eq!(lost["status"], "requested", "{mode}");
        ada.has("9.25", "0.75").await;
        let_the_reconciler_settle(world, &[&ada]).await;
        let failed = ada.order(&lost).await;
        assert_eq!(
            (&failed["status"], &failed["failure"]["code"]),
            (&json!("failed"), &json!("provider_unknown")),
            "{mode}"
        );
        ada.has("10.00", "0.00").await;
    }
    assert!(world.controls.purchases().await.is_empty());
}

/// N alike at once, k answers lost: what the provider sold is bound or an orphan, and nobody shares a number.
async fn identical_orders_with_lost_answers_bind_each_number_once(world: &World) {
    const ORDERS: usize = 12;
    let (ada, bob) = (world.customer_with("20.00").await, world.customer_with("20.00").await);
    for (mode, count) in [("disconnect", OPENS_AFTER - 1), ("http_500", 2)] {
        // An answer ends the row: the breaker stays closed, whichever answers of the wave are lost.
        ada.rents("telegram").await;
        world.controls.fault("textverified", "create", mode, count).await;
        let customers = [&ada, &bob];
        let orders = join_all((0..ORDERS).map(|n| customers[n % 2].orders("telegram"))).await;
        let lost = orders.iter().filter(|order| order["status"] == "requested").count();
        assert_eq!(lost, count as usize, "{orders:?}");
    }
    let_the_reconciler_settle(world, &[&ada, &bob]).await;
    world.books.agree_on_purchases().await;
    let mut numbers: Vec<String> = Vec::new();
    for customer in [&ada, &bob] {
        for order in customer.get("verifications?limit=100").await.is(200)["data"].as_array().expect("orders")
        {
            assert!(["waiting", "failed"].contains(&text(order, "status").as_str()), "{order}");
            numbers.extend(order["phone_number"].as_str().map(str::to_owned));
        }
    }
    let (shown, distinct) = (numbers.len(), numbers.iter().collect::<std::collections::BTreeSet<_>>().len());
    assert_eq!(shown, distinct, "no number is shown twice");
    let sold = world.controls.purchases().await.len();
    let orphans = world.books.count("SELECT COUNT(*) FROM purchases WHERE state = 'orphan'").await;
    assert_eq!((sold, sold), (2 * (ORDERS + 1) - 2, shown + orphans as usize));
    world.books.keep_promises().await;
    world.controls.advance(16 * 60).await;
    for customer in [&ada, &bob] {
        customer.sign_in().await;
        customer.has("20.00", "0.00").await;
    }
    world.books.agree_on_money().await;
}

async fn a_cancel_of_an_unknown_purchase_takes_effect_once_it_is_known(world: &World) {
    let ada = world.customer_with("10.00").await;
    world.controls.fault("textverified", "create", "disconnect", 1).await;
    let lost = ada.orders("telegram").await;
    let asked = ada.cancels(&lost).await.is(202);
    assert_eq!((&asked["status"], &asked["cancel_requested"]), (&json!("requested"), &json!(true)));
    ada.has("9.25", "0.75").await;
    let_the_reconciler_settle(world, &[&ada]).await;
    ada.order_becomes(&lost, "cancelled").await;
    ada.has("10.00", "0.00").await;
    world.books.agree_on_purchases().await;
    world.books.agree_on_money().await;
}

async fn a_listing_that_lags_is_waited_for(world: &World) {
    let ada = world.customer_with("10.00").await;
    world.controls.post("control/textverified/listing", json!({ "lag_s": 40 })).await;
    world.controls.fault("textverified", "create", "disconnect", 1).await;
    let lost = ada.orders("telegram").await;
    let_the_reconciler_settle(world, &[&ada]).await;
    assert_eq!(ada.order(&lost).await["status"], "waiting");
    world.books.agree_on_purchases().await;
}

/// The text came while nobody knew whose number it was: the number is of no use, and nothing is paid for it.
async fn the_texts_of_a_number_that_was_found_are_read(world: &World) {
    let ada = world.customer_with("10.00").await;
    world.controls.fault("textverified", "create", "disconnect", 1).await;
    let key = ada.new_key();
    let lost = ada.post_again("verifications", order("telegram"), &key).await.is(201);
    let id = text(&world.controls.purchases().await[0], "id");
    let sms = json!({ "text": "code 990011" });
    world.controls.post(&format!("control/textverified/{id}/sms"), sms).await;
    let_the_reconciler_settle(world, &[&ada]).await;
    let failed = ada.order(&lost).await;
    assert_eq!((&failed["status"], &failed["messages"]), (&json!("failed"), &json!([])));
    ada.has("10.00", "0.00").await;
    world.books.agree_on_purchases().await;
}

/// Between the hold and the purchase the provider's sign-in hangs: the moment to send passes.
async fn what_could_not_be_sent_in_time_is_never_sent(world: &World) {
    let ada = world.customer_with("10.00").await;
    let first = ada.rents("telegram").await;
    ada.cancels(&first).await.is(200);
    // The provider's token runs out and cannot be had again; its price is still known. Hanging it fails too seldom for the
    // breaker to open.
    world.controls.fault("textverified", "auth", "timeout_before", 1_000).await;
    world.controls.advance(40 * 60).await;
    ada.sign_in().await;
    let late = ada.orders("telegram").await;
    assert!(["requested", "failed"].contains(&text(&late, "status").as_str()), "{late}");
    world.controls.fault("textverified", "auth", "none", 0).await;
    let_the_reconciler_settle(world, &[&ada]).await;
    let failed = ada.order(&late).await;
    assert_eq!((&failed["status"], &failed["phone_number"]), (&json!("failed"), &Value::Null));
    ada.has("10.00", "0.00").await;
    assert_eq!(world.controls.purchases().await.len(), 1);
}
