use namaskah_sandbox::{Database, Sandbox, SandboxError};
use serde_json::json;

use crate::given::{self, text};

#[tokio::test]
async fn a_restart_keeps_the_books() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = given::config();
    config.database = Database::File(folder.path().join("deep/sandbox.db"));
    let sandbox = given::sandbox_with(config.clone()).await.signed_in("a@shop.test").await;
    let (bought, pending) = (sandbox.buy("whatsapp").await, sandbox.buy("telegram").await);
    sandbox.text(&bought, "Code 123456").await;
    sandbox.initialize("dep-1", 500_000).await;
    sandbox.control("/control/paystack/dep-1", json!({ "outcome": "success" })).await;
    sandbox.ps_post("/refund", json!({ "transaction": "dep-1" })).await;
    sandbox.control("/control/paystack/dep-1/dispute", json!({ "event": "create" })).await;
    sandbox.fault("textverified", "cancel", "http_500").await;
    sandbox.advance(5.0).await;
    let before = sandbox.state().await;
    sandbox.sandbox.stop().await;

    let sandbox = given::sandbox_with(config).await.signed_in("a@shop.test").await;
    let after = sandbox.state().await;
    for part in ["textverified", "paystack", "webhooks", "smtp"] {
        assert_eq!(after[part], before[part]);
    }
    assert_eq!(after["clock"]["offset_s"], 5.0);
    assert_eq!(sandbox.tv_get("/sms").await.body["count"], 1);
    let cancel = format!("/verifications/{}/cancel", text(&pending["id"]));
    assert_eq!(sandbox.tv_post(&cancel, json!({})).await.status, 500);
    sandbox.advance(900.0).await;
    assert_eq!(sandbox.state().await["textverified"]["accounts"]["a@shop.test"]["balance"], "9999.25");
    assert_eq!(sandbox.ps_get("/transaction/verify/dep-1").await.body["data"]["status"], "reversed");
    assert_eq!(sandbox.initialize("dep-1", 1).await.body["code"], "duplicate_reference");
}

#[tokio::test]
async fn stopping_does_not_wait_for_those_who_wait() {
    let sandbox = given::sandbox().await;
    let url = format!("{}/control/clock/follow?follower=shop&after_s=0", sandbox.base);
    let following = tokio::spawn(sandbox.client.get(url).send());
    sandbox.advance(0.0).await; // gives the other request time to arrive
    let started = std::time::Instant::now();
    sandbox.sandbox.stop().await;
    assert!(started.elapsed() < std::time::Duration::from_secs(2));
    drop(following.await);
}

#[tokio::test]
async fn a_busy_port_is_an_error_that_names_the_address() {
    let first = given::sandbox().await;
    let mut config = given::config();
    config.listen = first.sandbox.http_addr();
    let error = Sandbox::start(config.clone()).await.unwrap_err();
    assert!(
        matches!(error, SandboxError::Listen { purpose: "HTTP", address, .. } if address == config.listen)
    );
    assert!(error.to_string().contains(&config.listen.to_string()));
    config.listen = given::config().listen;
    config.smtp_listen = first.sandbox.smtp_addr();
    let error = Sandbox::start(config).await.unwrap_err();
    assert!(matches!(error, SandboxError::Listen { purpose: "mail", .. }));
}

#[tokio::test]
async fn books_of_another_kind_and_a_product_that_is_no_url_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    std::fs::write(&path, "not a database, but long enough to be read as the header of one by mistake")
        .unwrap();
    let mut config = given::config();
    config.database = Database::File(path);
    assert!(matches!(Sandbox::start(config).await.unwrap_err(), SandboxError::Books(_)));
    let mut config = given::config();
    config.product_url = Some("not a url".into());
    assert!(matches!(Sandbox::start(config).await.unwrap_err(), SandboxError::ProductUrl(_)));
}
