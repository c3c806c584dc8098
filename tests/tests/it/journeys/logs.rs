//! Logs: a whole journey and its errors, with everything logged that can be, and none of it secret.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    customer::{Answer, Customer, PASSWORD, order, text},
    google::Browser,
    process::Estate,
    second_factor::App,
};

/// What must not be in a log, by what it is.
#[derive(Default)]
struct Unspeakable(BTreeMap<String, String>);

impl Unspeakable {
    fn add(&mut self, what: &str, secret: &str) {
        assert!(secret.len() >= 4, "{what} is no secret: {secret:?}");
        self.0.insert(format!("{what} {}", self.0.len()), secret.to_owned());
    }

    /// Each text of that name in an answer, however deep.
    fn add_of(&mut self, answer: &Value, names: &[&str]) {
        match answer {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(secret) if names.contains(&name.as_str()) => self.add(name, secret),
                        _ => self.add_of(value, names),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add_of(item, names)),
            _ => {}
        }
    }

    /// The lines that have one of them as a word of its own: short ones are part of many a number.
    fn found_in(&self, log: &str) -> Vec<String> {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let has = |line: &str, secret: &str| {
            line.match_indices(secret).any(|(at, _)| {
                !is_word(line[..at].chars().next_back()) && !is_word(line[at + secret.len()..].chars().next())
            })
        };
        let lines = log.lines();
        let found = lines.flat_map(|line| {
            let secrets = self.0.iter().filter(move |(_, secret)| has(line, secret));
            secrets.map(move |(what, _)| format!("{what}: {line}"))
        });
        found.collect()
    }
}

const TOKENS: [&str; 4] = ["access_token", "refresh_token", "csrf_token", "change_token"];
const NEW_PASSWORD: &str = "nine copper kettles";
const TEXT: &str = "Your WhatsApp code: 806-185";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_everything_has_no_secret_number_code_or_address() {
    let estate = Estate::on_sqlite().await;
    let mut product =
        estate.product_with(&[("NAMASKAH_LOG", "trace"), ("NAMASKAH_SLOW_STATEMENT_MS", "0")]).await;
    let ada = Customer::stranger(&product.address("product"));
    let mut never = Unspeakable::default();
    for secret in estate.secrets() {
        never.add("a key of ours", &secret);
    }
    never.add("the address", &ada.email);
    never.add("the password", PASSWORD);
    never.add("the next password", NEW_PASSWORD);
    let first = sign_in_everywhere(&ada, &estate, &mut never).await;
    order_and_pay(&ada, &estate, &mut never).await;
    second_factor(&ada, &mut never).await;
    with_google(&ada, &mut never).await;
    another_address(&ada, &estate, &mut never).await;
    reset(&ada, &estate, &first, &mut never).await;
    go_wrong(&ada, &estate, &mut never).await;
    let user = text(&ada.get("me").await.is(200), "id");
    product.ask_to_stop();
    assert!(product.ended().await.success());
    let log = estate.log();
    // It is a log of everything: requests, and what only the finest level has.
    assert!(log.contains("/api/v1/auth/login") && log.contains("TRACE") && log.contains("DEBUG"), "{log}");
    // Every statement was slow, so it has plans.
    assert!(log.contains("plan=\"SEARCH"), "{log}");
    // Whose requests they were, and from where.
    assert!(log.contains(&user) && log.contains("127.0.0.1"), "{log}");
    let found = never.found_in(&log);
    assert!(found.is_empty(), "{found:#?}");
    assert!(never.0.len() > 30, "{} secrets were looked for", never.0.len());
    estate.stop().await;
}

