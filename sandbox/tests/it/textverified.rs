use reqwest::Method;
use serde_json::{Value, json};

use crate::given::{self, list, order, text};

#[tokio::test]
async fn any_credentials_open_an_account_with_the_float() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let me = sandbox.tv_get("/account/me").await.body;
    assert_eq!(me, json!({ "username": "a@shop.test", "currentBalance": 10000.0 }));
}

#[tokio::test]
async fn configured_credentials_are_the_only_ones() {
    let mut config = given::config();
    config.credentials = Some(given::credentials());
    let sandbox = given::sandbox_with(config).await;
    let auth = |key: &'static str| {
        let url = format!("{}/textverified/api/pub/v2/auth", sandbox.base);
        sandbox.client.post(url).header("X-API-KEY", key).header("X-API-USERNAME", "ops@shop.test").send()
    };
    assert_eq!(auth("wrong").await.unwrap().status(), 401);
    assert_eq!(auth("key-1").await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_unknown_or_expired_token_is_refused() {
    let sandbox = given::sandbox().await;
    assert_eq!(sandbox.tv_get("/account/me").await.status, 401);
    let sandbox = sandbox.signed_in("a@shop.test").await;
    assert_eq!(sandbox.tv_get("/account/me").await.status, 200);
    sandbox.advance(900.0).await;
    assert_eq!(sandbox.tv_get("/account/me").await.status, 401);
}

#[tokio::test]
async fn the_catalogue_is_two_bare_arrays() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let services = sandbox.tv_get("/services?numberType=mobile&reservationType=verification").await.body;
    assert!(list(&services).len() >= 23);
    assert!(list(&services).iter().any(|s| s["serviceName"] == "whatsapp" && s["capability"] == "sms"));
    assert_eq!(
        list(&sandbox.tv_get("/area-codes").await.body)[0],
        json!({ "areaCode": "202", "state": "DC" })
    );
    assert_eq!(sandbox.tv_get("/services?numberType=mobile").await.status, 400);
    assert_eq!(sandbox.tv_get("/services?numberType=pigeon&reservationType=verification").await.status, 400);
}

#[tokio::test]
async fn prices_add_a_surcharge_for_each_option() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let ask = |area_code: bool, carrier: bool| {
        let body = json!({ "serviceName": "whatsapp", "areaCode": area_code, "carrier": carrier,
            "numberType": "mobile", "capability": "sms" });
        sandbox.tv_post("/pricing/verifications", body)
    };
    assert_eq!(ask(false, false).await.body, json!({ "serviceName": "whatsapp", "price": 0.75 }));
    assert_eq!(ask(true, false).await.body["price"], 0.95);
    assert_eq!(ask(true, true).await.body["price"], 1.1);
    let unknown = json!({ "serviceName": "nosuch", "areaCode": false, "carrier": false,
        "numberType": "mobile", "capability": "sms" });
    assert_eq!(sandbox.tv_post("/pricing/verifications", unknown).await.status, 400);
}

#[tokio::test]
async fn buying_charges_at_once_and_links_to_the_verification() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let body = json!({ "serviceName": "whatsapp", "capability": "sms", "areaCodeSelectOption": null,
        "carrierSelectOption": null, "serviceNotListedName": null, "maxPrice": 0.75 });
    let created = sandbox.tv_post("/verifications", body).await;
    assert_eq!(created.status, 201);
    let href = text(&created.body["href"]).to_owned();
    assert_eq!(created.headers["location"], href);
    assert!(href.starts_with(&format!("{}/textverified/api/pub/v2/verifications/lr_", sandbox.base)));
    assert_eq!(sandbox.balance().await, "9999.25");

    let verification = sandbox.tv_get(&href).await.body;
    assert_eq!(verification["state"], "verificationPending");
    assert_eq!(verification["totalCost"], 0.75);
    assert_eq!(text(&verification["number"]).len(), 10);
    assert_eq!(verification["cancel"]["canCancel"], true);
    assert_eq!(verification["reuse"]["reusableUntil"], Value::Null);
    let at = |name: &str| chrono::DateTime::parse_from_rfc3339(text(&verification[name])).unwrap();
    assert_eq!(at("endsAt") - at("createdAt"), chrono::TimeDelta::minutes(15));
}

