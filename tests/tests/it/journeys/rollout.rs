//! A new version takes the place of the old one, instance by instance, and no customer notices.

use std::sync::Arc;

use super::{
    balancer::Balancer,
    customer::{Customer, text},
    listener::Listener,
    process::{Estate, Process},
    shoppers::Shoppers,
    streams::read_until,
};

/// Longer than the balancer takes to look again.
const DRAIN: [(&str, &str); 1] = [("NAMASKAH_DRAIN_S", "2")];
const SHOPPERS: usize = 3;
const ROUNDS: u64 = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_restart_in_turn_under_load_and_no_request_fails() {
    let Some(estate) = Estate::on_postgres().await else { return };
    let balancer = Balancer::start().await;
    let mut serving = Vec::new();
    for _ in 0..2 {
        let product = estate.product_with(&DRAIN).await;
        balancer.knows(&product.address("product"));
        serving.push(product);
    }
    balancer.leads_to(2).await;
    let mut shoppers = Shoppers::start(SHOPPERS, &balancer.url(), &estate.controls).await;
    let ada = Arc::new(Customer::registered(&balancer.url(), &estate.controls).await);
    ada.deposits(&estate.controls, "20.00").await;
    let listener = Listener::of(&ada);
    shoppers.go_on(ROUNDS).await;
    let mut replaced = Vec::new();
    for mut old in serving {
        old.ask_to_stop();
        balancer.leads_to(1).await;
        buys_and_cancels(&ada).await;
        assert!(old.ended().await.success());
        shoppers.go_on(ROUNDS).await;
        buys_and_cancels(&ada).await;
        let new = estate.product_with(&DRAIN).await;
        balancer.knows(&new.address("product"));
        balancer.leads_to(2).await;
        shoppers.go_on(ROUNDS).await;
        replaced.push(new);
    }
    shoppers.end().await;
    everything_was_heard_once(&ada, &listener).await;
    assert!(balancer.led().iter().all(|led| *led > 0), "each had its share: {:?}", balancer.led());
    sound(estate, replaced).await;
}

async fn buys_and_cancels(ada: &Customer) {
    let order = ada.orders("telegram").await;
    ada.cancels(&order).await.is(200);
}

/// Streams have ended with the instances that led them, and have gone on elsewhere.
async fn everything_was_heard_once(ada: &Customer, listener: &Listener) {
    // Somebody else's events never come here, so the last one is that of an order that is placed now.
    let last = ada.orders("whatsapp").await;
    ada.cancels(&last).await.is(200);
    let path = format!("verifications/{}/events", text(&last, "id"));
    let told = read_until(ada, &path, None, "verification.cancelled").await;
    let last = told.last().expect("an end").id.clone();
    let heard = listener.has_heard(&last).await;
    let mut all: Vec<String> = Vec::new();
    while all.last() != Some(&last) {
        let from = all.last().cloned().unwrap_or_else(|| "0".to_owned());
        let told = read_until(ada, "events/stream", Some(&from), "verification.cancelled").await;
        all.extend(told.into_iter().map(|event| event.id));
    }
    assert_eq!(heard, all);
}

/// The next version's start adds columns while this version has its statements prepared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_goes_on_while_columns_are_added_to_every_table() {
    let Some(estate) = Estate::on_postgres().await else { return };
    let product = estate.product().await;
    let mut shoppers = Shoppers::start(SHOPPERS, &product.address("product"), &estate.controls).await;
    shoppers.go_on(ROUNDS).await;
    let books = estate.books().await;
    let tables = "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename";
    for table in books.texts(tables).await {
        books.run(&format!("ALTER TABLE {table} ADD COLUMN added_later BIGINT NOT NULL DEFAULT 0")).await;
    }
    books.close().await;
    shoppers.go_on(ROUNDS).await;
    shoppers.end().await;
    sound(estate, vec![product]).await;
}

/// Books and providers agree, while the products that are left do the work that is left.
async fn sound(estate: Estate, products: Vec<Process>) {
    let books = estate.books().await;
    books.keep_promises().await;
    books.agree_on_purchases().await;
    books.agree_on_money().await;
    books.close().await;
    let (sound, told) = estate.console(&["audit"], &estate.database_url()).await;
    assert!(sound, "{told}");
    for mut product in products {
        product.ask_to_stop();
        assert!(product.ended().await.success());
    }
    estate.stop().await;
}
