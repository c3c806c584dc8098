//! Payments of everybody, as staff finds, sees and gives them back.

use futures::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    super::{
        controls::eventually,
        customer::{Answer, text},
    },
    Member, World, id_of, of_role, on_both, owner,
};

on_both! {
    payments_are_found_and_shown_with_all_that_happened,
    a_payment_is_asked_for_by_whoever_may_look,
    a_refund_by_staff_is_held_sent_once_and_told,
    a_refund_by_staff_and_the_owners_own_at_once_give_back_once,
    staff_does_nothing_for_its_own_payments_and_nothing_without_a_reason,
}

fn wish(dollars: &str) -> Value {
    json!({ "amount": { "amount": dollars, "currency": "USD" }, "reason": "asked for in ticket 7" })
}

fn path(payment: &Value) -> String {
    format!("admin/payments/{}/refund", text(payment, "id"))
}

async fn file(member: &Member, payment: &Value) -> Value {
    member.who.get(&format!("admin/payments/{}", text(payment, "id"))).await.is(200)
}

async fn found(member: &Member, query: &str) -> Vec<String> {
    let listed = member.who.get(&format!("admin/payments{query}")).await.is(200);
    listed["data"].as_array().expect("a list").iter().map(|payment| text(payment, "id")).collect()
}

/// A user's one payment.
async fn only(who: &super::Customer) -> Value {
    who.get("payments").await.is(200)["data"][0].clone()
}

async fn payments_are_found_and_shown_with_all_that_happened(world: &World) {
    let (ada, eve) = (world.customer().await, world.customer().await);
    let paid = ada.opens_payment("10.00").await;
    world.controls.pay(&text(&paid, "reference"), "deliver").await;
    ada.payment_becomes(&paid, "succeeded").await;
    let open = eve.opens_payment("3.00").await;
    let owner = owner(world).await;
    let support = of_role(world, &owner, "support").await;
    let [paid_id, open_id] = [&paid, &open].map(|payment| text(payment, "id"));
    assert_eq!(found(&support, "").await, [open_id.clone(), paid_id.clone()]);
    assert_eq!(found(&support, "?status=succeeded").await, [paid_id.as_str()]);
    assert_eq!(found(&support, "?status=pending").await, [open_id.as_str()]);
    assert_eq!(found(&support, "?status=refunded").await, [""; 0]);
    assert_eq!(found(&support, &format!("?user={}", id_of(&ada).await)).await, [paid_id.as_str()]);
    let by_name = format!("?reference={}", text(&open, "reference"));
    assert_eq!(found(&support, &by_name).await, [open_id.as_str()]);
    assert_eq!(found(&support, "?limit=1").await, [open_id.as_str()]);
    assert_eq!(found(&support, &format!("?limit=1&after={open_id}")).await, [paid_id.as_str()]);

    let shown = file(&support, &paid).await;
    assert_eq!(shown["payment"]["user_id"], json!(id_of(&ada).await));
    assert_eq!(shown["payment"]["charged"], json!({ "amount": "16000.00", "currency": "NGN" }));
    assert_eq!(shown["notices"], 1);
    let accounts: Vec<_> = shown["transfers"]
        .as_array()
        .expect("transfers")
        .iter()
        .map(|t| format!("{} -> {} {}", text(t, "debit"), text(t, "credit"), text(&t["amount"], "amount")))
        .collect();
    assert_eq!(
        accounts,
        ["psp_clearing:paystack -> fx 15760.00", "psp_fees -> fx 240.00", "fx -> wallet 10.00"]
    );
    let kinds: Vec<_> =
        shown["evidence"].as_array().expect("evidence").iter().map(|e| text(e, "kind")).collect();
    assert_eq!(kinds, ["opened", "succeeded"]);
    assert_eq!(
        (&shown["suspense"], &shown["refunds"], &shown["disputes"]),
        (&Value::Null, &json!([]), &json!([]))
    );
}

async fn a_payment_is_asked_for_by_whoever_may_look(world: &World) {
    let (ada, owner) = (world.customer().await, owner(world).await);
    let payment = ada.opens_payment("10.00").await;
    world.controls.pay(&text(&payment, "reference"), "lose").await;
    let support = of_role(world, &owner, "support").await;
    let sync = format!("admin/payments/{}/sync", text(&payment, "id"));
    for _ in 0..2 {
        assert_eq!(support.who.post(&sync, Value::Null).await.is(200)["status"], "succeeded");
    }
    ada.has("10.00", "0.00").await;
    let eve = ada.opens_payment("1.00").await;
    world.controls.fault("paystack", "verify", "http_500", 50).await;
    let sync = format!("admin/payments/{}/sync", text(&eve, "id"));
    support.who.post(&sync, Value::Null).await.refused(502, "provider_error");
    let lines = world.books.count("SELECT COUNT(*) FROM audit_log WHERE subject_kind = 'payment'").await;
    assert_eq!(lines, 0, "nobody decided anything");
}

