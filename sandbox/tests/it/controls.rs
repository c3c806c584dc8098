use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::given::{self, Running};

async fn raw(sandbox: &Running, method: Method, path: &str, body: &[u8]) -> StatusCode {
    let request = sandbox.client.request(method, format!("{}{path}", sandbox.base)).body(body.to_vec());
    let answer = given::reply(request.bearer_auth("sk_test_x").send().await.unwrap()).await;
    assert!(answer.body.is_object(), "{answer:?}");
    answer.status
}

#[tokio::test]
async fn a_body_that_is_not_json_is_400_and_one_of_another_shape_422() {
    let sandbox = given::sandbox().await;
    sandbox.initialize("dep-1", 1_000).await;
    let path = "/control/paystack/dep-1";
    for body in [&b"{"[..], b"\xff\xfe", b"{\"outcome\":1e400}"] {
        assert_eq!(raw(&sandbox, Method::POST, path, body).await, 400);
    }
    for body in [
        json!({}),
        json!([]),
        json!({ "outcome": "won" }),
        json!({ "outcome": "success", "webhook": 5 }),
        json!({ "outcome": "success", "amount_subunits": -5 }),
        json!({ "outcome": "success", "amount_subunits": 1.5 }),
        json!({ "outcome": "success", "currency": "XXX" }),
        json!({ "outcome": "success", "domain": "elsewhere" }),
        json!({ "outcome": "success", "surplus": true }),
    ] {
        assert_eq!(sandbox.control(path, body.clone()).await.status, 422, "{body}");
    }
    assert_eq!(sandbox.ps_get("/transaction/verify/dep-1").await.body["data"]["paid_at"], Value::Null);
}

#[tokio::test]
async fn the_other_controls_check_their_input() {
    let sandbox = given::sandbox().await;
    let refused = [
        ("/control/textverified/sms", json!({ "number": "12", "text": "x" })),
        ("/control/textverified/sms", json!({ "text": "x" })),
        ("/control/textverified/next-number", json!({ "number": "abc" })),
        ("/control/textverified/listing", json!({ "lag_s": -1 })),
        ("/control/textverified/create-delay", json!({ "delay_ms": 600_000 })),
        ("/control/textverified/account", json!({ "username": "a", "balance": "NaN" })),
        ("/control/textverified/account", json!({ "username": "a", "balance": "-1" })),
        ("/control/textverified/account", json!({ "username": " " })),
        ("/control/textverified/service", json!({ "service": "google", "price": "0.0000001" })),
        ("/control/webhooks", json!({ "product_url": "nowhere" })),
        ("/control/reset", json!({ "everything": true })),
    ];
    for (path, body) in refused {
        let answer = sandbox.control(path, body).await;
        assert_eq!(answer.status, 422, "{path}");
        assert!(answer.body["error"].is_string(), "{path}");
    }
    let missing = [
        ("/control/textverified/sms", json!({ "number": "+12025550100", "text": "x" })),
        ("/control/textverified/lr_none/sms", json!({ "text": "x" })),
        ("/control/textverified/lr_none/credit", json!({})),
        ("/control/textverified/service", json!({ "service": "nosuch" })),
        ("/control/paystack/refunds/1", json!({ "status": "processed" })),
        ("/control/nothing", json!({})),
    ];
    for (path, body) in missing {
        assert_eq!(sandbox.control(path, body).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_refused_announced_or_not() {
    let sandbox = given::sandbox().await;
    let large = vec![b' '; (1 << 20) + 1];
    for path in
        ["/control/reset", "/paystack/transaction/initialize", "/textverified/api/pub/v2/verifications"]
    {
        assert_eq!(raw(&sandbox, Method::POST, path, &large).await, 413, "{path}");
    }
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> = vec![Ok(vec![b' '; 700_000]), Ok(vec![b' '; 700_000])];
    let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    let answer =
        sandbox.client.post(format!("{}/control/reset", sandbox.base)).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn wrong_paths_and_methods_answer_in_the_vendors_words() {
    let sandbox = given::sandbox().await;
    let answer = sandbox.get("/textverified/api/pub/v2/nothing").await;
    assert_eq!((answer.status.as_u16(), &answer.body["errorDescription"]), (404, &json!("not found")));
    let answer = sandbox.ps(Method::DELETE, "/transaction", None).await;
    assert_eq!((answer.status.as_u16(), &answer.body["status"]), (405, &json!(false)));
    assert_eq!(sandbox.get("/nothing").await.body, json!({ "error": "not found" }));
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_the_controls() {
    let sandbox = given::sandbox().await;
    let reset = |origin: String| {
        sandbox.client.post(format!("{}/control/reset", sandbox.base)).header("origin", origin).send()
    };
    assert_eq!(reset("http://evil.test".into()).await.unwrap().status(), 403);
    assert_eq!(reset(sandbox.base.clone()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_reset_empties_the_books_and_keeps_the_clock() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    sandbox.control("/control/webhooks", json!({ "product_url": "http://127.0.0.1:9" })).await;
    sandbox.buy("whatsapp").await;
    sandbox.initialize("dep-1", 1_000).await;
    sandbox.fault("paystack", "verify", "http_500").await;
    sandbox.advance(60.0).await;
    sandbox.control("/control/reset", json!({})).await;
    let state = sandbox.state().await;
    assert_eq!(state["textverified"]["accounts"], json!({}));
    assert_eq!(state["paystack"], json!({ "transactions": [], "refunds": [], "disputes": [] }));
    assert_eq!((&state["clock"]["offset_s"], &state["webhooks"]["pending"]), (&json!(60.0), &json!(0)));
    assert_eq!(state["webhooks"]["product_url"], "http://127.0.0.1:9");
    assert_eq!(sandbox.balance().await, "10000.0");
    assert_eq!(sandbox.initialize("dep-1", 1_000).await.status, 200);
    assert_eq!(sandbox.ps_get("/transaction/verify/dep-1").await.status, 200);
}
