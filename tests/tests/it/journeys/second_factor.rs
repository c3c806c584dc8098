//! The second factor, as somebody with an authenticator app meets it.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::Utc;
use futures::future::join_all;
use namaskah_adapters::totp::Rfc6238;
use namaskah_domain::auth::{OneTimeCodes, TotpSecret, TotpStep};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    controls::eventually,
    customer::{Answer, Customer, PASSWORD, text},
    google::Browser,
    on_both,
    world::World,
};

on_both! {
    a_second_factor_is_begun_confirmed_and_asked_for,
    of_many_sign_ins_at_once_with_one_code_one_begins,
    what_one_signs_in_with_is_changed_after_a_step_up_by_code,
    a_step_up_voids_what_the_sign_in_had_before,
    guessing_codes_is_slowed_down_for_everybody_and_opens_again,
}

/// An authenticator app, on a phone whose clock is right.
pub struct App {
    secret: TotpSecret,
    advanced_s: AtomicI64,
}

impl App {
    pub fn scanned(enrolment: &Value) -> Self {
        let text = text(enrolment, "secret");
        let digit = |char: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|digit| *digit == char);
        let bits = |group: &[u8]| {
            group.iter().fold(0u64, |bits, char| bits << 5 | digit(*char).expect("Base32") as u64)
        };
        // Of each group's 64 bits, 40 are its own.
        let bytes: Vec<u8> = text
            .as_bytes()
            .chunks(8)
            .flat_map(|group| bits(group).to_be_bytes().into_iter().skip(3))
            .collect();
        let secret = TotpSecret::from_stored(bytes.try_into().expect("160 bits"));
        Self { secret, advanced_s: AtomicI64::new(0) }
    }

    /// The code of so many steps after the present one.
    pub fn code(&self, steps: i64) -> String {
        let now = Utc::now() + chrono::TimeDelta::seconds(self.advanced_s.load(Ordering::SeqCst));
        let step = TotpStep::from_stored(TotpStep::at(now).get() + steps);
        format!("{:06}", Rfc6238.code(&self.secret, step))
    }

    /// Time passes for everybody.
    async fn wait(&self, world: &World, seconds: u32) {
        world.controls.advance(seconds).await;
        self.advanced_s.fetch_add(i64::from(seconds), Ordering::SeqCst);
    }
}

/// Turns it on with the code of the present step.
pub async fn enrolled(ada: &Customer) -> (App, Vec<String>) {
    ada.steps_up().await;
    let app = App::scanned(&ada.post("auth/totp/enroll", Value::Null).await.is(200));
    let confirmed = ada.post("auth/totp/confirm", json!({ "code": app.code(0) })).await.is(200);
    let codes = confirmed["recovery_codes"].as_array().expect("codes");
    (app, codes.iter().map(|code| code.as_str().expect("a text").to_owned()).collect())
}

/// A sign-in elsewhere.
pub async fn login(ada: &Customer, code: &str) -> Answer {
    let mut body = ada.credentials();
    body["totp_code"] = json!(code);
    Answer::of(ada.http.post(ada.url("auth/login")).json(&body)).await
}

async fn is_told(world: &World, ada: &Customer, subject: &str) {
    eventually(subject, || async {
        let mails = world.controls.look(&format!("inbox?to={}", ada.email)).await;
        (mails["data"][0]["subject"] == subject).then_some(())
    })
    .await;
}

fn wrong(refused: &Value, field: &str) {
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
        (&json!(field), &json!("wrong"))
    );
}

