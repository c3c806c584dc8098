//! How the service does, as everybody is told.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah::http::status::StatusBoard;
use namaskah_domain::{
    Clock, Fault, Time,
    memory::{FakeNumberProvider, FakePaymentGateway, ManualClock, MemoryStore},
    payment::WatchedGateway,
    status::{Condition, StatusPorts, StatusService},
    verification::{CurrentTerms, Terms, Watched},
};
use serde_json::json;

use crate::given::{body, world};

/// A board over these.
pub fn board(
    store: &Arc<MemoryStore>,
    numbers: &Arc<Watched>,
    gateway: &Arc<FakePaymentGateway>,
    terms: &Arc<dyn CurrentTerms>,
    clock: &Arc<dyn Clock>,
) -> Arc<StatusBoard> {
    let payments = Arc::new(WatchedGateway::new(gateway.clone(), clock.clone()));
    let (terms, clock) = (terms.clone(), clock.clone());
    let ports = StatusPorts { orders: store.clone(), terms, numbers: numbers.clone(), payments, clock };
    Arc::new(StatusBoard::new(Arc::new(StatusService::new(ports))))
}

#[tokio::test]
async fn whoever_asks_without_a_credential_is_told_and_may_keep_it_for_half_a_minute() {
    let world = world().await;
    for path in ["/status", "/status.json"] {
        let answer = world.get(path).await;
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.headers()["cache-control"], "public, max-age=30");
        let told = body(answer, 200).await;
        assert_eq!((&told["status"], &told["services"]), (&json!("operational"), &json!([])), "{told}");
        assert_eq!(told["parts"].as_array().map(Vec::len), Some(3), "{told}");
    }
}

#[tokio::test]
async fn a_browser_is_shown_a_page_that_runs_nothing() {
    let world = world().await;
    let browser = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";
    let answer = world.request("GET", "/status").header("accept", browser).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(answer.headers()["vary"], "accept");
    let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    let page = answer.text().await.expect("a page");
    assert!(page.contains("Everything works.") && !page.contains("<script"), "{page}");
}

/// A database that does not answer.
struct Away;

#[async_trait]
impl CurrentTerms for Away {
    async fn current(&self, _: Time) -> Result<Arc<Terms>, Fault> {
        Err(Fault::new("no answer"))
    }

    async fn forget(&self) {}
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_told_to_work() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let numbers = Arc::new(Watched::new(Arc::new(FakeNumberProvider::new(clock.clone())), clock.clone()));
    let gateway = Arc::new(FakePaymentGateway::new(clock.clone()));
    let payments = Arc::new(WatchedGateway::new(gateway, clock.clone()));
    let (orders, terms) = (Arc::new(MemoryStore::new()), Arc::new(Away));
    let status = StatusService::new(StatusPorts { orders, terms, numbers, payments, clock }).status().await;
    let conditions = status.parts.map(|(_, condition)| condition);
    assert_eq!(conditions, [Condition::Down, Condition::Unknown, Condition::Unknown]);
    assert_eq!((status.condition(), status.services), (Condition::Down, None));
}
