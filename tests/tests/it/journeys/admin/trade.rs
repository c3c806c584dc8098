//! Services blocked, providers switched, prices ruled: what staff sets, and what customers meet.

use serde_json::{Value, json};

use super::{
    super::customer::{batch, order, text},
    Customer, Member, World, id_of, member, on_both, owner,
};

on_both! {
    banks_and_payments_are_blocked_until_staff_says_otherwise,
    a_blocked_service_is_refused_everywhere_before_anything_is_held,
    a_provider_that_is_off_sells_nothing_new_and_finishes_what_is_open,
    providers_are_shown_with_balance_float_and_health,
    the_most_specific_rule_makes_the_price_and_a_quote_keeps_its_own,
    a_rule_takes_the_place_of_the_one_before_it_and_history_is_kept,
    a_preview_reckons_what_was_paid_and_moves_nothing,
    terms_that_are_none_are_refused,
}

async fn quote(who: &Customer, service: &str) -> super::super::customer::Answer {
    who.post("quotes", json!({ "service": service, "country": "US" })).await
}

async fn blocks(owner: &Member, service: &str) -> Value {
    let path = format!("admin/services/{service}/block");
    owner.who.post(&path, json!({ "reason": "fraud" })).await.is(200)
}

async fn unblocks(owner: &Member, service: &str) -> Value {
    owner.who.post(&format!("admin/services/{service}/unblock"), Value::Null).await.is(200)
}

async fn switches(owner: &Member, to: &str) {
    let path = format!("admin/providers/textverified/{to}");
    owner.who.post(&path, json!({ "reason": "upkeep" })).await.is(204);
}

async fn listed(who: &Customer, service: &str) -> Value {
    let list = who.get(&format!("services?q={service}")).await.is(200);
    list["data"][0].clone()
}

async fn banks_and_payments_are_blocked_until_staff_says_otherwise(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("10.00").await;
    let shown = listed(&ada, "paypal").await;
    assert_eq!((&shown["blocked"], &shown["price_from"]), (&json!(true), &Value::Null));
    assert_eq!(listed(&ada, "telegram").await["blocked"], false);
    quote(&ada, "paypal").await.refused(409, "service_blocked");
    let blocked = owner.who.get("admin/services?status=blocked").await.is(200);
    let codes: Vec<String> =
        blocked["data"].as_array().expect("a list").iter().map(|row| text(row, "code")).collect();
    assert_eq!(codes, ["coinbase", "paypal"]);
    assert_eq!(blocked["data"][1]["blocked_by"], "default");
    assert_eq!(blocked["data"][1]["reason"], "a payment service");

    for _ in 0..2 {
        assert_eq!(unblocks(&owner, "paypal").await["blocked"], false);
    }
    assert_eq!(quote(&ada, "paypal").await.is(201)["price"]["amount"], "1.20");
    assert_eq!(listed(&ada, "paypal").await["blocked"], false);
    let line = owner.newest_line("paypal").await;
    assert_eq!(
        (&line["action"], &line["before"]["reason"]),
        (&json!("service.unblocked"), &json!("a payment service"))
    );
    assert_eq!(world.books.count("SELECT COUNT(*) FROM audit_log WHERE subject_kind = 'service'").await, 1);
    let blocked = blocks(&owner, "paypal").await;
    assert_eq!((&blocked["blocked_by"], &blocked["reason"]), (&json!("staff"), &json!("fraud")));
    assert_eq!(blocked["decided_by"], json!(id_of(&owner.who).await));
    quote(&ada, "paypal").await.refused(409, "service_blocked");
    let known = owner.who.get("admin/services?limit=2&after=netflix").await.is(200);
    assert_eq!((&known["data"][0]["code"], &known["has_more"]), (&json!("paypal"), &json!(true)));
}

