//! Rate limits: each class of routes has one, it is reached, and says how long to wait.

use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    controls::Controls,
    customer::{Answer, Customer, order, payment, text},
    process::Estate,
    world::World,
};

/// Asks until the limit is reached. The answers before it are whatever they are, but not 429.
async fn reaches(class: &str, quota: usize, at_once: usize, ask: impl AsyncFn() -> Answer) {
    let answers: Vec<Answer> =
        stream::iter(0..=quota).map(|_| ask()).buffer_unordered(at_once).collect().await;
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty(), "{class}: {} are let in", answers.len());
    let let_in = answers.len() - refused.len();
    // What the journey and the simulators did before counts too, but not more than a few.
    assert!(let_in <= quota && let_in + 20 > quota, "{class}: {let_in} of {quota} are let in");
    for answer in refused {
        assert_eq!(answer.problem()["code"], "rate_limited", "{class}");
        let wait: u64 = answer.header("retry-after").and_then(|wait| wait.parse().ok()).expect("a wait");
        assert!((1..=3_900).contains(&wait), "{class}: {wait} s");
        assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"), "{class}");
        let policy = answer.header("ratelimit-policy").expect("a policy");
        assert!(policy.contains(&format!("\"{class}\"")), "{class}: {policy}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_class_of_routes_reaches_its_limit() {
    let world = World::on_sqlite(&[("limit_factor", "1")]).await;
    world.play(async |world: &World| reach_every_limit(&world.product, &world.controls).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_class_of_routes_reaches_its_limit_in_the_binary() {
    let estate = Estate::on_sqlite().await;
    let mut product = estate.product_with(&[("NAMASKAH_LIMIT_FACTOR", "1")]).await;
    reach_every_limit(&product.address("product"), &estate.controls).await;
    product.ask_to_stop();
    assert!(product.ended().await.success());
    estate.stop().await;
}

async fn reach_every_limit(product: &str, controls: &Controls) {
    let ada = Customer::registered(product, controls).await;
    ada.deposits(controls, "50.00").await;
    let order_id = text(&ada.rents("telegram").await, "id");
    let path = format!("verifications/{order_id}");
    reaches("status", 60, 8, async || ada.get(&path).await).await;
    reaches("purchase", 10, 4, async || ada.post("verifications", order("telegram")).await).await;
    reaches("payments", 5, 1, async || ada.post("payments", payment("1.00")).await).await;
    reaches("default", 100, 8, async || ada.get("me").await).await;

    let stranger = Customer::stranger(product);
    reaches("login", 5, 1, async || stranger.post("auth/login", stranger.credentials()).await).await;
    // Another name from the same address is another limit; an address that is only claimed is not believed.
    let claimed = stranger.request(Method::POST, "auth/login").header("x-forwarded-for", "203.0.113.9");
    Answer::of(claimed.json(&stranger.credentials())).await.refused(429, "rate_limited");
    let other = json!({ "email": "other@example.com", "password": "seven quiet lanterns" });
    stranger.post("auth/login", other).await.refused(401, "invalid_credentials");

    let mail = json!({ "email": stranger.email });
    reaches("register", 3, 1, async || stranger.post("auth/password/forgot", mail.clone()).await).await;
    stranger.post("auth/register", stranger.credentials()).await.refused(429, "rate_limited");
    reaches("system", 600, 8, async || stranger.get("/healthz").await).await;
    reaches("hooks", 3_000, 16, async || stranger.post("hooks/paystack", Value::Null).await).await;
}
