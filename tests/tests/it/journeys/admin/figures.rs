//! Figures, exports and settings.

use namaskah_domain::Time;
use serde_json::{Value, json};

use super::{
    super::customer::{Customer, text},
    World, id_of, of_role, on_both, owner,
    suspense::set_aside,
};

on_both! {
    figures_tell_what_came_of_a_time_and_what_stands_now,
    a_list_is_told_in_the_log_and_leaves_whole_without_numbers_texts_or_codes,
    settings_are_shown_and_no_secret_is,
}

/// Around everything that a journey does.
async fn time(who: &Customer) -> String {
    let created = text(&who.get("me").await.is(200), "created_at");
    let created: Time = created.parse().expect("a time");
    let edge =
        |days| (created + chrono::TimeDelta::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    format!("from={}&to={}", edge(-1), edge(2))
}

async fn completed(world: &World, who: &Customer) -> Value {
    let order = who.orders("telegram").await;
    let order = who.awaits(&order).await;
    world.controls.text(&order, "code 445566", "deliver").await;
    who.order_becomes(&order, "completed").await
}

async fn figures_tell_what_came_of_a_time_and_what_stands_now(world: &World) {
    let owner = owner(world).await;
    let operator = of_role(world, &owner, "operator").await;
    let time = time(&owner.who).await;
    let before = operator.who.get(&format!("admin/stats?{time}")).await.is(200);
    assert_eq!((&before["orders"]["success_rate"], &before["deposits"]), (&Value::Null, &json!([])));
    let ada = world.customer_with("10.00").await;
    completed(world, &ada).await;
    let cancelled = ada.rents("telegram").await;
    ada.cancels(&cancelled).await;
    ada.rents("telegram").await;
    set_aside(world, &ada).await;
    let payment =
        ada.get("payments?limit=100").await.is(200)["data"].as_array().expect("payments").last().cloned();
    let refund = format!("payments/{}/refund", text(&payment.expect("a payment"), "id"));
    ada.post(&refund, json!({ "amount": { "amount": "2.00", "currency": "USD" } })).await.is(202);
    world.controls.advance(11).await;
    ada.has("6.50", "0.75").await;

    let told = operator.who.get(&format!("admin/stats?{time}")).await.is(200);
    let usd = |amount: &str| json!({ "amount": amount, "currency": "USD" });
    let ngn = |amount: &str| json!({ "amount": amount, "currency": "NGN" });
    assert_eq!(told["registrations"], json!(before["registrations"].as_u64().expect("a number") + 1));
    let orders = &told["orders"];
    assert_eq!(
        (&orders["completed"], &orders["cancelled"], &orders["waiting"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(orders["success_rate"], json!(0.5));
    assert_eq!((&told["revenue"], &told["cost_of_numbers"]), (&usd("0.75"), &usd("0.50")));
    assert_eq!((&told["margin"], &told["held"]), (&usd("0.25"), &usd("0.75")));
    let flow =
        |charged: &str, amount: &str| json!([{ "count": 1, "charged": ngn(charged), "amount": usd(amount) }]);
    assert_eq!(told["deposits"], flow("16000.00", "10.00"));
    assert_eq!(told["refunds"], flow("3200.00", "2.00"));
    assert_eq!(told["open_suspense"], json!([{ "count": 1, "paid": ngn("8000.00") }]));
    assert_eq!(told["debt"], usd("0.00"));
    let nothing =
        operator.who.get("admin/stats?from=2020-01-01T00:00:00Z&to=2020-12-31T00:00:00Z").await.is(200);
    assert_eq!((&nothing["registrations"], &nothing["revenue"]), (&json!(0), &usd("0.00")));
    assert_eq!(nothing["held"], usd("0.75"), "what stands now stands now");
}

async fn a_list_is_told_in_the_log_and_leaves_whole_without_numbers_texts_or_codes(world: &World) {
    let owner = owner(world).await;
    let finance = of_role(world, &owner, "finance").await;
    let ada = world.customer_with("10.00").await;
    let (done, time) = (completed(world, &ada).await, time(&ada).await);
    // An address that a spreadsheet would take for a formula.
    world
        .books
        .run(&format!("UPDATE users SET email = '=cmd@example.com' WHERE email = '{}'", ada.email))
        .await;
    let list = async |what: &str| {
        let answer = finance.who.get(&format!("admin/exports/{what}.csv?{time}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/csv; charset=utf-8")));
        let lines: Vec<String> = answer.text.lines().map(str::to_owned).collect();
        assert_eq!(lines.last().map(String::as_str), Some("end"), "{what}: {lines:?}");
        let number = text(&done, "phone_number");
        for secret in [number.as_str(), &number[2..], "445566"] {
            assert!(!answer.text.contains(secret), "{what} tells {secret}");
        }
        lines
    };
    let id = id_of(&ada).await;
    let users = list("users").await;
    assert_eq!(users[0], "id,email,role,status,email_verified_at,created_at");
    assert!(
        users.iter().any(|line| line.starts_with(&format!("{id},'=cmd@example.com,user,active,"))),
        "{users:?}"
    );
    assert_eq!(users.len(), 2 + 3, "the owner, finance and ada");
    let entries = list("entries").await;
    assert_eq!(entries.len(), 2 + 2, "a deposit and a purchase: {entries:?}");
    assert!(entries[1].contains(&id) && entries[1].contains(",deposit,paystack:nmk-"), "{entries:?}");
    // A debit is a number, which no spreadsheet takes for a formula.
    assert!(
        entries[2].contains(",purchase,cap:hld_") && entries[2].contains(",-0.75,9.25,USD,"),
        "{entries:?}"
    );
    let orders = list("verifications").await;
    assert_eq!(orders.len(), 2 + 1);
    let row = format!("{},{id},telegram,US,sms,completed,0.75,USD,1,,", text(&done, "id"));
    assert!(orders[1].starts_with(&row), "{orders:?}");
    for what in ["users", "entries", "verifications"] {
        let line = owner.newest_line(what).await;
        assert_eq!((&line["action"], &line["subject"]["kind"]), (&json!("export.taken"), &json!("export")));
        assert_eq!(line["actor"]["id"], json!(id_of(&finance.who).await));
        assert!(line["after"]["from"].is_string() && line["after"]["to"].is_string());
    }
    let lines = "SELECT COUNT(*) FROM audit_log WHERE action = 'export.taken'";
    assert_eq!(world.books.count(lines).await, 3);
    let support = of_role(world, &owner, "support").await;
    support.who.get(&format!("admin/exports/users.csv?{time}")).await.refused(403, "forbidden");
    finance.who.get("admin/exports/users.csv?from=x&to=y").await.refused(422, "invalid_request");
    assert_eq!(world.books.count(lines).await, 3, "nothing is told of what did not leave");
}

async fn settings_are_shown_and_no_secret_is(world: &World) {
    let owner = owner(world).await;
    let told = owner.who.get("admin/settings").await.is(200);
    assert_eq!((&told["mode"], &told["version"]), (&json!("sandbox"), &json!(env!("CARGO_PKG_VERSION"))));
    let of = |key: &str| {
        let settings = told["settings"].as_array().expect("settings");
        settings.iter().find(|setting| setting["key"] == key).expect(key).clone()
    };
    assert_eq!(
        (&of("provider_timeout_s")["value"], &of("provider_timeout_s")["secret"]),
        (&json!("2"), &Value::Null)
    );
    assert_eq!(
        (&of("fx_ngn_per_usd")["value"], &of("limit_factor")["value"]),
        (&json!("1600"), &json!("100"))
    );
    for (key, there) in [
        ("paystack_secret_key", "set"),
        ("textverified_webhook_secret", "set"),
        ("encryption_key", "set"),
        ("signing_key", "set"),
        ("textverified_api_key", "not_set"),
        ("redis_url", "not_set"),
        ("smtp_url", "not_set"),
    ] {
        assert_eq!((&of(key)["value"], &of(key)["secret"]), (&Value::Null, &json!(there)), "{key}");
    }
    let values = told["settings"].as_array().expect("settings").iter();
    let values: Vec<_> = values.filter_map(|setting| setting["value"].as_str()).collect();
    for secret in ["sk_test_", "whsec_", "postgres://", "sqlite:"] {
        assert!(!values.iter().any(|value| value.contains(secret)), "{secret}: {values:?}");
    }
    let support = of_role(world, &owner, "support").await;
    support.who.get("admin/settings").await.refused(403, "forbidden");
}
