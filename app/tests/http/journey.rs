//! The whole job over HTTP.

use hmac::{Hmac, KeyInit, Mac};
use namaskah_domain::verification::ReservationId;
use serde_json::{Value, json};
use sha2::Sha512;

use crate::given::{PAYSTACK_KEY, Person, World, body, problem, world};

async fn wallet(person: &Person<'_>) -> (String, String) {
    let wallet = body(person.get("/api/v1/wallet").await, 200).await;
    let text = |name: &str| wallet[name]["amount"].as_str().expect("an amount").to_owned();
    (text("available"), text("held"))
}

async fn buy(person: &Person<'_>, key: &str) -> Value {
    let quote = person.request("POST", "/api/v1/quotes").json(&json!({"service":"whatsapp","country":"US"}));
    let quote = body(quote.send().await.expect("an answer"), 201).await;
    let order = json!({"service": "whatsapp", "quote_id": quote["id"]});
    body(person.post("/api/v1/verifications", key, order).await, 201).await
}

fn text_arrives(world: &World, text: &str) {
    let reservations = world.provider.reservations();
    let id: &ReservationId = &reservations.last().expect("a reservation").id;
    world.provider.receive(id, text, None).expect("it waits");
}

#[tokio::test]
async fn a_code_is_bought_received_and_paid_for() {
    let world = world().await;
    world.sell("whatsapp", 750_000, 10);
    let ada = world.person("ada@example.com").await;
    ada.fund("10.00").await;
    let order = buy(&ada, "first").await;
    assert_eq!(order["status"], "waiting");
    assert_eq!(order["price"], json!({"amount": "1.13", "currency": "USD"}));
    assert!(order["phone_number"].as_str().is_some_and(|number| number.starts_with('+')));
    assert_eq!(wallet(&ada).await, ("8.87".into(), "1.13".into()));

    let path = format!("/api/v1/verifications/{}", order["id"].as_str().expect("an id"));
    let waiting = format!("{path}?wait=25&version={}", order["version"]);
    let (answer, ()) = tokio::join!(ada.get(&waiting), async {
        text_arrives(&world, "Your code is 482913");
        world.orders.poll().await.expect("the provider answers");
    });
    let completed = body(answer, 200).await;
    assert_eq!(completed["status"], "completed");
    assert_eq!(completed["messages"][0]["code"], "482913");
    assert_eq!(wallet(&ada).await, ("8.87".into(), "0.00".into()));

    let holds = body(ada.get("/api/v1/wallet/holds").await, 200).await;
    assert_eq!(holds["data"][0]["status"], "captured");
    let entries = body(ada.get("/api/v1/wallet/entries").await, 200).await;
    assert_eq!(entries["data"][0]["amount"]["amount"], "-1.13");
    assert_eq!(entries["data"][1]["kind"], "deposit");
    let csv = ada.get("/api/v1/wallet/statement.csv").await.text().await.expect("text");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 5, "{csv}");
    assert!(
        lines[1].ends_with(",opening,,,,0.00,USD") && lines[4].ends_with(",closing,,,,8.87,USD"),
        "{csv}"
    );
}

#[tokio::test]
async fn a_repeated_command_is_replayed_and_a_changed_one_refused() {
    let world = world().await;
    world.sell("whatsapp", 750_000, 10);
    let ada = world.person("ada@example.com").await;
    ada.fund("10.00").await;
    let max = json!({"amount": "2", "currency": "USD"});
    let order = json!({"service": "whatsapp", "max_price": max, "metadata": {"a": "1", "b": "2"}});
    let first = body(ada.post("/api/v1/verifications", "key", order).await, 201).await;
    let same = json!({"metadata": {"b": "2", "a": "1"}, "country": "US", "capability": "sms",
        "service": "whatsapp", "max_price": {"currency": "USD", "amount": "2.000000"}});
    let again = ada.post("/api/v1/verifications", "\"key\"", same).await;
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(
        again.headers()["location"].to_str().ok(),
        first["id"].as_str().map(|id| format!("/api/v1/verifications/{id}")).as_deref()
    );
    assert_eq!(body(again, 201).await["id"], first["id"]);
    let other = json!({"service": "whatsapp", "max_price": {"amount": "3", "currency": "USD"}});
    let refused = ada.post("/api/v1/verifications", "key", other).await;
    assert_eq!(problem(refused, 422).await, "idempotency_key_reused");
    assert_eq!(wallet(&ada).await.1, "1.13");
    let without = ada.request("POST", "/api/v1/verifications").json(&json!({"service": "whatsapp"}));
    assert_eq!(problem(without.send().await.expect("an answer"), 400).await, "idempotency_key_required");
}

