//! Webhooks: what happens is posted to the customer's own server, signed; again until it is taken; and to others
//! meanwhile.

mod guards;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::{
    controls::eventually,
    customer::{Answer, Customer, text},
    on_both,
    world::World,
};
use crate::providers::canned::{Canned, Reply, Request, answer};

on_both! {
    what_happens_is_posted_signed_and_tells_no_number_and_no_code,
    the_published_verifier_takes_both_secrets_after_a_rotation_and_nothing_that_was_changed,
    what_is_not_taken_is_tried_again_by_the_schedule_and_logged,
    a_receiver_that_says_nothing_delays_no_other,
    a_try_out_a_replay_and_a_replay_since_send_again,
    a_low_balance_is_posted_once_to_whoever_wants_it,
    an_endpoint_that_fails_for_five_days_is_switched_off_and_its_user_is_told,
    the_log_of_events_catches_up_in_order,
    endpoints_are_kept_within_bounds_and_seen_by_their_user_alone,
    endpoints_leave_with_their_account,
}

/// A server of the customer's.
async fn receiver(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Canned {
    Canned::start(reply).await
}

async fn takes_all() -> Canned {
    receiver(|_| answer(204, "")).await
}

impl Customer {
    async fn has_posted_to(&self, url: &str, events: &[&str]) -> Value {
        let wish = json!({ "url": format!("{url}/hook?key=hidden"), "events": events });
        self.post("webhook-endpoints", wish).await.is(201)
    }

    async fn deliveries(&self, endpoint: &Value) -> Vec<Value> {
        let path = format!("webhook-endpoints/{}/deliveries?limit=100", text(endpoint, "id"));
        self.get(&path).await.is(200)["data"].as_array().expect("deliveries").clone()
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(&body)).await
    }

    /// Waits until the newest delivery was tried so often.
    async fn has_tried(&self, endpoint: &Value, tries: u32) {
        eventually(&format!("{tries} tries are logged"), || async {
            let newest = self.deliveries(endpoint).await.into_iter().next()?;
            (newest["attempt_count"] == tries).then_some(())
        })
        .await;
    }

    /// Its newest delivery, once it stands so.
    async fn delivery_becomes(&self, endpoint: &Value, status: &str) -> Value {
        eventually(&format!("a delivery is {status}"), || async {
            self.deliveries(endpoint).await.into_iter().next().filter(|d| d["status"] == status)
        })
        .await
    }
}

/// Somebody with so much in the wallet, whose payment is in the log already: no endpoint made now is told of it.
async fn customer_with(world: &World, dollars: &str) -> Customer {
    let customer = world.customer_with(dollars).await;
    eventually("the payment is in the log", || async {
        let log = customer.get("events").await.is(200);
        (log["data"][0]["type"] == "payment.succeeded").then_some(())
    })
    .await;
    customer
}

/// The first `count` posts that a server got, as JSON.
async fn posts(server: &Canned, count: usize) -> Vec<(Request, Value)> {
    let what = format!("{count} posts arrive");
    let seen = eventually(&what, || async {
        let seen = server.seen("POST /hook");
        (seen.len() >= count).then_some(seen)
    });
    let read = |request: Request| {
        let body = serde_json::from_str(&request.body).expect("JSON");
        (request, body)
    };
    seen.await.into_iter().map(read).collect()
}

fn headers(request: &Request) -> HeaderMap {
    let of = |name: &'static str| {
        let value = HeaderValue::from_str(&request.headers[name]).expect("a header");
        (HeaderName::from_static(name), value)
    };
    ["webhook-id", "webhook-timestamp", "webhook-signature"].into_iter().map(of).collect()
}

/// By the verifier that the standard publishes.
fn is_authentic(secret: &str, request: &Request) -> bool {
    let verifier = Webhook::new(secret).expect("a secret of the standard");
    verifier.verify(request.body.as_bytes(), &headers(request)).is_ok()
}

