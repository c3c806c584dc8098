//! Bad input: each gets its problem, none is a fault of ours, and every balance stays as it was.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

mod routes;

pub use self::routes::Route;
use self::routes::routes_with_bodies;
use super::{
    customer::{Answer, Customer, batch, order, payment, text},
    on_both,
    world::{World, paystack_signature, textverified_signature},
};

on_both! {
    every_route_refuses_what_is_no_sound_body,
    sums_that_are_no_sums_are_refused,
    credentials_that_are_none_are_refused,
    every_route_that_is_not_public_asks_for_a_credential,
    webhooks_that_are_not_authentic_or_not_ours_change_nothing,
    what_does_not_exist_is_not_found,
    a_command_without_a_sound_key_is_refused,
    a_batch_with_a_bad_item_is_refused_by_its_field,
}

const EMAIL: &str = "somebody@example.com";

fn raw(
    customer: &Customer,
    (method, path): (&Method, &str),
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> RequestBuilder {
    let kind = match path.split_once('/').map_or(path, |(first, _)| first) {
        "payments" => "pay",
        "support" => "tkt",
        "webhook-endpoints" => "whe",
        "admin" if path.contains("tickets/") => "tkt",
        "admin" if path.contains("canned-answers/") => "can",
        "admin" if path.contains("adjustments/") => "adj",
        "admin" if path.contains("payments/") || path.contains("suspense/") => "pay",
        "admin" if path.contains("webhook-endpoints/") => "whe",
        "admin" if path.contains("items/") => "fnd",
        "admin" => "usr",
        _ => "ver",
    };
    let provider = path.contains("providers/").then(|| "textverified".to_owned());
    let id = provider.unwrap_or_else(|| format!("{kind}_00000000000000000000000000"));
    let path = path.replace("{id}", &id).replace("{code}", "telegram");
    let request = customer.request(method.clone(), &path).header("Idempotency-Key", customer.new_key());
    request.header("content-type", content_type).body(body)
}

pub async fn document(world: &World) -> Value {
    reqwest::get(format!("{}/openapi.json", world.product))
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON")
}

/// Method, path and description of every operation.
pub fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of = |path: &String, methods: &Map<String, Value>| {
        let each = methods.iter().map(|(method, operation)| {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            (method, path.clone(), operation.clone())
        });
        each.collect::<Vec<_>>()
    };
    paths.iter().flat_map(|(path, methods)| of(path, methods.as_object().expect("methods"))).collect()
}

async fn every_route_refuses_what_is_no_sound_body(world: &World) {
    let ada = world.customer_with("10.00").await;
    let document = document(world).await;
    let described: BTreeSet<String> = operations(&document)
        .into_iter()
        .filter(|(_, path, operation)| !operation["requestBody"].is_null() && !path.contains("/hooks/"))
        .filter(|(_, path, _)| !path.contains("/admin/"))
        .map(|(_, path, _)| path)
        .collect();
    let tried = routes_with_bodies().into_iter().map(|(_, path, _)| format!("/api/v1/{path}")).collect();
    assert_eq!(described, tried, "each route with a body is tried");
    for route in routes_with_bodies() {
        refuse_what_cannot_be_read(&ada, &route).await;
        refuse_other_shapes(&ada, &route).await;
    }
    let huge = format!("{{\"email\":\"{}\"}}", "a".repeat(10 * 1024 * 1024));
    Answer::of(raw(&ada, (&Method::POST, "auth/register"), "application/json", huge))
        .await
        .refused(413, "body_too_large");
    ada.has("10.00", "0.00").await;
    assert!(world.controls.purchases().await.is_empty());
}

