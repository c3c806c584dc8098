//! Traces: what a request led to, as spans that are sent to an OpenTelemetry collector.
//!
//! Only spans of ours are sent ([`SPANS`]), with their fields and nothing of the lines that are logged within them: their
//! fields are names of operations, outcomes, templates and identifiers of requests and users.

mod delivering;
mod export;

pub use delivering::TracedDelivery;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use namaskah_domain::{Fault, TraceParent};
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider},
};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use poem::http::{Method, StatusCode};
use secrecy::SecretString;
use tracing::{Level, Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{
    Layer,
    filter::{FilterFn, LevelFilter, filter_fn},
};

use crate::{
    config::Mode,
    logging::{BoxedLayer, SPANS},
};

/// How long a process that stops waits for the last spans.
const TO_STOP: Duration = Duration::from_secs(5);

/// True once spans are collected.
static COLLECTED: AtomicBool = AtomicBool::new(false);

/// Where spans go.
#[derive(Debug)]
pub struct Collector {
    /// Of the collector, without `/v1/traces`.
    pub endpoint: String,
    /// Sent along as a bearer token.
    pub token: Option<SecretString>,
    /// Of a thousand traces, so many are sent.
    pub per_mille: u32,
}

/// Traces of this process.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends spans to the collector from now on. Within a runtime.
    ///
    /// # Errors
    /// If the collector's address cannot be used.
    pub fn start(collector: &Collector, mode: Mode) -> Result<Self, Fault> {
        let resource = Resource::builder_empty().with_service_name("namaskah").with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("deployment.environment.name", mode.name()),
        ]);
        // By the trace's identifier alone: every span of a trace is judged alike, in whichever process. Nobody chooses one
        // but us and proxies that are trusted, so no client decides what is collected.
        let share = f64::from(collector.per_mille) / 1_000.0;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(export::exporter(collector)?)
            .with_sampler(Sampler::TraceIdRatioBased(share))
            .with_resource(resource.build())
            .build();
        COLLECTED.store(true, Ordering::Relaxed);
        Ok(Self(provider))
    }

    /// What makes spans of ours into spans of traces.
    pub fn layer(&self) -> BoxedLayer {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("namaskah"))
            .with_context_activation(false)
            .with_tracked_inactivity(false)
            .with_threads(false)
            .with_target(false)
            .with_location(false);
        Box::new(layer.with_filter(ours()))
    }

    /// Sends what is left.
    pub async fn stop(self) {
        // It waits for a thread of its own, which needs this runtime to send.
        let stopped = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(TO_STOP)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("spans were not all taken in time");
        }
    }
}

/// Lets spans of ours through, those within a request too that no line needs.
fn ours() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    fn is_ours(metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == SPANS && *metadata.level() <= Level::DEBUG
    }
    filter_fn(is_ours as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::DEBUG)
}

/// Makes a new span a part of the trace that `parent` belongs to.
pub fn join(span: &Span, parent: TraceParent) {
    let flags = if parent.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    let (trace, place) = (TraceId::from(parent.trace()), SpanId::from(parent.span()));
    let remote = SpanContext::new(trace, place, flags, true, TraceState::NONE);
    // Without a collector there is nothing to join.
    let _ = span.set_parent(Context::new().with_remote_span_context(remote));
}

/// The place of a span in its trace; `None` without a collector.
pub fn of(span: &Span) -> Option<TraceParent> {
    if !COLLECTED.load(Ordering::Relaxed) {
        return None;
    }
    let context = span.context();
    let place = context.span().span_context().clone();
    let (trace, span) = (u128::from_be_bytes(place.trace_id().to_bytes()), place.span_id().to_bytes());
    TraceParent::new(trace, u64::from_be_bytes(span), place.is_sampled())
}

/// The place of what runs now.
pub fn here() -> Option<TraceParent> {
    of(&Span::current())
}

/// The trace of a new request: the one that it came with, or another.
pub fn begun(span: &Span, came_with: Option<TraceParent>) -> String {
    if COLLECTED.load(Ordering::Relaxed) {
        // Before anything else is said of it: that is when it may be.
        span.record("otel.kind", "server");
    }
    if let Some(parent) = came_with {
        join(span, parent);
    }
    let trace = of(span).or(came_with).map_or_else(random, TraceParent::trace);
    format!("{trace:032x}")
}

/// Makes a new span a part of the trace that has caused what it does, if that is known. `kind` is OpenTelemetry's.
pub fn caused(span: &Span, cause: Option<TraceParent>, kind: &'static str) {
    if COLLECTED.load(Ordering::Relaxed) {
        span.record("otel.kind", kind);
        if let Some(cause) = cause {
            join(span, cause);
        }
    }
}

fn random() -> u128 {
    let mut bytes = [0u8; 16];
    // Without randomness lines of several requests have one trace, and each its own request id.
    let _ = getrandom::fill(&mut bytes);
    u128::from_be_bytes(bytes)
}

/// Says of a request's span how it was answered.
pub fn answered(span: &Span, method: &Method, route: Option<&str>, status: StatusCode) {
    if !COLLECTED.load(Ordering::Relaxed) {
        return;
    }
    let context = span.context();
    let told = context.span();
    told.update_name(format!("{method} {}", route.unwrap_or("other")));
    told.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if let Some(route) = route {
        told.set_attribute(KeyValue::new("http.route", route.to_owned()));
    }
    if status.is_server_error() {
        told.set_status(Status::error(""));
    }
}
