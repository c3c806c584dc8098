//! Payments in suspense, as staff resolves them.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    super::customer::{Answer, Customer, text},
    Member, World, id_of, of_role, on_both, owner,
};

on_both! {
    what_is_in_suspense_is_credited_to_its_owner_once,
    what_goes_back_to_its_source_says_how_much_is_left_to_send,
    two_of_staff_at_once_resolve_it_once,
    nobody_resolves_his_own_payment,
}

/// A payment of `who`, of which half was paid.
pub async fn set_aside(world: &World, who: &Customer) -> Value {
    let payment = who.opens_payment("10.00").await;
    let pays = json!({ "outcome": "success", "webhook": "deliver", "amount_subunits": 800_000 });
    world.controls.post(&format!("control/paystack/{}", text(&payment, "reference")), pays).await;
    who.payment_becomes(&payment, "suspense").await
}

fn path(payment: &Value) -> String {
    format!("admin/suspense/{}/resolve", text(payment, "id"))
}

async fn resolves(member: &Member, payment: &Value, to: &str) -> Answer {
    member.who.post(&path(payment), json!({ "to": to })).await
}

async fn what_is_in_suspense_is_credited_to_its_owner_once(world: &World) {
    let (ada, owner) = (world.customer().await, owner(world).await);
    let payment = set_aside(world, &ada).await;
    let finance = of_role(world, &owner, "finance").await;
    let listed = finance.who.get("admin/suspense?state=open").await.is(200);
    let item = &listed["data"][0];
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    assert_eq!((&item["payment_id"], &item["reference"]), (&payment["id"], &payment["reference"]));
    assert_eq!((&item["reason"], &item["status"]), (&json!("amount_differs"), &json!("open")));
    assert_eq!(item["paid"], json!({ "amount": "8000.00", "currency": "NGN" }));

    let first = finance.who.post_again(&path(&payment), json!({ "to": "owner" }), "k").await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let first = first.is(200);
    assert_eq!((&first["status"], &first["credited"]["amount"]), (&json!("credited"), &json!("5.00")));
    assert_eq!(first["left_to_return"], Value::Null);
    ada.has("5.00", "0.00").await;
    let again = finance.who.post_again(&path(&payment), json!({ "to": "owner" }), "k").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.is(200), first);
    let other = finance.who.post_again(&path(&payment), json!({ "to": "source" }), "k").await;
    other.refused(422, "idempotency_key_reused");
    resolves(&finance, &payment, "source").await.refused(409, "already_resolved");
    ada.has("5.00", "0.00").await;

    let listed = finance.who.get("admin/suspense?state=credited").await.is(200);
    assert_eq!(listed["data"][0]["payment_id"], payment["id"]);
    assert_eq!(finance.who.get("admin/suspense?state=open").await.is(200)["data"], json!([]));
    let line = owner.newest_line(&text(&payment, "id")).await;
    assert_eq!(line["action"], "suspense.resolved");
    assert_eq!((&line["before"]["status"], &line["after"]["status"]), (&json!("open"), &json!("credited")));
    assert_eq!(line["actor"]["id"], json!(id_of(&finance.who).await));
}

async fn what_goes_back_to_its_source_says_how_much_is_left_to_send(world: &World) {
    let (ada, owner) = (world.customer().await, owner(world).await);
    let payment = set_aside(world, &ada).await;
    let finance = of_role(world, &owner, "finance").await;
    world.controls.fault("paystack", "refund_list", "http_500", 50).await;
    resolves(&finance, &payment, "source").await.refused(502, "provider_error");
    world.controls.fault("paystack", "refund_list", "none", 0).await;
    let back = finance.who.post_again(&path(&payment), json!({ "to": "source" }), "k").await.is(200);
    assert_eq!((&back["status"], &back["credited"]), (&json!("returned"), &Value::Null));
    assert_eq!(back["left_to_return"], json!({ "amount": "8000.00", "currency": "NGN" }));
    ada.has("0.00", "0.00").await;
    let reference = text(&payment, "reference");
    let desk = json!({ "amount_subunits": 300_000, "webhook": "lose" });
    world.controls.post(&format!("control/paystack/{reference}/refund"), desk).await;
    let again = finance.who.post_again(&path(&payment), json!({ "to": "source" }), "k").await.is(200);
    assert_eq!(again["left_to_return"]["amount"], "5000.00");
    world.controls.fault("paystack", "refund_list", "http_500", 50).await;
    let again = finance.who.post_again(&path(&payment), json!({ "to": "source" }), "k").await.is(200);
    assert_eq!((&again["status"], &again["left_to_return"]), (&json!("returned"), &Value::Null));
}

async fn two_of_staff_at_once_resolve_it_once(world: &World) {
    let (ada, owner) = (world.customer().await, owner(world).await);
    let payment = set_aside(world, &ada).await;
    let one = of_role(world, &owner, "finance").await;
    let tries = ["owner", "source", "owner", "source"].iter().zip([&one, &owner, &owner, &one]);
    let answers = join_all(tries.map(|(to, member)| resolves(member, &payment, to))).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.refused(409, "already_resolved");
    }
    let lines = "SELECT COUNT(*) FROM audit_log WHERE action = 'suspense.resolved'";
    assert_eq!((won, world.books.count(lines).await), (1, 1));
}

async fn nobody_resolves_his_own_payment(world: &World) {
    let owner = owner(world).await;
    let finance = of_role(world, &owner, "finance").await;
    let payment = set_aside(world, &finance.who).await;
    for to in ["owner", "source"] {
        resolves(&finance, &payment, to).await.refused(409, "own_account");
    }
    finance.who.has("0.00", "0.00").await;
    for body in [json!({}), json!({ "to": "me" }), json!({ "to": "owner", "amount": "5" })] {
        owner.who.post(&path(&payment), body).await.refused(422, "invalid_request");
    }
    let bare = owner.who.request(Method::POST, &path(&payment)).json(&json!({ "to": "owner" }));
    Answer::of(bare).await.refused(400, "idempotency_key_required");
    let none = json!({ "id": "pay_00000000000000000000000000" });
    resolves(&owner, &none, "owner").await.refused(404, "not_found");
    let plain = world.customer_with("5.00").await.get("payments").await.is(200);
    resolves(&owner, &plain["data"][0], "owner").await.refused(404, "not_found");
    let id = text(&payment, "id");
    let resolve = ["money", "suspense", "resolve", id.as_str(), "--to", "owner", "--key", "k"];
    let (well, told) = world.console(&resolve).await;
    assert!(well, "{told}");
    finance.who.has("5.00", "0.00").await;
    let line = owner.newest_line(&text(&payment, "id")).await;
    assert_eq!((&line["action"], &line["actor"]), (&json!("suspense.resolved"), &Value::Null));
}
