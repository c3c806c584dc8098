//! News: long poll and server-sent events.

use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    customer::{Customer, text},
    on_both,
    world::World,
};

on_both! {
    a_long_poll_answers_at_once_when_there_is_news,
    a_long_poll_answers_on_the_next_change,
    a_stream_tells_everything_and_goes_on_after_the_last_event_seen,
    a_stream_of_all_orders_tells_each_owner_his_own,
}

/// An event as it was sent.
#[derive(Debug)]
pub struct Told {
    pub id: String,
    kind: String,
    data: Value,
}

/// Reads events until one of them is of `last`, or gives up with the client's own limit.
pub async fn read_until(customer: &Customer, path: &str, seen: Option<&str>, last: &str) -> Vec<Told> {
    let mut request = customer.request(Method::GET, path);
    if let Some(seen) = seen {
        request = request.header("Last-Event-ID", seen);
    }
    let response = request.send().await.expect("a stream");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut chunks = response.bytes_stream();
    let (mut buffer, mut told) = (String::new(), Vec::new());
    while let Some(chunk) = chunks.next().await {
        buffer.push_str(std::str::from_utf8(&chunk.expect("a chunk")).expect("UTF-8"));
        while let Some((block, rest)) = buffer.split_once("\n\n") {
            told.extend(parse(block));
            buffer = rest.to_owned();
            if told.last().is_some_and(|event: &Told| event.kind == last) {
                return told;
            }
        }
    }
    panic!("the stream ended before {last}: {told:?}");
}

fn parse(block: &str) -> Option<Told> {
    let field = |name: &str| {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines.map(|value| value.strip_prefix(' ').unwrap_or(value)).next().map(str::to_owned)
    };
    let data = serde_json::from_str(&field("data")?).expect("JSON");
    Some(Told { id: field("id").expect("an id"), kind: field("event").expect("a type"), data })
}

fn kinds(told: &[Told]) -> Vec<&str> {
    told.iter().map(|event| event.kind.as_str()).collect()
}

async fn a_long_poll_answers_at_once_when_there_is_news(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    let path = format!("verifications/{}", text(&order, "id"));
    let started = std::time::Instant::now();
    // An older version is known, or the order has ended: nothing to wait for.
    let known = ada.get(&format!("{path}?wait=25&version=1")).await.is(200);
    assert_eq!(known["version"], order["version"]);
    ada.cancels(&order).await.is(200);
    let ended = ada.get(&format!("{path}?wait=25")).await.is(200);
    assert_eq!(ended["status"], "cancelled");
    assert!(started.elapsed().as_secs() < 20, "it waited: {:?}", started.elapsed());
    for wrong in ["wait=26", "wait=-1", "wait=x", "wait=1.5", "version=0", "version=x"] {
        ada.get(&format!("{path}?{wrong}")).await.refused(422, "invalid_request");
    }
}

async fn a_long_poll_answers_on_the_next_change(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    let (seen, ()) =
        tokio::join!(ada.awaits(&order), world.controls.text(&order, "Telegram code 51234", "deliver"));
    assert_eq!((&seen["status"], &seen["messages"][0]["code"]), (&json!("completed"), &json!("51234")));
}

async fn a_stream_tells_everything_and_goes_on_after_the_last_event_seen(world: &World) {
    let ada = world.customer_with("10.00").await;
    let order = ada.rents("telegram").await;
    let path = format!("verifications/{}/events", text(&order, "id"));
    let first = read_until(&ada, &path, None, "verification.waiting").await;
    assert_eq!(kinds(&first), ["verification.requested", "verification.waiting"]);
    let seen = &first[1].id;
    let (rest, ()) = tokio::join!(
        read_until(&ada, &path, Some(seen), "verification.completed"),
        world.controls.text(&order, "Telegram code 51234", "deliver"),
    );
    assert_eq!(
        rest.last().map(|event| &event.data["data"]["object"]["messages"][0]["code"]),
        Some(&json!("51234"))
    );
    assert!(rest.iter().all(|event| event.id.parse::<i64>().ok() > seen.parse().ok()), "{rest:?}");
    // Again from the same place, and from the beginning: the same, in the same order.
    let again = read_until(&ada, &path, Some(seen), "verification.completed").await;
    assert_eq!(kinds(&again), kinds(&rest));
    let all = read_until(&ada, &path, Some("0"), "verification.completed").await;
    assert_eq!(all.len(), first.len() + rest.len());
    let sequences: Vec<i64> =
        all.iter().map(|event| event.data["sequence"].as_i64().expect("a sequence")).collect();
    assert!(sequences.is_sorted());
    assert_eq!(sequences.first().map(ToString::to_string).as_ref(), Some(&all[0].id));
}

async fn a_stream_of_all_orders_tells_each_owner_his_own(world: &World) {
    let (ada, bob) = (world.customer_with("10.00").await, world.customer_with("10.00").await);
    let his = bob.rents("telegram").await;
    let mine = ada.rents("telegram").await;
    bob.cancels(&his).await.is(200);
    ada.cancels(&mine).await.is(200);
    let told = read_until(&ada, "events/stream", Some("0"), "verification.cancelled").await;
    let orders = ["verification.requested", "verification.waiting", "verification.cancelled"];
    assert_eq!(kinds(&told), ["payment.succeeded", orders[0], orders[1], orders[2]]);
    let payment = ada.get("payments").await.is(200)["data"][0]["id"].clone();
    assert_eq!(told[0].data["data"]["object"]["id"], payment);
    for event in &told[1..] {
        assert_eq!(event.data["data"]["object"]["id"], mine["id"]);
    }
    let wrong = ada.request(Method::GET, "events/stream").header("Last-Event-ID", "abc");
    super::customer::Answer::of(wrong).await.refused(400, "malformed_request");
}
