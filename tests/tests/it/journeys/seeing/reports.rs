//! Reports of errors, as a receiver of Sentry's protocol gets them.

use namaskah_adapters::persistence::{Options, connect};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{Customer, Estate, estates, stop, text};
use crate::providers::canned::{Canned, Request, answer};

estates! {
    an_error_is_reported_with_release_request_and_route_and_without_its_user,
    nothing_is_reported_of_what_clients_do_wrong,
}

/// The header, the item's header and the event of an envelope.
fn read(request: &Request) -> [Value; 3] {
    let parts: Vec<Value> =
        request.body.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    parts.try_into().expect("three lines")
}

fn dsn(receiver: &Canned) -> String {
    receiver.url().replace("http://", "http://0123456789abcdef@") + "/42"
}

async fn an_error_is_reported_with_release_request_and_route_and_without_its_user(estate: Estate) {
    let receiver = Canned::start(|_| answer(200, "{}")).await;
    let product = estate.product_with(&[("NAMASKAH_SENTRY_DSN", &dsn(&receiver))]).await;
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    let user = text(&ada.get("me").await.is(200), "id");
    let database = connect(&estate.database_url(), Options::default()).await.expect("a database");
    for (from, to) in [("wallet_settings", "elsewhere"), ("elsewhere", "wallet_settings")] {
        let rename = format!("ALTER TABLE {from} RENAME TO {to}");
        database.connection().execute_unprepared(&rename).await.expect("renamed");
        if to == "elsewhere" {
            for name in ["first-of-two", "second-of-two"] {
                let asked = ada.request(reqwest::Method::GET, "wallet/settings").header("x-request-id", name);
                assert_eq!(asked.send().await.expect("an answer").status(), 503);
            }
        }
    }
    database.close().await;
    ada.get("wallet/settings").await.is(200);
    stop(product).await;
    let sent = receiver.seen("POST /api/42/envelope/");
    let [of_route] = &sent[..] else { panic!("one for two of a kind: {sent:#?}") };
    let credential = &of_route.headers["x-sentry-auth"];
    assert!(credential.contains("sentry_key=0123456789abcdef") && credential.contains("sentry_version=7"));
    let [header, item, event] = read(of_route);
    assert_eq!((&item["type"], &header["event_id"]), (&json!("event"), &event["event_id"]));
    assert_eq!(event["release"], concat!("namaskah@", env!("CARGO_PKG_VERSION")));
    assert_eq!(event["environment"], "sandbox");
    assert_eq!(event["transaction"], "GET /api/v1/wallet/settings");
    assert_eq!(event["tags"]["request_id"], "first-of-two");
    assert_eq!(event["tags"]["code"], "unavailable");
    let fingerprint = ["a request failed", "unavailable", "/api/v1/wallet/settings", ""];
    assert_eq!(event["fingerprint"], json!(fingerprint));
    for never in [&user, &ada.email, &ada.token("access_token"), "127.0.0.1"] {
        assert!(!of_route.body.contains(never), "{never} in {}", of_route.body);
    }
    estate.stop().await;
}

async fn nothing_is_reported_of_what_clients_do_wrong(estate: Estate) {
    let receiver = Canned::start(|_| answer(200, "{}")).await;
    let product = estate.product_with(&[("NAMASKAH_SENTRY_DSN", &dsn(&receiver))]).await;
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    ada.get("nowhere").await.refused(404, "not_found");
    ada.post("payments", json!({ "provider": 7 })).await.refused(422, "invalid_request");
    Customer::stranger(&product.address("product")).get("wallet").await.refused(401, "unauthorized");
    stop(product).await;
    assert!(receiver.seen("").is_empty(), "{:#?}", receiver.seen(""));
    estate.stop().await;
}
