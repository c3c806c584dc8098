//! What a user wishes of the wallet, and promised prices.

use namaskah_domain::{
    Amount, Currency, Money, Store, Time, UnitOfWork, UserId,
    auth::{AuthReads, Email},
    wallet::{EntryKind, House, JournalEntry, LedgerAccount, Purse, Source, Transfer},
};
use reqwest::Response;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::given::{Person, World, body, problem, world};

const SETTINGS: &str = "/api/v1/wallet/settings";

async fn put(person: &Person<'_>, wishes: Value) -> Response {
    person.request("PUT", SETTINGS).json(&wishes).send().await.expect("an answer")
}

#[tokio::test]
async fn settings_are_off_until_they_are_put_and_each_put_replaces_them() {
    let world = world().await;
    let (ada, eve) = (world.person("ada@example.com").await, world.person("eve@example.com").await);
    let off = json!({ "low_balance_threshold": null });
    assert_eq!(body(ada.get(SETTINGS).await, 200).await, off);
    for (wanted, shown) in [("2.5", "2.50"), ("0.000001", "0.000001"), ("2.5", "2.50")] {
        let amount = |text: &str| json!({"low_balance_threshold": {"amount": text, "currency": "USD"}});
        for _ in 0..2 {
            assert_eq!(body(put(&ada, amount(wanted)).await, 200).await, amount(shown));
        }
        assert_eq!(body(ada.get(SETTINGS).await, 200).await, amount(shown));
        assert_eq!(body(eve.get(SETTINGS).await, 200).await, off, "another user's");
    }
    assert_eq!(body(put(&ada, json!({})).await, 200).await, off);
    assert_eq!(body(ada.get(SETTINGS).await, 200).await, off);
}

#[tokio::test]
async fn settings_that_are_not_understood_change_nothing() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let sound = json!({"low_balance_threshold": {"amount": "5.00", "currency": "USD"}});
    body(put(&ada, sound.clone()).await, 200).await;
    for (wishes, field) in [
        (
            json!({"low_balance_threshold": {"amount": "0", "currency": "USD"}}),
            "low_balance_threshold.amount",
        ),
        (
            json!({"low_balance_threshold": {"amount": "-1", "currency": "USD"}}),
            "low_balance_threshold.amount",
        ),
        (json!({"low_balance_threshold": {"amount": 5, "currency": "USD"}}), "low_balance_threshold.amount"),
        (
            json!({"low_balance_threshold": {"amount": "5", "currency": "NGN"}}),
            "low_balance_threshold.currency",
        ),
        (json!({"low_balance_threshold": "5"}), "low_balance_threshold"),
        (json!({"threshold": null}), "threshold"),
    ] {
        let refused = body(put(&ada, wishes.clone()).await, 422).await;
        assert_eq!(refused["errors"][0]["field"], field, "{wishes}");
    }
    assert_eq!(body(ada.get(SETTINGS).await, 200).await, sound);
    assert_eq!(problem(world.get(SETTINGS).await, 401).await, "unauthorized");
}

#[tokio::test]
async fn a_quote_is_found_where_its_location_says_by_its_user_alone() {
    let world = world().await;
    world.sell("whatsapp", 750_000, 10);
    let (ada, eve) = (world.person("ada@example.com").await, world.person("eve@example.com").await);
    let asked = ada.request("POST", "/api/v1/quotes").json(&json!({"service": "whatsapp", "country": "US"}));
    let quoted = asked.send().await.expect("an answer");
    let location = quoted.headers()["location"].to_str().expect("text").to_owned();
    let quote = body(quoted, 201).await;
    assert_eq!(body(ada.get(&location).await, 200).await, quote);
    assert_eq!(problem(eve.get(&location).await, 404).await, "not_found");
    for id in ["qte_01k8y6m2w4f3v9q7r5t1x0z8ab", "qte_x"] {
        let path = format!("/api/v1/quotes/{id}");
        assert_eq!(problem(ada.get(&path).await, 404).await, "not_found", "{id}");
    }
}

