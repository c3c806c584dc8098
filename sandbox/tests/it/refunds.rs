use serde_json::json;

use crate::given::{self, Running, list};

async fn paid() -> Running {
    let sandbox = given::sandbox().await;
    sandbox.initialize("dep-1", 500_000).await;
    sandbox.control("/control/paystack/dep-1", json!({ "outcome": "success" })).await;
    sandbox
}

#[tokio::test]
async fn a_refund_is_pending_then_processed_after_ten_seconds() {
    let sandbox = paid().await;
    let opened = sandbox.ps_post("/refund", json!({ "transaction": "dep-1", "amount": 200_000 })).await.body;
    assert_eq!((&opened["data"]["status"], &opened["data"]["amount"]), (&json!("pending"), &json!(200_000)));
    assert_eq!(opened["data"]["transaction"]["reference"], "dep-1");
    let path = format!("/refund/{}", opened["data"]["id"]);
    let read = sandbox.ps_get(&path).await.body["data"].clone();
    assert_eq!(
        (&read["transaction"], &read["fully_deducted"]),
        (&opened["data"]["transaction"]["id"], &json!(0))
    );
    sandbox.advance(10.0).await;
    let read = sandbox.ps_get(&path).await.body["data"].clone();
    assert_eq!((&read["status"], &read["fully_deducted"]), (&json!("processed"), &json!(1)));
    assert_eq!(sandbox.ps_get("/transaction/verify/dep-1").await.body["data"]["status"], "success");
}

#[tokio::test]
async fn refunds_never_exceed_what_was_paid_and_a_full_one_reverses() {
    let sandbox = paid().await;
    let ask = |body| sandbox.ps_post("/refund", body);
    assert_eq!(ask(json!({ "transaction": "dep-1", "amount": 500_001 })).await.status, 400);
    assert_eq!(ask(json!({ "transaction": "dep-1", "amount": 300_000 })).await.status, 200);
    assert_eq!(ask(json!({ "transaction": "dep-1", "amount": 200_001 })).await.status, 400);
    assert_eq!(ask(json!({ "transaction": "dep-1" })).await.body["data"]["amount"], 200_000);
    assert_eq!(ask(json!({ "transaction": "dep-1" })).await.status, 400);
    sandbox.advance(11.0).await;
    assert_eq!(sandbox.ps_get("/transaction/verify/dep-1").await.body["data"]["status"], "reversed");
    assert_eq!(list(&sandbox.ps_get("/refund?transaction=dep-1").await.body["data"]).len(), 2);
    assert_eq!(list(&sandbox.ps_get("/refund?transaction=none").await.body["data"]).len(), 0);
}

#[tokio::test]
async fn only_a_paid_transaction_is_refunded() {
    let sandbox = given::sandbox().await;
    sandbox.initialize("dep-1", 500_000).await;
    assert_eq!(sandbox.ps_post("/refund", json!({ "transaction": "dep-1" })).await.status, 400);
    assert_eq!(sandbox.ps_post("/refund", json!({ "transaction": "none" })).await.status, 404);
    assert_eq!(sandbox.ps_post("/refund", json!({})).await.status, 400);
    assert_eq!(sandbox.ps_get("/refund/1").await.status, 404);
}

#[tokio::test]
async fn a_refund_that_needs_attention_can_be_retried() {
    let sandbox = paid().await;
    let refund =
        sandbox.ps_post("/refund", json!({ "transaction": "dep-1" })).await.body["data"]["id"].clone();
    let retry = json!({ "refund_account_details": { "currency": "NGN", "account_number": "1234567890", "bank_id": "9" } });
    let path = format!("/refund/retry_with_customer_details/{refund}");
    assert_eq!(sandbox.ps_post(&path, retry.clone()).await.status, 422);
    let control = format!("/control/paystack/refunds/{refund}");
    assert_eq!(sandbox.control(&control, json!({ "status": "needs-attention" })).await.status, 200);
    sandbox.advance(60.0).await;
    assert_eq!(sandbox.ps_get(&format!("/refund/{refund}")).await.body["data"]["status"], "needs-attention");
    assert_eq!(sandbox.ps_post(&path, retry).await.body["data"]["status"], "processing");
    sandbox.advance(10.0).await;
    assert_eq!(sandbox.ps_get(&format!("/refund/{refund}")).await.body["data"]["status"], "processed");
}

#[tokio::test]
async fn a_dispute_opens_and_ends() {
    let sandbox = paid().await;
    assert_eq!(sandbox.ps_get("/dispute").await.body["data"], json!([]));
    let path = "/control/paystack/dep-1/dispute";
    assert_eq!(
        sandbox.control(path, json!({ "event": "resolve", "resolution": "declined" })).await.status,
        409
    );
    let opened = sandbox.control(path, json!({ "event": "create" })).await.body["dispute"].clone();
    assert_eq!((&opened["refund_amount"], &opened["resolution"]), (&json!(500_000), &json!(null)));
    assert_eq!(sandbox.ps_get(&format!("/dispute/{}", opened["id"])).await.body["data"], opened);
    let resolved = json!({ "event": "resolve", "resolution": "merchant-accepted" });
    assert_eq!(sandbox.control(path, resolved).await.body["dispute"]["status"], "resolved");
    assert_eq!(list(&sandbox.ps_get("/dispute?status=resolved").await.body["data"]).len(), 1);
}

#[tokio::test]
async fn a_refund_made_in_the_dashboard_is_listed_like_any_other() {
    let sandbox = paid().await;
    let path = "/control/paystack/dep-1/refund";
    let made = sandbox.control(path, json!({ "amount_subunits": 200_000, "webhook": "lose" })).await;
    assert_eq!(made.body["refund"]["status"], "pending");
    assert_eq!(sandbox.control(path, json!({ "amount_subunits": 300_001 })).await.status, 409);
    assert_eq!(sandbox.control(path, json!({ "amount_subunits": 0 })).await.status, 422);
    assert_eq!(sandbox.control("/control/paystack/none/refund", json!({})).await.status, 404);
    assert_eq!(list(&sandbox.ps_get("/refund?transaction=dep-1").await.body["data"]).len(), 1);
    sandbox.initialize("dep-2", 500_000).await;
    assert_eq!(sandbox.control("/control/paystack/dep-2/refund", json!({})).await.status, 409);
}

#[tokio::test]
async fn a_refund_whose_answer_is_lost_was_made_all_the_same() {
    let sandbox = paid().await;
    for (mode, made) in [("http_500", 0), ("malformed", 1)] {
        let fault = json!({ "provider": "paystack", "operation": "refund", "mode": mode });
        sandbox.control("/control/faults", fault).await;
        sandbox.ps_post("/refund", json!({ "transaction": "dep-1", "amount": 100 })).await;
        assert_eq!(list(&sandbox.ps_get("/refund").await.body["data"]).len(), made, "{mode}");
    }
}
