//! Orders and attempts, as staff finds, reads and ends them.

use serde_json::{Value, json};

use super::{
    super::{controls::eventually, customer::text},
    Member, World, id_of, member, on_both, owner,
};

on_both! {
    orders_are_found_by_state_service_and_user_and_their_numbers_are_masked,
    the_past_of_an_order_is_told_step_by_step_without_its_words,
    an_operator_cancels_an_order_and_the_log_tells_it_in_the_same_commit,
    a_code_wins_over_staff_and_a_wish_before_the_number_is_recorded,
    numbers_that_serve_no_order_are_listed,
}

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().expect("a list").iter().map(|row| text(row, "id")).collect()
}

async fn cancels(member: &Member, order: &Value) -> super::super::customer::Answer {
    member.who.post(&format!("admin/verifications/{}/cancel", text(order, "id")), Value::Null).await
}

async fn orders_are_found_by_state_service_and_user_and_their_numbers_are_masked(world: &World) {
    let owner = owner(world).await;
    let support = member(world, &owner, "support").await;
    let (ada, bob) = (world.customer_with("5.00").await, world.customer_with("5.00").await);
    let first = ada.orders("telegram").await;
    let second = bob.orders("google").await;
    bob.cancels(&second).await.is(200);
    let find = async |query: &str| support.who.get(&format!("admin/verifications?{query}")).await.is(200);
    let (one, two) = (text(&first, "id"), text(&second, "id"));
    assert_eq!(ids(&find("").await), [two.as_str(), one.as_str()]);
    assert_eq!(ids(&find("status=waiting").await), [one.as_str()]);
    assert_eq!(ids(&find("status=cancelled&service=google").await), [two.as_str()]);
    assert_eq!(ids(&find("service=whatsapp").await), [""; 0]);
    assert_eq!(ids(&find(&format!("user={}", id_of(&ada).await)).await), [one.as_str()]);
    let page = find("limit=1").await;
    assert_eq!((ids(&page), &page["next_cursor"]), (vec![two.clone()], &json!(two)));
    assert_eq!(ids(&find(&format!("limit=1&after={two}")).await), [one.as_str()]);

    let number = text(&first, "phone_number");
    let masked = format!("+1 *** ***-**{}", &number[number.len() - 2..]);
    let detail = support.who.get(&format!("admin/verifications/{one}")).await.is(200);
    assert_eq!(detail["verification"]["phone_number"], json!(masked));
    assert_eq!(
        (&detail["hold"]["status"], &detail["hold"]["amount"]["amount"]),
        (&json!("open"), &json!("0.75"))
    );
    assert_eq!(detail["purchases"][0]["status"], "bound");
    assert_eq!(detail["purchases"][0]["cost"]["amount"], "0.50");
    assert!(!detail.to_string().contains(&number[2..]), "{detail}");
}