async fn a_second_factor_is_begun_confirmed_and_asked_for(world: &World) {
    let ada = world.customer().await;
    let elsewhere = Customer::stranger(&world.product);
    elsewhere.take_tokens(&elsewhere.post("auth/login", ada.credentials()).await.is(200));
    ada.post("auth/totp/enroll", Value::Null).await.refused(403, "step_up_required");
    ada.post("auth/totp/confirm", json!({ "code": "123456" })).await.refused(409, "totp_not_pending");
    let off = json!({ "password": PASSWORD, "code": "123456" });
    ada.post("auth/totp/disable", off).await.refused(409, "totp_not_enabled");
    let refused = ada.post("auth/step-up", json!({})).await.refused(422, "invalid_request");
    assert_eq!(refused["errors"][0]["field"], "password");
    let guessed = json!({ "password": "not this one at all" });
    wrong(&ada.post("auth/step-up", guessed).await.refused(422, "invalid_request"), "password");
    let lifted = ada.steps_up_with(json!({ "password": PASSWORD })).await;
    assert!(lifted["elevated_until"].is_string());

    ada.post("auth/totp/enroll", Value::Null).await.is(200);
    let enrolment = ada.post("auth/totp/enroll", Value::Null).await.is(200);
    let url = text(&enrolment, "otpauth_url");
    assert!(
        url.starts_with("otpauth://totp/Namaskah:") && url.contains(&text(&enrolment, "secret")),
        "{url}"
    );
    assert!(text(&enrolment, "qr_svg").contains("<svg"));
    let app = App::scanned(&enrolment);
    let refused = ada.post("auth/totp/confirm", json!({ "code": app.code(1_000) })).await;
    wrong(&refused.refused(422, "invalid_request"), "code");
    assert_eq!(ada.get("me").await.is(200)["totp_enabled"], false);
    elsewhere.get("me").await.is(200);
    // Half a minute may pass before the same is sent again.
    let used = app.code(0);
    let confirmed = ada.post("auth/totp/confirm", json!({ "code": used })).await.is(200);
    assert_eq!(confirmed["recovery_codes"].as_array().map(Vec::len), Some(10));
    assert_eq!(ada.get("me").await.is(200)["totp_enabled"], true);
    elsewhere.get("me").await.refused(401, "unauthorized");
    is_told(world, &ada, "Your second factor is on").await;

    let refresh = json!({ "refresh_token": ada.token("refresh_token") });
    let stranger = Customer::stranger(&world.product);
    stranger.post("auth/login", ada.credentials()).await.refused(401, "totp_required");
    stranger.post("auth/session", ada.credentials()).await.refused(401, "totp_required");
    login(&ada, &used).await.refused(401, "totp_invalid");
    let next = app.code(1);
    assert_eq!(login(&ada, &next).await.is(200)["user"]["totp_enabled"], true);
    login(&ada, &next).await.refused(401, "totp_invalid");
    let first = confirmed["recovery_codes"][0].as_str().expect("a text");
    login(&ada, first).await.is(200);
    login(&ada, first).await.refused(401, "totp_invalid");
    for none in ["12345", "1234567", "12345a", "abcd-efgh"] {
        let refused = login(&ada, none).await.refused(422, "invalid_request");
        assert_eq!(refused["errors"][0]["field"], "totp_code", "{none}");
    }
    stranger.post("auth/refresh", refresh).await.is(200);
    assert_eq!(ada.get("me/export").await.is(200)["user"]["totp_enabled"], true);
}

async fn of_many_sign_ins_at_once_with_one_code_one_begins(world: &World) {
    let ada = world.customer().await;
    let (app, recovery) = enrolled(&ada).await;
    for code in [app.code(1), recovery[4].to_uppercase().replace('-', "")] {
        let answers = join_all((0..6).map(|_| login(&ada, &code))).await;
        let begun = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(begun, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            // The fifth miss closes.
            assert!(matches!(refused.status, 401 | 429), "{}", refused.text);
        }
    }
}

