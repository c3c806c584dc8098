use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::given::{self, Running, order};

async fn signed_in() -> Running {
    given::sandbox().await.signed_in("a@shop.test").await
}

/// A purchase whose caller gives up after half a second.
async fn impatient(sandbox: &Running) -> reqwest::Error {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_millis(500)).build().unwrap();
    let token = sandbox.token_of("a@shop.test").await;
    let url = format!("{}/textverified/api/pub/v2/verifications", sandbox.base);
    client.post(url).bearer_auth(token).json(&order("whatsapp")).send().await.unwrap_err()
}

#[tokio::test]
async fn a_timeout_before_sells_nothing() {
    let sandbox = signed_in().await;
    sandbox.fault("textverified", "create", "timeout_before").await;
    assert!(impatient(&sandbox).await.is_timeout());
    assert_eq!(sandbox.purchases("a@shop.test").await.len(), 0);
    sandbox.buy("whatsapp").await;
}

#[tokio::test]
async fn a_timeout_after_sells_and_never_says_so() {
    let sandbox = signed_in().await;
    sandbox.fault("textverified", "create", "timeout_after").await;
    assert!(impatient(&sandbox).await.is_timeout());
    assert_eq!(sandbox.purchases("a@shop.test").await.len(), 1);
    assert_eq!(sandbox.balance().await, "9999.25");
}

#[tokio::test]
async fn a_disconnect_sells_and_cuts_the_line_before_an_answer() {
    let sandbox = signed_in().await;
    sandbox.fault("textverified", "create", "disconnect").await;
    let error = sandbox.tv_send(Method::POST, "/verifications", Some(order("whatsapp"))).await.unwrap_err();
    assert!(!error.is_timeout(), "{error:?}");
    assert_eq!(sandbox.purchases("a@shop.test").await.len(), 1);
}

#[tokio::test]
async fn a_malformed_answer_has_the_true_status_and_nothing_to_read() {
    let sandbox = signed_in().await;
    sandbox.fault("textverified", "create", "malformed").await;
    let answer = sandbox.tv_send(Method::POST, "/verifications", Some(order("whatsapp"))).await.unwrap();
    assert_eq!(answer.status(), 201);
    assert!(answer.headers().get("location").is_none());
    assert!(serde_json::from_str::<serde_json::Value>(&answer.text().await.unwrap()).is_err());
    assert_eq!(sandbox.purchases("a@shop.test").await.len(), 1);
}

#[tokio::test]
async fn error_answers_do_nothing_and_end_after_their_count() {
    let sandbox = signed_in().await;
    let body = json!({ "provider": "textverified", "operation": "create", "mode": "http_500", "count": 2 });
    sandbox.control("/control/faults", body).await;
    assert_eq!(sandbox.tv_post("/verifications", order("whatsapp")).await.status, 500);
    assert_eq!(sandbox.tv_post("/verifications", order("whatsapp")).await.status, 500);
    sandbox.fault("textverified", "create", "http_429").await;
    let limited = sandbox.tv_post("/verifications", order("whatsapp")).await;
    assert_eq!((limited.status.as_u16(), limited.headers["retry-after"].to_str().unwrap()), (429, "1"));
    assert_eq!(sandbox.purchases("a@shop.test").await.len(), 0);
    assert_eq!(sandbox.tv_post("/verifications", order("whatsapp")).await.status, 201);
}

#[tokio::test]
async fn a_fault_meets_its_operation_only_and_none_clears_it() {
    let sandbox = signed_in().await;
    sandbox.fault("paystack", "verify", "http_500").await;
    assert_eq!(sandbox.initialize("dep-1", 1_000).await.status, 200);
    let set = sandbox.get("/control/faults").await.body;
    assert_eq!(
        set["faults"],
        json!([{ "provider": "paystack", "operation": "verify", "mode": "http_500", "count": 1 }])
    );
    sandbox.fault("paystack", "verify", "none").await;
    assert_eq!(sandbox.ps_get("/transaction/verify/dep-1").await.status, 200);
}

#[tokio::test]
async fn a_late_answer_comes_after_the_work() {
    let sandbox = signed_in().await;
    sandbox.control("/control/textverified/create-delay", json!({ "delay_ms": 2_000, "count": 1 })).await;
    assert!(impatient(&sandbox).await.is_timeout());
    assert_eq!(sandbox.purchases("a@shop.test").await.len(), 1);
    sandbox.control("/control/textverified/create-delay", json!({ "delay_ms": 50, "count": 1 })).await;
    let started = std::time::Instant::now();
    sandbox.buy("whatsapp").await;
    assert!(started.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn faults_of_no_known_operation_are_refused() {
    let sandbox = given::sandbox().await;
    let wrong = [
        json!({ "provider": "nobody", "operation": "create", "mode": "http_500" }),
        json!({ "provider": "textverified", "operation": "verify", "mode": "http_500" }),
        json!({ "provider": "textverified", "operation": "create", "mode": "explode" }),
        json!({ "provider": "textverified", "operation": "create", "mode": "http_500", "count": -1 }),
        json!({ "provider": "textverified", "operation": "create", "mode": "http_500", "extra": 1 }),
    ];
    for body in wrong {
        let refused = sandbox.control("/control/faults", body.clone()).await;
        assert_eq!(refused.status, 422, "{body}");
        assert!(refused.body["error"].is_string());
    }
}