pub async fn refuse_what_cannot_be_read(ada: &Customer, (method, path, sound): &Route) {
    let sound = sound.to_string();
    let cut = &sound.as_bytes()[..sound.len() - 1];
    let mut broken_text = sound.clone().into_bytes();
    let place = broken_text.iter().rposition(u8::is_ascii_alphabetic).expect("a letter");
    broken_text[place] = 0xff;
    let twice = sound.replacen('{', &format!("{},", sound.trim_end_matches('}').trim_end_matches(',')), 1);
    for (what, body) in [
        ("nothing", Vec::new()),
        ("cut", cut.to_vec()),
        ("broken UTF-8", broken_text),
        ("no JSON", b"email=a&password=b".to_vec()),
        ("more than one", format!("{sound}{sound}").into_bytes()),
        ("NaN", b"NaN".to_vec()),
        ("a number out of range", b"1e400".to_vec()),
        ("deep", "[".repeat(100_000).into_bytes()),
        ("a key twice", twice.into_bytes()),
    ] {
        let answer = Answer::of(raw(ada, (method, path), "application/json", body)).await;
        let problem = answer.problem();
        assert_eq!((answer.status, &problem["code"]), (400, &json!("malformed_request")), "{path}: {what}");
    }
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"]
    {
        let answer = Answer::of(raw(ada, (method, path), content_type, sound.clone())).await;
        answer.refused(415, "unsupported_media_type");
    }
}

pub async fn refuse_other_shapes(ada: &Customer, (method, path, sound): &Route) {
    let refuse = async |what: String, body: Value| {
        let body = body.to_string();
        let answer = Answer::of(raw(ada, (method, path), "application/json", body)).await;
        let problem = answer.problem();
        assert_eq!((answer.status, &problem["code"]), (422, &json!("invalid_request")), "{path}: {what}");
        assert!(problem["errors"][0]["field"].is_string(), "{path}: {what}: {problem}");
    };
    for other in [json!([]), json!("text"), json!(7), json!(true)] {
        refuse(format!("{other} as body"), other).await;
    }
    let mut more = sound.clone();
    more["no_such_field"] = json!(1);
    refuse("an unknown field".to_owned(), more).await;
    let fields: Vec<String> = sound.as_object().expect("an object").keys().cloned().collect();
    for field in fields {
        let is_cleared_so =
            field == "description" && *method == Method::PATCH && path.starts_with("webhook-endpoints");
        for other in [json!(1.5), json!(true), json!([]), json!("")] {
            if is_cleared_so && other == json!("") {
                continue;
            }
            let mut wrong = sound.clone();
            wrong[&field] = other.clone();
            refuse(format!("{field} = {other}"), wrong).await;
        }
        let optional = field == "low_balance_threshold"
            || path.ends_with("/refund")
            || path.ends_with("/reject")
            || (*method == Method::PATCH && path.starts_with("webhook-endpoints"))
            || (*path == "verifications" && field != "service");
        if !optional {
            let mut less = sound.clone();
            less.as_object_mut().expect("an object").remove(&field);
            refuse(format!("no {field}"), less).await;
        }
    }
}