async fn a_blocked_service_is_refused_everywhere_before_anything_is_held(world: &World) {
    let owner = owner(world).await;
    let operator = member(world, &owner, "operator").await;
    let ada = world.customer_with("10.00").await;
    let open = ada.orders("telegram").await;
    let promised = quote(&ada, "telegram").await.is(201);
    let path = "admin/services/telegram/block";
    operator.who.post(path, json!({ "reason": "fraud" })).await.refused(403, "step_up_required");
    operator.steps_up().await;
    assert_eq!(blocks(&operator, "telegram").await["blocked"], true);
    assert_eq!(listed(&ada, "telegram").await["blocked"], true);
    let prices = ada.get("prices?service=telegram").await.is(200);
    assert_eq!(prices["data"], json!([]));

    quote(&ada, "telegram").await.refused(409, "service_blocked");
    ada.post("verifications", order("telegram")).await.refused(409, "service_blocked");
    let quoted = json!({ "service": "telegram", "country": "US", "quote_id": promised["id"] });
    ada.post("verifications", quoted).await.refused(409, "service_blocked");
    let both = || vec![order("google"), order("telegram")];
    let refused = ada.post("verifications/batch", batch("all_or_nothing", both())).await;
    assert_eq!(refused.refused(409, "service_blocked")["index"], 1);
    let id = text(&open, "id");
    ada.post(&format!("verifications/{id}/retry"), Value::Null).await.refused(409, "service_blocked");
    ada.post(&format!("verifications/{id}/swap"), Value::Null).await.refused(409, "service_blocked");
    ada.has("9.25", "0.75").await;
    let best = ada.post("verifications/batch", batch("best_effort", both())).await.is(201);
    assert_eq!(best["results"][1]["problem"]["code"], "service_blocked");
    assert_eq!(best["results"][0]["status"], "created");

    world.controls.text(&open, "code 445566", "deliver").await;
    assert_eq!(ada.order_becomes(&open, "completed").await["messages"][0]["code"], "445566");
    let line = owner.newest_line("telegram").await;
    assert_eq!((&line["action"], &line["after"]["reason"]), (&json!("service.blocked"), &json!("fraud")));
    assert_eq!(line["actor"]["role"], "operator");
    unblocks(&owner, "telegram").await;
    ada.orders("telegram").await;
}

async fn a_provider_that_is_off_sells_nothing_new_and_finishes_what_is_open(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("10.00").await;
    let open = ada.orders("telegram").await;
    switches(&owner, "off").await;
    switches(&owner, "off").await;
    let refused = quote(&ada, "telegram").await;
    assert_eq!(refused.header("retry-after"), Some("60"));
    refused.refused(503, "unavailable");
    ada.post("verifications", order("telegram")).await.refused(503, "unavailable");
    let many = batch("best_effort", vec![order("telegram")]);
    ada.post("verifications/batch", many).await.refused(503, "unavailable");
    ada.has("9.25", "0.75").await;
    assert_eq!(listed(&ada, "telegram").await["price_from"]["amount"], "0.75");
    world.controls.text(&open, "code 445566", "lose").await;
    ada.order_becomes(&open, "completed").await;
    let shown = owner.who.get("admin/providers").await.is(200)["data"][0].clone();
    assert_eq!((&shown["switched"], &shown["last_switch"]["reason"]), (&json!("off"), &json!("upkeep")));
    switches(&owner, "on").await;
    ada.orders("telegram").await;
    let lines = "SELECT action FROM audit_log WHERE subject_kind = 'provider' ORDER BY id";
    assert_eq!(world.books.texts(lines).await, ["provider.switched_off", "provider.switched_on"]);
}

async fn providers_are_shown_with_balance_float_and_health(world: &World) {
    let owner = owner(world).await;
    let operator = member(world, &owner, "operator").await;
    let ada = world.customer_with("10.00").await;
    let order = ada.orders("telegram").await;
    world.controls.text(&order, "code 445566", "lose").await;
    ada.order_becomes(&order, "completed").await;
    let shown = operator.who.get("admin/providers").await.is(200)["data"][0].clone();
    assert_eq!((&shown["id"], &shown["switched"]), (&json!("textverified"), &json!("on")));
    assert_eq!(shown["balance"]["balance"]["amount"], "9999.50");
    assert!(shown["balance"]["age_s"].as_i64().is_some_and(|age| (0..=30).contains(&age)), "{shown}");
    assert_eq!((&shown["float"]["booked"]["amount"], &shown["last_switch"]), (&json!("-0.50"), &Value::Null));
    assert!(shown["health"]["well_at"].is_string() && shown["health"]["polled_at"].is_string(), "{shown}");
    assert_eq!(shown["health"]["poll_is_on_time"], true);
    assert!(shown["health"]["clock_skew_ms"].is_i64(), "{shown}");

    world.controls.fault("textverified", "create", "disconnect", 1).await;
    ada.orders("telegram").await;
    let shown = operator.who.get("admin/providers").await.is(200)["data"][0].clone();
    assert_eq!(shown["health"]["trouble"]["kind"], "unknown_purchase");
    assert_eq!(shown["balance"]["balance"]["amount"], "9999.50", "as it was told half a minute ago at most");
}

