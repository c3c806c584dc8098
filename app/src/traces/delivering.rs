//! Calls of users' URLs, as spans in the trace that has caused them. Nothing of a trace is told to whoever is called.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::outbound::{Answer, CallError, Destination, OutboundCall, OutboundClient};
use tracing::{Instrument, field::Empty};

use crate::logging::SPANS;

/// Posts through `inner`.
pub struct TracedDelivery(pub Arc<dyn OutboundClient>);

#[async_trait]
impl OutboundClient for TracedDelivery {
    async fn post(&self, to: &Destination, call: &OutboundCall) -> Result<Answer, CallError> {
        let span = tracing::info_span!(
            target: SPANS, "webhook", event = %call.id, status = Empty, otel.kind = Empty
        );
        super::caused(&span, call.cause, "client");
        let answer = self.0.post(to, call).instrument(span.clone()).await;
        if let Ok(answer) = &answer {
            span.record("status", answer.status);
        }
        answer
    }
}