/// Posts so many cents to the wallet, one line each, a second apart.
async fn posted(world: &World, email: &str, lines: u32) -> UserId {
    let email = Email::try_new(email).expect("an address");
    let user = world.store.user_by_email(&email).await.expect("readable").expect("a user").id;
    for line in 1..=lines {
        let transfer = Transfer {
            debit: LedgerAccount::House(House::Adjustment),
            credit: LedgerAccount::User(user, Purse::Wallet),
            amount: Amount::try_new(Money::from_units(10_000, Currency::Usd)).expect("above zero"),
            kind: EntryKind::Adjustment,
            source: Source::from_stored(format!("test:{line}")),
            leg: 1,
            at: Time::from_timestamp_micros(1_700_000_000_000_000 + i64::from(line) * 1_000_000)
                .expect("a time"),
        };
        let entry = JournalEntry::try_new(vec![transfer]).expect("balanced");
        world.store.commit(UnitOfWork::new().post(entry)).await.expect("posted");
    }
    user
}

/// The amounts and balances of a CSV: opening, lines, closing.
fn parsed(csv: &str) -> (Decimal, Vec<(Decimal, Decimal)>, Decimal) {
    let cell = |line: &str, at: usize| line.split(',').nth(at).expect("a cell").to_owned();
    let number = |line: &str, at: usize| cell(line, at).parse::<Decimal>().expect("a number");
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    let (opening, closing) = (rows[0], rows[rows.len() - 1]);
    assert_eq!((cell(opening, 2), cell(closing, 2)), ("opening".to_owned(), "closing".to_owned()), "{csv}");
    let lines = rows[1..rows.len() - 1].iter().map(|row| (number(row, 5), number(row, 6))).collect();
    (number(opening, 6), lines, number(closing, 6))
}

#[tokio::test]
async fn a_statement_is_streamed_oldest_first_between_its_balances() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    posted(&world, "ada@example.com", 1_234).await;
    let from = |second: i64| {
        Time::from_timestamp_micros((1_700_000_000 + second) * 1_000_000).expect("a time").format("%FT%TZ")
    };
    for (query, lines) in [
        (String::new(), 1..1_235),
        (format!("?from={}", from(500)), 500..1_235),
        (format!("?to={}", from(500)), 1..500),
        (format!("?from={}&to={}", from(2), from(1_003)), 2..1_003),
        (format!("?from={}", from(9_999)), 1_235..1_235),
        (format!("?to={}", from(-9)), 1..1),
    ] {
        let answer = ada.get(&format!("/api/v1/wallet/statement.csv{query}")).await;
        assert_eq!(answer.status(), 200, "{query}");
        assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"statement.csv\"");
        let (mut balance, told, closing) = parsed(&answer.text().await.expect("a text"));
        assert_eq!(balance, Decimal::new(i64::from(lines.start) - 1, 2), "{query}");
        assert_eq!(told.len(), (lines.end - lines.start) as usize, "{query}");
        for (amount, after) in told {
            balance += amount;
            assert_eq!(after, balance);
        }
        assert_eq!(closing, balance, "{query}");
    }
}

#[tokio::test]
async fn a_statement_of_a_time_that_is_none_is_refused_with_its_own_code() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    for (query, code) in [
        ("from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "invalid_period"),
        ("from=2026-11-01T00:00:00Z&to=2026-11-01T00:00:00Z", "invalid_period"),
        ("from=2026-11-01T00:00:00Z&to=2026-11-01T01:00:00%2B01:00", "invalid_period"),
        ("from=x", "invalid_request"),
        ("to=2026-13-01T00:00:00Z", "invalid_request"),
        ("from=", "invalid_request"),
    ] {
        let refused = ada.get(&format!("/api/v1/wallet/statement.csv?{query}")).await;
        assert_eq!(problem(refused, 422).await, code, "{query}");
    }
}
