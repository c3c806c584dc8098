//! What the running product tells everybody about how it does.

use serde_json::{Value, json};

use super::{controls::eventually, on_both, world::World};

on_both! {
    a_share_is_told_once_there_are_orders_enough_and_nothing_about_anybody,
    a_provider_that_is_silent_is_seen,
    while_the_gateways_lists_fail_for_a_minute_the_product_stays_ready_and_names_who_waits,
}

const ENOUGH: usize = 10;

async fn told(world: &World) -> Value {
    let answer = reqwest::get(format!("{}/status.json", world.product)).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("JSON")
}

async fn page(world: &World) -> String {
    let request =
        reqwest::Client::new().get(format!("{}/status", world.product)).header("accept", "text/html");
    request.send().await.expect("an answer").text().await.expect("a page")
}

fn part<'a>(told: &'a Value, name: &str) -> &'a Value {
    let parts = told["parts"].as_array().expect("parts");
    &parts.iter().find(|part| part["name"] == name).expect("the part")["status"]
}

async fn a_share_is_told_once_there_are_orders_enough_and_nothing_about_anybody(world: &World) {
    let ada = world.customer_with("20.00").await;
    for _ in 0..ENOUGH - 2 {
        let order = ada.rents("telegram").await;
        world.controls.text(&order, "Telegram code 51234", "deliver").await;
        ada.awaits(&order).await;
    }
    let kept = ada.rents("telegram").await;
    ada.cancels(&kept).await.is(200);
    let few = told(world).await;
    assert_eq!((&few["services"], &few["status"]), (&json!([]), &json!("operational")), "{few}");

    let last = ada.rents("telegram").await;
    ada.cancels(&last).await.is(200);
    // What was told is told again for half a minute.
    assert_eq!(told(world).await, few);
    world.controls.advance(31).await;
    let enough = told(world).await;
    let service = &enough["services"][0];
    assert_eq!(
        (&service["service"], &service["sample_size"]),
        (&json!("telegram"), &json!(ENOUGH)),
        "{enough}"
    );
    assert_eq!(service["success_rate"], json!(0.8), "{enough}");
    assert!(service["time_to_code_p50_s"].is_i64(), "{enough}");
    let page = page(world).await;
    assert!(page.contains("<th scope=\"row\">telegram</th><td>80 %</td><td>10</td>"), "{page}");
    for text in [enough.to_string(), page] {
        for secret in ["usr_", "ver_", "51234", "textverified", "paystack", ada.email.as_str()] {
            assert!(!text.to_lowercase().contains(secret), "{secret} in {text}");
        }
    }
}

async fn a_provider_that_is_silent_is_seen(world: &World) {
    assert_eq!(part(&told(world).await, "numbers"), "operational");
    let ada = world.customer_with("10.00").await;
    ada.rents("telegram").await;
    world.controls.fault("textverified", "sms", "http_500", 1_000).await;
    let told = eventually("the silence is seen", || async {
        world.controls.advance(31).await;
        let told = told(world).await;
        (part(&told, "numbers") != "operational").then_some(told)
    });
    let told = told.await;
    assert_ne!(told["status"], "operational", "{told}");
    let others = (part(&told, "orders"), part(&told, "payments"));
    assert_eq!(others, (&json!("operational"), &json!("operational")));
}

/// A key that may not list disputes would do the same, for ever.
async fn while_the_gateways_lists_fail_for_a_minute_the_product_stays_ready_and_names_who_waits(
    world: &World,
) {
    for list in ["refund_list", "dispute_list"] {
        world.controls.fault("paystack", list, "http_500", 1_000).await;
    }
    let parts = eventually("the worker is named", || async {
        world.controls.advance(12).await;
        let answer = reqwest::get(format!("{}/readyz", world.product)).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let parts = answer.json::<Value>().await.expect("JSON")["parts"].clone();
        parts.as_array()?.contains(&json!("workers: waiting for a provider: returns")).then_some(parts)
    });
    let parts = parts.await;
    assert!(parts.as_array().is_some_and(|parts| parts.len() >= 5), "{parts}");
    let metrics = reqwest::get(format!("{}/metrics", world.product)).await.expect("an answer");
    let metrics = metrics.text().await.expect("a text");
    let failures =
        metrics.lines().find_map(|line| line.strip_prefix("namaskah_worker_failures{worker=\"returns\"} "));
    let failures: u32 = failures.expect("it is told").parse().expect("a number");
    assert!(failures >= 5, "{failures}");
}
