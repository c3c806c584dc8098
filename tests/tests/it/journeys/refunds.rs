//! Refunds to source and disputes: money goes back once, and what is claimed is not spent.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{
    controls::eventually,
    customer::{Customer, payment, text},
    on_both,
    world::World,
};

on_both! {
    a_refund_is_held_and_then_gone,
    a_part_goes_back_and_no_more_than_is_there,
    a_refund_that_fails_gives_the_money_back,
    a_lost_answer_is_settled_by_looking_and_never_sent_again,
    a_refund_that_never_arrived_is_given_up,
    a_refund_ends_without_any_webhook,
    a_repeated_refund_answers_with_the_first,
    many_refunds_at_once_give_back_once,
    one_command_many_times_at_once_is_never_refused,
    a_refund_made_in_the_dashboard_is_taken_from_the_wallet,
    a_lost_dispute_leaves_a_debt_that_a_deposit_repays,
    a_won_dispute_gives_everything_back,
    a_dispute_without_webhooks_is_found,
    somebody_elses_payment_is_not_refunded,
}

fn dollars(amount: &str) -> Value {
    json!({ "amount": { "amount": amount, "currency": "USD" } })
}

/// Somebody with ten dollars of one payment.
async fn funded(world: &World) -> (Customer, Value) {
    let ada = world.customer().await;
    let opened = ada.opens_payment("10.00").await;
    world.controls.pay(&text(&opened, "reference"), "deliver").await;
    let payment = ada.payment_becomes(&opened, "succeeded").await;
    (ada, payment)
}

fn path(payment: &Value) -> String {
    format!("payments/{}/refund", text(payment, "id"))
}

async fn refunds(ada: &Customer, payment: &Value) -> Vec<Value> {
    let listed = ada.get(&format!("{}s", path(payment))).await.is(200);
    listed["data"].as_array().expect("a list").clone()
}

async fn refund_becomes(ada: &Customer, payment: &Value, status: &str) -> Value {
    eventually(&format!("the refund is {status}"), || async {
        refunds(ada, payment).await.into_iter().next().filter(|refund| refund["status"] == status)
    })
    .await
}

/// What the gateway knows of refunds.
async fn theirs(world: &World) -> Vec<Value> {
    let state = world.controls.look("control/state").await;
    state["paystack"]["refunds"].as_array().expect("refunds").clone()
}

async fn control(world: &World, payment: &Value, what: &str, body: Value) -> Value {
    let reference = text(payment, "reference");
    world.controls.post(&format!("control/paystack/{reference}/{what}"), body).await
}

async fn a_refund_is_held_and_then_gone(world: &World) {
    let (ada, payment) = funded(world).await;
    let asked = ada.post(&path(&payment), json!({})).await.is(202);
    assert_eq!((&asked["status"], &asked["payment_id"]), (&json!("pending"), &payment["id"]));
    assert_eq!(asked["amount"], json!({ "amount": "10.00", "currency": "USD" }));
    assert_eq!(asked["charged"], json!({ "amount": "16000.00", "currency": "NGN" }));
    ada.has("0.00", "10.00").await;
    assert_eq!(ada.payment(&payment).await["status"], "succeeded");
    world.controls.advance(11).await;
    let gone = refund_becomes(&ada, &payment, "processed").await;
    assert!(gone["settled_at"].is_string());
    ada.payment_becomes(&payment, "refunded").await;
    ada.has("0.00", "0.00").await;
    let entries = ada.get("wallet/entries").await.is(200);
    assert_eq!(
        (&entries["data"][0]["kind"], entries["data"].as_array().map(Vec::len)),
        (&json!("refund"), Some(2))
    );
    assert_eq!(entries["data"][0]["amount"]["amount"], "-10.00");
    ada.post(&path(&payment), json!({})).await.refused(409, "payment_not_refundable");
}

async fn a_part_goes_back_and_no_more_than_is_there(world: &World) {
    let (ada, payment) = funded(world).await;
    ada.rents("telegram").await;
    ada.post(&path(&payment), dollars("9.26")).await.refused(409, "payment_not_refundable");
    ada.post(&path(&payment), dollars("0.000001")).await.refused(422, "invalid_request");
    ada.has("9.25", "0.75").await;
    ada.post(&path(&payment), dollars("4.00")).await.is(202);
    ada.post(&path(&payment), dollars("1.00")).await.refused(409, "payment_not_refundable");
    ada.has("5.25", "4.75").await;
    world.controls.advance(11).await;
    ada.payment_becomes(&payment, "partially_refunded").await;
    ada.has("5.25", "0.75").await;
    let rest = ada.post(&path(&payment), json!({})).await.is(202);
    assert_eq!(rest["amount"]["amount"], "5.25");
    assert_eq!(refunds(&ada, &payment).await.len(), 2);
}