async fn what_happens_is_posted_signed_and_tells_no_number_and_no_code(world: &World) {
    let ada = customer_with(world, "10.00").await;
    let server = takes_all().await;
    let endpoint = ada.has_posted_to(&server.url(), &["*"]).await;
    let secret = text(&endpoint, "secret");
    assert!(secret.starts_with("whsec_"));
    let order = ada.rents("telegram").await;
    world.controls.text(&order, "Telegram code 51234", "deliver").await;
    let mut told = posts(&server, 3).await;
    told.sort_by_key(|(_, body)| body["sequence"].as_i64());
    let kinds: Vec<_> = told.iter().map(|(_, body)| body["type"].clone()).collect();
    assert_eq!(kinds, ["verification.requested", "verification.waiting", "verification.completed"]);
    let number = text(&order, "phone_number");
    for (request, body) in &told {
        assert!(is_authentic(&secret, request), "{request:?}");
        assert_eq!(request.headers["webhook-id"], text(body, "id"));
        let object = &body["data"]["object"];
        assert_eq!((&object["id"], &object["phone_number"]), (&order["id"], &Value::Null));
        for hidden in [number.trim_start_matches('+'), "51234", "Telegram code"] {
            assert!(!request.body.contains(hidden), "{hidden} is in {}", request.body);
        }
    }
    assert_eq!(told[2].1["data"]["object"]["status"], "completed");
    let delivery = ada.delivery_becomes(&endpoint, "delivered").await;
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["outcome"], &attempt["status_code"]), (&json!("delivered"), &json!(204)));
    assert!(attempt["latency_ms"].is_u64());
    let metrics = reqwest::get(format!("{}/metrics", world.product)).await.expect("an answer");
    let metrics = metrics.text().await.expect("a text");
    assert!(metrics.contains("namaskah_webhook_attempts_total{outcome=\"delivered\"} 3"), "{metrics}");
    assert!(metrics.contains("namaskah_webhooks_due 0"), "{metrics}");
    let shown = ada.get("webhook-endpoints").await.is(200);
    assert!(!shown.to_string().contains("whsec_"), "a secret is shown once");
}

async fn the_published_verifier_takes_both_secrets_after_a_rotation_and_nothing_that_was_changed(
    world: &World,
) {
    let ada = world.customer_with("10.00").await;
    let server = takes_all().await;
    let endpoint = ada.has_posted_to(&server.url(), &["verification.cancelled"]).await;
    let old = text(&endpoint, "secret");
    let path = format!("webhook-endpoints/{}", text(&endpoint, "id"));
    let rotated = ada.post(&format!("{path}/rotate-secret"), Value::Null).await.is(200);
    let new = text(&rotated, "secret");
    assert_ne!(old, new);
    assert!(ada.get(&path).await.is(200)["previous_secret_expires_at"].is_string());
    ada.cancels(&ada.rents("telegram").await).await.is(200);
    let (request, _) = posts(&server, 1).await.remove(0);
    assert_eq!(request.headers["webhook-signature"].split(' ').count(), 2);
    assert!(is_authentic(&old, &request) && is_authentic(&new, &request));
    for changed in [
        Request { body: request.body.replace("cancelled", "completed"), ..request.clone() },
        with_header(&request, "webhook-id", "evt_00000000000000000000000000"),
        with_header(&request, "webhook-timestamp", "1700000000"),
    ] {
        assert!(!is_authentic(&old, &changed) && !is_authentic(&new, &changed), "{changed:?}");
    }
    let third = ada.post(&format!("{path}/rotate-secret"), Value::Null).await.is(200);
    ada.cancels(&ada.rents("google").await).await.is(200);
    let (request, _) = posts(&server, 2).await.remove(1);
    assert!(!is_authentic(&old, &request), "two are valid, not three");
    assert!(is_authentic(&new, &request) && is_authentic(&text(&third, "secret"), &request));
}

fn with_header(request: &Request, name: &str, value: &str) -> Request {
    let mut changed = request.clone();
    changed.headers.insert(name.to_owned(), value.to_owned());
    changed
}