fn rule(service: Option<&str>, multiplier: &str) -> Value {
    let mut rule = json!({ "multiplier": multiplier });
    if let Some(service) = service {
        rule["service"] = json!(service);
    }
    rule
}

async fn price(who: &Customer, service: &str) -> String {
    text(&quote(who, service).await.is(201)["price"], "amount")
}

async fn the_most_specific_rule_makes_the_price_and_a_quote_keeps_its_own(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("10.00").await;
    let promised = quote(&ada, "telegram").await.is(201);
    assert_eq!(promised["price"]["amount"], "0.75");
    let add = async |body: Value| owner.who.post("admin/pricing-rules", body).await.is(201);
    add(rule(None, "2")).await;
    assert_eq!((price(&ada, "telegram").await, price(&ada, "google").await), ("1.00".into(), "0.80".into()));
    add(json!({ "country": "US", "multiplier": "3" })).await;
    assert_eq!(price(&ada, "google").await, "1.20");
    let special = add(json!({
        "service": "telegram", "multiplier": "1", "floor": { "amount": "0.30", "currency": "USD" }
    }))
    .await;
    assert_eq!((&special["status"], &special["floor"]["amount"]), (&json!("in_force"), &json!("0.30")));
    assert_eq!((price(&ada, "telegram").await, price(&ada, "google").await), ("0.80".into(), "1.20".into()));
    add(json!({ "service": "telegram", "country": "US", "multiplier": "4" })).await;
    assert_eq!(price(&ada, "telegram").await, "2.00");
    let offered = ada.get("prices?service=telegram").await.is(200);
    assert_eq!(offered["data"][0]["price"]["amount"], "2.00");
    ada.post("verifications", order("telegram")).await.is(201);
    ada.has("8.00", "2.00").await;
    let quoted = json!({ "service": "telegram", "country": "US", "quote_id": promised["id"] });
    assert_eq!(ada.post("verifications", quoted).await.is(201)["price"]["amount"], "0.75");
}

async fn a_rule_takes_the_place_of_the_one_before_it_and_history_is_kept(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("10.00").await;
    let add = async |body: Value| owner.who.post("admin/pricing-rules", body).await;
    let made = add(rule(Some("telegram"), "2")).await;
    let at = made.header("location").expect("where it is").to_owned();
    let first = made.is(201);
    assert_eq!(owner.who.get(&at).await.is(200), first);
    let second = add(rule(Some("telegram"), "3")).await.is(201);
    assert_eq!(price(&ada, "telegram").await, "1.50");
    let list = async || owner.who.get("admin/pricing-rules").await.is(200)["data"].clone();
    let told = list().await;
    assert_eq!((&told[0]["id"], &told[0]["status"]), (&second["id"], &json!("in_force")));
    assert_eq!((&told[1]["id"], &told[1]["status"]), (&first["id"], &json!("ended")));
    assert_eq!(told[1]["ends_at"], second["valid_from"]);

    let later = json!({ "service": "telegram", "multiplier": "4", "valid_from": in_time(world, 600).await });
    let third = add(later).await.is(201);
    assert_eq!(third["status"], "scheduled");
    assert_eq!(price(&ada, "telegram").await, "1.50");
    add(rule(Some("telegram"), "5")).await.refused(409, "pricing_rule_scheduled");
    world.controls.advance(601).await;
    assert_eq!(price(&ada, "telegram").await, "2.00");
    owner.steps_up().await;
    let path = format!("admin/pricing-rules/{}", text(&third, "id"));
    for _ in 0..2 {
        assert_eq!(owner.who.delete(&path).await.is(200)["status"], "ended");
    }
    assert_eq!(price(&ada, "telegram").await, "0.75", "as is configured");
    let line = owner.newest_line(&text(&third, "id")).await;
    assert_eq!((&line["action"], &line["before"]["multiplier"]), (&json!("pricing_rule.ended"), &json!("4")));
    let lines = "SELECT COUNT(*) FROM audit_log WHERE subject_kind = 'pricing_rule'";
    assert_eq!(world.books.count(lines).await, 4);
    let page = owner.who.get("admin/pricing-rules?limit=1").await.is(200);
    assert_eq!((&page["data"][0]["id"], &page["has_more"]), (&third["id"], &json!(true)));
}