async fn sums_that_are_no_sums_are_refused(world: &World) {
    let ada = world.customer_with("10.00").await;
    let words = [
        "1e400",
        "NaN",
        "-0",
        "0",
        "0.00",
        "0.0000001",
        "-5.00",
        "",
        " 5.00",
        "5.00 ",
        "+5.00",
        "1,000.00",
        "1_000",
        "0x10",
        "Infinity",
        "٣.00",
        "5.",
        ".5",
        "99999999999999999999",
        "9223372036854.775808",
    ];
    let mut sums: Vec<Value> =
        words.iter().map(|word| json!({ "amount": word, "currency": "USD" })).collect();
    sums.extend([
        json!({ "amount": 5, "currency": "USD" }),
        json!({ "amount": 5.5, "currency": "USD" }),
        json!({ "amount": "5.00", "currency": "usd" }),
        json!({ "amount": "5.00", "currency": "XXX" }),
        json!({ "amount": "5.00", "currency": "NGN" }),
        json!({ "amount": "5.00" }),
        json!({ "currency": "USD" }),
        json!({ "amount": "5.00", "currency": "USD", "units": 1 }),
        json!("5.00"),
        json!(5),
    ]);
    let paid_before = ada.get("payments").await.is(200)["data"][0].clone();
    for sum in sums {
        let paid = ada.post("payments", json!({ "provider": "paystack", "amount": sum })).await;
        assert_eq!((paid.status, paid.problem()["code"].as_str()), (422, Some("invalid_request")), "{sum}");
        let refund = format!("payments/{}/refund", text(&paid_before, "id"));
        ada.post(&refund, json!({ "amount": sum })).await.refused(422, "invalid_request");
        let mut wanted = order("telegram");
        wanted["max_price"] = sum.clone();
        let bought = ada.post("verifications", wanted).await;
        assert_eq!(
            (bought.status, bought.problem()["code"].as_str()),
            (422, Some("invalid_request")),
            "{sum}"
        );
    }
    for raw_sum in ["1e400", "-1e400", "NaN", "Infinity", "1e999999999"] {
        let body = format!(r#"{{"provider":"paystack","amount":{{"amount":{raw_sum},"currency":"USD"}}}}"#);
        let answer = Answer::of(raw(&ada, (&Method::POST, "payments"), "application/json", body)).await;
        answer.problem();
        assert!(matches!(answer.status, 400 | 422), "{raw_sum}: {}", answer.status);
    }
    for out_of_range in ["0.99", "5000.01"] {
        ada.post("payments", payment(out_of_range)).await.refused(422, "invalid_request");
    }
    ada.has("10.00", "0.00").await;
    assert_eq!(ada.get("payments").await.is(200)["data"].as_array().map(Vec::len), Some(1));
}

async fn credentials_that_are_none_are_refused(world: &World) {
    let ada = world.customer_with("10.00").await;
    let token = ada.token("access_token");
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("a token has three parts") };
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut of_another: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("claims");
    of_another["sub"] = json!("usr_00000000000000000000000000");
    let none = encode(&json!({ "alg": "none", "typ": "JWT" }));
    let symmetric = encode(&json!({ "alg": "HS256", "typ": "JWT" }));
    let forged = if signature.starts_with('A') { "B" } else { "A" };
    let wrong = [
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{symmetric}.{claims}.{signature}"),
        format!("{header}.{}.{signature}", encode(&of_another)),
        format!("{header}.{claims}.{forged}{}", &signature[1..]),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        ada.token("refresh_token"),
        "x".repeat(10_000),
        "..".to_owned(),
    ];
    for credential in wrong.iter().map(|token| format!("Bearer {token}")).chain([
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        token.clone(),
        format!("Basic {token}"),
    ]) {
        let request = ada.http.get(ada.url("wallet")).header("authorization", &credential);
        Answer::of(request).await.refused(401, "unauthorized");
    }
    let cookie = ada.http.get(ada.url("wallet")).header("cookie", format!("namaskah_session={token}"));
    Answer::of(cookie).await.refused(401, "unauthorized");
    ada.has("10.00", "0.00").await;
    world.controls.advance(15 * 60 + 1).await;
    ada.get("wallet").await.refused(401, "unauthorized");
    ada.sign_in().await;
    ada.has("10.00", "0.00").await;
}

async fn every_route_that_is_not_public_asks_for_a_credential(world: &World) {
    let nobody = Customer::stranger(&world.product);
    let document = document(world).await;
    let mut closed = 0;
    for (method, path, operation) in operations(&document) {
        let is_public = operation["security"].as_array().is_none_or(Vec::is_empty);
        let open = ["/api/v1/auth/", "/api/v1/hooks/", "/healthz", "/readyz", "/status"];
        if is_public {
            assert!(open.iter().any(|prefix| path.starts_with(prefix)), "{method} {path} is public");
            continue;
        }
        closed += 1;
        // From this very machine metrics are read without a credential, but not through a proxy.
        let request = nobody.request(method.clone(), &path.replace("{id}", "x"));
        let answer = Answer::of(request.header("x-forwarded-for", "203.0.113.9")).await;
        let problem = answer.problem();
        assert_eq!((answer.status, &problem["code"]), (401, &json!("unauthorized")), "{method} {path}");
    }
    assert!(closed > 20, "{closed} routes ask for a credential");
}

