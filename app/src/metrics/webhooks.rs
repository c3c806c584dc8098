//! Deliveries of webhooks: how each try came out, and how long it took.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use namaskah_domain::outbound::{Answer, CallError, Destination, OutboundCall, OutboundClient};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::{Metrics, in_seconds};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone)]
pub(super) struct Tries {
    outcomes: Family<Outcome, Counter>,
    took: Histogram,
}

impl Tries {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self { outcomes: Family::default(), took: in_seconds() };
        registry.register(
            "webhook_attempts",
            "Tries of deliveries by how they came out",
            all.outcomes.clone(),
        );
        let about = "Seconds from a try of a delivery to its outcome";
        registry.register_with_unit("webhook_attempt_duration", about, Unit::Seconds, all.took.clone());
        all
    }
}

const fn outcome(answer: &Result<Answer, CallError>) -> &'static str {
    match answer {
        Ok(Answer { status: 200..=299, .. }) => "delivered",
        Ok(Answer { status: 300..=399, .. }) => "redirected",
        Ok(Answer { status: 500.., .. }) => "failed",
        Ok(_) => "refused",
        Err(CallError::Refused(_)) => "forbidden",
        Err(CallError::Crowded) => "put_off",
        Err(CallError::NotSent(_)) => "not_reached",
        Err(CallError::TimedOut) => "timed_out",
        Err(CallError::Broken(_)) => "broken",
    }
}

/// Calls `inner`, and measures.
pub struct MeasuredOutbound {
    inner: Arc<dyn OutboundClient>,
    metrics: Metrics,
}

impl MeasuredOutbound {
    /// Over any client.
    pub fn new(inner: Arc<dyn OutboundClient>, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl OutboundClient for MeasuredOutbound {
    async fn post(&self, to: &Destination, call: &OutboundCall) -> Result<Answer, CallError> {
        let begun = Instant::now();
        let answer = self.inner.post(to, call).await;
        let tries = &self.metrics.0.tries;
        tries.took.observe(begun.elapsed().as_secs_f64());
        tries.outcomes.get_or_create(&Outcome { outcome: outcome(&answer) }).inc();
        answer
    }
}