async fn what_one_signs_in_with_is_changed_after_a_step_up_by_code(world: &World) {
    let ada = world.customer().await;
    let (app, recovery) = enrolled(&ada).await;
    app.wait(world, 301).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "nine loud drums beat" });
    ada.post("auth/password/change", change.clone()).await.refused(403, "step_up_required");
    let refused =
        ada.post("auth/step-up", json!({ "password": PASSWORD })).await.refused(422, "invalid_request");
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
        (&json!("totp_code"), &json!("required"))
    );
    let guessed = json!({ "totp_code": app.code(1_000) });
    wrong(&ada.post("auth/step-up", guessed).await.refused(422, "invalid_request"), "totp_code");
    // Half a minute may pass before the same is sent again.
    let used = app.code(0);
    ada.steps_up_with(json!({ "totp_code": used })).await;
    ada.post("auth/password/change", change).await.is(204);
    ada.has_password("nine loud drums beat");
    ada.post("auth/totp/enroll", Value::Null).await.refused(409, "totp_already_enabled");
    ada.post("auth/totp/confirm", json!({ "code": app.code(1) })).await.refused(409, "totp_already_enabled");

    let off = |password: &str, code: &str| {
        ada.post("auth/totp/disable", json!({ "password": password, "code": code }))
    };
    wrong(&off(PASSWORD, &app.code(1)).await.refused(422, "invalid_request"), "password");
    wrong(&off("nine loud drums beat", &used).await.refused(422, "invalid_request"), "code");
    off("nine loud drums beat", &recovery[9]).await.is(204);
    assert_eq!(ada.get("me").await.is(200)["totp_enabled"], false);
    is_told(world, &ada, "Your second factor is off").await;
    ada.sign_in().await;
    let lifted = json!({ "password": "nine loud drums beat" });
    ada.steps_up_with(lifted).await;
    ada.delete("me").await.is(204);
}

/// By tokens and in a browser, whose pages get the token against forgery with the answer.
async fn a_step_up_voids_what_the_sign_in_had_before(world: &World) {
    let ada = world.customer().await;
    let (access, refresh) = (ada.token("access_token"), ada.token("refresh_token"));
    let proof = json!({ "password": PASSWORD });
    let lifted = ada.steps_up_with(proof.clone()).await;
    assert!(lifted["session"].is_null() && lifted["tokens"]["user"]["email"] == json!(ada.email), "{lifted}");
    let old = Customer::stranger(&world.product);
    old.take_tokens(&json!({ "access_token": access }));
    old.get("me").await.refused(401, "unauthorized");
    old.forget_tokens();
    old.post("auth/refresh", json!({ "refresh_token": refresh })).await.refused(401, "invalid_token");
    ada.post("auth/refresh", json!({ "refresh_token": ada.token("refresh_token") })).await.is(200);

    let browser = Browser::new(&world.product);
    browser.opens_session(&ada.credentials()).await;
    let before = browser.cookie("namaskah_session").expect("a cookie");
    let lifted = browser.post("/api/v1/auth/step-up", proof).await.is(200);
    assert!(lifted["tokens"].is_null(), "{lifted}");
    let replayed = browser.http.get(format!("{}/api/v1/me", world.product));
    let replayed = replayed.header("cookie", format!("namaskah_session={before}"));
    Answer::of(replayed).await.refused(401, "unauthorized");
    let ended = browser.request(Method::POST, "/api/v1/auth/logout-all");
    let csrf = text(&lifted["session"], "csrf_token");
    browser.send(ended.header("x-csrf-token", csrf)).await.is(204);
    ada.get("me").await.refused(401, "unauthorized");
}

async fn guessing_codes_is_slowed_down_for_everybody_and_opens_again(world: &World) {
    let ada = world.customer().await;
    let (app, recovery) = enrolled(&ada).await;
    for _ in 0..5 {
        login(&ada, &app.code(1_000)).await.refused(401, "totp_invalid");
    }
    let closed = login(&ada, &app.code(1)).await;
    let wait: u64 = closed.header("retry-after").and_then(|wait| wait.parse().ok()).expect("a wait");
    assert!((1..=30).contains(&wait), "{wait} s");
    closed.refused(429, "rate_limited");
    ada.post("auth/step-up", json!({ "totp_code": app.code(1) })).await.refused(429, "rate_limited");
    login(&ada, &recovery[0]).await.is(200);
    for _ in 0..5 {
        login(&ada, &app.code(1_000)).await.refused(401, "totp_invalid");
    }
    app.wait(world, 31).await;
    login(&ada, &app.code(1)).await.is(200);
}
