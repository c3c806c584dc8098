//! Orders: a number, a code, and money only for the code.

use serde_json::{Value, json};

use super::{
    customer::{order, text},
    on_both,
    world::World,
};

on_both! {
    a_code_that_comes_by_webhook_is_paid_for,
    a_code_whose_webhook_is_lost_comes_by_the_shared_poll,
    a_cancelled_order_has_its_money_back,
    an_order_without_a_code_has_its_money_back_when_its_time_is_over,
    an_order_that_the_provider_times_out_has_its_money_back,
    an_order_that_the_provider_refuses_has_its_money_back,
    a_text_without_a_code_is_shown_and_the_order_goes_on,
    a_code_that_was_first_wins_over_a_cancel,
    a_code_after_the_end_is_never_paid_for,
    a_price_above_the_limit_is_refused_before_money_is_held,
    a_recycled_number_never_shows_what_came_before,
    what_belongs_to_another_user_does_not_exist,
}

async fn a_code_that_comes_by_webhook_is_paid_for(world: &World) {
    let ada = world.customer_with("10.00").await;
    let quote = ada.post("quotes", json!({ "service": "whatsapp", "country": "US" })).await.is(201);
    assert_eq!(quote["price"], json!({ "amount": "1.13", "currency": "USD" }));
    let wanted = json!({ "service": "whatsapp", "country": "US", "quote_id": quote["id"] });
    let order = ada.post("verifications", wanted.clone()).await.is(201);
    assert_eq!((&order["status"], &order["can_cancel"]), (&json!("waiting"), &json!(true)));
    ada.has("8.87", "1.13").await;
    ada.post("verifications", wanted).await.refused(409, "quote_used");

    world.controls.text(&order, "Your WhatsApp code: 806-185", "deliver").await;
    let done = ada.awaits(&order).await;
    assert_eq!((&done["status"], &done["messages"][0]["code"]), (&json!("completed"), &json!("806185")));
    assert_eq!(done["messages"][0]["text"], "Your WhatsApp code: 806-185");
    ada.has("8.87", "0.00").await;
    let entries = ada.get("wallet/entries").await.is(200);
    assert_eq!(entries["data"][0]["amount"]["amount"], "-1.13");
    assert_eq!(entries["data"][0]["balance_after"]["amount"], "8.87");
    world.books.agree_on_purchases().await;
    world.books.agree_on_money().await;
}

async fn a_code_whose_webhook_is_lost_comes_by_the_shared_poll(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    world.controls.text(&order, "Telegram code 51234", "lose").await;
    world.controls.advance(5).await;
    let done = ada.order(&order).await;
    assert_eq!((&done["status"], &done["messages"][0]["code"]), (&json!("completed"), &json!("51234")));
    ada.has("9.25", "0.00").await;
}

async fn a_cancelled_order_has_its_money_back(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    ada.has("9.25", "0.75").await;
    assert_eq!(ada.cancels(&order).await.is(200)["status"], "cancelled");
    ada.has("10.00", "0.00").await;
    assert_eq!(ada.cancels(&order).await.is(200)["status"], "cancelled");
    ada.order(&order).await;
    assert_eq!(ada.cancels(&order).await.is(200)["status"], "cancelled");
    ada.has("10.00", "0.00").await;
    world.controls.text(&order, "too late 123456", "deliver").await;
    world.controls.advance(30).await;
    assert_eq!(ada.order(&order).await["messages"], json!([]));
    assert_eq!(ada.get("wallet/entries").await.is(200)["data"].as_array().map(Vec::len), Some(1));
    world.books.agree_on_purchases().await;
    world.books.agree_on_money().await;
}

async fn an_order_without_a_code_has_its_money_back_when_its_time_is_over(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("google").await;
    world.controls.advance(14 * 60).await;
    ada.has("9.40", "0.60").await;
    world.controls.advance(66).await;
    ada.sign_in().await;
    let ended = ada.order(&order).await;
    assert_eq!(ended["status"], "expired");
    ada.has("10.00", "0.00").await;
    ada.cancels(&order).await.refused(409, "verification_not_cancellable");
    world.books.agree_on_money().await;
}

async fn an_order_that_the_provider_times_out_has_its_money_back(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("google").await;
    let upstream = world.controls.purchase_of(&order).await;
    world.controls.advance(16 * 60).await;
    ada.sign_in().await;
    assert_eq!(ada.order(&order).await["status"], "expired");
    let after = world.controls.purchase_of(&order).await;
    assert_eq!((&after["id"], &after["credited"]), (&upstream["id"], &upstream["charged"]));
    ada.has("10.00", "0.00").await;
    world.books.agree_on_money().await;
}

async fn an_order_that_the_provider_refuses_has_its_money_back(world: &World) {
    let ada = world.customer_with("10.00").await;
    world.controls.post("control/textverified/service", json!({ "service": "uber", "stock": 0 })).await;
    let failed = ada.orders("uber").await;
    assert_eq!((&failed["status"], &failed["failure"]["code"]), (&json!("failed"), &json!("no_numbers")));
    assert_eq!(failed["phone_number"], Value::Null);
    ada.has("10.00", "0.00").await;
    assert!(world.controls.purchases().await.is_empty());
}

async fn a_text_without_a_code_is_shown_and_the_order_goes_on(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    let sms =
        json!({ "number": order["phone_number"], "text": "Welcome to the service.", "parsed_code": null });
    world.controls.post("control/textverified/sms", sms).await;
    let first = ada.awaits(&order).await;
    assert_eq!((&first["status"], &first["messages"][0]["code"]), (&json!("waiting"), &Value::Null));
    ada.has("9.25", "0.75").await;
    world.controls.text(&order, "G-123456 is your code", "deliver").await;
    let second = ada.awaits(&first).await;
    assert_eq!((&second["status"], &second["messages"][1]["code"]), (&json!("completed"), &json!("123456")));
    ada.has("9.25", "0.00").await;
}

