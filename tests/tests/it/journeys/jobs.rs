//! The queue through the real product: what is swept away by time, and workers that are killed in the middle of jobs.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{
    books::units,
    controls::{Controls, eventually},
    customer::{Customer, order, text},
    on_both,
    process::{Estate, Process},
    world::World,
};

on_both! {
    what_is_of_no_more_use_is_deleted_after_its_time,
}

const DAY_S: u32 = 24 * 3_600;

async fn rows(world: &World, table: &str) -> i64 {
    world.books.count(&format!("SELECT COUNT(*) FROM {table}")).await
}

async fn becomes(world: &World, what: &str, table: &str, left: i64) {
    eventually(what, || async { (rows(world, table).await == left).then_some(()) }).await;
}

async fn what_is_of_no_more_use_is_deleted_after_its_time(world: &World) {
    let (ada, bob) = (world.customer_with("10.00").await, world.customer_with("1.13").await);
    let quote = ada.post("quotes", json!({ "service": "whatsapp", "country": "US" })).await.is(201);
    let kept = ada.rents("telegram").await;
    let bobs = bob.rents("whatsapp").await;
    world.controls.text(&bobs, "Your WhatsApp code: 806-185", "deliver").await;
    bob.awaits(&bobs).await;
    let claims = rows(world, "idempotency_claims").await;
    bob.steps_up().await;
    bob.delete("me").await.is(204);
    assert_eq!(rows(world, "mail_tokens").await, 2, "one for each address");

    // A mailed token is good for a day, a quote for two minutes, and each is kept for a week after it.
    world.controls.advance(7 * DAY_S + 300).await;
    becomes(world, "claims go with the account", "idempotency_claims", claims - 2).await;
    becomes(world, "quotes go after a week", "quotes", 0).await;
    assert_eq!(rows(world, "mail_tokens").await, 2);
    world.controls.advance(DAY_S + 3_600).await;
    becomes(world, "mailed tokens go after a week", "mail_tokens", 0).await;
    let (sessions, tokens) = (rows(world, "sessions").await, rows(world, "refresh_tokens").await);
    // Bob's step-up had a session of its own.
    assert_eq!((sessions, tokens), (3, 3));

    // Both are good for thirty days; the one of a session that was ended stays until it expires, to be known again.
    world.controls.advance(24 * DAY_S).await;
    becomes(world, "refresh tokens go a day after they expire", "refresh_tokens", 0).await;
    assert_eq!(rows(world, "sessions").await, 3);
    world.controls.advance(14 * DAY_S).await;
    becomes(world, "sessions that were ended go 45 days later", "sessions", 1).await;
    world.controls.advance(30 * DAY_S).await;
    becomes(world, "one that expired goes 45 days after that", "sessions", 0).await;

    ada.sign_in().await;
    ada.get(&format!("quotes/{}", text(&quote, "id"))).await.refused(404, "not_found");
    assert_eq!(ada.order(&kept).await["status"], "expired");
    becomes(world, "what is done is no job any more", "jobs", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_killed_lose_no_job_and_do_none_twice_on_sqlite() {
    killed_in_the_middle(Estate::on_sqlite().await, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_killed_lose_no_job_and_do_none_twice_on_postgres() {
    if let Some(estate) = Estate::on_postgres().await {
        killed_in_the_middle(estate, 2).await;
    }
}

/// Numbers that nobody ordered: each makes a job that cancels it.
const NUMBERS: usize = 40;
const KILLS: usize = 3;
/// Cancellations between two blows, at least.
const BETWEEN: usize = 2;
/// So few calls a second that a blow always finds some to be done, and so many that the rest is done at once.
const SLOW: (&str, &str) = ("NAMASKAH_PROVIDER_NOTICES_PER_S", "2");
const FAST: (&str, &str) = ("NAMASKAH_PROVIDER_NOTICES_PER_S", "1000");

/// Numbers that the provider has given the money back for, in its own books.
async fn credited(controls: &Controls) -> usize {
    controls.purchases().await.iter().filter(|purchase| units(&purchase["credited"]) > 0).count()
}

async fn serve(estate: &Estate, instances: usize, pace: (&str, &str)) -> Vec<Process> {
    let pace = [pace];
    join_all((0..instances).map(|_| estate.product_with(&pace))).await
}

async fn kill(products: Vec<Process>) {
    for mut product in products {
        product.kill().await;
    }
}

/// Every cancellation takes effect, and its answer never comes: workers are killed while they wait for it, when the
/// provider has done what the queue does not know of.
async fn killed_in_the_middle(estate: Estate, instances: usize) {
    let controls = &estate.controls;
    let first = serve(&estate, 1, FAST).await;
    let ada = Customer::registered(&first[0].address("product"), controls).await;
    ada.deposits(controls, "10.00").await;
    ada.post("verifications", order("google")).await.is(201);
    kill(first).await;
    for _ in 0..NUMBERS {
        controls.post("control/mismatch", json!({ "kind": "bought", "service": "telegram" })).await;
    }
    controls.advance(300).await;
    controls.fault("textverified", "cancel", "timeout_after", 1_000).await;

    for _ in 0..KILLS {
        let before = credited(controls).await;
        let products = serve(&estate, instances, SLOW).await;
        eventually("more numbers are cancelled", || async {
            (credited(controls).await >= before + BETWEEN).then_some(())
        })
        .await;
        kill(products).await;
        let books = estate.books().await;
        let in_work = "SELECT COUNT(*) FROM jobs WHERE holder IS NOT NULL AND attempts > 0";
        assert!(books.count(in_work).await > 0, "they were in the middle of jobs");
        // A minute later, by the database's own time.
        books.run("UPDATE jobs SET leased_until_us = 0 WHERE holder IS NOT NULL").await;
        books.close().await;
    }
    assert!(credited(controls).await < NUMBERS, "some are still to be done");
    controls.fault("textverified", "cancel", "none", 0).await;
    let products = serve(&estate, instances, FAST).await;
    eventually("every number is cancelled", || async { (credited(controls).await == NUMBERS).then_some(()) })
        .await;
    every_effect_is_there_once(&estate).await;
    for mut product in products {
        product.ask_to_stop();
        assert!(product.ended().await.success());
    }
    estate.stop().await;
}

async fn every_effect_is_there_once(estate: &Estate) {
    let books = estate.books().await;
    eventually("no job is left", || async {
        (books.count("SELECT COUNT(*) FROM jobs").await == 0).then_some(())
    })
    .await;
    books.agree_on_money().await;
    let lines =
        books.texts("SELECT source FROM transfers WHERE source LIKE 'credit:%' ORDER BY source").await;
    let mut theirs: Vec<String> = estate.controls.purchases().await.iter().filter_map(is_credited).collect();
    theirs.sort();
    assert_eq!(lines, theirs, "one line for each credit in their books");
    assert_eq!(theirs.len(), NUMBERS);
    books.keep_promises().await;
    books.close().await;
}

fn is_credited(purchase: &Value) -> Option<String> {
    let (charged, credited) = (units(&purchase["charged"]), units(&purchase["credited"]));
    assert!(credited == 0 || credited == charged, "{purchase}");
    (credited > 0).then(|| format!("credit:{}", text(purchase, "id")))
}
