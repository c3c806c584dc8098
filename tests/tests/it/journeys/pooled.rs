//! Behind PgBouncer: by session; by transaction where it keeps prepared statements; and never where it does not.

use std::time::Duration;

use namaskah_tests::pgbouncer::{self, Pooling};

use super::{process::Estate, shoppers::Shoppers};

const ROUNDS: u64 = 12;
/// Whoever probes gives up then.
const PROBE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_that_works_by_session_the_product_serves() {
    serves(Pooling::BySession).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_that_works_by_transaction_and_keeps_statements_the_product_serves() {
    if pgbouncer::remembers() {
        serves(Pooling::ByTransaction).await;
    } else {
        eprintln!("skipped: no PgBouncer that keeps prepared statements");
    }
}

/// Two instances over one pooler, which has fewer connections to the server than they have to it.
async fn serves(pooling: Pooling) {
    let Some(estate) = Estate::on_postgres().await else { return };
    let Some(pooler) = estate.pooler(pooling) else { return estate.stop().await };
    let url = pooler.url();
    // A connection of transactions cannot be listened on.
    let listen = if pooling == Pooling::BySession { "yes" } else { "no" };
    let settings = [("NAMASKAH_DATABASE_LISTEN", listen)];
    let (mut one, mut two) =
        tokio::join!(estate.product_at(&url, &settings), estate.product_at(&url, &settings));
    let mut here = Shoppers::start(2, &one.address("product"), &estate.controls).await;
    let mut there = Shoppers::start(2, &two.address("product"), &estate.controls).await;
    here.go_on(ROUNDS).await;
    there.go_on(ROUNDS).await;
    here.end().await;
    there.end().await;
    let books = estate.books().await;
    books.keep_promises().await;
    books.agree_on_purchases().await;
    books.agree_on_money().await;
    books.close().await;
    let (sound, told) = estate.console(&["audit"], &url).await;
    assert!(sound, "{told}");
    for product in [&mut one, &mut two] {
        product.ask_to_stop();
        assert!(product.ended().await.success());
    }
    drop(pooler);
    estate.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_forgets_prepared_statements_is_refused_at_the_start() {
    let Some(estate) = Estate::on_postgres().await else { return };
    let Some(pooler) = estate.pooler(Pooling::Forgetful) else { return estate.stop().await };
    for words in [&["serve"][..], &["audit"], &["doctor"], &["migrate", "up"]] {
        let (went_well, told) = estate.console(words, &pooler.url()).await;
        assert!(!went_well && told.contains("pool_mode=session"), "{words:?}: {told}");
    }
    drop(pooler);
    estate.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_answers_nothing_any_more_is_told_within_seconds() {
    let Some(estate) = Estate::on_postgres().await else { return };
    let Some(pooler) = estate.pooler(Pooling::BySession) else { return estate.stop().await };
    let mut product = estate.product_at(&pooler.url(), &[]).await;
    let ready = format!("{}/readyz", product.address("product"));
    assert_eq!(reqwest::get(&ready).await.expect("an answer").status(), 200);
    pooler.freezes();
    let answer = tokio::time::timeout(PROBE, reqwest::get(&ready)).await.expect("an answer in time");
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 503);
    let told = answer.text().await.expect("a text");
    assert!(told.contains("database") && told.contains("migrations"), "{told}");
    product.kill().await;
    drop(pooler);
    estate.stop().await;
}
