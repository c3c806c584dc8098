//! What the running product tells those who watch.

use serde_json::json;

use super::{controls::eventually, customer::order, on_both, world::World};

on_both! {
    a_journey_is_told_by_commits_statements_and_calls_of_providers,
    keys_grow_older_and_the_disk_of_the_data_folder_has_room,
    what_orders_payments_and_money_come_to_is_told,
    a_provider_that_does_not_answer_is_left_alone_and_costs_nobody_anything,
}

pub(super) async fn told(world: &World) -> String {
    let answer = reqwest::get(format!("{}/metrics", world.product)).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.text().await.expect("a text")
}

pub(super) fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

async fn a_journey_is_told_by_commits_statements_and_calls_of_providers(world: &World) {
    let ada = world.customer_with("10.00").await;
    ada.post("verifications", order("telegram")).await.is(201);
    let waiting = told(world).await;
    assert!((value(&waiting, "namaskah_orders_waiting") - 1.0).abs() < f64::EPSILON, "{waiting}");
    for series in [
        "namaskah_ledger_commits_total{outcome=\"applied\"}",
        "namaskah_ledger_commit_duration_seconds_count",
        "namaskah_database_statements_total{outcome=\"done\"}",
        "namaskah_provider_calls_total{provider=\"textverified\",operation=\"buy\",outcome=\"ok\"}",
        "namaskah_provider_calls_total{provider=\"paystack\",operation=\"verify\",outcome=\"ok\"}",
        "namaskah_http_requests_total{method=\"POST\",route=\"/api/v1/verifications\",status=\"201\",code=\"\"}",
        "namaskah_job_attempts_total{lane=\"mail\",outcome=\"done\"}",
        "namaskah_job_attempts_needed_count{lane=\"mail\"}",
        "namaskah_job_wait_seconds_count{lane=\"mail\"}",
        "namaskah_build_info{version=\"0.1.0\",mode=\"sandbox\"}",
    ] {
        assert!(value(&waiting, series) >= 1.0, "{series} in\n{waiting}");
    }
    let fault = json!({ "provider": "textverified", "operation": "create", "mode": "http_500", "count": 1 });
    world.controls.post("control/faults", fault).await;
    ada.post("verifications", order("whatsapp")).await.is(201);
    let unknown =
        "namaskah_provider_calls_total{provider=\"textverified\",operation=\"buy\",outcome=\"unknown\"}";
    let text = told(world).await;
    assert!(value(&text, unknown) >= 1.0, "{text}");
    assert!(!text.contains("usr_") && !text.contains("ver_") && !text.contains(&ada.email), "{text}");
}

async fn keys_grow_older_and_the_disk_of_the_data_folder_has_room(world: &World) {
    let ages = |text: &str| {
        ["encryption", "signing"]
            .map(|key| value(text, &format!("namaskah_key_age_seconds{{key=\"{key}\"}}")))
    };
    let young = ages(&told(world).await);
    world.controls.advance(3_600).await;
    let text = told(world).await;
    let old = ages(&text);
    for (young, old) in young.into_iter().zip(old) {
        assert!(old - young >= 3_600.0 && young < 3_600.0, "{young} and {old}");
    }
    let free = value(&text, "namaskah_disk_free_bytes{folder=\"data\"}");
    let size = value(&text, "namaskah_disk_size_bytes{folder=\"data\"}");
    assert!(free > 0.0 && free <= size, "{free} of {size}");
}

async fn what_orders_payments_and_money_come_to_is_told(world: &World) {
    let ada = world.customer_with("10.00").await;
    let completed = ada.rents("telegram").await;
    world.controls.text(&completed, "Your code is 12345", "deliver").await;
    ada.order_becomes(&completed, "completed").await;
    let given_up = ada.rents("whatsapp").await;
    ada.cancels(&given_up).await.is(200);
    let text = told(world).await;
    for (series, expected) in [
        (
            "namaskah_verifications_ended_total{service=\"telegram\",provider=\"textverified\",outcome=\"completed\"}",
            1.0,
        ),
        (
            "namaskah_verifications_ended_total{service=\"whatsapp\",provider=\"textverified\",outcome=\"cancelled\"}",
            1.0,
        ),
        (
            "namaskah_verification_time_to_code_seconds_count{service=\"telegram\",provider=\"textverified\"}",
            1.0,
        ),
        ("namaskah_payments_ended_total{provider=\"paystack\",outcome=\"succeeded\"}", 1.0),
        ("namaskah_provider_on{provider=\"textverified\"}", 1.0),
        ("namaskah_provider_well{provider=\"textverified\"}", 1.0),
        ("namaskah_wallets_held_usd", 0.0),
    ] {
        assert!((value(&text, series) - expected).abs() < f64::EPSILON, "{series} in\n{text}");
    }
    for series in [
        "namaskah_ledger_batch_units_count",
        "namaskah_database_connections_max",
        "namaskah_cache_lookups_total{cache=\"terms\",outcome=\"miss\"}",
        "namaskah_cache_lookups_total{cache=\"sessions\",outcome=\"miss\"}",
    ] {
        assert!(value(&text, series) >= 1.0, "{series} in\n{text}");
    }
    assert!(text.lines().any(|line| line == "namaskah_ledger_drift_usd 0.0"), "{text}");
    // Numbers were bought, and nothing was paid in advance in these books.
    assert!(value(&text, "namaskah_provider_float_usd") < 0.0, "{text}");
}

async fn a_provider_that_does_not_answer_is_left_alone_and_costs_nobody_anything(world: &World) {
    const OPENED: &str = "namaskah_provider_breaker_changes_total{provider=\"textverified\",to=\"open\"}";
    let stands = |text: &str, state: &str| {
        value(text, &format!("namaskah_provider_breaker{{provider=\"textverified\",state=\"{state}\"}}"))
    };
    let ada = world.customer_with("10.00").await;
    assert!((stands(&told(world).await, "closed") - 1.0).abs() < f64::EPSILON);
    let operations =
        ["auth", "services", "pricing", "create", "get", "list", "sms", "cancel", "report", "account"];
    for operation in operations {
        world.controls.fault("textverified", operation, "http_500", 1_000).await;
    }
    eventually("the breaker opens", || async {
        ada.post("quotes", json!({ "service": "google", "country": "US" })).await.problem();
        (value(&told(world).await, OPENED) >= 1.0).then_some(())
    })
    .await;
    let key = "a-key-that-stays-unused";
    let refused = ada.post_again("verifications", order("telegram"), key).await;
    assert!(refused.header("retry-after").is_some());
    refused.refused(503, "provider_unavailable");
    ada.has("10.00", "0.00").await;
    let ready = reqwest::get(format!("{}/readyz", world.product)).await.expect("an answer");
    assert_eq!(ready.status(), 200, "a provider that is away is no fault of ours");
    for operation in operations {
        world.controls.fault("textverified", operation, "none", 0).await;
    }
    world.controls.advance(120).await;
    ada.post_again("verifications", order("telegram"), key).await.is(201);
    assert!((stands(&told(world).await, "closed") - 1.0).abs() < f64::EPSILON);
}
