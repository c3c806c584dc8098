//! The providers' books against ours: ordinary traffic gives nothing, and each mismatch is found with its class.

use serde_json::{Value, json};

use super::{controls::eventually, customer::text, on_both, world::World};

on_both! {
    ordinary_traffic_gives_no_finding,
    each_mismatch_is_found_with_its_class,
    a_credit_that_nobody_saw_is_booked,
    the_worker_finds_and_closes_by_itself,
}

const OPEN: &str = "SELECT mismatch || ' ' || item FROM findings WHERE state = 'open' ORDER BY 1";

async fn completed(world: &World, customer: &super::customer::Customer) -> Value {
    let order = customer.orders("telegram").await;
    world.controls.text(&order, "code 445566", "deliver").await;
    customer.order_becomes(&order, "completed").await
}

/// What happens on any day: paid and unpaid links, codes, cancellations, expiries, a lost answer.
async fn traffic(world: &World) -> super::customer::Customer {
    let ada = world.customer_with("20.00").await;
    completed(world, &ada).await;
    let cancelled = ada.orders("telegram").await;
    ada.cancels(&cancelled).await;
    let expired = ada.orders("telegram").await;
    world.controls.advance(16 * 60).await;
    ada.sign_in().await;
    ada.order_becomes(&expired, "expired").await;
    ada.orders("telegram").await;
    ada
}

/// The classes and keys that are open.
fn open(told: &Value) -> Vec<(String, String)> {
    let open = told["open"].as_array().expect("a list");
    let mut open: Vec<_> =
        open.iter().map(|finding| (text(finding, "class"), text(finding, "key"))).collect();
    open.sort();
    open
}

async fn ordinary_traffic_gives_no_finding(world: &World) {
    traffic(world).await;
    world.books.agree_on_money().await;
    let (_, accepted) = world.reconcile(&["--accept-balance", "--note", "at the beginning"]).await;
    assert_eq!(accepted["accepted"]["key"], "balance");
    traffic(world).await;
    world.controls.advance(600).await;
    let (well, told) = world.reconcile(&[]).await;
    assert!(well, "{told}");
    assert_eq!(open(&told), []);
    for compared in ["payments", "numbers", "float"] {
        assert_eq!((&told[compared]["differ"], &told[compared]["late"]), (&json!(0), &json!(0)), "{told}");
        assert_ne!(told[compared]["matched"], 0, "{told}");
    }
}

async fn each_mismatch_is_found_with_its_class(world: &World) {
    let ada = world.customer_with("20.00").await;
    world.reconcile(&["--accept-balance"]).await;
    let (paid, unpaid) = ("nmk-aaaaaaaaaaaaaaaaaaaaaaaaaa", "SELECT reference FROM intents ORDER BY id");
    let dearer = completed(world, &ada).await;
    let dearer = text(&world.controls.purchase_of(&dearer).await, "id");
    let other = world.customer_with("5.00").await;
    let references = world.books.texts(unpaid).await;
    let [first, second] = &references[..] else { panic!("{references:?}") };
    for mismatch in [
        json!({ "kind": "success", "reference": paid, "amount_subunits": 50_000 }),
        json!({ "kind": "paid", "reference": first, "amount_subunits": 1_234 }),
        json!({ "kind": "unpaid", "reference": second }),
        json!({ "kind": "cost", "id": dearer, "cost": "0.99" }),
        json!({ "kind": "balance", "change": "-25.00" }),
    ] {
        world.controls.post("control/mismatch", mismatch).await;
    }
    world.controls.advance(600).await;
    other.sign_in().await;
    let (well, told) = world.reconcile(&[]).await;
    assert!(!well, "{told}");
    let mut expected = [
        ("only_theirs", paid),
        ("amount_differs", first.as_str()),
        ("only_ours", second.as_str()),
        ("amount_differs", dearer.as_str()),
        ("amount_differs", "balance"),
    ]
    .map(|(class, key)| (class.to_owned(), key.to_owned()));
    expected.sort();
    assert_eq!(open(&told), expected);
    let found = told["open"].as_array().expect("a list").iter().find(|finding| finding["key"] == paid);
    let id = text(found.expect("the foreign success"), "id");
    let (well, resolved) = world.reconcile(&["--resolve", &id, "--note", "refunded by hand"]).await;
    assert!(well);
    assert_eq!(resolved["resolved"]["state"], "resolved");
    let (_, told) = world.reconcile(&["--open"]).await;
    assert_eq!(open(&told).len(), 4, "{told}");
}

async fn a_credit_that_nobody_saw_is_booked(world: &World) {
    let ada = world.customer_with("5.00").await;
    world.reconcile(&["--accept-balance"]).await;
    let done = completed(world, &ada).await;
    let reservation = text(&world.controls.purchase_of(&done).await, "id");
    world.controls.post(&format!("control/textverified/{reservation}/credit"), json!({})).await;
    let (well, told) = world.reconcile(&[]).await;
    assert!(well, "{told}");
    let booked = format!("SELECT COUNT(*) FROM transfers WHERE source = 'credit:{reservation}'");
    assert_eq!(world.books.count(&booked).await, 1);
    world.books.agree_on_money().await;
}

/// A number that was bought by hand is booked as an orphan before anybody compares; a foreign success is found.
async fn the_worker_finds_and_closes_by_itself(world: &World) {
    let ada = world.customer_with("5.00").await;
    completed(world, &ada).await;
    world.controls.post("control/mismatch", json!({ "kind": "bought", "service": "telegram" })).await;
    let reference = text(
        &json!({ "reference": world.books.texts("SELECT reference FROM intents").await[0] }),
        "reference",
    );
    world.controls.post("control/mismatch", json!({ "kind": "unpaid", "reference": reference })).await;
    world.controls.advance(3_700).await;
    eventually("the worker has compared", || async {
        let open = world.books.texts(OPEN).await;
        (open == [format!("only_ours {reference}")]).then_some(())
    })
    .await;
    let orphans = "SELECT COUNT(*) FROM purchases WHERE state = 'orphan'";
    assert_eq!(world.books.count(orphans).await, 1);
}
