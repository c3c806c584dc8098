use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use poem::{
    EndpointExt, Route, Server, get,
    http::{HeaderMap, StatusCode},
    listener::{Acceptor, Listener, TcpListener},
};
use serde_json::{Value, json};
use sha2::Sha512;
use tokio::sync::mpsc;

use crate::given::{self, PAYSTACK_KEY, Running, WEBHOOK_SECRET, text};

/// What the product was sent.
struct Hook {
    path: String,
    headers: HeaderMap,
    raw: Vec<u8>,
    body: Value,
}

/// A product that keeps its webhooks, refusing the first `refusals` of them.
struct Product {
    url: String,
    hooks: mpsc::UnboundedReceiver<Hook>,
}

impl Product {
    async fn start(refusals: u32) -> Self {
        let (sender, hooks) = mpsc::unbounded_channel();
        let left = Arc::new(AtomicU32::new(refusals));
        let receive = poem::endpoint::make(move |mut request: poem::Request| {
            let (sender, left) = (sender.clone(), Arc::clone(&left));
            async move {
                let raw = request.take_body().into_vec().await.unwrap();
                let body = serde_json::from_slice(&raw).unwrap();
                let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
                sender.send(Hook { path, headers, raw, body }).unwrap();
                let refused =
                    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
                if refused { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
            }
        });
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let url = format!("http://{}", acceptor.local_addr()[0].as_socket_addr().unwrap());
        let app = Route::new()
            .at("/api/v1/hooks/*rest", receive.boxed())
            .at("/", get(poem::endpoint::make_sync(|_| "")));
        tokio::spawn(Server::new_with_acceptor(acceptor).run(app.map_to_response()));
        Self { url, hooks }
    }

    async fn next(&mut self) -> Hook {
        tokio::time::timeout(Duration::from_secs(10), self.hooks.recv()).await.unwrap().unwrap()
    }

    async fn of(&mut self, event: &str) -> Hook {
        loop {
            let hook = self.next().await;
            if hook.body["event"] == event {
                return hook;
            }
        }
    }
}

async fn sandbox_for(product: &Product) -> Running {
    let mut config = given::config();
    config.product_url = Some(product.url.clone());
    given::sandbox_with(config).await
}

fn hmac(key: &str, message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[tokio::test]
async fn a_payments_webhook_is_signed_over_its_raw_bytes() {
    let mut product = Product::start(0).await;
    let sandbox = sandbox_for(&product).await;
    sandbox.initialize("dep-1", 500_000).await;
    sandbox.control("/control/paystack/dep-1", json!({ "outcome": "success", "webhook": "deliver" })).await;
    let hook = product.next().await;
    assert_eq!(hook.path, "/api/v1/hooks/paystack");
    assert_eq!(hook.headers["x-paystack-signature"], hex::encode(hmac(PAYSTACK_KEY, &hook.raw)));
    assert_eq!(hook.body["event"], "charge.success");
    assert_eq!(hook.body["data"], sandbox.ps_get("/transaction/verify/dep-1").await.body["data"]);
}

#[tokio::test]
async fn a_payments_webhook_can_be_lost_or_doubled() {
    let mut product = Product::start(0).await;
    let sandbox = sandbox_for(&product).await;
    for (reference, webhook) in [("lost", "lose"), ("double", "duplicate"), ("last", "deliver")] {
        sandbox.initialize(reference, 500_000).await;
        let body = json!({ "outcome": "success", "webhook": webhook });
        sandbox.control(&format!("/control/paystack/{reference}"), body).await;
    }
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(text(&product.next().await.body["data"]["reference"]).to_owned());
    }
    assert_eq!(seen, ["double", "double", "last"]);
}

#[tokio::test]
async fn a_texts_webhook_names_its_reservation_and_is_signed() {
    let mut product = Product::start(0).await;
    let sandbox = sandbox_for(&product).await.signed_in("a@shop.test").await;
    let bought = sandbox.buy("whatsapp").await;
    sandbox.text(&bought, "Your code is 482913").await;
    let created = product.next().await;
    assert_eq!(created.body["event"], "v2.reservation.created");
    assert_eq!(created.body["data"], json!({ "id": bought["id"], "type": "verification" }));
    let hook = product.next().await;
    assert_eq!(hook.path, "/api/v1/hooks/textverified");
    let signature = base64::engine::general_purpose::STANDARD.encode(hmac(WEBHOOK_SECRET, &hook.raw));
    assert_eq!(hook.headers["x-webhook-signature"], format!("HMAC-SHA512={signature}"));
    assert_eq!((&hook.body["event"], &hook.body["attempt"]), (&json!("v2.sms.received"), &json!(1)));
    assert_eq!(hook.body["data"]["reservationId"], bought["id"]);
    assert_eq!(hook.body["data"]["parsedCode"], "482913");
    assert_eq!(hook.body["idempotencyKey"], hook.body["id"]);
}

#[tokio::test]
async fn a_texts_webhook_can_be_lost_or_left_without_its_reservation() {
    let mut product = Product::start(0).await;
    let sandbox = sandbox_for(&product).await.signed_in("a@shop.test").await;
    let bought = sandbox.buy("whatsapp").await;
    let path = format!("/control/textverified/{}/sms", text(&bought["id"]));
    sandbox.control(&path, json!({ "text": "lost 111111", "webhook": "lose" })).await;
    sandbox.control(&path, json!({ "text": "bare 222222", "name_reservation": false })).await;
    let hook = product.of("v2.sms.received").await;
    assert_eq!(hook.body["data"]["smsContent"], "bare 222222");
    assert_eq!(hook.body["data"]["reservationId"], Value::Null);
}

#[tokio::test]
async fn a_refused_webhook_is_tried_again_with_the_same_id() {
    let mut product = Product::start(2).await;
    let sandbox = sandbox_for(&product).await.signed_in("a@shop.test").await;
    sandbox.buy("whatsapp").await;
    let (first, second, third) = (product.next().await, product.next().await, product.next().await);
    assert_eq!(first.body["id"], third.body["id"]);
    assert_eq!((&second.body["attempt"], &third.body["attempt"]), (&json!(2), &json!(3)));
}

#[tokio::test]
async fn webhooks_wait_until_there_is_somewhere_to_send_them() {
    let mut product = Product::start(0).await;
    let sandbox = given::sandbox().await;
    sandbox.initialize("dep-1", 500_000).await;
    sandbox.control("/control/paystack/dep-1", json!({ "outcome": "success" })).await;
    assert_eq!(sandbox.state().await["webhooks"]["pending"], 1);
    assert_eq!(sandbox.control("/control/webhooks", json!({ "product_url": "ftp://x" })).await.status, 422);
    assert_eq!(sandbox.control("/control/webhooks", json!({ "product_url": product.url })).await.status, 200);
    assert_eq!(product.next().await.body["event"], "charge.success");
}

#[tokio::test]
async fn what_falls_due_is_delivered_before_advancing_answers() {
    let mut product = Product::start(0).await;
    let sandbox = sandbox_for(&product).await.signed_in("a@shop.test").await;
    sandbox.buy("test_delayed_success").await;
    sandbox.initialize("dep-1", 500_000).await;
    sandbox.control("/control/paystack/dep-1", json!({ "outcome": "success" })).await;
    sandbox.ps_post("/refund", json!({ "transaction": "dep-1" })).await;
    for event in ["v2.reservation.created", "charge.success", "refund.pending"] {
        assert_eq!(product.next().await.body["event"], event);
    }
    sandbox.advance(10.0).await;
    let mut due = [product.hooks.try_recv().unwrap(), product.hooks.try_recv().unwrap()];
    due.sort_by_key(|hook| hook.body["event"].to_string());
    assert_eq!(due[0].body["event"], "refund.processed");
    assert_eq!(
        (&due[0].body["data"]["amount"], &due[0].body["data"]["transaction_reference"]),
        (&json!("500000"), &json!("dep-1"))
    );
    assert_eq!(due[1].body["event"], "v2.sms.received");
}

#[tokio::test]
async fn a_disputes_webhooks_are_created_reminded_and_resolved_or_lost() {
    let mut product = Product::start(0).await;
    let sandbox = sandbox_for(&product).await;
    for reference in ["dep-1", "dep-2"] {
        sandbox.initialize(reference, 500_000).await;
        let pays = json!({ "outcome": "success", "webhook": "lose" });
        sandbox.control(&format!("/control/paystack/{reference}"), pays).await;
    }
    let lost = json!({ "event": "create", "webhook": "lose" });
    assert_eq!(sandbox.control("/control/paystack/dep-2/dispute", lost).await.status, 200);
    let path = "/control/paystack/dep-1/dispute";
    assert_eq!(sandbox.control(path, json!({ "event": "remind" })).await.status, 409);
    for event in ["create", "remind", "resolve"] {
        let body = json!({ "event": event, "resolution": "declined" });
        assert_eq!(sandbox.control(path, body).await.status, 200);
        let hook = product.next().await;
        assert_eq!(hook.body["event"], format!("charge.dispute.{event}"));
        assert_eq!(hook.body["data"]["transaction"]["reference"], "dep-1");
    }
}