async fn a_refund_by_staff_is_held_sent_once_and_told(world: &World) {
    let (ada, owner) = (world.customer_with("10.00").await, owner(world).await);
    let (payment, finance) = (only(&ada).await, of_role(world, &owner, "finance").await);
    finance.who.post(&path(&payment), wish("10.01")).await.refused(409, "payment_not_refundable");
    let first = finance.who.post_again(&path(&payment), wish("4.00"), "k").await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let first = first.is(202);
    assert_eq!((&first["status"], &first["charged"]["amount"]), (&json!("pending"), &json!("6400.00")));
    ada.has("6.00", "4.00").await;
    let again = finance.who.post_again(&path(&payment), wish("4.00"), "k").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.is(202)["id"], first["id"]);
    let other = finance.who.post_again(&path(&payment), wish("5.00"), "k").await;
    other.refused(422, "idempotency_key_reused");
    let mut reworded = wish("4.00");
    reworded["reason"] = json!("another reason");
    let other = finance.who.post_again(&path(&payment), reworded, "k").await;
    other.refused(422, "idempotency_key_reused");
    world.controls.advance(11).await;
    finance.who.get("admin/payments?status=partially_refunded").await.is(200);
    eventually("the owner sees it go", || async {
        let shown = file(&finance, &payment).await;
        let kinds = shown["evidence"].as_array().expect("evidence").iter().map(|e| text(e, "kind"));
        kinds.eq(["opened", "succeeded", "refund_asked", "staff", "refund_processed"]).then_some(())
    })
    .await;
    ada.has("6.00", "0.00").await;
    assert_eq!(found(&finance, "?status=partially_refunded").await, [text(&payment, "id")]);
    let shown = file(&finance, &payment).await;
    let staff = &shown["evidence"][3];
    assert_eq!(
        (&staff["action"], &staff["reason"]),
        (&json!("payment.refunded"), &json!("asked for in ticket 7"))
    );
    for who in ["127.0.0.1", "\"ip\"", "actor", "request_id", &id_of(&finance.who).await] {
        assert!(!shown["evidence"].to_string().contains(who), "who did it is in the log: {who}");
    }
    let line = owner.newest_line(&text(&payment, "id")).await;
    assert_eq!((&line["action"], &line["after"]["refund"]), (&json!("payment.refunded"), &first["id"]));
    assert_eq!(line["after"]["reason"], "asked for in ticket 7");
    assert_eq!(line["actor"]["id"], json!(id_of(&finance.who).await));
    // What is left, by leaving the sum out.
    let rest = finance.who.post(&path(&payment), json!({ "reason": "all of it" })).await.is(202);
    assert_eq!(rest["amount"]["amount"], "6.00");
}

async fn a_refund_by_staff_and_the_owners_own_at_once_give_back_once(world: &World) {
    let (ada, owner) = (world.customer_with("10.00").await, owner(world).await);
    let (payment, finance) = (only(&ada).await, of_role(world, &owner, "finance").await);
    let own = format!("payments/{}/refund", text(&payment, "id"));
    let dollars = json!({ "amount": { "amount": "6.00", "currency": "USD" } });
    let by_owner = join_all((0..5).map(|_| ada.post(&own, dollars.clone())));
    let path = path(&payment);
    let by_staff = join_all((0..5).map(|_| finance.who.post(&path, wish("6.00"))));
    let (by_owner, by_staff) = join(by_owner, by_staff).await;
    let staff_won = by_staff.iter().filter(|answer| answer.status == 202).count();
    let answers: Vec<_> = by_owner.into_iter().chain(by_staff).collect();
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 202) {
        answer.refused(409, "payment_not_refundable");
    }
    let state = world.controls.look("control/state").await;
    assert_eq!(state["paystack"]["refunds"].as_array().map(Vec::len), Some(1));
    let lines = "SELECT COUNT(*) FROM audit_log WHERE action = 'payment.refunded'";
    assert_eq!(world.books.count(lines).await, i64::try_from(staff_won).expect("few"));
    ada.has("4.00", "6.00").await;
}

async fn staff_does_nothing_for_its_own_payments_and_nothing_without_a_reason(world: &World) {
    let owner = owner(world).await;
    let finance = of_role(world, &owner, "finance").await;
    finance.who.deposits(&world.controls, "10.00").await;
    let own = only(&finance.who).await;
    finance.who.post(&path(&own), wish("1.00")).await.refused(409, "own_account");
    for body in [
        json!({}),
        json!({ "reason": "" }),
        json!({ "reason": "x", "amount": { "amount": "0", "currency": "USD" } }),
        json!({ "reason": "x", "amount": { "amount": "-1", "currency": "USD" } }),
        json!({ "reason": "x", "amount": { "amount": "1", "currency": "NGN" } }),
        json!({ "reason": "x", "amount": { "amount": 1, "currency": "USD" } }),
        json!({ "reason": "x", "user": "me" }),
    ] {
        owner.who.post(&path(&own), body).await.refused(422, "invalid_request");
    }
    let bare = owner.who.request(Method::POST, &path(&own)).json(&wish("1.00"));
    Answer::of(bare).await.refused(400, "idempotency_key_required");
    let none = json!({ "id": "pay_00000000000000000000000000" });
    owner.who.post(&path(&none), wish("1.00")).await.refused(404, "not_found");
    finance.who.has("10.00", "0.00").await;
    let (ada, id) = (world.customer().await, text(&own, "id"));
    for (method, path) in [(Method::GET, format!("admin/payments/{id}")), (Method::POST, path(&own))] {
        Answer::of(ada.request(method, &path).json(&wish("1.00"))).await.refused(403, "forbidden");
    }
}
