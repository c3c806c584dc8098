//! What a user wishes of the wallet, and promised prices.

use reqwest::Response;
use serde_json::{Value, json};

use crate::given::{Person, body, problem, world};

const SETTINGS: &str = "/api/v1/wallet/settings";

async fn put(person: &Person<'_>, wishes: Value) -> Response {
    person.request("PUT", SETTINGS).json(&wishes).send().await.expect("an answer")
}

#[tokio::test]
async fn settings_are_off_until_they_are_put_and_each_put_replaces_them() {
    let world = world().await;
    let (ada, eve) = (world.person("ada@example.com").await, world.person("eve@example.com").await);
    let off = json!({ "low_balance_threshold": null });
    assert_eq!(body(ada.get(SETTINGS).await, 200).await, off);
    for (wanted, shown) in [("2.5", "2.50"), ("0.000001", "0.000001"), ("2.5", "2.50")] {
        let amount = |text: &str| json!({"low_balance_threshold": {"amount": text, "currency": "USD"}});
        for _ in 0..2 {
            assert_eq!(body(put(&ada, amount(wanted)).await, 200).await, amount(shown));
        }
        assert_eq!(body(ada.get(SETTINGS).await, 200).await, amount(shown));
        assert_eq!(body(eve.get(SETTINGS).await, 200).await, off, "another user's");
    }
    assert_eq!(body(put(&ada, json!({})).await, 200).await, off);
    assert_eq!(body(ada.get(SETTINGS).await, 200).await, off);
}

#[tokio::test]
async fn settings_that_are_not_understood_change_nothing() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let sound = json!({"low_balance_threshold": {"amount": "5.00", "currency": "USD"}});
    body(put(&ada, sound.clone()).await, 200).await;
    for (wishes, field) in [
        (
            json!({"low_balance_threshold": {"amount": "0", "currency": "USD"}}),
            "low_balance_threshold.amount",
        ),
        (
            json!({"low_balance_threshold": {"amount": "-1", "currency": "USD"}}),
            "low_balance_threshold.amount",
        ),
        (json!({"low_balance_threshold": {"amount": 5, "currency": "USD"}}), "low_balance_threshold.amount"),
        (
            json!({"low_balance_threshold": {"amount": "5", "currency": "NGN"}}),
            "low_balance_threshold.currency",
        ),
        (json!({"low_balance_threshold": "5"}), "low_balance_threshold"),
        (json!({"threshold": null}), "threshold"),
    ] {
        let refused = body(put(&ada, wishes.clone()).await, 422).await;
        assert_eq!(refused["errors"][0]["field"], field, "{wishes}");
    }
    assert_eq!(body(ada.get(SETTINGS).await, 200).await, sound);
    assert_eq!(problem(world.get(SETTINGS).await, 401).await, "unauthorized");
}

#[tokio::test]
async fn a_quote_is_found_where_its_location_says_by_its_user_alone() {
    let world = world().await;
    world.sell("whatsapp", 750_000, 10);
    let (ada, eve) = (world.person("ada@example.com").await, world.person("eve@example.com").await);
    let asked = ada.request("POST", "/api/v1/quotes").json(&json!({"service": "whatsapp", "country": "US"}));
    let quoted = asked.send().await.expect("an answer");
    let location = quoted.headers()["location"].to_str().expect("text").to_owned();
    let quote = body(quoted, 201).await;
    assert_eq!(body(ada.get(&location).await, 200).await, quote);
    assert_eq!(problem(eve.get(&location).await, 404).await, "not_found");
    for id in ["qte_01k8y6m2w4f3v9q7r5t1x0z8ab", "qte_x"] {
        let path = format!("/api/v1/quotes/{id}");
        assert_eq!(problem(ada.get(&path).await, 404).await, "not_found", "{id}");
    }
}
