//! Corrections of wallets, as staff meets them: small ones at once, larger ones by two.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    super::customer::{Answer, Customer, text},
    Member, World, id_of, member, on_both, owner, patch,
};

on_both! {
    a_small_correction_is_booked_at_once_and_a_larger_one_by_two,
    neither_the_limit_nor_an_approval_is_raced_past,
    a_proposal_expires_and_a_newcomer_corrects_and_approves_nothing,
    a_correction_that_is_none_is_refused,
}

const DAY: u32 = 86_400;

async fn corrects(member: &Member, user: &str, dollars: &str) -> Answer {
    member.who.post(&format!("admin/users/{user}/adjustments"), wish(dollars)).await
}

async fn approves(member: &Member, asked: &Value) -> Answer {
    member.who.post(&format!("admin/adjustments/{}/approve", text(asked, "id")), Value::Null).await
}

async fn rejects(member: &Member, asked: &Value) -> Answer {
    let path = format!("admin/adjustments/{}/reject", text(asked, "id"));
    member.who.post(&path, json!({ "reason": "not proven" })).await
}

async fn returns(member: &Member) {
    member.signs_in().await;
    member.steps_up().await;
}

fn wish(dollars: &str) -> Value {
    json!({ "amount": { "amount": dollars, "currency": "USD" }, "reason": "a text was lost" })
}

fn status(asked: &Value) -> String {
    text(asked, "status")
}

/// Somebody to correct, and finance that has been staff for more than a day; the owner's sign-in is over.
async fn people<const N: usize>(world: &World) -> (Customer, String, Member, [Member; N]) {
    let ada = world.customer().await;
    let owner = owner(world).await;
    let mut staff = Vec::new();
    for _ in 0..N {
        staff.push(member(world, &owner, "finance").await);
    }
    world.controls.advance(DAY + 60).await;
    ada.sign_in().await;
    let id = id_of(&ada).await;
    for member in &staff {
        returns(member).await;
    }
    (ada, id, owner, staff.try_into().ok().expect("as many as asked for"))
}

async fn a_small_correction_is_booked_at_once_and_a_larger_one_by_two(world: &World) {
    let (ada, id, owner, [one, two]) = people(world).await;
    let path = format!("admin/users/{id}/adjustments");
    let first = one.who.post_again(&path, wish("20.00"), "k").await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let first = first.is(201);
    assert_eq!((status(&first), &first["decided_by"]), ("booked".to_owned(), &Value::Null));
    ada.has("20.00", "0.00").await;
    let again = one.who.post_again(&path, wish("20.00"), "k").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.is(201), first);
    one.who.post_again(&path, wish("20.01"), "k").await.refused(422, "idempotency_key_reused");

    let asked = corrects(&one, &id, "40.00").await.is(201);
    assert_eq!((status(&asked), asked["expires_at"].is_string()), ("proposed".to_owned(), true));
    ada.has("20.00", "0.00").await;
    approves(&one, &asked).await.refused(409, "four_eyes_required");
    rejects(&one, &asked).await.refused(409, "four_eyes_required");
    for _ in 0..2 {
        let approved = approves(&two, &asked).await.is(200);
        assert_eq!(
            (status(&approved), &approved["decided_by"]),
            ("booked".to_owned(), &json!(id_of(&two.who).await))
        );
        ada.has("60.00", "0.00").await;
    }
    rejects(&two, &asked).await.refused(409, "adjustment_decided");

    let debit = corrects(&one, &id, "-5.00").await.is(201);
    assert_eq!((status(&debit), &debit["amount"]["amount"]), ("booked".to_owned(), &json!("-5.00")));
    let asked = corrects(&one, &id, "-60.00").await.is(201);
    approves(&two, &asked).await.refused(402, "insufficient_funds");
    ada.has("55.00", "0.00").await;
    let rejected = rejects(&two, &asked).await.is(200);
    assert_eq!((status(&rejected), &rejected["note"]), ("rejected".to_owned(), &json!("not proven")));
    corrects(&one, &id_of(&one.who).await, "1.00").await.refused(409, "four_eyes_required");

    for (query, count) in [("", 4), ("?state=booked", 3), ("?state=rejected", 1), ("?state=proposed", 0)] {
        let listed = one.who.get(&format!("admin/adjustments{query}")).await.is(200);
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(count), "{query}");
    }
    let other = one.who.get(&format!("admin/adjustments?user={}", id_of(&one.who).await)).await.is(200);
    assert_eq!(other["data"], json!([]));
    assert_eq!(one.who.get(&format!("admin/adjustments/{}", text(&first, "id"))).await.is(200), first);
    returns(&owner).await;
    let line = owner.newest_line(&id).await;
    let by = &line["actor"]["id"];
    assert_eq!((&line["action"], by), (&json!("adjustment.rejected"), &json!(id_of(&two.who).await)));
    let (before, after) = (&line["before"]["status"], &line["after"]["note"]);
    assert_eq!((before, after), (&json!("proposed"), &json!("not proven")));
    let lines = format!("SELECT COUNT(*) FROM audit_log WHERE subject_id = '{id}'");
    assert_eq!(
        world.books.count(&lines).await,
        6,
        "three were asked for, one approved, one rejected, one a debit"
    );
}