/// So many seconds after the product's now, as text.
async fn in_time(world: &World, seconds: i64) -> String {
    let clock = world.controls.look("control/clock").await;
    let now = text(&clock, "now");
    let now: chrono::DateTime<chrono::Utc> = now.parse().expect("a time");
    (now + chrono::TimeDelta::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

async fn a_preview_reckons_what_was_paid_and_moves_nothing(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("10.00").await;
    for service in ["telegram", "telegram", "google"] {
        let bought = ada.orders(service).await;
        world.controls.text(&bought, "code 445566", "deliver").await;
        ada.order_becomes(&bought, "completed").await;
    }
    ada.orders("telegram").await;
    let ask = async |body: Value| owner.who.post("admin/pricing-rules/preview", body).await.is(200);
    let told = ask(rule(Some("telegram"), "2")).await;
    assert_eq!(told["offers"].as_array().map(Vec::len), Some(1));
    let offer = &told["offers"][0];
    assert_eq!(
        (&offer["cost"]["amount"], &offer["price_before"]["amount"], &offer["price_after"]["amount"]),
        (&json!("0.50"), &json!("0.75"), &json!("1.00"))
    );
    let paid = &told["paid"];
    assert_eq!((&paid["orders"], &paid["days"]), (&json!(2), &json!(7)));
    for (field, amount) in [
        ("revenue_before", "1.50"),
        ("revenue_after", "2.00"),
        ("cost", "1.00"),
        ("margin_before", "0.50"),
        ("margin_after", "1.00"),
    ] {
        assert_eq!(paid[field]["amount"], amount, "{field}");
    }
    let all = ask(json!({ "multiplier": "1", "days": 90 })).await;
    assert_eq!((&all["paid"]["orders"], &all["paid"]["margin_after"]["amount"]), (&json!(3), &json!("0.00")));
    assert_eq!(all["offers"].as_array().map(Vec::len), Some(20));
    assert_eq!(world.books.count("SELECT COUNT(*) FROM pricing_rules").await, 0);
    assert_eq!(price(&ada, "telegram").await, "0.75");
}

async fn terms_that_are_none_are_refused(world: &World) {
    let owner = owner(world).await;
    let floor = |amount: &str| json!({ "multiplier": "1", "floor": { "amount": amount, "currency": "USD" } });
    for body in [
        rule(None, "0.99"),
        rule(None, "0"),
        rule(None, "-2"),
        rule(None, "1e2"),
        rule(None, "NaN"),
        rule(None, "1001"),
        rule(None, "1.0000001"),
        json!({ "multiplier": 2 }),
        json!({}),
        json!({ "multiplier": "2", "service": "What" }),
        json!({ "multiplier": "2", "country": "us" }),
        json!({ "multiplier": "2", "valid_from": "2020-01-01T00:00:00.000Z" }),
        json!({ "multiplier": "2", "valid_from": "tomorrow" }),
        json!({ "multiplier": "2", "capability": "sms" }),
        floor("-0.01"),
        floor("1000.000001"),
        floor("NaN"),
        json!({ "multiplier": "1", "floor": { "amount": "1", "currency": "NGN" } }),
    ] {
        owner.who.post("admin/pricing-rules", body).await.refused(422, "invalid_request");
    }
    for body in [
        json!({ "multiplier": "2", "days": 0 }),
        json!({ "multiplier": "2", "days": 91 }),
        json!({ "days": 7 }),
    ] {
        owner.who.post("admin/pricing-rules/preview", body).await.refused(422, "invalid_request");
    }
    for reason in [
        json!({}),
        json!({ "reason": " " }),
        json!({ "reason": "a\nb" }),
        json!({ "reason": "x", "until": 1 }),
    ] {
        for path in ["admin/services/telegram/block", "admin/providers/textverified/off"] {
            owner.who.post(path, reason.clone()).await.refused(422, "invalid_request");
        }
    }
    let reason = json!({ "reason": "x" });
    owner.who.post("admin/services/What/block", reason.clone()).await.refused(404, "not_found");
    owner.who.post("admin/providers/nobody/off", reason).await.refused(404, "not_found");
    owner.who.delete("admin/pricing-rules/prl_00000000000000000000000000").await.refused(404, "not_found");
    owner.who.delete("admin/pricing-rules/x").await.refused(404, "not_found");
    owner.who.get("admin/pricing-rules/prl_00000000000000000000000000").await.refused(404, "not_found");
    for query in
        ["services?status=open", "services?after=What", "pricing-rules?after=x", "pricing-rules?limit=0"]
    {
        owner.who.get(&format!("admin/{query}")).await.refused(422, "invalid_request");
    }
    for table in ["service_decisions", "provider_switches", "pricing_rules"] {
        assert_eq!(world.books.count(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}
