//! Reconciliation, as finance asks for it and closes what it found.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{
    super::customer::{Answer, text},
    Member, World, of_role, on_both, owner,
};

on_both! {
    finance_compares_looks_and_closes_what_was_found,
    two_of_staff_at_once_close_a_finding_once,
}

const FOREIGN: &str = "nmk-aaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A success at the gateway that our books do not know.
async fn mismatch(world: &World) {
    let foreign = json!({ "kind": "success", "reference": FOREIGN, "amount_subunits": 50_000 });
    world.controls.post("control/mismatch", foreign).await;
    world.controls.advance(600).await;
}

async fn closes(member: &Member, item: &Value) -> Answer {
    let path = format!("admin/reconciliation/items/{}/resolve", text(item, "id"));
    member.who.post(&path, json!({ "note": "refunded there by hand" })).await
}

async fn finance_compares_looks_and_closes_what_was_found(world: &World) {
    let owner = owner(world).await;
    let finance = of_role(world, &owner, "finance").await;
    let empty = finance.who.get("admin/reconciliation").await.is(200);
    assert_eq!(empty, json!({ "runs": [], "open": [], "items": [] }));
    mismatch(world).await;
    finance.steps_up().await;
    let run = finance.who.post("admin/reconciliation/run", Value::Null).await.is(200);
    assert_eq!((&run["payments"]["outcome"], &run["payments"]["opened"]), (&json!("compared"), &json!(1)));
    assert_eq!(run["float"]["outcome"], "skipped");
    let told = finance.who.get("admin/reconciliation").await.is(200);
    assert_eq!(told["runs"], json!([run]));
    let class = &told["open"][0];
    assert_eq!((&class["book"], &class["mismatch"]), (&json!("paystack"), &json!("only_theirs")));
    assert_eq!((&class["count"], &class["overdue"]), (&json!(1), &json!(0)));
    let item = told["items"][0].clone();
    assert_eq!((&item["key"], &item["status"]), (&json!(FOREIGN), &json!("open")));
    assert_eq!(item["theirs"], json!({ "amount": "500.00", "currency": "NGN" }));
    let line = owner.newest_line("run").await;
    assert_eq!(
        (&line["action"], &line["subject"]["kind"]),
        (&json!("reconciliation.asked"), &json!("reconciliation"))
    );

    let closed = closes(&finance, &item).await.is(200);
    assert_eq!((&closed["status"], &closed["note"]), (&json!("resolved"), &json!("refunded there by hand")));
    closes(&finance, &item).await.refused(409, "already_resolved");
    assert_eq!(finance.who.get("admin/reconciliation").await.is(200)["items"], json!([]));
    let line = owner.newest_line(&text(&item, "id")).await;
    assert_eq!((&line["action"], &line["after"]["key"]), (&json!("finding.resolved"), &json!(FOREIGN)));
    let none = json!({ "id": "fnd_00000000000000000000000000" });
    closes(&finance, &none).await.refused(404, "not_found");
    let again = finance.who.post("admin/reconciliation/run", Value::Null).await.is(200);
    assert_eq!(again["payments"]["opened"], json!(0), "what was resolved stays so");
}

async fn two_of_staff_at_once_close_a_finding_once(world: &World) {
    let owner = owner(world).await;
    let finance = of_role(world, &owner, "finance").await;
    mismatch(world).await;
    owner.steps_up().await;
    finance.steps_up().await;
    finance.who.post("admin/reconciliation/run", Value::Null).await.is(200);
    let item = finance.who.get("admin/reconciliation").await.is(200)["items"][0].clone();
    let tries = [&finance, &owner, &finance, &owner];
    let answers = join_all(tries.map(|member| closes(member, &item))).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.refused(409, "already_resolved");
    }
    let lines = "SELECT COUNT(*) FROM audit_log WHERE action = 'finding.resolved'";
    assert_eq!((won, world.books.count(lines).await), (1, 1));
    let asked = (0..4).map(|_| finance.who.post("admin/reconciliation/run", Value::Null));
    let answers = join_all(asked).await;
    assert!(answers.iter().any(|answer| answer.status == 200));
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.refused(409, "reconciliation_running");
    }
}