async fn neither_the_limit_nor_an_approval_is_raced_past(world: &World) {
    let (ada, id, _, [one, two, three]) = people(world).await;
    let asked = join_all((0..10).map(|_| corrects(&one, &id, "10.00"))).await;
    let asked: Vec<Value> = asked.into_iter().map(|answer| answer.is(201)).collect();
    let (booked, waiting): (Vec<_>, Vec<_>) = asked.iter().partition(|asked| status(asked) == "booked");
    assert_eq!((booked.len(), waiting.len()), (5, 5));
    ada.has("50.00", "0.00").await;
    let both = [&two, &three, &two, &three];
    let told = join_all(both.iter().map(|member| approves(member, waiting[0]))).await;
    assert!(told.iter().all(|answer| matches!(answer.status, 200 | 409)));
    assert!(told.iter().any(|answer| answer.status == 200));
    ada.has("60.00", "0.00").await;
}

async fn a_proposal_expires_and_a_newcomer_corrects_and_approves_nothing(world: &World) {
    let (ada, id, owner, [one, two, new]) = people(world).await;
    returns(&owner).await;
    for role in ["support", "finance"] {
        let of_new = format!("admin/staff/{}", id_of(&new.who).await);
        patch(&owner.who, &of_new, json!({ "role": role })).await.is(200);
        returns(&new).await;
    }
    for dollars in ["1.00", "60.00", "-1.00"] {
        corrects(&new, &id, dollars).await.refused(409, "four_eyes_required");
    }
    let asked = corrects(&one, &id, "60.00").await.is(201);
    approves(&new, &asked).await.refused(409, "four_eyes_required");
    world.controls.advance(3 * DAY).await;
    for member in [&one, &two, &new] {
        returns(member).await;
    }
    approves(&two, &asked).await.refused(409, "adjustment_decided");
    let expired = one.who.get("admin/adjustments?state=expired").await.is(200);
    assert_eq!(text(&expired["data"][0], "id"), text(&asked, "id"));
    ada.sign_in().await;
    ada.has("0.00", "0.00").await;
    let asked = corrects(&new, &id, "60.00").await.is(201);
    approves(&two, &asked).await.is(200);
    ada.has("60.00", "0.00").await;
}

async fn a_correction_that_is_none_is_refused(world: &World) {
    let (ada, id, _, [one]) = people(world).await;
    for amount in ["0", "-0.00", "NaN", "1e3", "--1", "0.0000001", "9999999999999", ""] {
        corrects(&one, &id, amount).await.refused(422, "invalid_request");
    }
    let path = format!("admin/users/{id}/adjustments");
    for body in [
        json!({ "amount": { "amount": 5, "currency": "USD" }, "reason": "x" }),
        json!({ "amount": { "amount": "5", "currency": "NGN" }, "reason": "x" }),
        json!({ "amount": { "amount": "5", "currency": "USD" } }),
        json!({ "amount": { "amount": "5", "currency": "USD" }, "reason": " " }),
        json!({ "amount": { "amount": "5", "currency": "USD" }, "reason": "a\nb" }),
        json!({ "amount": { "amount": "5", "currency": "USD" }, "reason": "x", "user": id }),
        json!([]),
    ] {
        one.who.post(&path, body).await.refused(422, "invalid_request");
    }
    let bare = one.who.request(Method::POST, &path).json(&wish("5.00"));
    Answer::of(bare).await.refused(400, "idempotency_key_required");
    for query in ["state=gone", "user=x", "limit=0", "after=usr_00000000000000000000000000"] {
        one.who.get(&format!("admin/adjustments?{query}")).await.refused(422, "invalid_request");
    }
    let nobody = "usr_00000000000000000000000000";
    corrects(&one, nobody, "5.00").await.refused(404, "not_found");
    let none = json!({ "id": "adj_00000000000000000000000000" });
    approves(&one, &none).await.refused(404, "not_found");
    rejects(&one, &none).await.refused(404, "not_found");
    one.who.get("admin/adjustments/x").await.refused(404, "not_found");
    ada.post(&path, wish("5.00")).await.refused(403, "forbidden");
    ada.has("0.00", "0.00").await;
    assert_eq!(world.books.count("SELECT COUNT(*) FROM adjustments").await, 0);
}