async fn webhooks_that_are_not_authentic_or_not_ours_change_nothing(world: &World) {
    let ada = world.customer_with("10.00").await;
    let payment = ada.opens_payment("5.00").await;
    let waiting = ada.rents("telegram").await;
    let reservation = text(&world.controls.purchase_of(&waiting).await, "id");
    let paid = |reference: &str, amount: i64| {
        let data = json!({ "id": 77, "status": "success", "reference": reference, "amount": amount,
            "currency": "NGN", "domain": "test", "metadata": { "user_id": "usr_x", "amount": "9999.00" } });
        json!({ "event": "charge.success", "data": data }).to_string()
    };
    let said = json!({ "event": "v2.sms.received", "id": "whe_1", "attempt": 1, "data": {
        "from": "22395", "to": "2223334444", "createdAt": "2030-01-01T00:00:04+00:00", "smsContent": "code 123456",
        "parsedCode": "123456", "encrypted": false, "reservationId": reservation } })
    .to_string();
    let ours = paid(&text(&payment, "reference"), 99_999_999);
    let post = async |hook: &str, header: &str, signature: Option<&str>, body: &str| {
        let request = ada.http.post(ada.url(&format!("hooks/{hook}"))).body(body.to_owned());
        let request = request.header("content-type", "application/json");
        Answer::of(match signature {
            Some(signature) => request.header(header, signature),
            None => request,
        })
        .await
    };
    for (hook, header, body, signature) in [
        ("paystack", "x-paystack-signature", &ours, paystack_signature(ours.as_bytes())),
        ("textverified", "x-webhook-signature", &said, textverified_signature(said.as_bytes())),
    ] {
        let altered = format!("{body} ");
        for (signature, body) in [
            (None, body.as_str()),
            (Some(""), body),
            (Some("HMAC-SHA512="), body),
            (Some(&signature[..signature.len() - 1]), body),
            (Some(signature.as_str()), altered.as_str()),
            (Some(signature.as_str()), ""),
        ] {
            post(hook, header, signature, body).await.refused(401, "invalid_signature");
        }
    }
    // Authentic, and still no truth: nothing was paid, and none of these is ours.
    for body in [ours, paid("nobody-knows-this", 1), paid("", 1), "{}".into(), "[]".into(), "no JSON".into()]
    {
        let signature = paystack_signature(body.as_bytes());
        post("paystack", "x-paystack-signature", Some(&signature), &body).await.is(200);
        post("paystack", "x-paystack-signature", Some(&signature), &body).await.is(200);
    }
    for body in [said.replace(&reservation, "lr_unknown"), "{}".into(), "null".into(), "\u{1}".into()] {
        let signature = textverified_signature(body.as_bytes());
        post("textverified", "x-webhook-signature", Some(&signature), &body).await.is(200);
    }
    world.controls.advance(60).await;
    assert_eq!(ada.payment(&payment).await["status"], "pending");
    assert_eq!(ada.order(&waiting).await["status"], "waiting");
    ada.has("9.25", "0.75").await;
}

async fn what_does_not_exist_is_not_found(world: &World) {
    let ada = world.customer_with("10.00").await;
    let strange = [
        "ver_00000000000000000000000000",
        "ver_7zzzzzzzzzzzzzzzzzzzzzzzzz",
        "ver_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "pay_00000000000000000000000000",
        "ver_",
        "x",
        "%00",
        "1%20OR%201=1",
        "..%2f..%2fme",
    ];
    ada.steps_up().await;
    for id in strange {
        for path in
            [format!("verifications/{id}"), format!("verifications/{id}/messages"), format!("payments/{id}")]
        {
            ada.get(&path).await.refused(404, "not_found");
        }
        for path in [
            format!("verifications/{id}/cancel"),
            format!("verifications/{id}/retry"),
            format!("verifications/{id}/swap"),
            format!("payments/{id}/sync"),
        ] {
            ada.post(&path, Value::Null).await.refused(404, "not_found");
        }
        let report = json!({ "reason": "no_code" });
        ada.post(&format!("verifications/{id}/report"), report).await.refused(404, "not_found");
        ada.post(&format!("payments/{id}/refund"), json!({})).await.refused(404, "not_found");
        ada.get(&format!("payments/{id}/refunds")).await.refused(404, "not_found");
        ada.delete(&format!("auth/sessions/{id}")).await.refused(404, "not_found");
    }
    ada.get("verifications/%ff%fe").await.refused(400, "malformed_request");
    ada.get("/api/v1/no-such-route").await.refused(404, "not_found");
    ada.get("/api/v2/wallet").await.refused(404, "not_found");
    let refused = ada.delete("wallet").await;
    assert_eq!(refused.header("allow"), Some("GET, HEAD"));
    refused.refused(405, "method_not_allowed");
    for query in
        ["limit=0", "limit=101", "limit=-1", "limit=x", "after=x", "after=ver_", "status=open", "limit="]
    {
        ada.get(&format!("verifications?{query}")).await.refused(422, "invalid_request");
    }
    for query in ["from=x", "from=2026-01-01", "to=1e9"] {
        let answer = ada.get(&format!("wallet/statement.csv?{query}")).await;
        assert!(matches!(answer.status, 200 | 422), "{query}: {}", answer.text);
    }
    ada.post("quotes", json!({ "service": "nosuchservice", "country": "US" }))
        .await
        .refused(422, "no_such_service");
    ada.post("quotes", json!({ "service": "telegram", "country": "DE" }))
        .await
        .refused(422, "no_such_service");
    let mut unknown = order("telegram");
    unknown["quote_id"] = json!("qte_00000000000000000000000000");
    unknown.as_object_mut().expect("an object").remove("max_price");
    ada.post("verifications", unknown).await.refused(422, "invalid_request");
    ada.has("10.00", "0.00").await;
}

