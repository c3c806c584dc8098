//! Deposits: what a gateway says is evidence, and money is credited once.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{customer::text, on_both, world::World};

on_both! {
    a_deposit_is_credited_by_its_webhook,
    a_deposit_is_credited_by_asking,
    a_deposit_is_credited_by_the_sweep_when_every_webhook_is_lost,
    a_webhook_that_comes_twice_credits_once,
    twenty_checks_of_one_payment_credit_it_once,
    a_payment_that_differs_from_what_was_asked_is_set_aside_whole,
    a_payment_of_another_domain_books_nothing,
    a_payment_that_failed_may_still_succeed,
    a_gateway_that_does_not_answer_changes_nothing,
}

async fn a_deposit_is_credited_by_its_webhook(world: &World) {
    let ada = world.customer().await;
    let payment = ada.opens_payment("10.00").await;
    assert_eq!(payment["status"], "pending");
    assert_eq!(payment["charged"], json!({ "amount": "16000.00", "currency": "NGN" }));
    assert!(text(&payment, "checkout_url").starts_with("http://127.0.0.1:"));
    ada.has("0.00", "0.00").await;
    world.controls.pay(&text(&payment, "reference"), "deliver").await;
    let settled = ada.payment_becomes(&payment, "succeeded").await;
    assert!(settled["settled_at"].is_string());
    ada.has("10.00", "0.00").await;
    let entries = ada.get("wallet/entries").await.is(200);
    assert_eq!(entries["data"].as_array().map(Vec::len), Some(1));
    let entry = &entries["data"][0];
    assert_eq!((&entry["kind"], &entry["amount"]["amount"]), (&json!("deposit"), &json!("10.00")));
    assert_eq!(entry["balance_after"]["amount"], "10.00");
}

async fn a_deposit_is_credited_by_asking(world: &World) {
    let ada = world.customer().await;
    let payment = ada.opens_payment("10.00").await;
    let path = format!("payments/{}/sync", text(&payment, "id"));
    assert_eq!(ada.post(&path, Value::Null).await.is(200)["status"], "pending");
    world.controls.pay(&text(&payment, "reference"), "lose").await;
    assert_eq!(ada.post(&path, Value::Null).await.is(200)["status"], "succeeded");
    assert_eq!(ada.post(&path, Value::Null).await.is(200)["status"], "succeeded");
    ada.has("10.00", "0.00").await;
}

async fn a_deposit_is_credited_by_the_sweep_when_every_webhook_is_lost(world: &World) {
    let ada = world.customer().await;
    for dollars in ["10.00", "2.50"] {
        let payment = ada.opens_payment(dollars).await;
        world.controls.pay(&text(&payment, "reference"), "lose").await;
    }
    world.controls.advance(120).await;
    ada.has("12.50", "0.00").await;
}

async fn a_webhook_that_comes_twice_credits_once(world: &World) {
    let ada = world.customer().await;
    let payment = ada.opens_payment("10.00").await;
    world.controls.pay(&text(&payment, "reference"), "duplicate").await;
    ada.payment_becomes(&payment, "succeeded").await;
    world.controls.advance(120).await;
    ada.has("10.00", "0.00").await;
}

async fn twenty_checks_of_one_payment_credit_it_once(world: &World) {
    let ada = world.customer().await;
    let payment = ada.opens_payment("10.00").await;
    world.controls.pay(&text(&payment, "reference"), "deliver").await;
    let path = format!("payments/{}/sync", text(&payment, "id"));
    for answer in join_all((0..20).map(|_| ada.post(&path, Value::Null))).await {
        assert_eq!(answer.is(200)["status"], "succeeded");
    }
    ada.has("10.00", "0.00").await;
}

async fn a_payment_that_differs_from_what_was_asked_is_set_aside_whole(world: &World) {
    let ada = world.customer().await;
    for differs in [
        json!({ "amount_subunits": 1 }),
        json!({ "amount_subunits": 160_000_000 }),
        json!({ "currency": "GHS" }),
    ] {
        let payment = ada.opens_payment("10.00").await;
        let mut pays = json!({ "outcome": "success", "webhook": "deliver" });
        for (name, value) in differs.as_object().expect("fields") {
            pays[name] = value.clone();
        }
        world.controls.post(&format!("control/paystack/{}", text(&payment, "reference")), pays).await;
        ada.payment_becomes(&payment, "suspense").await;
    }
    ada.has("0.00", "0.00").await;
    assert_eq!(world.books.count("SELECT COUNT(*) FROM postings WHERE account = 'suspense'").await, 3);
}

async fn a_payment_of_another_domain_books_nothing(world: &World) {
    let ada = world.customer().await;
    let payment = ada.opens_payment("10.00").await;
    let pays = json!({ "outcome": "success", "webhook": "deliver", "domain": "live" });
    world.controls.post(&format!("control/paystack/{}", text(&payment, "reference")), pays).await;
    let path = format!("payments/{}/sync", text(&payment, "id"));
    assert_eq!(ada.post(&path, Value::Null).await.is(200)["status"], "pending");
    world.controls.advance(120).await;
    ada.has("0.00", "0.00").await;
    assert_eq!(world.books.count("SELECT COUNT(*) FROM transfers").await, 0);
}

async fn a_payment_that_failed_may_still_succeed(world: &World) {
    let ada = world.customer().await;
    let payment = ada.opens_payment("10.00").await;
    let path = format!("payments/{}/sync", text(&payment, "id"));
    let pays = json!({ "outcome": "failed", "webhook": "lose" });
    world.controls.post(&format!("control/paystack/{}", text(&payment, "reference")), pays).await;
    assert_eq!(ada.post(&path, Value::Null).await.is(200)["status"], "failed");
    ada.has("0.00", "0.00").await;
    world.controls.pay(&text(&payment, "reference"), "deliver").await;
    ada.payment_becomes(&payment, "succeeded").await;
    ada.has("10.00", "0.00").await;
}

async fn a_gateway_that_does_not_answer_changes_nothing(world: &World) {
    let ada = world.customer().await;
    for mode in ["http_500", "disconnect", "malformed"] {
        // More often than the adapter asks again.
        world.controls.fault("paystack", "initialize", mode, 50).await;
        let key = ada.new_key();
        let refused = ada.post_again("payments", super::customer::payment("10.00"), &key).await;
        refused.refused(502, "provider_error");
        world.controls.fault("paystack", "initialize", "none", 0).await;
        ada.post_again("payments", super::customer::payment("10.00"), &key).await.is(201);
    }
    ada.has("0.00", "0.00").await;
    assert_eq!(world.books.count("SELECT COUNT(*) FROM transfers").await, 0);
}
