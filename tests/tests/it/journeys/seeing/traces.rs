//! Traces, as a collector gets them.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value as AnyValue,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message;
use serde_json::{Value, json};

use super::{Customer, Estate, estates, stop, text};
use crate::{
    journeys::controls::eventually,
    providers::canned::{Canned, answer},
};

estates! {
    one_trace_leads_from_a_request_to_its_commit_and_to_the_provider,
    one_trace_leads_from_a_request_to_its_job_and_to_what_the_job_calls,
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

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
    let settings =
        [("NAMASKAH_OTLP_ENDPOINT", collector.url()), ("NAMASKAH_OTLP_TOKEN", "collector-s-own".to_owned())];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let product = estate.product_with(&settings).await;
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

async fn one_trace_leads_from_a_request_to_its_job_and_to_what_the_job_calls(estate: Estate) {
    let collector = Canned::start(|_| answer(200, Vec::new())).await;
    let product = estate.product_with(&[("NAMASKAH_OTLP_ENDPOINT", &collector.url())]).await;
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
    let metrics = format!("{}/metrics", product.address("product"));
    eventually("the job is tried", || async {
        let text = reqwest::get(&metrics).await.ok()?.text().await.ok()?;
        text.contains("namaskah_jobs_due{lane=\"provider\"} 0").then_some(())
    })
    .await;
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
