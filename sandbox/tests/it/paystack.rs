use namaskah_sandbox::SandboxConfig;
use reqwest::Method;
use serde_json::{Value, json};

use crate::given::{self, list, text};

#[tokio::test]
async fn initialising_leads_to_a_checkout_under_the_same_host() {
    let sandbox = given::sandbox().await;
    let opened = sandbox.initialize("dep-1", 500_000).await;
    assert_eq!((opened.status.as_u16(), &opened.body["status"]), (200, &json!(true)));
    assert_eq!(opened.body["data"]["reference"], "dep-1");
    assert_eq!(opened.body["data"]["authorization_url"], format!("{}/checkout/dep-1", sandbox.base));
    let seen = sandbox.ps_get("/transaction/verify/dep-1").await.body;
    assert_eq!((&seen["data"]["status"], &seen["data"]["paid_at"]), (&json!("abandoned"), &Value::Null));
}

#[tokio::test]
async fn pages_for_people_are_where_it_was_said_that_browsers_find_them() {
    let public_url = Some("http://127.0.0.1:9081/".to_owned());
    let sandbox = given::sandbox_with(SandboxConfig { public_url, ..given::config() }).await;
    let opened = sandbox.initialize("dep-1", 500_000).await;
    assert_eq!(opened.body["data"]["authorization_url"], "http://127.0.0.1:9081/checkout/dep-1");
    let described = format!("{}/google/.well-known/openid-configuration", sandbox.base);
    let described = given::reply(sandbox.client.get(described).send().await.unwrap()).await.body;
    assert_eq!(described["authorization_endpoint"], "http://127.0.0.1:9081/google/authorize");
    // Programs go on by the way that they came.
    assert_eq!(described["token_endpoint"], format!("{}/google/token", sandbox.base));
}

#[tokio::test]
async fn a_reference_is_used_once_and_in_its_alphabet() {
    let sandbox = given::sandbox().await;
    assert_eq!(sandbox.initialize("dep-1", 500_000).await.status, 200);
    let again = sandbox.initialize("dep-1", 500_000).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (400, &json!("duplicate_reference")));
    assert_eq!(sandbox.initialize("dep_2", 500_000).await.status, 400);
    assert_eq!(sandbox.initialize("a.b=c-d", 500_000).await.status, 200);
    assert_eq!(sandbox.ps_get("/transaction/verify/a.b%3Dc-d").await.status, 200);
}

#[tokio::test]
async fn amounts_are_whole_subunits_as_a_number_or_as_digits() {
    let sandbox = given::sandbox().await;
    let ask = |amount: Value| {
        sandbox.ps_post("/transaction/initialize", json!({ "email": "a@b.test", "amount": amount }))
    };
    assert_eq!(ask(json!("5000")).await.status, 200);
    for wrong in
        [json!(0), json!(-1), json!(1.5), json!("1e3"), json!(""), Value::Null, json!(true), json!([])]
    {
        assert_eq!(ask(wrong.clone()).await.status, 400, "{wrong}");
    }
    let without_email = sandbox.ps_post("/transaction/initialize", json!({ "amount": 5000 })).await;
    assert_eq!(without_email.status, 400);
    let dollars = json!({ "email": "a@b.test", "amount": 1, "currency": "XXX" });
    assert_eq!(sandbox.ps_post("/transaction/initialize", dollars).await.status, 400);
}

#[tokio::test]
async fn a_form_is_as_good_as_json() {
    let sandbox = given::sandbox().await;
    let url = format!("{}/paystack/transaction/initialize", sandbox.base);
    let form = [("email", "a@b.test"), ("amount", "5000"), ("reference", "dep-form")];
    let answer = sandbox.client.post(url).bearer_auth("sk_test_x").form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(sandbox.ps_get("/transaction/verify/dep-form").await.body["data"]["amount"], 5000);
}

#[tokio::test]
async fn a_paid_transaction_says_so_with_fee_and_moment() {
    let sandbox = given::sandbox().await;
    sandbox.initialize("dep-1", 500_000).await;
    let paid = sandbox.control("/control/paystack/dep-1", json!({ "outcome": "success" })).await;
    assert_eq!(paid.status, 200);
    let data = sandbox.ps_get("/transaction/verify/dep-1").await.body["data"].clone();
    assert_eq!(
        (&data["status"], &data["amount"], &data["fees"]),
        (&json!("success"), &json!(500_000), &json!(7_500))
    );
    assert_eq!((&data["domain"], &data["currency"]), (&json!("test"), &json!("NGN")));
    assert_eq!(data["customer"]["email"], "payer@shop.test");
    assert!(data["paid_at"].is_string());
    assert!(data["id"].as_u64().unwrap() > u64::from(u32::MAX));
    let by_id = sandbox.ps_get(&format!("/transaction/{}", data["id"])).await.body;
    assert_eq!(by_id["data"], data);
    assert_eq!(sandbox.ps_get("/transaction/timeline/dep-1").await.body["data"]["success"], true);
}

