//! `kill -9` under load, then a restart: nothing acknowledged is lost, nothing is doubled, and the provider's own
//! books say the same. `CRASH_CYCLES` says how often.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    customer::{Customer, order, payment, text},
    process::Estate,
};

const CYCLES: usize = 4;
const BUYERS: usize = 4;
const SERVICES: [&str; 3] = ["telegram", "whatsapp", "google"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_the_product_is_killed_on_sqlite() {
    survive(Estate::on_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_the_product_is_killed_on_postgres() {
    if let Some(estate) = Estate::on_postgres().await {
        survive(estate).await;
    }
}

/// What a customer knows: what was sent, and what was acknowledged.
#[derive(Default)]
struct Memory {
    /// Key and service of every order that was sent.
    sent: Mutex<Vec<(String, &'static str)>>,
    /// Key and order, as they were answered.
    acknowledged: Mutex<Vec<(String, Value)>>,
    /// Orders that were seen completed, payments that were seen succeeded.
    completed: Mutex<Vec<Value>>,
    succeeded: Mutex<Vec<Value>>,
    /// How many answers have been noted.
    progress: watch::Sender<usize>,
}

impl Memory {
    fn note<T>(&self, list: &Mutex<Vec<T>>, item: T) {
        list.lock().unwrap_or_else(PoisonError::into_inner).push(item);
        self.progress.send_modify(|noted| *noted += 1);
    }

    fn copy<T: Clone>(list: &Mutex<Vec<T>>) -> Vec<T> {
        list.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns once `list` is longer than `by`.
    async fn grows<T>(&self, list: &Mutex<Vec<T>>, by: usize) {
        let long = |_: &usize| list.lock().unwrap_or_else(PoisonError::into_inner).len() > by;
        self.progress.subscribe().wait_for(long).await.expect("the sender is ours");
    }

    fn length<T>(list: &Mutex<Vec<T>>) -> usize {
        list.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// The moment of a kill: after an order, a code or a deposit was acknowledged, sometimes the first, sometimes a later
/// one. The other things that go on are met at any instruction.
async fn moment(memory: &Memory, cycle: usize) {
    let more = cycle * cycle % 11;
    match cycle % 4 {
        0 => memory.grows(&memory.acknowledged, Memory::length(&memory.acknowledged) + more).await,
        1 => memory.grows(&memory.completed, Memory::length(&memory.completed) + more % 3).await,
        2 => memory.grows(&memory.succeeded, Memory::length(&memory.succeeded) + more % 5).await,
        _ => memory.grows(&memory.sent, Memory::length(&memory.sent) + more).await,
    }
}

async fn survive(estate: Estate) {
    let cycles = std::env::var("CRASH_CYCLES").ok().and_then(|n| n.parse().ok()).unwrap_or(CYCLES);
    let mut product = estate.product().await;
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    ada.deposits(&estate.controls, "2000.00").await;
    let memory = Memory::default();
    for cycle in 0..cycles {
        tokio::select! {
            () = load(&ada, &estate, &memory) => panic!("the load goes on until the product is killed"),
            () = moment(&memory, cycle) => product.kill().await,
        }
        product = estate.product().await;
        ada.moves_to(&product.address("product"));
        ada.sign_in().await;
        repeat_what_was_sent(&ada, &memory).await;
        for _ in 0..4 {
            estate.controls.advance(45).await;
        }
        ada.sign_in().await;
        compare(&estate, &ada, &memory).await;
    }
    end_everything(&estate, &ada).await;
    let count = |n: usize, what: &str| println!("{n} {what}");
    count(cycles, "kills");
    count(Memory::copy(&memory.sent).len(), "orders sent");
    count(Memory::copy(&memory.acknowledged).len(), "orders acknowledged");
    count(Memory::copy(&memory.completed).len(), "codes seen");
    count(Memory::copy(&memory.succeeded).len(), "deposits seen");
    product.ask_to_stop();
    assert!(product.ended().await.success());
    estate.stop().await;
}

/// Buying, receiving and depositing at once, for as long as the product answers.
async fn load(ada: &Customer, estate: &Estate, memory: &Memory) {
    let buyers = join_all((0..BUYERS).map(|n| keep_buying(ada, memory, n)));
    tokio::join!(buyers, keep_receiving(ada, estate, memory), keep_depositing(ada, estate, memory));
    // Everything has met the end of the product; the kill is noted elsewhere.
    std::future::pending::<()>().await;
}

/// An answer of the product, if it still gives one.
async fn ask(ada: &Customer, method: Method, path: &str, body: &Value, key: &str) -> Option<Value> {
    let request = ada.request(method, path).header("Idempotency-Key", key);
    let request = if body.is_null() { request } else { request.json(body) };
    let response = request.send().await.ok()?;
    let status = response.status();
    assert!(status.as_u16() != 500, "{path}: {status}");
    if status.is_success() { response.json().await.ok() } else { None }
}

async fn keep_buying(ada: &Customer, memory: &Memory, buyer: usize) {
    for n in buyer.. {
        let (key, service) = (ada.new_key(), SERVICES[n % SERVICES.len()]);
        memory.note(&memory.sent, (key.clone(), service));
        let Some(bought) = ask(ada, Method::POST, "verifications", &order(service), &key).await else {
            return;
        };
        memory.note(&memory.acknowledged, (key, bought));
    }
}

async fn keep_receiving(ada: &Customer, estate: &Estate, memory: &Memory) {
    for n in Memory::length(&memory.acknowledged).. {
        memory.grows(&memory.acknowledged, n).await;
        let Some((_, order)) = Memory::copy(&memory.acknowledged).pop() else { continue };
        if order["status"] != "waiting" {
            continue;
        }
        let webhook = if n % 3 == 0 { "lose" } else { "deliver" };
        estate.controls.text(&order, &format!("Your code is {}", 100_000 + n), webhook).await;
        let path = format!("verifications/{}?wait=4&version={}", text(&order, "id"), order["version"]);
        let Some(seen) = ask(ada, Method::GET, &path, &Value::Null, "k").await else { return };
        if seen["status"] == "completed" {
            memory.note(&memory.completed, seen);
        }
    }
}

async fn keep_depositing(ada: &Customer, estate: &Estate, memory: &Memory) {
    loop {
        let asked = payment("2.00");
        let Some(opened) = ask(ada, Method::POST, "payments", &asked, &ada.new_key()).await else { return };
        estate.controls.pay(&text(&opened, "reference"), "duplicate").await;
        let path = format!("payments/{}/sync", text(&opened, "id"));
        let Some(synced) = ask(ada, Method::POST, &path, &Value::Null, "k").await else { return };
        if synced["status"] == "succeeded" {
            memory.note(&memory.succeeded, synced);
        }
    }
}

/// A client repeats what it does not know the outcome of; what it does know is answered alike.
async fn repeat_what_was_sent(ada: &Customer, memory: &Memory) {
    let acknowledged = Memory::copy(&memory.acknowledged);
    let mut ids = BTreeSet::new();
    let sent = Memory::copy(&memory.sent);
    for (key, service) in &sent {
        let now = ada.post_again("verifications", order(service), key).await.is(201);
        if let Some((_, before)) = acknowledged.iter().find(|(known, _)| known == key) {
            assert_eq!(now["id"], before["id"], "an acknowledged order is there");
            assert!(now["version"].as_i64() >= before["version"].as_i64(), "it did not go back");
        }
        ids.insert(text(&now, "id"));
    }
    assert_eq!(ids.len(), sent.len(), "one order a key");
}

async fn compare(estate: &Estate, ada: &Customer, memory: &Memory) {
    let books = estate.books().await;
    books.keep_promises().await;
    books.agree_on_purchases().await;
    let orders = Memory::copy(&memory.sent).len() as i64;
    assert_eq!(books.count("SELECT COUNT(*) FROM orders").await, orders, "one order a key");
    let paid = estate.controls.look("control/state").await["paystack"]["transactions"].clone();
    let paid = paid.as_array().expect("transactions").iter().filter(|t| t["status"] == "success").count();
    let credited = "SELECT COUNT(*) FROM transfers WHERE kind = 'deposit' AND credit_account = 'wallet'";
    assert_eq!(books.count(credited).await, paid as i64, "each payment is credited once");
    for payment in Memory::copy(&memory.succeeded) {
        assert_eq!(ada.payment(&payment).await["status"], "succeeded");
    }
    for order in Memory::copy(&memory.completed) {
        let now = ada.order(&order).await;
        assert_eq!((&now["status"], &now["messages"]), (&json!("completed"), &order["messages"]));
    }
    books.close().await;
}

/// Every order ends; then nothing is held, and both sides have the same books.
async fn end_everything(estate: &Estate, ada: &Customer) {
    estate.controls.advance(20 * 60).await;
    ada.sign_in().await;
    let books = estate.books().await;
    books.keep_promises().await;
    assert_eq!(books.count("SELECT COUNT(*) FROM holds WHERE state = 'open'").await, 0);
    books.agree_on_purchases().await;
    books.agree_on_money().await;
    books.close().await;
}