#[tokio::test]
async fn refusals_carry_the_vendors_codes_and_charge_nothing() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let code =
        |body: Value| async { sandbox.tv_post("/verifications", body).await.body["errorCode"].clone() };
    assert_eq!(
        code(json!({ "serviceName": "whatsapp", "capability": "sms", "maxPrice": 0.74 })).await,
        "PriceTooHigh"
    );
    let alaska = json!({ "serviceName": "whatsapp", "capability": "sms", "areaCodeSelectOption": ["907"] });
    assert_eq!(code(alaska).await, "Unavailable");
    assert_eq!(code(order("nosuch")).await, "InvalidServiceName");
    assert_eq!(code(json!({ "serviceName": "whatsapp" })).await, "ValidationError");
    assert_eq!(code(json!({ "serviceName": 5, "capability": "sms" })).await, "ValidationError");

    sandbox.control("/control/textverified/service", json!({ "service": "google", "stock": 0 })).await;
    assert_eq!(code(order("google")).await, "Unavailable");
    assert_eq!(sandbox.balance().await, "10000.0");
    let limit = json!({ "username": "a@shop.test", "unfinished_limit": 0 });
    sandbox.control("/control/textverified/account", limit).await;
    assert_eq!(code(order("whatsapp")).await, "TooManyUnfinishedVerifications");
    let poor = json!({ "username": "a@shop.test", "balance": "0.74", "unfinished_limit": 10 });
    sandbox.control("/control/textverified/account", poor).await;
    assert_eq!(code(order("whatsapp")).await, "InsufficientBalance");
    assert_eq!(sandbox.purchases("a@shop.test").await.len(), 0);
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let a = given::sandbox().await.signed_in("a@shop.test").await;
    let bought = a.buy("telegram").await;
    let b = a.signed_in("b@shop.test").await;
    assert_eq!(b.tv_get(&format!("/verifications/{}", text(&bought["id"]))).await.status, 404);
    assert_eq!(b.balance().await, "10000.0");
    assert_eq!(b.tv_get("/verifications").await.body["count"], 0);
}

#[tokio::test]
async fn a_text_completes_a_pending_verification_and_is_listed() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let bought = sandbox.buy("whatsapp").await;
    assert_eq!(sandbox.text(&bought, "Your code is 482913").await.status, 200);
    assert_eq!(sandbox.verification(&bought).await["state"], "verificationCompleted");
    let filters = [
        String::new(),
        format!("?to={}", text(&bought["number"])),
        format!("?to=%2B1{}", text(&bought["number"])),
        format!("?reservationId={}", text(&bought["id"])),
        "?reservationType=verification".into(),
    ];
    for filter in filters {
        let page = sandbox.tv_get(&format!("/sms{filter}")).await.body;
        assert_eq!(page["count"], 1, "{filter}");
        assert_eq!(page["data"][0]["smsContent"], "Your code is 482913");
        assert_eq!(page["data"][0]["parsedCode"], "482913");
        assert_eq!(page["data"][0]["to"], bought["number"]);
    }
    assert_eq!(sandbox.tv_get("/sms?reservationType=renewable").await.body["count"], 0);
    assert_eq!(sandbox.tv_get("/sms?reservationId=lr_none").await.body["count"], 0);
    assert_eq!(sandbox.tv_get("/calls").await.body["data"], json!([]));
}

#[tokio::test]
async fn a_recycled_number_keeps_each_reservations_texts_apart() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let first = sandbox.buy("whatsapp").await;
    sandbox.text(&first, "First 111111").await;
    sandbox.control("/control/textverified/next-number", json!({ "number": first["number"] })).await;
    let second = sandbox.buy("whatsapp").await;
    assert_eq!(second["number"], first["number"]);
    let by_number = json!({ "number": format!("+1{}", text(&first["number"])), "text": "Second 222222" });
    let arrived = sandbox.control("/control/textverified/sms", by_number).await;
    assert_eq!(arrived.body["verification_id"], second["id"]);
    sandbox.text(&first, "Late 333333").await;

    let of = |id: &Value| format!("/sms?reservationId={}", text(id));
    assert_eq!(sandbox.tv_get(&of(&second["id"])).await.body["count"], 1);
    assert_eq!(sandbox.tv_get(&of(&first["id"])).await.body["count"], 2);
    assert_eq!(sandbox.tv_get(&format!("/sms?to={}", text(&first["number"]))).await.body["count"], 3);
}