async fn a_code_that_was_first_wins_over_a_cancel(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    world.controls.text(&order, "Telegram code 51234", "lose").await;
    ada.cancels(&order).await.refused(409, "verification_not_cancellable");
    let done = ada.order_becomes(&order, "completed").await;
    assert_eq!(done["messages"][0]["code"], "51234");
    ada.has("9.25", "0.00").await;
}

async fn a_code_after_the_end_is_never_paid_for(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    world.controls.advance(15 * 60 + 30).await;
    ada.sign_in().await;
    assert_eq!(ada.order(&order).await["status"], "expired");
    let id = text(&world.controls.purchase_of(&order).await, "id");
    world.controls.post(&format!("control/textverified/{id}/sms"), json!({ "text": "code 778899" })).await;
    world.controls.advance(20).await;
    let after = ada.order(&order).await;
    assert_eq!((&after["status"], &after["completed_at"]), (&json!("expired"), &Value::Null));
    let late = &after["messages"][0];
    assert_eq!((&late["code"], &late["late"]), (&json!("778899"), &json!(true)));
    ada.has("10.00", "0.00").await;
    assert_eq!(ada.get("wallet/entries").await.is(200)["data"].as_array().map(Vec::len), Some(1));
}

async fn a_price_above_the_limit_is_refused_before_money_is_held(world: &World) {
    let ada = world.customer_with("10.00").await;
    let mut wanted = order("whatsapp");
    wanted["max_price"]["amount"] = json!("1.12");
    let key = ada.new_key();
    ada.post_again("verifications", wanted.clone(), &key).await.refused(409, "price_changed");
    wanted["max_price"]["amount"] = json!("1.13");
    ada.post_again("verifications", wanted, &key).await.is(201);
    let limitless = json!({ "service": "whatsapp" });
    ada.post("verifications", limitless).await.refused(422, "price_limit_required");
    let poor = world.customer_with("1.00").await;
    poor.post("verifications", order("whatsapp")).await.refused(402, "insufficient_funds");
    assert_eq!(world.controls.purchases().await.len(), 1);
}

/// The provider sells a number again whose earlier renter still gets texts.
async fn a_recycled_number_never_shows_what_came_before(world: &World) {
    let ada = world.customer_with("10.00").await;
    let first = ada.rents("telegram").await;
    world.controls.text(&first, "old code 111111", "deliver").await;
    assert_eq!(ada.awaits(&first).await["status"], "completed");
    let number = text(&first, "phone_number");
    let recycled = json!({ "number": number });
    world.controls.post("control/textverified/next-number", recycled.clone()).await;
    // For the same service the same user never sees it again.
    let again = ada.orders("telegram").await;
    assert_ne!(again["phone_number"], json!(number));

    world.controls.post("control/textverified/next-number", recycled).await;
    let bob = world.customer_with("10.00").await;
    let second = bob.rents("telegram").await;
    assert_eq!(second["phone_number"], json!(number));
    let old = json!({ "text": "old code 222222", "created_at": "2020-01-01T00:00:00Z" });
    let id = text(&world.controls.purchases().await.pop().expect("a purchase"), "id");
    world.controls.post(&format!("control/textverified/{id}/sms"), old).await;
    world.controls.advance(10).await;
    let waiting = bob.order(&second).await;
    assert_eq!((&waiting["status"], &waiting["messages"]), (&json!("waiting"), &json!([])));
    bob.has("9.25", "0.75").await;
    let id = format!("control/textverified/{id}/sms");
    world.controls.post(&id, json!({ "text": "new code 333333" })).await;
    let done = bob.order_becomes(&second, "completed").await;
    assert_eq!(done["messages"].as_array().map(Vec::len), Some(1));
    assert_eq!(done["messages"][0]["code"], "333333");
}

async fn what_belongs_to_another_user_does_not_exist(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    let payment = ada.opens_payment("5.00").await;
    let quote = ada.post("quotes", json!({ "service": "whatsapp", "country": "US" })).await.is(201);
    let session = ada.get("auth/sessions").await.is(200)["data"][0]["id"].clone();
    let bob = world.customer_with("10.00").await;
    let (order_id, payment_id) = (text(&order, "id"), text(&payment, "id"));
    for path in [
        format!("verifications/{order_id}"),
        format!("verifications/{order_id}/messages"),
        format!("verifications/{order_id}/events"),
        format!("payments/{payment_id}"),
    ] {
        bob.get(&path).await.refused(404, "not_found");
    }
    for path in [format!("verifications/{order_id}/cancel"), format!("payments/{payment_id}/sync")] {
        bob.post(&path, Value::Null).await.refused(404, "not_found");
    }
    let session = session.as_str().expect("a session").to_owned();
    bob.delete(&format!("auth/sessions/{session}")).await.refused(403, "step_up_required");
    bob.steps_up().await;
    bob.delete(&format!("auth/sessions/{session}")).await.refused(404, "not_found");
    let stolen = json!({ "service": "whatsapp", "country": "US", "quote_id": quote["id"] });
    bob.post("verifications", stolen).await.refused(422, "invalid_request");
    assert_eq!(bob.get("verifications").await.is(200)["data"], json!([]));
    bob.has("10.00", "0.00").await;
    ada.has("9.25", "0.75").await;
}