async fn a_refund_that_fails_gives_the_money_back(world: &World) {
    let (ada, payment) = funded(world).await;
    for (asked, status) in [(json!({}), "failed"), (dollars("2.00"), "needs-attention")] {
        ada.post(&path(&payment), asked).await.is(202);
        let id = theirs(world).await.last().expect("a refund")["id"].clone();
        world.controls.post(&format!("control/paystack/refunds/{id}"), json!({ "status": status })).await;
        world.controls.advance(60).await;
    }
    assert_eq!(
        refunds(&ada, &payment).await.iter().map(|r| text(r, "status")).collect::<Vec<_>>(),
        ["pending", "failed"]
    );
    ada.has("8.00", "2.00").await;
    let id = theirs(world).await.last().expect("a refund")["id"].clone();
    for (status, available) in [("processed", "8.00"), ("failed", "10.00")] {
        let moves = json!({ "status": status });
        world.controls.post(&format!("control/paystack/refunds/{id}"), moves).await;
        refund_becomes(&ada, &payment, status).await;
        ada.has(available, "0.00").await;
    }
    assert_eq!(ada.payment(&payment).await["status"], "succeeded");
}

async fn a_lost_answer_is_settled_by_looking_and_never_sent_again(world: &World) {
    let (ada, payment) = funded(world).await;
    world.controls.fault("paystack", "refund", "disconnect", 1).await;
    assert_eq!(ada.post(&path(&payment), json!({})).await.is(202)["status"], "pending");
    ada.has("0.00", "10.00").await;
    world.controls.advance(120).await;
    refund_becomes(&ada, &payment, "processed").await;
    assert_eq!(theirs(world).await.len(), 1);
    ada.has("0.00", "0.00").await;
}

async fn a_refund_that_never_arrived_is_given_up(world: &World) {
    let (ada, payment) = funded(world).await;
    world.controls.fault("paystack", "refund", "http_500", 1).await;
    ada.post(&path(&payment), json!({})).await.is(202);
    ada.has("0.00", "10.00").await;
    for _ in 0..3 {
        world.controls.advance(61).await;
    }
    refund_becomes(&ada, &payment, "failed").await;
    ada.has("10.00", "0.00").await;
    assert!(theirs(world).await.is_empty());
}

async fn a_refund_ends_without_any_webhook(world: &World) {
    let (ada, payment) = funded(world).await;
    ada.post(&path(&payment), json!({})).await.is(202);
    let id = theirs(world).await[0]["id"].clone();
    let moves = json!({ "status": "processed", "webhook": "lose" });
    world.controls.post(&format!("control/paystack/refunds/{id}"), moves).await;
    world.controls.advance(61).await;
    refund_becomes(&ada, &payment, "processed").await;
    ada.has("0.00", "0.00").await;
}

async fn a_repeated_refund_answers_with_the_first(world: &World) {
    let (ada, payment) = funded(world).await;
    let key = ada.new_key();
    let first = ada.post_again(&path(&payment), json!({}), &key).await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let first = first.is(202);
    world.controls.advance(11).await;
    refund_becomes(&ada, &payment, "processed").await;
    let again = ada.post_again(&path(&payment), json!({}), &key).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let again = again.is(202);
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("processed")));
    let other = ada.post_again(&path(&payment), dollars("1.00"), &key).await;
    other.refused(422, "idempotency_key_reused");
    assert_eq!(theirs(world).await.len(), 1);
}

async fn many_refunds_at_once_give_back_once(world: &World) {
    let (ada, payment) = funded(world).await;
    let path = path(&payment);
    let answers = join_all((0..20).map(|_| ada.post(&path, dollars("6.00")))).await;
    let taken = answers.iter().filter(|answer| answer.status == 202).count();
    for answer in answers.into_iter().filter(|answer| answer.status != 202) {
        answer.refused(409, "payment_not_refundable");
    }
    assert_eq!((taken, theirs(world).await.len()), (1, 1));
    world.controls.advance(11).await;
    refund_becomes(&ada, &payment, "processed").await;
    ada.has("4.00", "0.00").await;
}

