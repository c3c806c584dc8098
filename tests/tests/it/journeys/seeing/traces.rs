//! Traces, as a collector gets them.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value as AnyValue,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Customer, Estate, Process, estates, stop, text};
use crate::{
    journeys::controls::eventually,
    providers::canned::{Canned, Request, answer},
};

estates! {
    one_trace_leads_from_a_request_to_its_commit_and_to_the_provider,
    one_trace_leads_from_a_request_to_its_job_and_to_what_the_job_calls,
    one_trace_leads_from_a_request_to_the_webhook_that_tells_of_it_and_the_receiver_is_not_told,
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
/// Tests speak as a proxy that has begun the trace.
const BEHIND: (&str, &str) = ("NAMASKAH_TRUSTED_PROXIES", "127.0.0.1/32");

/// Every span that a collector has got, with the service that sent it.
fn spans(collector: &Canned) -> Vec<Span> {
    let mut all = Vec::new();
    for request in collector.seen("POST /v1/traces") {
        assert_eq!(request.headers["content-type"], "application/x-protobuf");
        let sent = ExportTraceServiceRequest::decode(&request.bytes[..]).expect("OTLP");
        for resource in sent.resource_spans {
            let attributes = resource.resource.expect("a resource").attributes;
            assert!(attributes.iter().any(|attribute| attribute.key == "service.name"), "{attributes:?}");
            all.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    all
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        AnyValue::StringValue(text) => Some(text.clone()),
        AnyValue::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

/// The spans of a trace.
fn of_trace(spans: &[Span], trace: &str) -> Vec<Span> {
    spans.iter().filter(|span| hex::encode(&span.trace_id) == trace).cloned().collect()
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name} in {spans:#?}"))
}

async fn one_trace_leads_from_a_request_to_its_commit_and_to_the_provider(estate: Estate) {
    let collector = Canned::start(|_| answer(200, Vec::new())).await;
    let otlp = collector.url();
    let token = ("NAMASKAH_OTLP_TOKEN", "collector-s-own");
    let product = estate.product_with(&[("NAMASKAH_OTLP_ENDPOINT", otlp.as_str()), token, BEHIND]).await;
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    ada.deposits(&estate.controls, "10.00").await;
    let asked = ada.request(reqwest::Method::POST, "verifications").header("idempotency-key", "traced");
    let asked = asked.header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
    let placed = asked.json(&super::order("telegram")).send().await.expect("an answer");
    assert_eq!(placed.status(), 201);
    let placed: Value = placed.json().await.expect("an order");
    let (number, user) = (text(&placed, "phone_number"), text(&ada.get("me").await.is(200), "id"));
    stop(product).await;
    let all = spans(&collector);
    let sent = collector.seen("POST /v1/traces");
    assert!(sent.iter().all(|request| request.headers["authorization"] == "Bearer collector-s-own"));
    let ours = of_trace(&all, TRACE);
    let request = named(&ours, "POST /api/v1/verifications");
    assert_eq!(hex::encode(&request.parent_span_id), CALLER);
    assert_eq!(request.kind, SpanKind::Server as i32);
    assert_eq!(attribute(request, "http.response.status_code").as_deref(), Some("201"));
    assert_eq!(attribute(request, "http.route").as_deref(), Some("/api/v1/verifications"));
    assert_eq!(attribute(request, "user"), Some(user));
    let commits: Vec<&Span> = ours.iter().filter(|span| span.name == "commit").collect();
    assert!(commits.len() >= 2, "money is held, and the number is bound: {ours:#?}");
    assert!(commits.iter().all(|span| attribute(span, "outcome").as_deref() == Some("applied")));
    let bought = ours.iter().find(|span| attribute(span, "operation").as_deref() == Some("buy"));
    let bought = bought.unwrap_or_else(|| panic!("a purchase in {ours:#?}"));
    assert_eq!((bought.kind, bought.name.as_str()), (SpanKind::Client as i32, "provider_call"));
    // Everything hangs together below the request.
    for span in ours.iter().filter(|span| span.span_id != request.span_id) {
        assert!(ours.iter().any(|parent| parent.span_id == span.parent_span_id), "{span:#?}");
        assert!(span.events.is_empty(), "no lines of the log: {span:#?}");
    }
    let told = format!("{all:?}");
    assert!(!told.contains(&number) && !told.contains(&ada.email), "{told}");
    estate.stop().await;
}

/// Whoever could name a trace could have it collected, or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_that_a_client_has_named_does_not_go_on() {
    let estate = Estate::on_sqlite().await;
    let collector = Canned::start(|_| answer(200, Vec::new())).await;
    let otlp = collector.url();
    let elsewhere = ("NAMASKAH_TRUSTED_PROXIES", "192.0.2.0/24");
    let product = estate.product_with(&[("NAMASKAH_OTLP_ENDPOINT", otlp.as_str()), elsewhere]).await;
    let client = Customer::stranger(&product.address("product"));
    let asked = within(client.request(Method::GET, "wallet")).header("x-forwarded-for", "192.0.2.7");
    assert_eq!(asked.send().await.expect("an answer").status(), 401);
    stop(product).await;
    let all = spans(&collector);
    assert!(of_trace(&all, TRACE).is_empty(), "{all:#?}");
    let request = named(&all, "GET /api/v1/wallet");
    assert!(request.parent_span_id.is_empty() && request.trace_id.len() == 16, "{request:#?}");
    assert_ne!(attribute(request, "trace_id").as_deref(), Some(TRACE));
    estate.stop().await;
}

async fn one_trace_leads_from_a_request_to_its_job_and_to_what_the_job_calls(estate: Estate) {
    let collector = Canned::start(|_| answer(200, Vec::new())).await;
    let otlp = collector.url();
    let product = estate.product_with(&[("NAMASKAH_OTLP_ENDPOINT", otlp.as_str()), BEHIND]).await;
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    ada.deposits(&estate.controls, "10.00").await;
    let placed = ada.rents("telegram").await;
    estate.controls.text(&placed, "Telegram code 51234", "deliver").await;
    ada.order_becomes(&placed, "completed").await;
    let path = format!("verifications/{}/report", text(&placed, "id"));
    let asked = ada.request(reqwest::Method::POST, &path).json(&json!({ "reason": "wrong_code" }));
    let asked = asked.header("traceparent", format!("00-{TRACE}-{CALLER}-00"));
    assert_eq!(asked.send().await.expect("an answer").status(), 200);
    // The job is in the commit that was just answered; it waits for a credit, and is due later.
    nothing_is_due(&product, "jobs_due{lane=\"provider\"}").await;
    stop(product).await;
    let ours = of_trace(&spans(&collector), TRACE);
    let request = named(&ours, "POST /api/v1/verifications/{id}/report");
    let job = named(&ours, "job");
    assert_eq!(job.kind, SpanKind::Consumer as i32);
    assert_eq!(attribute(job, "lane").as_deref(), Some("end_reservation"));
    let commit = ours.iter().find(|span| span.span_id == job.parent_span_id).expect("what queued it");
    assert_eq!((commit.name.as_str(), &commit.parent_span_id), ("commit", &request.span_id));
    let asked = ours.iter().filter(|span| span.parent_span_id == job.span_id);
    assert!(asked.clone().count() > 0 && asked.clone().all(|span| span.name == "provider_call"), "{ours:#?}");
    estate.stop().await;
}

/// Everything of a kind was tried, and is due later or done.
async fn nothing_is_due(product: &Process, what: &str) {
    let (metrics, none) = (format!("{}/metrics", product.address("product")), format!("namaskah_{what} 0"));
    eventually("all is tried", || async {
        let text = reqwest::get(&metrics).await.ok()?.text().await.ok()?;
        text.contains(&none).then_some(())
    })
    .await;
}

/// What a receiver is sent: what HTTP needs, and what is promised.
const TOLD: [&str; 8] = [
    "accept",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// Where tests listen.
const LOOPBACK: (&str, &str) = ("NAMASKAH_OUTBOUND_ALLOW", "127.0.0.1/32");

fn within(request: RequestBuilder) -> RequestBuilder {
    request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
}

/// Somebody orders a number in the trace, of which an endpoint of his is to be told, and is.
async fn orders_in_the_trace(estate: &Estate, product: &Process, receiver: &Canned) -> (Customer, Value) {
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    ada.deposits(&estate.controls, "10.00").await;
    let wish = json!({ "url": format!("{}/hook", receiver.url()), "events": ["verification.waiting"] });
    ada.post("webhook-endpoints", wish).await.is(201);
    let asked = ada.request(Method::POST, "verifications").header("idempotency-key", "traced");
    let placed = within(asked).json(&super::order("telegram")).send().await.expect("an answer");
    assert_eq!(placed.status(), 201);
    eventually("it is told", || async { (!receiver.seen("POST /hook").is_empty()).then_some(()) }).await;
    (ada, placed.json().await.expect("an order"))
}

/// A receiver that refuses until it is told otherwise.
async fn receiver() -> (Canned, Arc<AtomicBool>) {
    let takes = Arc::new(AtomicBool::new(false));
    let told = takes.clone();
    let reply = move |_: &Request| answer(if told.load(Ordering::Relaxed) { 204 } else { 503 }, "");
    (Canned::start(reply).await, takes)
}

/// From now on it takes everything; an hour later it has taken what it was told before.
async fn takes_at_last(estate: &Estate, (receiver, takes): &(Canned, Arc<AtomicBool>)) {
    let before = receiver.seen("POST /hook").len();
    takes.store(true, Ordering::Relaxed);
    estate.controls.advance(3_600).await;
    eventually("it is told again", || async { (receiver.seen("POST /hook").len() > before).then_some(()) })
        .await;
}

/// How tries of webhooks were answered, each a span below a commit of `commits`.
fn tries(ours: &[Span], commits: &[Span]) -> Vec<Option<String>> {
    let tries = ours.iter().filter(|span| span.name == "webhook");
    let status = |span: &Span| {
        let commit = commits.iter().find(|commit| commit.span_id == span.parent_span_id);
        assert_eq!(commit.map(|commit| commit.name.as_str()), Some("commit"), "{span:#?}");
        assert_eq!(span.kind, SpanKind::Client as i32);
        attribute(span, "status")
    };
    tries.map(status).collect()
}

async fn one_trace_leads_from_a_request_to_the_webhook_that_tells_of_it_and_the_receiver_is_not_told(
    estate: Estate,
) {
    let collector = Canned::start(|_| answer(200, Vec::new())).await;
    let receiver = receiver().await;
    let otlp = collector.url();
    let product = estate.product_with(&[("NAMASKAH_OTLP_ENDPOINT", otlp.as_str()), LOOPBACK, BEHIND]).await;
    orders_in_the_trace(&estate, &product, &receiver.0).await;
    takes_at_last(&estate, &receiver).await;
    stop(product).await;
    let ours = of_trace(&spans(&collector), TRACE);
    let answers = tries(&ours, &ours);
    let as_text: Vec<&str> = answers.iter().flatten().map(String::as_str).collect();
    assert_eq!((as_text.first(), as_text.last()), (Some(&"503"), Some(&"204")));
    for request in receiver.0.seen("") {
        let mut names: Vec<&str> = request.headers.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, TOLD);
    }
    estate.stop().await;
}

/// One has answered the request and goes; the other goes on with what it has left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_does_is_in_the_trace_of_the_request_that_caused_it() {
    let Some(estate) = Estate::on_postgres().await else { return };
    let (here, there) = (Canned::start(|_| answer(200, "")).await, Canned::start(|_| answer(200, "")).await);
    let (receiver, urls) = (receiver().await, [here.url(), there.url()]);
    let first = estate.product_with(&[("NAMASKAH_OTLP_ENDPOINT", urls[0].as_str()), LOOPBACK, BEHIND]).await;
    let second = estate.product_with(&[("NAMASKAH_OTLP_ENDPOINT", urls[1].as_str()), LOOPBACK, BEHIND]).await;
    let (ada, placed) = orders_in_the_trace(&estate, &first, &receiver.0).await;
    estate.controls.text(&placed, "Telegram code 51234", "deliver").await;
    ada.order_becomes(&placed, "completed").await;
    let path = format!("verifications/{}/report", text(&placed, "id"));
    let asked = ada.request(Method::POST, &path).json(&json!({ "reason": "wrong_code" }));
    assert_eq!(within(asked).send().await.expect("an answer").status(), 200);
    stop(first).await;
    takes_at_last(&estate, &receiver).await;
    nothing_is_due(&second, "jobs_due{lane=\"provider\"}").await;
    stop(second).await;
    let (here, there) = (of_trace(&spans(&here), TRACE), of_trace(&spans(&there), TRACE));
    let request = named(&here, "POST /api/v1/verifications/{id}/report");
    assert!(there.iter().all(|span| span.kind != SpanKind::Server as i32), "{there:#?}");
    assert_eq!(tries(&there, &here).last(), Some(&Some("204".to_owned())));
    let is_of_provider = |span: &&Span| attribute(span, "lane").as_deref() == Some("end_reservation");
    let job = there.iter().find(is_of_provider).unwrap_or_else(|| panic!("a job in {there:#?}"));
    let commit = here.iter().find(|span| span.span_id == job.parent_span_id).expect("what queued it");
    assert_eq!((commit.name.as_str(), &commit.parent_span_id), ("commit", &request.span_id));
    estate.stop().await;
}
