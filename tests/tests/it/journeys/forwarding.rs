//! `listen` and `trigger`, through the binary: what a developer has beside a product.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::{
    customer::{Customer, text},
    on_both,
    world::World,
};
use crate::providers::canned::{Canned, Request, answer};

on_both! {
    each_type_of_event_can_be_made_to_happen,
    events_are_forwarded_to_a_local_url_as_webhooks_are,
    neither_does_anything_without_a_sound_key,
}

const EVERYTHING: [&str; 4] = ["wallet:read", "wallet:write", "verifications:read", "verifications:write"];

async fn key(customer: &Customer, scopes: &[&str]) -> String {
    customer.steps_up().await;
    let wish = json!({ "name": "CLI", "scopes": scopes });
    text(&customer.post("api-keys", wish).await.is(201), "secret")
}

async fn trigger(world: &World, key: &str, event: &str) -> (bool, String) {
    world.console(&["trigger", event, "--api-key", key, "--product-url", &world.product]).await
}

async fn each_type_of_event_can_be_made_to_happen(world: &World) {
    let ada = world.customer().await;
    let key = key(&ada, &EVERYTHING).await;
    for kind in namaskah_domain::EventKind::ALL {
        let (well, told) = trigger(world, &key, kind.name()).await;
        assert!(well, "{}: {told}", kind.name());
        let event: Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(event["type"], kind.name());
        assert!(event["data"]["object"]["id"].is_string());
    }
    let (well, told) = trigger(world, &key, "rental.started").await;
    assert!(!well && told.contains("verification.completed"), "{told}");
}

async fn events_are_forwarded_to_a_local_url_as_webhooks_are(world: &World) {
    let ada = world.customer_with("10.00").await;
    let key = key(&ada, &EVERYTHING).await;
    let server = Canned::start(|_| answer(200, "")).await;
    let url = format!("{}/hook", server.url());
    let product = ["--api-key", &key, "--product-url", &world.product];
    let wanted = "verification.completed,verification.cancelled";
    let listen =
        [&["listen", "--forward-to", &url, "--count", "2", "--events", wanted][..], &product].concat();
    let makes = async {
        // It listens from some instant on; what happens is made to happen until both were heard.
        while server.seen("POST /hook").len() < 2 {
            for event in ["verification.cancelled", "verification.completed"] {
                let (well, told) = trigger(world, &key, event).await;
                assert!(well, "{told}");
            }
        }
    };
    let ((well, told), ()) = tokio::join!(world.console(&listen), makes);
    assert!(well, "{told}");
    let secret = told.lines().find_map(|line| line.strip_prefix("signing secret ")).expect("a secret");
    let verifier = Webhook::new(secret).expect("a secret of the standard");
    let seen = server.seen("POST /hook");
    for request in &seen {
        verifier.verify(request.body.as_bytes(), &headers(request)).expect("authentic");
        let body: Value = serde_json::from_str(&request.body).expect("JSON");
        assert!(wanted.contains(&text(&body, "type")), "{body}");
        assert_eq!(body["data"]["object"]["phone_number"], Value::Null);
    }
    let sequences: Vec<_> = seen
        .iter()
        .map(|request| {
            let body: Value = serde_json::from_str(&request.body).expect("JSON");
            body["sequence"].as_i64()
        })
        .collect();
    assert!(sequences.is_sorted(), "{sequences:?}");
}

fn headers(request: &Request) -> HeaderMap {
    let of = |name: &'static str| {
        let value = HeaderValue::from_str(&request.headers[name]).expect("a header");
        (HeaderName::from_static(name), value)
    };
    ["webhook-id", "webhook-timestamp", "webhook-signature"].into_iter().map(of).collect()
}

async fn neither_does_anything_without_a_sound_key(world: &World) {
    let ada = world.customer().await;
    let poor = key(&ada, &["wallet:read"]).await;
    let nobody = format!("nmk_{}", "0".repeat(64));
    for (key, status) in [(&poor, "403"), (&nobody, "401")] {
        let (well, told) = trigger(world, key, "verification.cancelled").await;
        assert!(!well && told.contains(status), "{told}");
        let url = "http://127.0.0.1:9/hook";
        let listen = ["listen", "--forward-to", url, "--api-key", key, "--product-url", &world.product];
        let (well, told) = world.console(&listen).await;
        assert!(!well && told.contains(status), "{told}");
        assert!(!told.contains(key.as_str()), "a key is not printed");
    }
    assert!(world.controls.purchases().await.is_empty());
}
