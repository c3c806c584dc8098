//! Starting and stopping: the graceful stop, and several instances on one database.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{
    controls::eventually,
    customer::{Customer, order, text},
    process::Estate,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_lets_requests_finish_and_gives_leases_back_on_sqlite() {
    stop_gracefully(Estate::on_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_lets_requests_finish_and_gives_leases_back_on_postgres() {
    if let Some(estate) = Estate::on_postgres().await {
        stop_gracefully(estate).await;
    }
}

async fn stop_gracefully(estate: Estate) {
    let mut product = estate.product().await;
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    ada.deposits(&estate.controls, "10.00").await;
    ada.get("/readyz").await.is(200);
    let waiting = ada.rents("google").await;
    // Somebody waits for news, somebody's number is being bought: both are answered.
    estate.controls.post("control/textverified/create-delay", json!({ "delay_ms": 1_200 })).await;
    let stopping = async {
        eventually("the number is bought", || async {
            (estate.controls.purchases().await.len() == 2).then_some(())
        })
        .await;
        product.ask_to_stop();
        let ready = ada.url("/readyz");
        eventually("it is not ready any more", || async {
            let answer = ada.http.get(&ready).send().await;
            answer.map_or(true, |answer| answer.status() == 503).then_some(())
        })
        .await;
    };
    let (bought, told, ()) =
        tokio::join!(ada.post("verifications", order("telegram")), ada.awaits(&waiting), stopping);
    assert_eq!(bought.is(201)["status"], "waiting");
    assert_eq!(told["status"], "waiting");
    assert!(product.ended().await.success());

    let books = estate.books().await;
    assert_eq!(books.count("SELECT COUNT(*) FROM leases WHERE holder IS NOT NULL").await, 0);
    assert_eq!(books.count("SELECT COUNT(*) FROM jobs WHERE holder IS NOT NULL").await, 0);
    books.keep_promises().await;
    books.agree_on_purchases().await;
    books.close().await;
    estate.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_start_at_once_on_an_empty_database_and_work_as_one() {
    let Some(estate) = Estate::on_postgres().await else { return };
    let (mut one, mut two) = tokio::join!(estate.product(), estate.product());
    let ada = Customer::registered(&one.address("product"), &estate.controls).await;
    ada.deposits(&estate.controls, "20.00").await;
    let elsewhere = Customer::stranger(&two.address("product"));
    elsewhere.take_tokens(&json!({ "access_token": ada.token("access_token") }));
    elsewhere.has("20.00", "0.00").await;

    let placed = ada.rents("telegram").await;
    let (seen, ()) =
        tokio::join!(elsewhere.awaits(&placed), estate.controls.text(&placed, "code 314159", "lose"));
    assert_eq!((&seen["status"], &seen["messages"][0]["code"]), (&json!("completed"), &json!("314159")));

    let places = [&ada, &elsewhere];
    let same = (0..20).map(|n| places[n % 2].post_again("verifications", order("google"), "the-same"));
    let mut ids: Vec<String> = join_all(same).await.into_iter().map(|a| text(&a.is(201), "id")).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let cancelled = elsewhere.post(&format!("verifications/{}/cancel", ids[0]), Value::Null).await.is(200);
    assert_eq!(ada.order(&cancelled).await["status"], "cancelled");
    ada.has("19.25", "0.00").await;

    // A session that ends at one ends at the other, at most a second later.
    ada.post("auth/logout-all", Value::Null).await.refused(403, "step_up_required");
    ada.steps_up().await;
    elsewhere.take_tokens(&json!({ "access_token": ada.token("access_token") }));
    elsewhere.get("me").await.is(200);
    ada.post("auth/logout-all", Value::Null).await.is(204);
    eventually("the other instance knows", || async {
        (elsewhere.get("me").await.status == 401).then_some(())
    })
    .await;
    let books = estate.books().await;
    books.keep_promises().await;
    books.agree_on_purchases().await;
    books.agree_on_money().await;
    books.close().await;
    for product in [&mut one, &mut two] {
        product.ask_to_stop();
        assert!(product.ended().await.success());
    }
    estate.stop().await;
}

/// Newest first, as operations.md says: the new key is put in front, and the old one taken out later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_keys_are_rotated_without_signing_anybody_out() {
    let estate = Estate::on_sqlite().await;
    let (old, new) = ("0123456789abcdef".repeat(4), "fedcba9876543210".repeat(4));
    let both = format!("{new},{old}");
    let serve = async |keys: &str| estate.product_with(&[("NAMASKAH_SIGNING_KEY", keys)]).await;
    let stop = async |mut product: super::process::Process| {
        product.ask_to_stop();
        assert!(product.ended().await.success());
    };
    let at = |product: &super::process::Process, tokens: &Value| {
        let customer = Customer::stranger(&product.address("product"));
        customer.take_tokens(tokens);
        customer
    };

    let product = serve(&old).await;
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    let before = ada.sign_in().await;
    stop(product).await;

    let product = serve(&both).await;
    at(&product, &before).get("me").await.is(200);
    let refresh = json!({ "refresh_token": before["refresh_token"] });
    let after = at(&product, &Value::Null).post("auth/refresh", refresh).await.is(200);
    stop(product).await;

    let product = serve(&new).await;
    at(&product, &before).get("me").await.refused(401, "unauthorized");
    at(&product, &after).get("me").await.is(200);
    let refresh = json!({ "refresh_token": after["refresh_token"] });
    at(&product, &Value::Null).post("auth/refresh", refresh).await.is(200);
    stop(product).await;
    estate.stop().await;
}
