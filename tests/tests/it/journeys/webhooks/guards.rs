//! To whom nothing is posted: whoever had taken an account over, the suspended, and whom staff says.

use serde_json::{Value, json};

use super::{eventually, on_both, posts, takes_all, text};
use crate::{
    journeys::{
        admin::{id_of, owner},
        customer::Customer,
        world::World,
    },
    providers::canned::Canned,
};

on_both! {
    after_a_password_reset_nothing_is_posted_to_an_endpoint_that_was_made_before_it,
    nothing_is_posted_for_a_suspended_user,
    staff_switches_an_endpoint_off_for_a_reason_and_on_again,
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

async fn nothing_is_posted_for_a_suspended_user(world: &World) {
    let owner = owner(world).await;
    let ada = world.customer_with("10.00").await;
    let server = takes_all().await;
    ada.has_posted_to(&server.url(), &["verification.completed"]).await;
    let order = ada.rents("telegram").await;
    let user = format!("admin/users/{}", id_of(&ada).await);
    owner.who.post(&format!("{user}/suspend"), json!({ "reason": "spam" })).await.is(200);
    world.controls.text(&order, "code 445566", "deliver").await;
    let held = "SELECT COUNT(*) FROM webhook_endpoints WHERE rests_until_us IS NOT NULL";
    eventually("it was to be told, and is not", || async {
        (world.books.count(held).await == 1).then_some(())
    })
    .await;
    let waiting = "SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'waiting' AND attempts = 0";
    assert_eq!(world.books.count(waiting).await, 1);
    assert_eq!(server.seen("POST").len(), 0);
    owner.who.post(&format!("{user}/unsuspend"), Value::Null).await.is(200);
    let (_, body) = posts(&server, 1).await.remove(0);
    assert_eq!(body["data"]["object"]["id"], order["id"]);
}

async fn staff_switches_an_endpoint_off_for_a_reason_and_on_again(world: &World) {
    let (owner, ada) = (owner(world).await, world.customer_with("10.00").await);
    let server = takes_all().await;
    let endpoint = ada.has_posted_to(&server.url(), &["verification.cancelled"]).await;
    let (user, id) = (id_of(&ada).await, text(&endpoint, "id"));
    let listed = owner.who.get(&format!("admin/users/{user}/webhook-endpoints")).await.is(200);
    let shown = &listed["data"][0];
    assert_eq!((&shown["id"], &shown["host"]), (&endpoint["id"], &json!("127.0.0.1")));
    assert!(!listed.to_string().contains("hidden"), "{listed}");

    let switch = format!("admin/webhook-endpoints/{id}");
    let why = json!({ "reason": "posts to a stranger" });
    let off = owner.who.post(&format!("{switch}/off"), why).await.is(200);
    assert_eq!((&off["enabled"], &off["disabled_reason"]), (&json!(false), &json!("by_staff")));
    let line = owner.newest_line(&user).await;
    assert_eq!(
        (&line["action"], &line["after"]["reason"], &line["after"]["endpoint"]),
        (&json!("user.webhook_switched_off"), &json!("posts to a stranger"), &endpoint["id"])
    );
    is_mailed(world, &ada, "A webhook endpoint was switched off").await;
    let path = format!("webhook-endpoints/{id}");
    assert_eq!(ada.get(&path).await.is(200)["disabled_reason"], "by_staff");
    ada.patch(&path, json!({ "enabled": true })).await.refused(409, "webhook_endpoint_off");
    ada.post(&format!("{path}/test"), Value::Null).await.refused(409, "webhook_endpoint_off");
    let on = owner.who.post(&format!("{switch}/on"), Value::Null).await.is(200);
    assert_eq!((&on["enabled"], &on["disabled_reason"]), (&json!(true), &Value::Null));
    assert_eq!(owner.newest_line(&user).await["action"], "user.webhook_switched_on");
    something_happens_to(&ada).await;
    posts(&server, 1).await;
    let nowhere = "admin/webhook-endpoints/whe_00000000000000000000000000/on";
    owner.who.post(nowhere, Value::Null).await.refused(404, "not_found");
}
