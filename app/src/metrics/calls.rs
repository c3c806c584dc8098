//! Calls of providers: which operation, how it came out, how long it took.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_adapters::http;
use namaskah_domain::{
    Money, PaymentReference, ReservationId, Time,
    payment::{
        Charge, ChargeRequest, Checkout, GatewayDispute, GatewayError, GatewayNotice, GatewayRefund, Listed,
        OpenChargeError, PaymentGateway, RefundFailure, RefundRequest,
    },
    verification::{
        Ask, BuyFailure, Capability, IncomingMessage, Listing, NumberProvider, OpenAttempt, ProviderError,
        ProviderId, ProviderService, Reservation, ServiceCode,
    },
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use tracing::{Instrument, field::Empty};

use super::{Metrics, in_seconds};
use crate::{logging::SPANS, traces};

/// Whom payments are made through, in labels.
pub const PAYSTACK: &str = "paystack";
/// Whom numbers are bought from, in labels.
pub const TEXTVERIFIED: &str = "textverified";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    provider: &'static str,
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    provider: &'static str,
    operation: &'static str,
}

#[derive(Clone)]
pub(super) struct Calls {
    outcomes: Family<Call, Counter>,
    took: Family<Operation, Histogram, fn() -> Histogram>,
}

impl Calls {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            outcomes: Family::default(),
            took: Family::new_with_constructor(in_seconds as fn() -> Histogram),
        };
        registry.register("provider_calls", "Calls of providers by how they came out", all.outcomes.clone());
        let about = "Seconds from a call of a provider to its outcome, repetitions included";
        registry.register_with_unit("provider_call_duration", about, Unit::Seconds, all.took.clone());
        all
    }

    fn ended(&self, provider: &'static str, operation: &'static str, outcome: &'static str, took: Duration) {
        self.took.get_or_create(&Operation { provider, operation }).observe(took.as_secs_f64());
        self.outcomes.get_or_create(&Call { provider, operation, outcome }).inc();
    }
}

/// How a call came out, in a word.
trait Outcome {
    fn word(&self) -> &'static str;
}

impl Outcome for GatewayError {
    fn word(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

impl Outcome for OpenChargeError {
    fn word(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown",
            _ => "refused",
        }
    }
}

impl Outcome for RefundFailure {
    fn word(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown",
            _ => "refused",
        }
    }
}

impl Outcome for BuyFailure {
    fn word(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown",
            _ => "refused",
        }
    }
}

impl Outcome for ProviderError {
    fn word(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Refused(_) => "refused",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

impl Metrics {
    async fn call<T, E: Outcome>(
        &self,
        (provider, operation): (&'static str, &'static str),
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let span = tracing::debug_span!(
            target: SPANS, "provider_call", provider, operation, outcome = Empty, otel.kind = "client"
        );
        let begun = Instant::now();
        // A provider that collects traces may join ours; nobody else is told.
        let traceparent = traces::of(&span).map(|parent| parent.to_string());
        let answer = http::traced(traceparent, call).instrument(span.clone()).await;
        let outcome = answer.as_ref().err().map_or("ok", Outcome::word);
        span.record("outcome", outcome);
        self.0.calls.ended(provider, operation, outcome, begun.elapsed());
        answer
    }
}

/// Asks `inner`, and measures.
pub struct MeasuredGateway {
    inner: Arc<dyn PaymentGateway>,
    metrics: Metrics,
}

impl MeasuredGateway {
    /// Over any gateway.
    pub fn new(inner: Arc<dyn PaymentGateway>, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl PaymentGateway for MeasuredGateway {
    async fn open(&self, request: &ChargeRequest) -> Result<Checkout, OpenChargeError> {
        self.metrics.call((PAYSTACK, "open"), self.inner.open(request)).await
    }

    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        self.metrics.call((PAYSTACK, "verify"), self.inner.verify(reference)).await
    }

    async fn succeeded_since(&self, from: Time) -> Result<Vec<Charge>, GatewayError> {
        self.metrics.call((PAYSTACK, "list"), self.inner.succeeded_since(from)).await
    }

    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, RefundFailure> {
        self.metrics.call((PAYSTACK, "refund"), self.inner.refund(request)).await
    }

    async fn refunds_of(&self, reference: &PaymentReference) -> Result<Listed<GatewayRefund>, GatewayError> {
        self.metrics.call((PAYSTACK, "refunds_of"), self.inner.refunds_of(reference)).await
    }

    async fn refunds_since(
        &self,
        from: Time,
    ) -> Result<Listed<(PaymentReference, GatewayRefund)>, GatewayError> {
        self.metrics.call((PAYSTACK, "refunds"), self.inner.refunds_since(from)).await
    }

    async fn disputes_since(&self, from: Time) -> Result<Listed<GatewayDispute>, GatewayError> {
        self.metrics.call((PAYSTACK, "disputes"), self.inner.disputes_since(from)).await
    }

    fn read_notice(&self, body: &[u8]) -> GatewayNotice {
        self.inner.read_notice(body)
    }
}

/// Asks `inner`, and measures.
pub struct MeasuredProvider {
    inner: Arc<dyn NumberProvider>,
    metrics: Metrics,
}

impl MeasuredProvider {
    /// Over any provider.
    pub fn new(inner: Arc<dyn NumberProvider>, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl NumberProvider for MeasuredProvider {
    fn id(&self) -> ProviderId {
        self.inner.id()
    }

    fn skew(&self) -> TimeDelta {
        self.inner.skew()
    }

    fn time_out(&self) -> TimeDelta {
        self.inner.time_out()
    }

    async fn services(&self) -> Result<Vec<ProviderService>, ProviderError> {
        self.metrics.call((TEXTVERIFIED, "services"), self.inner.services()).await
    }

    async fn cost(&self, ask: &Ask) -> Result<Money, ProviderError> {
        self.metrics.call((TEXTVERIFIED, "price"), self.inner.cost(ask)).await
    }

    async fn stock(&self, service: &ServiceCode, capability: Capability) -> Result<u64, ProviderError> {
        self.metrics.call((TEXTVERIFIED, "stock"), self.inner.stock(service, capability)).await
    }

    async fn buy(&self, attempt: &OpenAttempt) -> Result<Reservation, BuyFailure> {
        self.metrics.call((TEXTVERIFIED, "buy"), self.inner.buy(attempt)).await
    }

    async fn reservation(&self, id: &ReservationId) -> Result<Reservation, ProviderError> {
        self.metrics.call((TEXTVERIFIED, "reservation"), self.inner.reservation(id)).await
    }

    async fn reservations_since(&self, from: Time) -> Result<Listing, ProviderError> {
        self.metrics.call((TEXTVERIFIED, "reservations"), self.inner.reservations_since(from)).await
    }

    async fn messages(&self, id: &ReservationId) -> Result<Vec<IncomingMessage>, ProviderError> {
        self.metrics.call((TEXTVERIFIED, "messages_of"), self.inner.messages(id)).await
    }

    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError> {
        self.metrics.call((TEXTVERIFIED, "messages"), self.inner.messages_since(from)).await
    }

    async fn cancel(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.metrics.call((TEXTVERIFIED, "cancel"), self.inner.cancel(id)).await
    }

    async fn report(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.metrics.call((TEXTVERIFIED, "report"), self.inner.report(id)).await
    }

    async fn balance(&self) -> Result<Money, ProviderError> {
        self.metrics.call((TEXTVERIFIED, "balance"), self.inner.balance()).await
    }

    fn read_notice(&self, body: &[u8]) -> Vec<IncomingMessage> {
        self.inner.read_notice(body)
    }
}