async fn the_past_of_an_order_is_told_step_by_step_without_its_words(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("5.00").await;
    let order = ada.orders("telegram").await;
    world.controls.text(&order, "welcome", "deliver").await;
    world.controls.text(&order, "code 445566", "deliver").await;
    ada.order_becomes(&order, "completed").await;
    let path = format!("admin/verifications/{}/timeline", text(&order, "id"));
    let told = owner.who.get(&path).await.is(200);
    let steps = told["data"].as_array().expect("a list");
    let kinds: Vec<&str> = steps.iter().filter_map(|step| step["kind"].as_str()).collect();
    assert_eq!(kinds[..3], ["created", "held", "purchase_sent"]);
    for kind in
        ["purchase_bound", "number_shown", "text_received", "ended", "captured", "cost_borne", "posted"]
    {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    let codes: Vec<&Value> =
        steps.iter().filter(|step| step["kind"] == "text_received").map(|step| &step["has_code"]).collect();
    assert!(codes.contains(&&json!(true)), "{told}");
    let times: Vec<&str> = steps.iter().filter_map(|step| step["at"].as_str()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let number = text(&order, "phone_number");
    for secret in ["445566", "welcome", &number[1..]] {
        assert!(!told.to_string().contains(secret), "{secret}: {told}");
    }
}

async fn an_operator_cancels_an_order_and_the_log_tells_it_in_the_same_commit(world: &World) {
    let owner = owner(world).await;
    let operator = member(world, &owner, "operator").await;
    let support = member(world, &owner, "support").await;
    let ada = world.customer_with("5.00").await;
    let order = ada.orders("telegram").await;
    ada.has("4.25", "0.75").await;
    cancels(&support, &order).await.refused(403, "forbidden");
    for _ in 0..2 {
        assert_eq!(cancels(&operator, &order).await.is(200)["status"], "cancelled");
    }
    ada.has("5.00", "0.00").await;
    assert_eq!(ada.order(&order).await["status"], "cancelled");
    let id = text(&order, "id");
    let line = owner.newest_line(&id).await;
    assert_eq!(
        (&line["action"], &line["actor"]["role"]),
        (&json!("verification.cancelled"), &json!("operator"))
    );
    assert_eq!(
        (&line["before"]["status"], &line["after"]["status"]),
        (&json!("waiting"), &json!("cancelled"))
    );
    let lines = format!("SELECT COUNT(*) FROM audit_log WHERE subject_id = '{id}'");
    assert_eq!(world.books.count(&lines).await, 1);
    let ended = "SELECT COUNT(*) FROM audit_log a JOIN orders o ON o.ended_at_us = a.at_us \
         WHERE a.action = 'verification.cancelled'";
    assert_eq!(world.books.count(ended).await, 1, "told at the instant of the end");
    let told = owner.who.get(&format!("admin/verifications/{id}/timeline")).await.is(200);
    assert!(told.to_string().contains("verification.cancelled"));
}

async fn a_code_wins_over_staff_and_a_wish_before_the_number_is_recorded(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("10.00").await;
    let order = ada.orders("telegram").await;
    world.controls.text(&order, "code 445566", "lose").await;
    cancels(&owner, &order).await.refused(409, "verification_not_cancellable");
    ada.order_becomes(&order, "completed").await;

    world.controls.fault("textverified", "create", "disconnect", 1).await;
    let unknown = ada.orders("telegram").await;
    let asked = cancels(&owner, &unknown).await.is(202);
    assert!(asked["cancel_requested_at"].is_string(), "{asked}");
    assert_eq!(owner.newest_line(&text(&unknown, "id")).await["action"], "verification.cancel_requested");
    for _ in 0..4 {
        world.controls.advance(45).await;
    }
    let cancelled = "SELECT COUNT(*) FROM orders WHERE state = 'cancelled'";
    eventually("it is cancelled", || async { (world.books.count(cancelled).await == 1).then_some(()) }).await;
    let lines = "SELECT action FROM audit_log WHERE subject_kind = 'verification' ORDER BY id";
    assert_eq!(world.books.texts(lines).await, ["verification.cancel_requested"]);
}

async fn numbers_that_serve_no_order_are_listed(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("10.00").await;
    let order = ada.orders("telegram").await;
    world.controls.fault("textverified", "create", "http_500", 1).await;
    let refused = ada.orders("telegram").await;
    world.controls.post("control/mismatch", json!({ "kind": "bought", "service": "google" })).await;
    for _ in 0..8 {
        world.controls.advance(45).await;
    }
    let orphans = "SELECT COUNT(*) FROM purchases WHERE state = 'orphan'";
    eventually("it is found", || async { (world.books.count(orphans).await == 1).then_some(()) }).await;
    let listed = async |state: &str| owner.who.get(&format!("admin/purchases?state={state}")).await.is(200);
    let orphan = listed("orphan").await["data"][0].clone();
    assert_eq!((&orphan["service"], &orphan["verification_id"]), (&json!("google"), &Value::Null));
    assert_eq!(orphan["cost"]["amount"], "0.40");
    assert!(orphan["age_s"].is_u64() && orphan["reservation"].is_string(), "{orphan}");
    assert_eq!(listed("bound").await["data"][0]["verification_id"], order["id"]);
    assert_eq!(listed("absent").await["data"][0]["verification_id"], refused["id"]);
    assert_eq!(listed("sent").await["data"], json!([]));
    let all = owner.who.get("admin/purchases?limit=2").await.is(200);
    assert_eq!((ids(&all).len(), &all["has_more"]), (2, &json!(true)));
}