async fn what_is_not_taken_is_tried_again_by_the_schedule_and_logged(world: &World) {
    let ada = world.customer_with("10.00").await;
    let server = receiver(|request| match request.nth {
        0 => answer(302, "").header("location", "/elsewhere"),
        1 => answer(503, ""),
        2 => Reply::HangUp,
        _ => answer(200, ""),
    })
    .await;
    let endpoint = ada.has_posted_to(&server.url(), &["verification.cancelled"]).await;
    ada.cancels(&ada.rents("telegram").await).await.is(200);
    for (tries, pause) in [(1, 6), (2, 331), (3, 1_981)] {
        ada.has_tried(&endpoint, tries).await;
        world.controls.advance(pause).await;
        ada.sign_in().await;
    }
    let delivery = ada.delivery_becomes(&endpoint, "delivered").await;
    let attempts = delivery["attempts"].as_array().expect("attempts");
    let outcomes: Vec<_> =
        attempts.iter().map(|a| (a["outcome"].clone(), a["status_code"].clone())).collect();
    let told = |outcome: &str, status: Value| (json!(outcome), status);
    assert_eq!(
        outcomes,
        [
            told("refused", json!(302)),
            told("refused", json!(503)),
            told("broken", Value::Null),
            told("delivered", json!(200))
        ]
    );
    let seen = posts(&server, 4).await;
    let ids: Vec<_> = seen.iter().map(|(request, _)| request.headers["webhook-id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "the same event: {ids:?}");
    assert_eq!(server.seen("GET /").len() + server.seen("POST /elsewhere").len(), 0);
}

async fn a_receiver_that_says_nothing_delays_no_other(world: &World) {
    let (ada, bob) = (customer_with(world, "10.00").await, customer_with(world, "10.00").await);
    let (silent, server) = (receiver(|_| Reply::Never).await, takes_all().await);
    let slow = ada.has_posted_to(&silent.url(), &["*"]).await;
    let mine = ada.has_posted_to(&server.url(), &["*"]).await;
    let his = bob.has_posted_to(&server.url(), &["*"]).await;
    let order = ada.rents("telegram").await;
    posts(&silent, 1).await;
    // While the silent one is still waited for, everything else goes out: what happened before, and what happens now.
    bob.cancels(&bob.rents("telegram").await).await.is(200);
    ada.cancels(&order).await.is(200);
    posts(&server, 6).await;
    for (who, endpoint) in [(&ada, &mine), (&bob, &his)] {
        eventually("all is delivered", || async {
            let deliveries = who.deliveries(endpoint).await;
            (deliveries.len() == 3 && deliveries.iter().all(|d| d["status"] == "delivered")).then_some(())
        })
        .await;
    }
    let waits = ada.deliveries(&slow).await;
    assert!(waits.iter().all(|d| d["status"] == "waiting"), "{waits:?}");
    assert!(waits.iter().all(|d| d["attempt_count"] == 0), "its first try is not over: {waits:?}");
}

async fn a_try_out_a_replay_and_a_replay_since_send_again(world: &World) {
    let ada = world.customer_with("10.00").await;
    let server = takes_all().await;
    let endpoint = ada.has_posted_to(&server.url(), &["verification.cancelled"]).await;
    let path = format!("webhook-endpoints/{}", text(&endpoint, "id"));
    let test = ada.post(&format!("{path}/test"), Value::Null).await.is(202);
    let (_, body) = posts(&server, 1).await.remove(0);
    assert_eq!((&body["type"], &body["id"]), (&json!("webhook.test"), &test["event_id"]));
    assert_eq!((&body["sequence"], &body["data"]["object"]["id"]), (&Value::Null, &endpoint["id"]));

    let order = ada.rents("telegram").await;
    let since = text(&ada.order(&order).await, "server_time");
    ada.cancels(&order).await.is(200);
    let (first, _) = posts(&server, 2).await.remove(1);
    let delivery = ada.delivery_becomes(&endpoint, "delivered").await;
    let replay = format!("webhook-endpoints/deliveries/{}/replay", text(&delivery, "id"));
    assert_eq!(ada.post(&replay, Value::Null).await.is(202)["status"], "waiting");
    let (second, _) = posts(&server, 3).await.remove(2);
    assert_eq!(first.headers["webhook-id"], second.headers["webhook-id"]);

    ada.patch(&path, json!({ "enabled": false })).await.is(200);
    ada.post(&replay, Value::Null).await.refused(409, "webhook_endpoint_off");
    ada.cancels(&ada.rents("google").await).await.is(200);
    eventually("what it misses is in the log", || async {
        let told = ada.get("events").await.is(200)["data"].to_string();
        (told.matches("verification.cancelled").count() == 2).then_some(())
    })
    .await;
    ada.patch(&path, json!({ "enabled": true })).await.is(200);
    // What it had, and what it missed while it was off.
    let replayed = ada.post(&format!("{path}/replay"), json!({ "since": since })).await.is(202);
    assert_eq!((&replayed["count"], &replayed["next_since"]), (&json!(2), &Value::Null));
    let last = posts(&server, 5).await;
    let events: BTreeSet<_> =
        last[3..].iter().map(|(request, _)| request.headers["webhook-id"].clone()).collect();
    assert_eq!(events.len(), 2);
    assert!(events.contains(&first.headers["webhook-id"]));
}

async fn an_endpoint_that_fails_for_five_days_is_switched_off_and_its_user_is_told(world: &World) {
    let ada = world.customer_with("10.00").await;
    let is_well = Arc::new(AtomicBool::new(false));
    let server = receiver({
        let is_well = is_well.clone();
        move |_| answer(if is_well.load(Ordering::SeqCst) { 200 } else { 500 }, "")
    })
    .await;
    let endpoint = ada.has_posted_to(&server.url(), &["verification.cancelled"]).await;
    let path = format!("webhook-endpoints/{}", text(&endpoint, "id"));
    for day in 0..5 {
        ada.cancels(&ada.rents("telegram").await).await.is(200);
        // While it rests, what is new waits like everything else.
        eventually("it is to be told", || async {
            let deliveries = ada.deliveries(&endpoint).await;
            let is_tried = deliveries.iter().any(|delivery| delivery["attempt_count"] != 0);
            (deliveries.len() > day && is_tried).then_some(())
        })
        .await;
        assert_eq!(ada.get(&path).await.is(200)["enabled"], json!(true), "on day {day}");
        world.controls.advance(24 * 3_600).await;
        ada.sign_in().await;
    }
    // What waited was due again, and failed again.
    let off = eventually("it is switched off", || async {
        Some(ada.get(&path).await.is(200)).filter(|endpoint| endpoint["enabled"] == false)
    })
    .await;
    assert_eq!(off["disabled_reason"], "failing");
    let inbox = format!("inbox?to={}", ada.email);
    eventually("a mail tells of it", || async {
        let mails = world.controls.look(&inbox).await;
        let told = mails["data"][0]["subject"].as_str()? == "A webhook endpoint was switched off";
        told.then_some(())
    })
    .await;
    let seen = server.seen("POST").len();
    ada.cancels(&ada.rents("google").await).await.is(200);
    is_well.store(true, Ordering::SeqCst);
    let on = ada.patch(&path, json!({ "enabled": true })).await.is(200);
    assert_eq!((&on["enabled"], &on["failing_since"]), (&json!(true), &Value::Null));
    ada.cancels(&ada.rents("whatsapp").await).await.is(200);
    ada.delivery_becomes(&endpoint, "delivered").await;
    assert!(server.seen("POST").len() > seen);
}

async fn the_log_of_events_catches_up_in_order(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    world.controls.text(&order, "Telegram code 51234", "deliver").await;
    let all = eventually("everything is in the log", || async {
        let all = ada.get("events").await.is(200);
        (all["data"].as_array()?.len() == 4).then_some(all)
    })
    .await;
    assert_eq!((&all["has_more"], &all["next_cursor"]), (&json!(false), &Value::Null));
    let rows = all["data"].as_array().expect("events");
    let sequences: Vec<i64> = rows.iter().filter_map(|event| event["sequence"].as_i64()).collect();
    assert!(sequences.is_sorted() && sequences.len() == 4, "{sequences:?}");
    assert!(!all.to_string().contains("51234"), "{all}");
    assert_eq!(rows[3]["data"]["object"]["messages"][0]["code"], Value::Null);
    let page = ada.get(&format!("events?limit=1&after={}", sequences[0])).await.is(200);
    assert_eq!((&page["data"][0]["id"], &page["has_more"]), (&rows[1]["id"], &json!(true)));
    assert_eq!(page["next_cursor"], sequences[1].to_string());
    for wrong in ["after=-1", "after=x", "limit=0"] {
        ada.get(&format!("events?{wrong}")).await.refused(422, "invalid_request");
    }
}

async fn a_low_balance_is_posted_once_to_whoever_wants_it(world: &World) {
    let (server, ada) = (takes_all().await, customer_with(world, "5.00").await);
    ada.has_posted_to(&server.url(), &["wallet.low_balance"]).await;
    let wish = |dollars: &str| json!({ "low_balance_threshold": { "amount": dollars, "currency": "USD" } });
    let put = async |dollars: &str| {
        Answer::of(ada.request(Method::PUT, "wallet/settings").json(&wish(dollars))).await.is(200)
    };
    put("4.50").await;
    ada.rents("telegram").await;
    let [(_, first)] = posts(&server, 1).await.try_into().expect("one");
    assert_eq!(first["type"], "wallet.low_balance");
    assert_eq!(first["data"]["object"]["low_balance_threshold"], wish("4.50")["low_balance_threshold"]);
    assert_eq!(first["data"]["object"]["available"], ada.get("wallet").await.is(200)["available"]);
    put("4.60").await;
    let both = posts(&server, 2).await;
    assert_eq!(both.len(), 2, "of another threshold he hears again, of the same one never");
    assert_ne!(both[0].1["id"], both[1].1["id"]);
}

async fn endpoints_are_kept_within_bounds_and_seen_by_their_user_alone(world: &World) {
    let (ada, eve) = (world.customer().await, world.customer().await);
    for url in [
        "https://10.0.0.1/hook",
        "https://169.254.169.254/",
        "https://[::1]/",
        "http://example.com/",
        "https://localhost/",
        "https://example.com:6379/",
        "https://user@example.com/",
        "gopher://example.com/",
        "not a url",
        "",
    ] {
        let wish = json!({ "url": url, "events": ["*"] });
        let refused = ada.post("webhook-endpoints", wish).await.refused(422, "invalid_request");
        assert_eq!(refused["errors"][0]["field"], "url", "{url}");
    }
    for events in [json!([]), json!(["verification"]), json!(["rental.started"])] {
        let wish = json!({ "url": "https://example.com/hook", "events": events });
        ada.post("webhook-endpoints", wish).await.refused(422, "invalid_request");
    }
    let endpoint = ada.has_posted_to("https://example.com", &["payment.succeeded"]).await;
    assert_eq!(endpoint["events"], json!(["payment.succeeded"]));
    let path = format!("webhook-endpoints/{}", text(&endpoint, "id"));
    eve.get(&path).await.refused(404, "not_found");
    eve.patch(&path, json!({ "enabled": false })).await.refused(404, "not_found");
    eve.delete(&path).await.refused(404, "not_found");
    for what in ["rotate-secret", "test"] {
        eve.post(&format!("{path}/{what}"), Value::Null).await.refused(404, "not_found");
    }
    eve.get(&format!("{path}/deliveries")).await.refused(404, "not_found");
    let patched = json!({ "events": ["*"], "description": "Checkout", "url": "https://example.com/other" });
    let patched = ada.patch(&path, patched).await.is(200);
    assert_eq!((&patched["events"], &patched["url"]), (&json!(["*"]), &json!("https://example.com/other")));
    assert_eq!(patched["description"], "Checkout");
    for empty in [Value::Null, json!("")] {
        let named = ada.patch(&path, json!({ "description": "Checkout" })).await.is(200);
        let kept = ada.patch(&path, json!({ "enabled": true })).await.is(200);
        assert_eq!([&named["description"], &kept["description"]], [&json!("Checkout"); 2]);
        ada.patch(&path, json!({ "description": empty })).await.is(200);
        assert_eq!(ada.get(&path).await.is(200)["description"], Value::Null);
    }
    ada.patch(&path, json!({ "description": "a\nb" })).await.refused(422, "invalid_request");
    ada.patch(&path, json!({ "url": "https://127.0.0.2/" })).await.refused(422, "invalid_request");
    for _ in 1..20 {
        ada.has_posted_to("https://example.com", &["*"]).await;
    }
    let wish = json!({ "url": "https://example.com/hook", "events": ["*"] });
    ada.post("webhook-endpoints", wish.clone()).await.refused(409, "too_many_webhook_endpoints");
    ada.delete(&path).await.is(204);
    ada.get(&path).await.refused(404, "not_found");
    ada.post("webhook-endpoints", wish).await.is(201);
}

async fn endpoints_leave_with_their_account(world: &World) {
    let ada = world.customer().await;
    let endpoint = ada.has_posted_to("https://example.com", &["*"]).await;
    let export = ada.get("me/export").await;
    let export: Value = export.is(200);
    assert_eq!(export["webhook_endpoints"][0]["id"], endpoint["id"]);
    assert!(!export.to_string().contains("whsec_"), "secrets are not exported");
    ada.steps_up().await;
    ada.delete("me").await.is(204);
    let erased = "SELECT COUNT(*) FROM webhook_endpoints WHERE url_sealed IS NULL AND secret_sealed IS NULL";
    assert_eq!(world.books.count(erased).await, 1);
}
