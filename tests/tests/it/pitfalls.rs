//! What really went wrong in earlier systems of this kind, and does not here. Each test says it in its name.
//!
//! More of them stand where they belong. Races over exactly the money that was there, keys and webhooks that come
//! many times at once: `journeys::idempotency`. Money back at every end without a code, cancel after cancel, recycled
//! numbers, codes with a dash: `journeys::orders`. Refresh tokens, resets, other users' records, signatures, sums:
//! `journeys::account` and `journeys::bad_input`. Limits of every class: `journeys::limits`. Instances that start at
//! once: `journeys::lifecycle`. Uniqueness and indexes that the database really has: `store`. A list of what is not sold
//! that is asked before anything is held, prices that are previewed on what was paid: `journeys::admin::trade`. Routes of
//! staff that refuse every other role: `journeys::admin::gate`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use namaskah::config::{Config, Overrides};
use reqwest::Method;
use serde_json::{Value, json};

use crate::journeys::{
    controls::eventually,
    customer::{Answer, Customer, order, text},
    world::World,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_lets_a_user_set_a_balance() {
    World::on_sqlite(&[]).await.play(find_no_writer_of_balances).await;
}

async fn find_no_writer_of_balances(world: &World) {
    let ada = world.customer_with("5.00").await;
    let document = ada.get("/openapi.json").await.is(200);
    let mut walked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys().filter(|method| *method != "get") {
            // What a user wants to be told of is no balance.
            let of_money = path.contains("/wallet") && path != "/api/v1/wallet/settings";
            assert!(!of_money, "{method} {path}");
            if path.contains("/admin/") {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
                let request = ada.request(method, &path.replace("{id}", "x")).json(&json!({}));
                Answer::of(request).await.refused(403, "forbidden");
            }
            walked += 1;
        }
    }
    assert!(walked > 10, "{walked} routes change something");
    for path in ["wallet", "wallet/credit", "wallet/entries"] {
        let credit = json!({ "amount": { "amount": "100.00", "currency": "USD" } });
        assert!(matches!(ada.post(path, credit).await.status, 404 | 405), "{path}");
    }
    ada.has("5.00", "0.00").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_bought_before_the_money_is_held() {
    World::on_sqlite(&[]).await.play(buy_without_money).await;
}

async fn buy_without_money(world: &World) {
    let poor = world.customer_with("1.00").await;
    for _ in 0..3 {
        poor.post("verifications", order("whatsapp")).await.refused(402, "insufficient_funds");
    }
    assert!(world.controls.purchases().await.is_empty());
    poor.has("1.00", "0.00").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn references_are_unique_and_tell_nothing() {
    World::on_sqlite(&[]).await.play(open_payments_at_once).await;
}

async fn open_payments_at_once(world: &World) {
    let (ada, bob) = (world.customer().await, world.customer().await);
    let opened = futures::future::join_all((0..10).map(|n| [&ada, &bob][n % 2].opens_payment("5.00"))).await;
    let references: BTreeSet<String> = opened.iter().map(|payment| text(payment, "reference")).collect();
    assert_eq!(references.len(), 10);
    for (payment, reference) in opened.iter().map(|payment| (payment, text(payment, "reference"))) {
        let id = text(payment, "id");
        let (_, id) = id.split_once('_').expect("a prefix");
        assert!(!reference.contains(id), "{reference} of {id}");
        assert!(reference.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{reference}");
    }
    // What they share is no more than their prefix.
    let all: Vec<&String> = references.iter().collect();
    let shared = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    assert!(all.windows(2).all(|pair| shared(pair[0], pair[1]) < 10), "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_an_order_never_changes_it() {
    World::on_sqlite(&[]).await.play(read_between_cancels).await;
}

async fn read_between_cancels(world: &World) {
    let ada = world.customer_with("5.00").await;
    let order = ada.rents("telegram").await;
    ada.cancels(&order).await.is(200);
    let version = ada.order(&order).await["version"].clone();
    for _ in 0..5 {
        assert_eq!(ada.order(&order).await["version"], version);
        ada.get("verifications").await.is(200);
        assert_eq!(ada.cancels(&order).await.is(200)["version"], version);
    }
    ada.has("5.00", "0.00").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_says_of_its_errors_reaches_no_user() {
    World::on_sqlite(&[]).await.play(fail_at_every_provider).await;
}

async fn fail_at_every_provider(world: &World) {
    let ada = world.customer_with("5.00").await;
    let waiting = ada.rents("telegram").await;
    for (provider, operation) in [
        ("textverified", "auth"),
        ("textverified", "pricing"),
        ("textverified", "create"),
        ("textverified", "get"),
        ("textverified", "cancel"),
        ("paystack", "initialize"),
        ("paystack", "verify"),
    ] {
        world.controls.fault(provider, operation, "http_500", 50).await;
    }
    let answers = [
        ada.post("quotes", json!({ "service": "uber", "country": "US" })).await,
        ada.post("verifications", order("google")).await,
        ada.post("verifications", order("telegram")).await,
        ada.cancels(&waiting).await,
        ada.post("payments", crate::journeys::customer::payment("5.00")).await,
    ];
    for answer in answers {
        // What the simulators say when a fault was asked for.
        let said = answer.text.to_lowercase();
        assert!(!said.contains("a fault was asked for") && !said.contains("127.0.0.1"), "{said}");
        assert!(!said.contains("textverified") && answer.status != 500, "{} {said}", answer.status);
        if answer.status >= 400 {
            answer.problem();
        }
    }
    for (provider, operation) in [("textverified", "auth"), ("textverified", "create")] {
        world.controls.fault(provider, operation, "none", 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_time_is_utc_with_milliseconds() {
    World::on_sqlite(&[]).await.play(look_at_every_time).await;
}

async fn look_at_every_time(world: &World) {
    let ada = world.customer_with("5.00").await;
    let order = ada.rents("telegram").await;
    world.controls.text(&order, "code 123456", "deliver").await;
    ada.awaits(&order).await;
    let mut times = 0;
    for path in ["me", "wallet/entries", "wallet/holds", "payments", "verifications", "auth/sessions"] {
        walk(&ada.get(path).await.is(200), &mut |field, value| {
            let is_time = field.ends_with("_at") || field == "server_time";
            if let (true, Some(time)) = (is_time, value.as_str()) {
                let parsed: DateTime<Utc> =
                    time.parse().unwrap_or_else(|_| panic!("{path}: {field}: {time}"));
                let expected = parsed.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                assert_eq!(time, expected, "{path}: {field}");
                times += 1;
            }
        });
    }
    assert!(times > 10, "{times} times were looked at");
}

fn walk(value: &Value, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            see(name, value);
            walk(value, see);
        }),
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_sent_once_for_what_happened_once() {
    World::on_sqlite(&[]).await.play(count_mails).await;
}

async fn count_mails(world: &World) {
    let ada = world.customer().await;
    // Its first attempts fail; later ones are made as time goes on.
    world.controls.fault("smtp", "send", "http_500", 2).await;
    ada.post("auth/password/forgot", json!({ "email": ada.email })).await.is(202);
    let inbox = format!("inbox?to={}", ada.email);
    let mails = async || world.controls.look(&inbox).await["data"].as_array().map(Vec::len);
    eventually("the mail is sent", || async {
        world.controls.advance(10).await;
        (mails().await == Some(2)).then_some(())
    })
    .await;
    for _ in 0..5 {
        world.controls.advance(120).await;
    }
    assert_eq!(mails().await, Some(2), "one for the address, one for the password");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_or_common_password_is_refused() {
    World::on_sqlite(&[]).await.play(try_weak_passwords).await;
}

async fn try_weak_passwords(world: &World) {
    let stranger = Customer::stranger(&world.product);
    for password in ["x", "password", "password123", "1234567890", stranger.email.as_str()] {
        let account = json!({ "email": stranger.email, "password": password });
        let refused = stranger.post("auth/register", account).await.refused(422, "weak_password");
        assert_eq!(refused["errors"][0]["field"], "password", "{password}");
    }
}

#[test]
fn a_live_start_without_secrets_of_its_own_is_refused_and_every_fault_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let live = |more: &[(&'static str, &str)]| {
        let mut values = vec![("mode", "live".to_owned()), ("data_dir", folder.path().display().to_string())];
        values.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
        Config::from_sources(&Overrides { file: None, values }, std::iter::empty())
    };
    let faults = live(&[]).expect_err("it is refused").to_string();
    for needed in ["encryption_key", "signing_key", "paystack_secret_key", "fx_ngn_per_usd", "public_url"] {
        assert!(faults.contains(needed), "{needed}: {faults}");
    }
    assert!(!folder.path().join("secrets.toml").exists(), "nothing is made up in live mode");
    let weak = [
        ("encryption_key", "0000000000000000000000000000000000000000000000000000000000000000"),
        ("signing_key", "abc"),
        ("paystack_secret_key", "sk_test_0123456789abcdef0123456789abcdef01234567"),
        ("paystack_base_url", "http://127.0.0.1:9"),
    ];
    let faults = live(&weak).expect_err("it is refused").to_string();
    for weak in ["encryption_key", "signing_key", "paystack_secret_key", "paystack_base_url"] {
        assert!(faults.contains(weak), "{weak}: {faults}");
    }
    assert!(!faults.contains("0123456789abcdef"), "no secret is told: {faults}");
}