#[tokio::test]
async fn what_was_paid_may_differ_from_what_was_asked() {
    let sandbox = given::sandbox().await;
    sandbox.initialize("dep-1", 500_000).await;
    let other =
        json!({ "outcome": "success", "amount_subunits": 1_000, "currency": "GHS", "domain": "live" });
    sandbox.control("/control/paystack/dep-1", other).await;
    let data = sandbox.ps_get("/transaction/verify/dep-1").await.body["data"].clone();
    assert_eq!((&data["amount"], &data["requested_amount"]), (&json!(1_000), &json!(500_000)));
    assert_eq!(
        (&data["currency"], &data["domain"], &data["fees"]),
        (&json!("GHS"), &json!("live"), &json!(15))
    );
}

#[tokio::test]
async fn a_failed_payment_can_still_succeed_but_a_paid_one_cannot_fail() {
    let sandbox = given::sandbox().await;
    sandbox.initialize("dep-1", 500_000).await;
    let outcome = |outcome: &str| sandbox.control("/control/paystack/dep-1", json!({ "outcome": outcome }));
    let status = async || sandbox.ps_get("/transaction/verify/dep-1").await.body["data"]["status"].clone();
    outcome("failed").await;
    assert_eq!(status().await, "failed");
    outcome("abandoned").await;
    assert_eq!(status().await, "abandoned");
    outcome("success").await;
    assert_eq!(outcome("failed").await.status, 409);
    assert_eq!(status().await, "success");
}

#[tokio::test]
async fn an_unknown_reference_is_404_in_the_vendors_envelope() {
    let sandbox = given::sandbox().await;
    for path in ["/transaction/verify/none", "/transaction/1", "/transaction/timeline/none"] {
        let missing = sandbox.ps_get(path).await;
        assert_eq!((missing.status.as_u16(), &missing.body["status"]), (404, &json!(false)), "{path}");
    }
    assert_eq!(sandbox.control("/control/paystack/none", json!({ "outcome": "success" })).await.status, 404);
}

#[tokio::test]
async fn lists_filter_and_turn_pages() {
    let sandbox = given::sandbox().await;
    for n in 0..5 {
        sandbox.initialize(&format!("dep-{n}"), 1_000 + n).await;
    }
    sandbox.control("/control/paystack/dep-3", json!({ "outcome": "success" })).await;
    let page = sandbox.ps_get("/transaction?perPage=2&page=2").await.body;
    let references: Vec<_> = list(&page["data"]).iter().map(|t| text(&t["reference"])).collect();
    assert_eq!(references, ["dep-2", "dep-1"]);
    assert_eq!((&page["meta"]["total"], &page["meta"]["pageCount"]), (&json!(5), &json!(3)));
    let count =
        async |query: &str| list(&sandbox.ps_get(&format!("/transaction{query}")).await.body["data"]).len();
    assert_eq!(count("?status=success").await, 1);
    assert_eq!(count("?from=2999-01-01").await, 0);
    assert_eq!(count("?to=2999-01-01T00:00:00.000Z").await, 5);
    let customer = &sandbox.ps_get("/transaction/verify/dep-1").await.body["data"]["customer"]["id"];
    assert_eq!(count(&format!("?customer={customer}")).await, 5);
    assert_eq!(count("?customer=1").await, 0);
    for wrong in ["?perPage=0", "?page=x", "?status=paid", "?from=yesterday"] {
        assert_eq!(sandbox.ps_get(&format!("/transaction{wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_key_is_needed_and_may_be_configured() {
    let mut config = given::config();
    config.credentials = Some(given::credentials());
    let sandbox = given::sandbox_with(config).await;
    let url = format!("{}/paystack/transaction", sandbox.base);
    assert_eq!(sandbox.client.get(&url).send().await.unwrap().status(), 401);
    assert_eq!(sandbox.client.get(&url).bearer_auth("sk_test_other").send().await.unwrap().status(), 401);
    assert_eq!(sandbox.ps(Method::GET, "/transaction", None).await.status, 200);
}
