//! To whom nothing is posted: whoever had taken an account over.

use serde_json::{Value, json};

use super::{eventually, on_both, posts, takes_all, text};
use crate::{
    journeys::{customer::Customer, world::World},
    providers::canned::Canned,
};

on_both! {
    after_a_password_reset_nothing_is_posted_to_an_endpoint_that_was_made_before_it,
}

/// An order is made and cancelled, and that is in the log.
async fn something_happens_to(ada: &Customer) -> Value {
    let order = ada.rents("telegram").await;
    ada.cancels(&order).await.is(200);
    eventually("it is in the log", || async {
        let log = ada.get("events?limit=100").await.is(200);
        let is_it = |event: &&Value| {
            event["type"] == "verification.cancelled" && event["data"]["object"]["id"] == order["id"]
        };
        log["data"].as_array()?.iter().find(is_it).map(|_| ())
    })
    .await;
    order
}

/// Somebody else, to whom something happens as well. Once he is told of it, whatever happened before is given to whoever was
/// to be told.
struct Witness {
    who: Customer,
    server: Canned,
}

impl Witness {
    async fn new(world: &World) -> Self {
        let (who, server) = (world.customer_with("10.00").await, takes_all().await);
        who.has_posted_to(&server.url(), &["verification.cancelled"]).await;
        Self { who, server }
    }

    async fn is_told(&self) {
        let before = self.server.seen("POST /hook").len();
        something_happens_to(&self.who).await;
        posts(&self.server, before + 1).await;
    }
}

async fn is_mailed(world: &World, ada: &Customer, subject: &str) {
    eventually("a mail tells of it", || async {
        let mails = world.controls.look(&format!("inbox?to={}", ada.email)).await;
        let mut subjects = mails["data"].as_array()?.iter().map(|mail| &mail["subject"]);
        subjects.any(|told| told == subject).then_some(())
    })
    .await;
}

async fn after_a_password_reset_nothing_is_posted_to_an_endpoint_that_was_made_before_it(world: &World) {
    let (ada, witness) = (world.customer_with("10.00").await, Witness::new(world).await);
    let server = takes_all().await;
    let endpoint = ada.has_posted_to(&server.url(), &["verification.cancelled"]).await;
    world.controls.advance(5 * 60).await;
    is_mailed(world, &ada, "Where your webhooks go has changed").await;

    let before = world.controls.mailed_token(&ada.email, None).await;
    ada.post("auth/password/forgot", json!({ "email": ada.email })).await.is(202);
    let token = world.controls.mailed_token(&ada.email, Some(&before)).await;
    let new = "nine loud drums beat";
    ada.post("auth/password/reset", json!({ "token": token, "password": new })).await.is(204);
    ada.has_password(new);
    ada.sign_in().await;
    is_mailed(world, &ada, "A webhook endpoint was switched off").await;
    let path = format!("webhook-endpoints/{}", text(&endpoint, "id"));
    let off = ada.get(&path).await.is(200);
    assert_eq!((&off["enabled"], &off["disabled_reason"]), (&json!(false), &json!("recovered")));
    something_happens_to(&ada).await;
    witness.is_told().await;

    // It is hers, so she switches it on again, and is told of what happens from then on.
    assert_eq!(ada.patch(&path, json!({ "enabled": true })).await.is(200)["disabled_reason"], Value::Null);
    let second = something_happens_to(&ada).await;
    let told = posts(&server, 1).await;
    assert_eq!(told[0].1["data"]["object"]["id"], second["id"]);
    assert_eq!(server.seen("POST /hook").len(), 1);
}