async fn a_batch_with_a_bad_item_is_refused_by_its_field(world: &World) {
    let ada = world.customer_with("10.00").await;
    let sound = || order("telegram");
    let with = |field: &str, value: Value| {
        let mut item = sound();
        item[field] = value;
        batch("best_effort", vec![sound(), sound(), sound(), item])
    };
    let quote = json!("qte_00000000000000000000000000");
    for (body, field) in [
        (with("service", json!("")), "items[3].service"),
        (with("service", json!(7)), "items[3].service"),
        (with("no_such_field", json!(1)), "items[3].no_such_field"),
        (with("max_price", json!({ "amount": "0", "currency": "USD" })), "items[3].max_price.amount"),
        (with("quote_id", quote), "items[3].max_price"),
        (batch("best_effort", vec![sound(), json!({})]), "items[1].service"),
        (batch("best_effort", vec![sound(), json!("telegram")]), "items[1]"),
        (batch("some", vec![sound()]), "mode"),
        (batch("best_effort", vec![]), "items"),
        (batch("best_effort", vec![sound(); 51]), "items"),
    ] {
        let answer = ada.post("verifications/batch", body).await;
        assert_eq!(answer.problem()["errors"][0]["field"], json!(field));
        answer.refused(422, "invalid_request");
    }
    let unpriced = ada.post("verifications/batch", with("max_price", Value::Null)).await;
    assert_eq!(unpriced.problem()["index"], json!(3));
    unpriced.refused(422, "price_limit_required");
    for id in ["bat_00000000000000000000000000", "bat_x", "ver_00000000000000000000000000"] {
        let answer = ada.get(&format!("verifications/batch/{id}")).await;
        assert!(matches!(answer.status, 404 | 422), "{id}: {}", answer.text);
    }
    ada.has("10.00", "0.00").await;
    assert!(world.controls.purchases().await.is_empty());
}

async fn a_command_without_a_sound_key_is_refused(world: &World) {
    let ada = world.customer_with("10.00").await;
    let nobodys = "verifications/ver_00000000000000000000000000";
    for (path, body) in [
        ("payments", payment("5.00")),
        ("payments/pay_00000000000000000000000000/refund", json!({})),
        ("verifications", order("telegram")),
        ("verifications/batch", batch("best_effort", vec![order("telegram")])),
        (&format!("{nobodys}/retry"), Value::Null),
        (&format!("{nobodys}/swap"), Value::Null),
    ] {
        let none = ada.request(Method::POST, path).json(&body);
        Answer::of(none).await.refused(400, "idempotency_key_required");
        for key in ["", " ", "a b", "\"\"", "\u{7f}", "é", &"k".repeat(256)] {
            let value = reqwest::header::HeaderValue::from_bytes(key.as_bytes());
            // What no client can send needs no answer.
            let Ok(value) = value else { continue };
            let request = ada.request(Method::POST, path).header("Idempotency-Key", value).json(&body);
            Answer::of(request).await.refused(400, "idempotency_key_malformed");
        }
    }
    ada.has("10.00", "0.00").await;
    assert!(world.controls.purchases().await.is_empty());
}
