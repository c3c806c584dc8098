//! One key, one effect; and exactly the money that was there.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{
    customer::{Answer, order, payment, text},
    on_both,
    world::{World, paystack_signature},
};

on_both! {
    a_repeated_command_answers_with_the_resource_as_it_is_now,
    a_key_that_stands_for_another_command_is_refused,
    one_key_at_once_makes_one_order,
    one_key_at_once_makes_one_payment,
    parallel_purchases_spend_exactly_what_is_there,
    one_webhook_many_times_at_once_credits_once,
    a_refused_command_leaves_its_key_unused,
    a_key_belongs_to_its_account,
}

const REPLAYED: &str = "idempotent-replayed";

async fn a_repeated_command_answers_with_the_resource_as_it_is_now(world: &World) {
    let ada = world.customer_with("10.00").await;
    let key = ada.new_key();
    let first = ada.post_again("verifications", order("telegram"), &key).await;
    assert_eq!(first.header(REPLAYED), None);
    let location = first.header("location").expect("a location").to_owned();
    let first = first.is(201);
    assert_eq!(location, format!("/api/v1/verifications/{}", text(&first, "id")));
    ada.cancels(&first).await.is(200);

    let again = ada.post_again("verifications", order("telegram"), &format!("\"{key}\"")).await;
    assert_eq!(again.header(REPLAYED), Some("true"));
    let again = again.is(201);
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("cancelled")));

    let key = ada.new_key();
    let opened = ada.post_again("payments", payment("3.00"), &key).await.is(201);
    let replayed = ada.post_again("payments", payment("3"), &key).await;
    assert_eq!(replayed.header(REPLAYED), Some("true"));
    assert_eq!(replayed.is(201)["reference"], opened["reference"]);
    assert_eq!(world.controls.purchases().await.len(), 1);
}

async fn a_key_that_stands_for_another_command_is_refused(world: &World) {
    let ada = world.customer_with("10.00").await;
    let key = ada.new_key();
    ada.post_again("verifications", order("telegram"), &key).await.is(201);
    let mut others = vec![order("google"), order("telegram"), order("telegram")];
    others[1]["max_price"]["amount"] = json!("4.00");
    others[2]["metadata"] = json!({ "note": "x" });
    for other in others {
        ada.post_again("verifications", other, &key).await.refused(422, "idempotency_key_reused");
    }
    ada.post_again("payments", payment("3.00"), &key).await.refused(422, "idempotency_key_reused");
    assert_eq!(world.controls.purchases().await.len(), 1);
    ada.has("9.25", "0.75").await;
}

async fn one_key_at_once_makes_one_order(world: &World) {
    let ada = world.customer_with("10.00").await;
    let key = ada.new_key();
    let tries = (0..50).map(|_| ada.post_again("verifications", order("telegram"), &key));
    let answers = join_all(tries).await;
    let fresh = answers.iter().filter(|answer| answer.header(REPLAYED).is_none()).count();
    assert_eq!(fresh, 1);
    let ids: Vec<Value> = answers.into_iter().map(|answer| answer.is(201)["id"].clone()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    ada.has("9.25", "0.75").await;
    assert_eq!(world.controls.purchases().await.len(), 1);
}

async fn one_key_at_once_makes_one_payment(world: &World) {
    let ada = world.customer().await;
    let key = ada.new_key();
    let answers = join_all((0..20).map(|_| ada.post_again("payments", payment("5.00"), &key))).await;
    let mut ids: Vec<String> = answers.into_iter().map(|answer| text(&answer.is(201), "id")).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(ada.get("payments").await.is(200)["data"].as_array().map(Vec::len), Some(1));
}

async fn parallel_purchases_spend_exactly_what_is_there(world: &World) {
    // Three of 0.75, and 0.25 that buys nothing.
    let ada = world.customer_with("2.50").await;
    let answers = join_all((0..20).map(|_| ada.post("verifications", order("telegram")))).await;
    let (sold, refused): (Vec<Answer>, Vec<Answer>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(sold.len(), 3);
    for answer in refused {
        answer.refused(402, "insufficient_funds");
    }
    ada.has("0.25", "2.25").await;
    assert_eq!(world.controls.purchases().await.len(), 3);
}

async fn one_webhook_many_times_at_once_credits_once(world: &World) {
    let ada = world.customer().await;
    let payment = ada.opens_payment("10.00").await;
    let reference = text(&payment, "reference");
    world.controls.pay(&reference, "lose").await;
    let body =
        json!({ "event": "charge.success", "data": { "id": 1, "reference": reference, "domain": "test" } });
    let body = body.to_string();
    let signature = paystack_signature(body.as_bytes());
    let sends = (0..100).map(|_| {
        let request = ada.http.post(ada.url("hooks/paystack")).header("x-paystack-signature", &signature);
        Answer::of(request.header("content-type", "application/json").body(body.clone()))
    });
    for answer in join_all(sends).await {
        answer.is(200);
    }
    ada.payment_becomes(&payment, "succeeded").await;
    ada.has("10.00", "0.00").await;
    assert_eq!(world.books.count("SELECT COUNT(*) FROM transfers WHERE credit_account = 'wallet'").await, 1);
}

async fn a_refused_command_leaves_its_key_unused(world: &World) {
    let ada = world.customer().await;
    let key = ada.new_key();
    let poor = ada.post_again("verifications", order("telegram"), &key).await;
    poor.refused(402, "insufficient_funds");
    ada.deposits(&world.controls, "10.00").await;
    let bought = ada.post_again("verifications", order("telegram"), &key).await;
    assert_eq!(bought.header(REPLAYED), None);
    bought.is(201);
}

async fn a_key_belongs_to_its_account(world: &World) {
    let (ada, bob) = (world.customer_with("10.00").await, world.customer_with("10.00").await);
    let mine = ada.post_again("verifications", order("telegram"), "shared-key").await.is(201);
    let his = bob.post_again("verifications", order("telegram"), "shared-key").await;
    assert_eq!(his.header(REPLAYED), None);
    assert_ne!(his.is(201)["id"], mine["id"]);
}