async fn one_command_many_times_at_once_is_never_refused(world: &World) {
    let (ada, payment) = funded(world).await;
    let path = path(&payment);
    let answers = join_all((0..20).map(|_| ada.post_again(&path, dollars("6.00"), "k"))).await;
    let refunds: Vec<Value> = answers.into_iter().map(|answer| answer.is(202)["id"].clone()).collect();
    assert!(refunds.iter().all(|id| *id == refunds[0]), "{refunds:?}");
    assert_eq!(theirs(world).await.len(), 1);
}

async fn a_refund_made_in_the_dashboard_is_taken_from_the_wallet(world: &World) {
    let (ada, payment) = funded(world).await;
    let lost = json!({ "amount_subunits": 640_000, "webhook": "lose" });
    let id = control(world, &payment, "refund", lost).await["refund"]["id"].clone();
    world.controls.advance(60).await;
    // Processed by itself, whatever webhooks say.
    world.controls.advance(61).await;
    ada.payment_becomes(&payment, "partially_refunded").await;
    ada.has("6.00", "0.00").await;
    let entries = ada.get("wallet/entries").await.is(200);
    assert_eq!(entries["data"][0]["kind"], "chargeback");
    assert_eq!(theirs(world).await[0]["id"], id);
    assert_eq!(refunds(&ada, &payment).await.len(), 1);
}

async fn a_lost_dispute_leaves_a_debt_that_a_deposit_repays(world: &World) {
    let (ada, payment) = funded(world).await;
    let order = ada.rents("telegram").await;
    world.controls.text(&order, "Your code is 482913", "deliver").await;
    ada.order_becomes(&order, "completed").await;
    control(world, &payment, "dispute", json!({ "event": "create" })).await;
    ada.payment_becomes(&payment, "disputed").await;
    ada.has("0.00", "9.25").await;
    ada.post("verifications", super::customer::order("telegram")).await.refused(409, "account_blocked");
    ada.post(&path(&payment), json!({})).await.refused(409, "dispute_open");
    control(world, &payment, "dispute", json!({ "event": "remind" })).await;
    let accepted = json!({ "event": "resolve", "resolution": "merchant-accepted" });
    control(world, &payment, "dispute", accepted).await;
    ada.payment_becomes(&payment, "refunded").await;
    let wallet = ada.get("wallet").await.is(200);
    assert_eq!((&wallet["total"]["amount"], &wallet["debt"]["amount"]), (&json!("0.00"), &json!("0.75")));
    ada.deposits(&world.controls, "5.00").await;
    let wallet = ada.get("wallet").await.is(200);
    assert_eq!((&wallet["available"]["amount"], &wallet["debt"]["amount"]), (&json!("4.25"), &json!("0.00")));
    ada.rents("google").await;
}

async fn a_won_dispute_gives_everything_back(world: &World) {
    let (ada, payment) = funded(world).await;
    control(world, &payment, "dispute", json!({ "event": "create", "refund_amount": 640_000 })).await;
    ada.payment_becomes(&payment, "disputed").await;
    ada.has("6.00", "4.00").await;
    control(world, &payment, "dispute", json!({ "event": "resolve", "resolution": "declined" })).await;
    ada.payment_becomes(&payment, "succeeded").await;
    ada.has("10.00", "0.00").await;
    ada.post(&path(&payment), json!({})).await.is(202);
}

async fn a_dispute_without_webhooks_is_found(world: &World) {
    let (ada, payment) = funded(world).await;
    control(world, &payment, "dispute", json!({ "event": "create", "webhook": "lose" })).await;
    world.controls.advance(61).await;
    ada.payment_becomes(&payment, "disputed").await;
    let lost = json!({ "event": "resolve", "resolution": "merchant-accepted", "webhook": "lose" });
    control(world, &payment, "dispute", lost).await;
    world.controls.advance(61).await;
    ada.payment_becomes(&payment, "refunded").await;
    ada.has("0.00", "0.00").await;
}

async fn somebody_elses_payment_is_not_refunded(world: &World) {
    let (ada, paid) = funded(world).await;
    let ben = world.customer_with("10.00").await;
    ben.post(&path(&paid), json!({})).await.refused(404, "not_found");
    ben.get(&format!("{}s", path(&paid))).await.refused(404, "not_found");
    let unpaid = ada.post("payments", payment("5.00")).await.is(201);
    ada.post(&path(&unpaid), json!({})).await.refused(409, "payment_not_refundable");
    assert!(theirs(world).await.is_empty());
    ada.has("10.00", "0.00").await;
    ben.has("10.00", "0.00").await;
}
