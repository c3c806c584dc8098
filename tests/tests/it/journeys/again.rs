//! What can be done about an order that brings no code.

use serde_json::{Value, json};

use super::{customer::text, on_both, world::World};

on_both! {
    an_order_that_waits_is_retried_with_its_own_money,
    an_order_that_has_ended_is_retried_once,
    an_order_is_given_another_number_twice,
    a_number_that_is_reported_while_it_waits_is_taken_back,
    a_reported_code_is_given_back_with_the_providers_credit_and_not_before,
}

fn path(order: &Value, what: &str) -> String {
    format!("verifications/{}/{what}", text(order, "id"))
}

async fn an_order_that_waits_is_retried_with_its_own_money(world: &World) {
    let ada = world.customer_with("1.20").await;
    let order = ada.rents("whatsapp").await;
    ada.has("0.07", "1.13").await;
    assert_eq!(order["can_retry"], json!(true));
    let next = ada.post_again(&path(&order, "retry"), Value::Null, "again").await.is(201);
    assert_eq!((&next["status"], &next["attempt"]), (&json!("waiting"), &json!(2)));
    assert_eq!((&next["retry_of"], &next["price"]), (&order["id"], &order["price"]));
    assert_ne!(next["phone_number"], order["phone_number"]);
    ada.has("0.07", "1.13").await;
    let first = ada.order(&order).await;
    assert_eq!((&first["status"], &first["can_retry"]), (&json!("cancelled"), &json!(false)));

    let again = ada.post_again(&path(&order, "retry"), Value::Null, "again").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.is(201)["id"], next["id"]);
    ada.post_again(&path(&next, "retry"), Value::Null, "again").await.refused(422, "idempotency_key_reused");
    ada.post(&path(&order, "retry"), Value::Null).await.refused(409, "verification_not_retryable");

    world.controls.text(&next, "Your WhatsApp code: 806-185", "deliver").await;
    assert_eq!(ada.awaits(&next).await["status"], "completed");
    ada.post(&path(&next, "retry"), Value::Null).await.refused(409, "verification_not_retryable");
    ada.has("0.07", "0.00").await;
    world.books.agree_on_purchases().await;
    world.books.agree_on_money().await;
}

async fn an_order_that_has_ended_is_retried_once(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    ada.cancels(&order).await.is(200);
    world.controls.advance(9 * 60).await;
    let next = ada.post(&path(&order, "retry"), Value::Null).await.is(201);
    assert_eq!(next["retry_of"], order["id"]);
    ada.has("9.25", "0.75").await;
    ada.post(&path(&order, "retry"), Value::Null).await.refused(409, "verification_not_retryable");
    ada.cancels(&next).await.is(200);
    world.controls.advance(10 * 60).await;
    ada.sign_in().await;
    ada.post(&path(&next, "retry"), Value::Null).await.refused(409, "verification_not_retryable");
    let other = world.customer_with("10.00").await;
    other.post(&path(&order, "retry"), Value::Null).await.refused(404, "not_found");
    ada.has("10.00", "0.00").await;
    world.books.agree_on_money().await;
}

fn reports(reason: &str) -> Value {
    json!({ "reason": reason })
}

async fn a_number_that_is_reported_while_it_waits_is_taken_back(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    for _ in 0..2 {
        let after = ada.post(&path(&order, "report"), reports("number_used")).await.is(200);
        assert_eq!((&after["status"], &after["reported"]), (&json!("cancelled"), &json!(true)));
    }
    ada.has("10.00", "0.00").await;
    let upstream = world.controls.purchase_of(&order).await;
    assert_eq!(upstream["state"], "verificationReported");
    for reason in ["", "because", "NO_CODE"] {
        ada.post(&path(&order, "report"), reports(reason)).await.refused(422, "invalid_request");
    }
    let other = world.customer_with("10.00").await;
    other.post(&path(&order, "report"), reports("no_code")).await.refused(404, "not_found");
}

async fn a_reported_code_is_given_back_with_the_providers_credit_and_not_before(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    world.controls.text(&order, "Telegram code 51234", "deliver").await;
    assert_eq!(ada.awaits(&order).await["status"], "completed");
    let after = ada.post(&path(&order, "report"), reports("wrong_code")).await.is(200);
    assert_eq!((&after["status"], &after["reported"]), (&json!("completed"), &json!(true)));
    world.controls.advance(30).await;
    let upstream = world.controls.purchase_of(&order).await;
    assert_eq!(upstream["state"], "verificationReported");
    ada.has("9.25", "0.00").await;
    let credit = format!("control/textverified/{}/credit", text(&upstream, "id"));
    world.controls.post(&credit, json!({})).await;
    world.controls.advance(10 * 60).await;
    ada.sign_in().await;
    ada.has("10.00", "0.00").await;
    let entries = ada.get("wallet/entries").await.is(200);
    assert_eq!(
        (&entries["data"][0]["kind"], &entries["data"][0]["amount"]["amount"]),
        (&json!("refund"), &json!("0.75"))
    );
    ada.post(&path(&order, "report"), reports("wrong_code")).await.is(200);
    world.controls.advance(10 * 60).await;
    ada.has("10.00", "0.00").await;
    world.books.agree_on_money().await;
}

async fn an_order_is_given_another_number_twice(world: &World) {
    let ada = world.customer_with("1.00").await;
    let order = ada.rents("telegram").await;
    assert_eq!(order["can_swap"], json!(true));
    let mut numbers = vec![text(&order, "phone_number")];
    for n in 1..=2 {
        let key = format!("swap-{n}");
        let after = ada.post_again(&path(&order, "swap"), Value::Null, &key).await.is(202);
        assert_eq!((&after["id"], &after["status"]), (&order["id"], &json!("waiting")));
        let again = ada.post_again(&path(&order, "swap"), Value::Null, &key).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.is(202)["phone_number"], after["phone_number"]);
        let number = text(&after, "phone_number");
        assert!(!numbers.contains(&number));
        numbers.push(number);
        ada.has("0.25", "0.75").await;
    }
    assert_eq!(ada.order(&order).await["can_swap"], json!(false));
    ada.post(&path(&order, "swap"), Value::Null).await.refused(409, "verification_not_swappable");
    let other = world.customer_with("1.00").await;
    other.post(&path(&order, "swap"), Value::Null).await.refused(404, "not_found");
    let now = ada.order(&order).await;
    world.controls.text(&now, "Telegram code 51234", "deliver").await;
    assert_eq!(ada.awaits(&now).await["status"], "completed");
    ada.has("0.25", "0.00").await;
    world.books.agree_on_money().await;
}