#[tokio::test]
async fn a_text_may_come_encrypted_unparsed_and_with_an_earlier_date() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let bought = sandbox.buy("whatsapp").await;
    let path = format!("/control/textverified/{}/sms", text(&bought["id"]));
    let early = json!({ "text": "Code 123456", "parsed_code": null, "from": null, "created_at": "2026-01-01T00:00:04+00:00" });
    assert_eq!(sandbox.control(&path, early).await.status, 200);
    assert_eq!(sandbox.control(&path, json!({ "text": "Code 654321", "encrypted": true })).await.status, 200);
    let page = sandbox.tv_get("/sms").await.body;
    assert_eq!(page["data"][0]["encrypted"], true);
    assert_eq!(page["data"][0]["smsContent"], Value::Null);
    assert_eq!(page["data"][1]["createdAt"], "2026-01-01T00:00:04.000+00:00");
    assert_eq!(page["data"][1]["parsedCode"], Value::Null);
    assert_eq!(page["data"][1]["from"], Value::Null);
}

#[tokio::test]
async fn cancelling_gives_the_charge_back_once() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let bought = sandbox.buy("whatsapp").await;
    let path = format!("/verifications/{}/cancel", text(&bought["id"]));
    let cancelled = sandbox.tv_send(Method::POST, &path, None).await.unwrap();
    assert_eq!(cancelled.status(), 200);
    assert_eq!(cancelled.text().await.unwrap(), "");
    assert_eq!(sandbox.balance().await, "10000.0");
    assert_eq!(sandbox.tv(Method::POST, &path, None).await.status, 400);
    assert_eq!(sandbox.balance().await, "10000.0");
    assert_eq!(sandbox.verification(&bought).await["state"], "verificationCanceled");
}

#[tokio::test]
async fn a_verification_past_its_end_has_timed_out_and_is_credited_once() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let bought = sandbox.buy("whatsapp").await;
    sandbox.advance(899.0).await;
    let sandbox = sandbox.signed_in("a@shop.test").await;
    assert_eq!(sandbox.verification(&bought).await["state"], "verificationPending");
    sandbox.advance(2.0).await;
    assert_eq!(sandbox.verification(&bought).await["state"], "verificationTimedOut");
    assert_eq!(sandbox.balance().await, "10000.0");
    sandbox.text(&bought, "Late 123456").await;
    assert_eq!(sandbox.verification(&bought).await["state"], "verificationTimedOut");
    let kept = &sandbox.purchases("a@shop.test").await[0];
    assert_eq!((text(&kept["charged"]), text(&kept["credited"])), ("0.75", "0.75"));
    assert_eq!(list(&kept["messages"]).len(), 1);
}

#[tokio::test]
async fn reporting_credits_at_once_before_a_code_and_only_by_the_vendors_will_after() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let (silent, spoken) = (sandbox.buy("whatsapp").await, sandbox.buy("whatsapp").await);
    sandbox.text(&spoken, "Code 123456").await;
    for bought in [&silent, &spoken] {
        let path = format!("/verifications/{}/report", text(&bought["id"]));
        assert_eq!(sandbox.tv(Method::POST, &path, None).await.status, 200);
        assert_eq!(sandbox.tv(Method::POST, &path, None).await.status, 400);
    }
    assert_eq!(sandbox.balance().await, "9999.25");
    let path = format!("/control/textverified/{}/credit", text(&spoken["id"]));
    sandbox.control(&path, json!({})).await;
    sandbox.control(&path, json!({})).await;
    assert_eq!(sandbox.balance().await, "10000.0");
    assert_eq!(sandbox.verification(&spoken).await["state"], "verificationRefunded");
}

#[tokio::test]
async fn reuse_and_reactivation_sell_the_same_number_under_a_new_id() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let completed = sandbox.buy("whatsapp").await;
    let reuse = format!("/verifications/{}/reuse", text(&completed["id"]));
    assert_eq!(sandbox.tv(Method::POST, &reuse, None).await.status, 400);
    sandbox.text(&completed, "Code 123456").await;
    let again = sandbox.tv(Method::POST, &reuse, None).await;
    assert_eq!(again.status, 201);
    let again = sandbox.tv_get(again.headers["location"].to_str().unwrap()).await.body;
    assert_eq!((&again["number"], &again["state"]), (&completed["number"], &json!("verificationPending")));
    assert_ne!(again["id"], completed["id"]);
    assert_eq!(sandbox.verification(&completed).await["state"], "verificationReused");

    sandbox.tv(Method::POST, &format!("/verifications/{}/cancel", text(&again["id"])), None).await;
    let reactivate = format!("/verifications/{}/reactivate", text(&again["id"]));
    assert_eq!(sandbox.tv(Method::POST, &reactivate, None).await.status, 201);
    assert_eq!(sandbox.verification(&again).await["state"], "verificationReactivated");
    assert_eq!(sandbox.balance().await, "9998.5");
}