#[tokio::test]
async fn a_cancelled_order_gives_its_money_back_and_cancelling_again_changes_nothing() {
    let world = world().await;
    world.sell("whatsapp", 750_000, 10);
    let ada = world.person("ada@example.com").await;
    ada.fund("5.00").await;
    let order = buy(&ada, "k").await;
    let path = format!("/api/v1/verifications/{}/cancel", order["id"].as_str().expect("an id"));
    for _ in 0..2 {
        let cancelled = ada.request("POST", &path).send().await.expect("an answer");
        assert_eq!(body(cancelled, 200).await["status"], "cancelled");
        assert_eq!(wallet(&ada).await, ("5.00".into(), "0.00".into()));
    }
}

#[tokio::test]
async fn refusals_before_the_hold_have_their_codes() {
    let world = world().await;
    world.sell("whatsapp", 750_000, 10);
    let ada = world.person("ada@example.com").await;
    let order = async |key: &str, body: Value| ada.post("/api/v1/verifications", key, body).await;
    let dear = json!({"amount": "9", "currency": "USD"});
    let poor = order("a", json!({"service": "whatsapp", "max_price": dear})).await;
    assert_eq!(problem(poor, 402).await, "insufficient_funds");
    let limit = order("a", json!({"service": "whatsapp"})).await;
    assert_eq!(problem(limit, 422).await, "price_limit_required");
    let cheap = json!({"amount": "0.5", "currency": "USD"});
    let changed = order("a", json!({"service": "whatsapp", "max_price": cheap})).await;
    assert_eq!(problem(changed, 409).await, "price_changed");
    let unknown = order("a", json!({"service": "nonesuch", "max_price": dear})).await;
    assert_eq!(problem(unknown, 422).await, "no_such_service");
    let foreign =
        order("a", json!({"service": "whatsapp", "quote_id": "qte_01k8y6m2w4f3v9q7r5t1x0z8ab"})).await;
    assert_eq!(problem(foreign, 422).await, "invalid_request");
    assert!(world.store.all_orders().is_empty());
}

#[tokio::test]
async fn what_belongs_to_others_is_not_there() {
    let world = world().await;
    world.sell("whatsapp", 750_000, 10);
    let (ada, eve) = (world.person("ada@example.com").await, world.person("eve@example.com").await);
    ada.fund("5.00").await;
    let order = buy(&ada, "k").await;
    let id = order["id"].as_str().expect("an id");
    for path in ["", "/messages", "/events"] {
        let foreign = eve.get(&format!("/api/v1/verifications/{id}{path}")).await;
        assert_eq!(problem(foreign, 404).await, "not_found");
    }
    let cancel = eve.request("POST", &format!("/api/v1/verifications/{id}/cancel")).send().await;
    assert_eq!(problem(cancel.expect("an answer"), 404).await, "not_found");
    for id in ["ver_x", "pay_01k8y6m2w4f3v9q7r5t1x0z8ab", "%00", "..%2f"] {
        assert_eq!(ada.get(&format!("/api/v1/verifications/{id}")).await.status(), 404, "{id}");
    }
}

#[tokio::test]
async fn news_of_an_order_can_be_followed_and_resumed() {
    let world = world().await;
    world.sell("whatsapp", 750_000, 10);
    let ada = world.person("ada@example.com").await;
    ada.fund("5.00").await;
    let order = buy(&ada, "k").await;
    let path = format!("/api/v1/verifications/{}/events", order["id"].as_str().expect("an id"));
    let mut all = ada.get(&path).await;
    assert_eq!(all.headers()["content-type"], "text/event-stream");
    let past = read_events(&mut all, 2).await;
    assert_eq!(kinds(&past), ["verification.requested", "verification.waiting"]);
    text_arrives(&world, "Your code is 482913");
    world.orders.poll().await.expect("the provider answers");
    let news = read_events(&mut all, 1).await;
    assert_eq!(kinds(&news), ["verification.completed"]);
    assert_eq!(news[0].1["data"]["object"]["messages"][0]["code"], "482913");
    let resumed = ada.request("GET", &path).header("last-event-id", past[1].0.to_string()).send().await;
    assert_eq!(kinds(&read_events(&mut resumed.expect("an answer"), 1).await), ["verification.completed"]);
    let refused = ada.request("GET", &path).header("last-event-id", "x").send().await.expect("an answer");
    assert_eq!(problem(refused, 400).await, "malformed_request");
}

#[tokio::test]
async fn all_news_can_be_followed_by_ten_listeners_of_an_account() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(ada.get("/api/v1/events/stream").await);
    }
    assert_eq!(problem(ada.get("/api/v1/events/stream").await, 429).await, "rate_limited");
    ada.fund("5.00").await;
    let news = read_events(&mut open[9], 1).await;
    assert_eq!(kinds(&news), ["payment.succeeded"]);
    assert_eq!(news[0].1["data"]["object"]["amount"]["amount"], "5.00");
}