/// Registering, both kinds of sign-in, and a token used twice. Returns the token of the mail.
async fn sign_in_everywhere(ada: &Customer, estate: &Estate, never: &mut Unspeakable) -> String {
    ada.post("auth/register", ada.credentials()).await.is(202);
    let token = estate.controls.mailed_token(&ada.email, None).await;
    never.add("the token of a mail", &token);
    // As programs open links, and as the page does it.
    ada.get(&format!("/verify-email?token={token}")).await;
    ada.post("auth/verify-email", json!({ "token": token })).await.is(204);
    let first = ada.sign_in().await;
    never.add_of(&first, &TOKENS);
    let refresh = json!({ "refresh_token": first["refresh_token"] });
    let anonymous = Customer::stranger(ada.url("/").trim_end_matches('/'));
    never.add_of(&anonymous.post("auth/refresh", refresh.clone()).await.is(200), &TOKENS);
    anonymous.post("auth/refresh", refresh).await.refused(401, "invalid_token");
    never.add_of(&ada.sign_in().await, &TOKENS);

    let opened = Answer::of(ada.http.post(ada.url("auth/session")).json(&ada.credentials())).await;
    let cookie =
        opened.header("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie").to_owned();
    never.add("the cookie", cookie.split_once('=').expect("a value").1);
    let opened = opened.is(200);
    never.add_of(&opened, &TOKENS);
    let csrf = text(&opened, "csrf_token");
    let by_cookie = |method, path: &str| ada.http.request(method, ada.url(path)).header("cookie", &cookie);
    Answer::of(by_cookie(Method::GET, "auth/csrf")).await.is(200);
    Answer::of(by_cookie(Method::POST, "auth/logout")).await.refused(403, "csrf_failed");
    Answer::of(by_cookie(Method::POST, "auth/logout").header("x-csrf-token", csrf)).await.is(204);
    token
}

/// A deposit told by a webhook, an order whose code comes by one, another that is polled, and the export of it all.
async fn order_and_pay(ada: &Customer, estate: &Estate, never: &mut Unspeakable) {
    let payment = ada.opens_payment("20.00").await;
    never.add_of(&payment, &["checkout_url"]);
    estate.controls.pay(&text(&payment, "reference"), "deliver").await;
    ada.payment_becomes(&payment, "succeeded").await;
    for webhook in ["deliver", "lose"] {
        let placed = ada.rents("whatsapp").await;
        let number = text(&placed, "phone_number");
        never.add("a number", &number);
        never.add("a number without its sign", number.trim_start_matches('+'));
        never.add("a number without its country", &number[2..]);
        estate.controls.text(&placed, TEXT, webhook).await;
        let completed = ada.order_becomes(&placed, "completed").await;
        assert_eq!(completed["messages"][0]["code"], "806185");
    }
    never.add("a text", TEXT);
    never.add("a code", "806185");
    never.add("a code as it was sent", "806-185");
    ada.get("me/export").await.is(200);
}

/// A second factor is begun, confirmed, used, and a recovery code is used up.
async fn second_factor(ada: &Customer, never: &mut Unspeakable) {
    ada.steps_up().await;
    let enrolment = ada.post("auth/totp/enroll", Value::Null).await.is(200);
    never.add_of(&enrolment, &["secret", "otpauth_url"]);
    let app = App::scanned(&enrolment);
    for steps in [0, 1] {
        never.add("a one-time code", &app.code(steps));
    }
    let confirmed = ada.post("auth/totp/confirm", json!({ "code": app.code(0) })).await.is(200);
    let recovery: Vec<&str> =
        confirmed["recovery_codes"].as_array().expect("codes").iter().filter_map(Value::as_str).collect();
    for code in &recovery {
        never.add("a recovery code", code);
    }
    for code in [&app.code(1), recovery[0], "000000"] {
        let mut body = ada.credentials();
        body["totp_code"] = json!(code);
        let answer = Answer::of(ada.http.post(ada.url("auth/login")).json(&body)).await;
        match code {
            "000000" => drop(answer.refused(401, "totp_invalid")),
            _ => never.add_of(&answer.is(200), &TOKENS),
        }
    }
    let off = json!({ "password": PASSWORD, "code": recovery[1] });
    ada.post("auth/totp/disable", off).await.is(204);
}

