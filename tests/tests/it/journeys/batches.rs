//! Several orders with one command.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{
    customer::{batch, order, text},
    on_both,
    world::World,
};

on_both! {
    a_batch_is_bought_whole_and_its_orders_go_on_by_themselves,
    a_batch_that_does_not_fit_is_refused_with_the_item,
    a_batch_takes_what_fits_and_says_what_does_not,
    one_key_at_once_makes_one_batch,
}

const BATCH: &str = "verifications/batch";

fn orders(results: &Value) -> Vec<Value> {
    let results = results["results"].as_array().expect("results");
    results.iter().map(|result| result["verification"].clone()).filter(|order| !order.is_null()).collect()
}

async fn a_batch_is_bought_whole_and_its_orders_go_on_by_themselves(world: &World) {
    let ada = world.customer_with("10.00").await;
    let wanted = batch("all_or_nothing", vec![order("telegram"), order("whatsapp"), order("telegram")]);
    let answer = ada.post_again(BATCH, wanted.clone(), "together").await;
    let location = answer.header("location").expect("a location").to_owned();
    let made = answer.is(201);
    assert_eq!(location, format!("/api/v1/{BATCH}/{}", text(&made, "id")));
    let bought = orders(&made);
    assert_eq!(bought.len(), 3);
    for (index, order) in bought.iter().enumerate() {
        let result = &made["results"][index];
        assert_eq!((&result["index"], &result["status"]), (&json!(index), &json!("created")));
        assert_eq!((&order["status"], &order["batch_id"]), (&json!("waiting"), &made["id"]));
        assert!(result.get("problem").is_none());
    }
    ada.has("7.37", "2.63").await;
    assert_eq!(world.controls.purchases().await.len(), 3);

    ada.cancels(&bought[0]).await.is(200);
    world.controls.text(&bought[1], "Your WhatsApp code: 806-185", "deliver").await;
    assert_eq!(ada.awaits(&bought[1]).await["status"], "completed");
    let again = ada.post_again(BATCH, wanted.clone(), "together").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let again = again.is(201);
    let states: Vec<Value> = orders(&again).iter().map(|order| order["status"].clone()).collect();
    assert_eq!(states, ["cancelled", "completed", "waiting"]);
    let path = format!("{BATCH}/{}", text(&made, "id"));
    let now = ada.get(&path).await.is(200);
    assert_eq!((&now["id"], &now["mode"]), (&made["id"], &json!("all_or_nothing")));
    assert_eq!(
        now["counts"],
        json!({ "refused": 0, "requested": 0, "waiting": 1, "completed": 1, "cancelled": 1, "expired": 0, "failed": 0 })
    );
    assert_eq!(orders(&now)[1]["messages"][0]["code"], json!("806185"));

    let mut other = wanted;
    other["mode"] = json!("best_effort");
    ada.post_again(BATCH, other, "together").await.refused(422, "idempotency_key_reused");
    let bob = world.customer_with("10.00").await;
    bob.get(&path).await.refused(404, "not_found");
    assert_eq!(world.controls.purchases().await.len(), 3);
    world.books.agree_on_purchases().await;
    world.books.agree_on_money().await;
}

async fn a_batch_that_does_not_fit_is_refused_with_the_item(world: &World) {
    // Two of 0.75, and 0.50 that buys nothing.
    let ada = world.customer_with("2.00").await;
    let three = batch("all_or_nothing", vec![order("telegram"); 3]);
    let poor = ada.post_again(BATCH, three, "poor").await;
    assert_eq!(poor.problem()["index"], json!(2));
    poor.refused(402, "insufficient_funds");
    let unknown =
        ada.post(BATCH, batch("all_or_nothing", vec![order("telegram"), order("nosuchservice")])).await;
    assert_eq!(unknown.problem()["index"], json!(1));
    unknown.refused(422, "no_such_service");
    ada.has("2.00", "0.00").await;
    assert!(world.controls.purchases().await.is_empty());
    let two = ada.post_again(BATCH, batch("all_or_nothing", vec![order("telegram"); 2]), "poor").await;
    assert_eq!(two.header("idempotent-replayed"), None, "a refused command leaves its key unused");
    assert_eq!(orders(&two.is(201)).len(), 2);
    ada.has("0.50", "1.50").await;
}

async fn a_batch_takes_what_fits_and_says_what_does_not(world: &World) {
    let ada = world.customer_with("2.00").await;
    let mut dear = order("telegram");
    dear["max_price"]["amount"] = json!("0.10");
    let mut unquoted = order("telegram");
    unquoted["quote_id"] = json!("qte_00000000000000000000000000");
    unquoted.as_object_mut().expect("an object").remove("max_price");
    let items = vec![dear, order("telegram"), unquoted, order("telegram"), order("telegram")];
    let wanted = batch("best_effort", items);
    let made = ada.post_again(BATCH, wanted.clone(), "effort").await.is(201);
    let refused = |index: usize| {
        let problem = &made["results"][index]["problem"];
        (problem["status"].clone(), problem["code"].clone(), problem["errors"][0]["field"].clone())
    };
    assert_eq!(refused(0), (json!(409), json!("price_changed"), Value::Null));
    assert_eq!(refused(2), (json!(422), json!("invalid_request"), json!("items[2].quote_id")));
    assert_eq!(refused(4), (json!(402), json!("insufficient_funds"), Value::Null));
    assert_eq!(orders(&made).len(), 2);
    ada.has("0.50", "1.50").await;
    // Money that comes later changes nothing of what was decided.
    ada.deposits(&world.controls, "10.00").await;
    let again = ada.post_again(BATCH, wanted, "effort").await.is(201);
    assert_eq!(again["results"][4]["problem"], made["results"][4]["problem"]);
    let now = ada.get(&format!("{BATCH}/{}", text(&made, "id"))).await.is(200);
    assert_eq!((&now["counts"]["refused"], &now["counts"]["waiting"]), (&json!(3), &json!(2)));
    ada.has("10.50", "1.50").await;
    world.books.agree_on_money().await;
}

async fn one_key_at_once_makes_one_batch(world: &World) {
    let ada = world.customer_with("10.00").await;
    let wanted = || batch("best_effort", vec![order("telegram"); 4]);
    let answers = join_all((0..10).map(|_| ada.post_again(BATCH, wanted(), "once"))).await;
    let mut ids: Vec<String> = answers.into_iter().map(|answer| text(&answer.is(201), "id")).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    ada.has("7.00", "3.00").await;
    assert_eq!(world.controls.purchases().await.len(), 4);
}