#[tokio::test]
async fn a_stream_ends_untold_when_its_session_has_ended() {
    let world = world().await;
    world.sell("whatsapp", 750_000, 10);
    let ada = world.person("ada@example.com").await;
    ada.fund("5.00").await;
    let order = buy(&ada, "k").await;
    let path = format!("/api/v1/verifications/{}/events", order["id"].as_str().expect("an id"));
    let mut open = ada.get(&path).await;
    assert_eq!(read_events(&mut open, 2).await.len(), 2);
    let left = ada.request("POST", "/api/v1/auth/logout").send().await.expect("an answer");
    assert_eq!(left.status(), 204);
    text_arrives(&world, "Your code is 482913");
    world.orders.poll().await.expect("the provider answers");
    let rest = open.text().await.expect("the end of the stream");
    assert!(!rest.contains("482913") && !rest.contains("data: "), "{rest}");
}

fn kinds(events: &[(i64, Value)]) -> Vec<&str> {
    events.iter().filter_map(|(_, body)| body["type"].as_str()).collect()
}

/// Reads so many events, each with its id.
async fn read_events(stream: &mut reqwest::Response, count: usize) -> Vec<(i64, Value)> {
    let mut text = String::new();
    while text.matches("data: ").count() < count || !text.ends_with("\n\n") {
        let chunk = stream.chunk().await.expect("news").expect("more news");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    let of = |block: &str, name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned).expect(name)
    };
    let blocks = text.split("\n\n").filter(|block| block.contains("data: "));
    blocks
        .map(|block| {
            let id = of(block, "id: ").parse().expect("a number");
            (id, serde_json::from_str(&of(block, "data: ")).expect("JSON"))
        })
        .collect()
}

#[tokio::test]
async fn an_authentic_webhook_is_stored_once_and_a_forged_one_not_at_all() {
    let world = world().await;
    let notice = br#"{"event":"charge.success","data":{"id":1,"reference":"nmk-x"}}"#;
    let mac = Hmac::<Sha512>::new_from_slice(PAYSTACK_KEY.as_bytes()).expect("any key");
    let signature = hex::encode(mac.chain_update(notice).finalize().into_bytes());
    let send = async |signature: Option<&str>, body: &[u8]| {
        let mut request = world.request("POST", "/api/v1/hooks/paystack").body(body.to_vec());
        if let Some(signature) = signature {
            request = request.header("x-paystack-signature", signature);
        }
        request.send().await.expect("an answer")
    };
    assert_eq!(problem(send(None, notice).await, 401).await, "invalid_signature");
    assert_eq!(problem(send(Some("00"), notice).await, 401).await, "invalid_signature");
    assert_eq!(problem(send(Some(&signature), b"{}").await, 401).await, "invalid_signature");
    for _ in 0..3 {
        assert_eq!(send(Some(&signature), notice).await.status(), 200);
    }
    use namaskah_domain::{Sender, outbox::NoticeReads};
    assert_eq!(world.store.new_notices(Sender::Paystack, 10).await.expect("the memory answers").len(), 1);
}

#[tokio::test]
async fn what_is_for_sale_is_listed_with_prices() {
    let world = world().await;
    for (service, cost) in [("aaa", 500_000), ("aab", 750_000)] {
        world.sell(service, cost, 7);
    }
    let ada = world.person("ada@example.com").await;
    let first = ada.get("/api/v1/services?limit=1").await;
    let tag = first.headers()["etag"].clone();
    let first = body(first, 200).await;
    assert_eq!(first["data"][0]["code"], "aaa");
    assert_eq!(first["data"][0]["price_from"]["amount"], "0.75");
    assert_eq!((&first["has_more"], &first["next_cursor"]), (&json!(true), &json!("aaa")));
    let again = ada.request("GET", "/api/v1/services?limit=1").header("if-none-match", tag).send().await;
    assert_eq!(again.expect("an answer").status(), 304);
    let second = body(ada.get("/api/v1/services?limit=1&after=aaa&q=AA").await, 200).await;
    assert_eq!(second["data"][0]["code"], "aab");
    assert_eq!(second["has_more"], false);
    let prices = body(ada.get("/api/v1/prices?country=US&service=aab").await, 200).await;
    assert_eq!(prices["data"][0]["stock"], 7);
    assert_eq!(prices["data"][0]["price"]["amount"], "1.13");
    assert_eq!(body(ada.get("/api/v1/countries").await, 200).await["data"][0]["code"], "US");
    let refused = body(ada.get("/api/v1/services?limit=101").await, 422).await;
    assert_eq!(refused["errors"][0]["field"], "limit");
    assert_eq!(refused["errors"][0]["detail"], "expected a number from 1 to 100");
}