/// There and back, with and without a proof that is believed.
async fn with_google(ada: &Customer, never: &mut Unspeakable) {
    let browser = Browser::new(ada.url("/").trim_end_matches('/'));
    let email = format!("google.{}", ada.email);
    never.add("an address at Google", &email);
    for times in 0..2 {
        let page = browser.goes_there().await;
        never.add("what is kept for the way", &browser.cookie("namaskah_google").expect("a way"));
        let back = browser.agrees(&page, &email, &[]).await;
        for url in [&page, &back] {
            let url = reqwest::Url::parse(url).expect("an address");
            for (name, value) in url.query_pairs() {
                if ["state", "nonce", "code", "code_challenge"].contains(&name.as_ref()) {
                    never.add(&name, &value);
                }
            }
        }
        if times == 0 {
            ada.get(&back.replace("code=", "code=x")).await.problem();
        }
        assert_eq!(Browser::sent_to(browser.get(&back).await), "/");
        never.add("the cookie", &browser.cookie("namaskah_session").expect("a session"));
        browser.get(&back).await.refused(401, "identity_attempt_invalid");
    }
    let exported = browser.get("/api/v1/me/export").await.is(200);
    never.add_of(&exported["identities"], &["subject"]);
}

/// Another address is asked for, and not taken.
async fn another_address(ada: &Customer, estate: &Estate, never: &mut Unspeakable) {
    ada.steps_up().await;
    let new = format!("new.{}", ada.email);
    never.add("the new address", &new);
    let asked = ada.request(Method::PATCH, "me").json(&json!({ "email": new }));
    Answer::of(asked).await.is(202);
    let token = estate.controls.mailed_token(&new, None).await;
    never.add("the token of a new address", &token);
    let elsewhere = json!({ "email": ada.email, "token": token });
    ada.post("auth/email/confirm", elsewhere).await.refused(401, "invalid_token");
}

/// The password is forgotten and set anew by mail.
async fn reset(ada: &Customer, estate: &Estate, first: &str, never: &mut Unspeakable) {
    ada.post("auth/password/forgot", json!({ "email": ada.email })).await.is(202);
    let token = estate.controls.mailed_token(&ada.email, Some(first)).await;
    never.add("the token of a reset", &token);
    ada.get(&format!("/reset-password?token={token}")).await;
    ada.post("auth/password/reset", json!({ "token": token, "password": NEW_PASSWORD })).await.is(204);
    ada.has_password(NEW_PASSWORD);
    never.add_of(&ada.sign_in().await, &TOKENS);
}

/// Requests that cannot be read, forged webhooks, and providers that answer nonsense.
async fn go_wrong(ada: &Customer, estate: &Estate, never: &mut Unspeakable) {
    let email = &ada.email;
    for body in [
        format!(r#"{{"email":"{email}","password":"{NEW_PASSWORD}"#),
        format!(r#"{{"email":"{email}","password":"{NEW_PASSWORD}","{NEW_PASSWORD}":1}}"#),
        format!(r#"{{"email":"{email}","password":["{NEW_PASSWORD}"]}}"#),
        format!(r#"{{"email":"{NEW_PASSWORD} {email}","password":"{NEW_PASSWORD}"}}"#),
    ] {
        let request = ada.http.post(ada.url("auth/login")).header("content-type", "application/json");
        assert!(Answer::of(request.body(body)).await.status >= 400);
    }
    let token = ada.token("access_token");
    let forged = format!("{}x", &token[..token.len() - 1]);
    never.add("a forged token", &forged);
    Answer::of(ada.http.get(ada.url("me")).bearer_auth(&forged)).await.refused(401, "unauthorized");
    ada.get(&format!("nowhere/{token}?token={token}")).await.refused(404, "not_found");
    ada.get(&format!("verifications?after={token}")).await.problem();
    ada.get(&format!("verifications/{token}")).await.problem();
    ada.post(&format!("auth/{token}"), Value::Null).await.problem();
    let hook = json!({ "event": "charge.success", "data": { "customer": { "email": email } } });
    for (path, header, signature) in [
        ("hooks/paystack", "x-paystack-signature", "f00dfeedf00dfeed"),
        ("hooks/textverified", "x-webhook-signature", "HMAC-SHA512=Zm9vZGZlZWQ="),
    ] {
        never.add("a signature", signature);
        let request = ada.http.post(ada.url(path)).header(header, signature).json(&hook);
        Answer::of(request).await.refused(401, "invalid_signature");
    }
    for mode in ["http_500", "malformed", "disconnect"] {
        estate.controls.fault("textverified", "create", mode, 1).await;
        never.add_of(&ada.post("verifications", order("telegram")).await.json(), &["phone_number"]);
        estate.controls.fault("paystack", "initialize", mode, 1).await;
        ada.post("payments", super::customer::payment("2.00")).await.json();
    }
}
