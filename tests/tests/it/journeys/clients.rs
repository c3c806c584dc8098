//! The typed clients: of Rust, and of TypeScript as Node runs it.

use std::path::Path;

use namaskah_client::{
    Client, Error,
    query::ListVerifications,
    schema::{NewVerification, VerificationStatus, WalletAmount, WalletAmountCurrency},
};
use serde_json::{Value, json};
use tokio::process::Command;

use super::{on_both, world::World};

on_both! {
    a_program_of_rust_buys_reads_and_cancels,
    a_program_of_typescript_buys_reads_and_cancels,
}

async fn a_program_of_rust_buys_reads_and_cancels(world: &World) {
    let ada = world.customer_with("10.00").await;
    let client = Client::new(&world.product).expect("a client").with_bearer(&ada.token("access_token"));
    assert_eq!(client.get_wallet().await.expect("a wallet").available.amount, "10.00");
    let wanted = NewVerification {
        service: "telegram".to_owned(),
        country: Some("US".to_owned()),
        max_price: Some(WalletAmount { amount: "2.00".to_owned(), currency: WalletAmountCurrency::Usd }),
        ..NewVerification::default()
    };
    let order = client.create_verification("from-rust", &wanted).await.expect("an order");
    let again = client.create_verification("from-rust", &wanted).await.expect("the same order");
    assert_eq!((order.status, &order.id), (VerificationStatus::Waiting, &again.id));
    let cancelled = client.cancel_verification(&order.id).await.expect("cancelled");
    assert_eq!(cancelled.status, VerificationStatus::Cancelled);
    let query = ListVerifications { limit: Some(5), ..ListVerifications::default() };
    let listed = client.list_verifications(&query).await.expect("a list");
    assert_eq!(listed.data.iter().map(|each| &each.id).collect::<Vec<_>>(), [&order.id]);
    let stranger = Client::new(&world.product).expect("a client");
    match stranger.get_me().await {
        Err(Error::Refused(problem)) => {
            assert_eq!((problem.status, problem.code.as_str()), (401, "unauthorized"))
        }
        other => panic!("{other:?}"),
    }
}

/// Where its programs are, compiled by `tests/run openapi typescript`.
fn compiled() -> Option<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let journey = root.join("client/typescript/dist/journey.js");
    if journey.is_file() {
        return Some(journey);
    }
    let required = std::env::var("TEST_REQUIRE_NODE").is_ok_and(|value| value == "1");
    assert!(!required, "TEST_REQUIRE_NODE is 1, and {} is not there", journey.display());
    eprintln!("skipped: the client of TypeScript is not compiled");
    None
}

async fn a_program_of_typescript_buys_reads_and_cancels(world: &World) {
    let Some(journey) = compiled() else { return };
    let ada = world.customer_with("10.00").await;
    let mut node = Command::new("node");
    let ended = node.arg(journey).args([&world.product, &ada.token("access_token")]).output().await;
    let ended = ended.expect("node runs");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let said: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    let expected = json!({
        "available": "10.00",
        "same": true,
        "status": "cancelled",
        "listed": true,
        "refused": "unauthorized",
    });
    assert_eq!(said, expected);
}