#[tokio::test]
async fn lists_turn_pages_both_ways_newest_first() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let mut bought = Vec::new();
    for _ in 0..60 {
        bought.push(sandbox.buy("telegram").await["id"].clone());
    }
    bought.reverse();
    let mut seen = Vec::new();
    let mut page = sandbox.tv_get("/verifications").await.body;
    assert_eq!((list(&page["data"]).len(), &page["hasPrevious"]), (25, &json!(false)));
    loop {
        seen.extend(list(&page["data"]).iter().map(|item| item["id"].clone()));
        if page["hasNext"] == false {
            break;
        }
        page = sandbox.tv_get(text(&page["links"]["next"]["href"])).await.body;
    }
    assert_eq!(seen, bought);
    assert_eq!(page["links"]["next"], json!({ "method": null, "href": null }));
    let before = sandbox.tv_get(text(&page["links"]["previous"]["href"])).await.body;
    let ids: Vec<_> = list(&before["data"]).iter().map(|item| item["id"].clone()).collect();
    assert_eq!(ids, bought[25..50]);
    assert_eq!(sandbox.tv_get("/verifications?cursor=nonsense").await.status, 400);
}

#[tokio::test]
async fn a_lagging_list_shows_a_reservation_late() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    sandbox.control("/control/textverified/listing", json!({ "lag_s": 30 })).await;
    let bought = sandbox.buy("whatsapp").await;
    assert_eq!(sandbox.tv_get("/verifications").await.body["count"], 0);
    assert_eq!(sandbox.verification(&bought).await["id"], bought["id"]);
    sandbox.advance(31.0).await;
    assert_eq!(sandbox.tv_get("/verifications").await.body["count"], 1);
}

#[tokio::test]
async fn test_services_behave_as_documented_and_cost_nothing() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let states = async |services: &[(&str, &str)], bought: &[Value]| {
        for ((service, state), bought) in services.iter().zip(bought) {
            assert_eq!(sandbox.verification(bought).await["state"], *state, "{service}");
        }
    };
    let names = ["test_success", "test_delayed_success", "test_pending", "test_timeout"];
    let mut bought = Vec::new();
    for name in names {
        let created = sandbox.tv_post("/verifications", order(name)).await;
        assert_eq!(created.headers["X-Phoneblur-Mock"], "true");
        assert!(text(&created.body["href"]).contains("/verifications/mock_"));
        bought.push(sandbox.tv_get(text(&created.body["href"])).await.body);
    }
    // The text of a success comes a moment after its number.
    sandbox.advance(1.5).await;
    let first =
        ["verificationCompleted", "verificationPending", "verificationPending", "verificationPending"];
    states(&names.into_iter().zip(first).collect::<Vec<_>>(), &bought).await;
    sandbox.advance(11.0).await;
    let later =
        ["verificationCompleted", "verificationCompleted", "verificationPending", "verificationTimedOut"];
    states(&names.into_iter().zip(later).collect::<Vec<_>>(), &bought).await;
    assert_eq!(sandbox.tv_get("/sms").await.body["count"], 2);
    assert_eq!(sandbox.balance().await, "10000.0");
}

#[tokio::test]
async fn test_services_that_refuse_do_so_with_their_code() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let refusing = [
        ("test_insufficient_balance", "InsufficientBalance"),
        ("test_no_numbers", "Unavailable"),
        ("test_too_many_unfinished_verifications", "TooManyUnfinishedVerifications"),
    ];
    for (service, code) in refusing {
        let refused = sandbox.tv_post("/verifications", order(service)).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errorCode"]), (400, &json!(code)), "{service}");
    }
    let ask = |service: &str| {
        let body = json!({ "serviceName": service, "numberType": "mobile", "capability": "sms" });
        sandbox.tv_post("/inventory/verifications", body)
    };
    assert_eq!(ask("test_no_numbers").await.body["availableQuantity"], 0);
    assert_eq!(ask("whatsapp").await.body["availableQuantity"], 1000);
    sandbox.buy("whatsapp").await;
    assert_eq!(ask("whatsapp").await.body["availableQuantity"], 999);
}

#[tokio::test]
async fn a_hundred_purchases_at_once_get_a_hundred_numbers_and_charges() {
    let sandbox = given::sandbox().await.signed_in("a@shop.test").await;
    let bought = futures::future::join_all((0..100).map(|_| sandbox.buy("telegram"))).await;
    let mut numbers: Vec<_> = bought.iter().map(|b| text(&b["number"]).to_owned()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 100);
    assert_eq!(sandbox.balance().await, "9950.0");
}
