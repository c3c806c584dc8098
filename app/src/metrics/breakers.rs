//! Breakers before providers: where each stands, and how often that has changed.

use std::sync::Arc;

use namaskah_domain::{
    Clock,
    breaker::{Circuit, Guard},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::Metrics;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stands {
    provider: &'static str,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Change {
    provider: &'static str,
    to: &'static str,
}

#[derive(Clone, Default)]
pub(super) struct Breakers {
    states: Family<Stands, Gauge>,
    changes: Family<Change, Counter>,
}

impl Breakers {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        let about =
            "1 for where the breaker before a provider stands in this process, 0 for where it does not";
        registry.register("provider_breaker", about, all.states.clone());
        let about = "How often the breaker before a provider has come to stand so";
        registry.register("provider_breaker_changes", about, all.changes.clone());
        all
    }

    fn begin(&self, provider: &'static str) {
        for circuit in Circuit::ALL {
            drop(self.changes.get_or_create(&Change { provider, to: circuit.name() }));
        }
        self.stands(provider, Circuit::Closed);
    }

    fn stands(&self, provider: &'static str, now: Circuit) {
        for circuit in Circuit::ALL {
            let label = Stands { provider, state: circuit.name() };
            self.states.get_or_create(&label).set(i64::from(circuit == now));
        }
    }

    fn changed(&self, provider: &'static str, now: Circuit) {
        self.stands(provider, now);
        self.changes.get_or_create(&Change { provider, to: now.name() }).inc();
    }
}

impl Metrics {
    /// A breaker for calls of a provider, of which metrics and log tell.
    pub fn breaker(&self, provider: &'static str, clock: Arc<dyn Clock>) -> Guard {
        self.0.breakers.begin(provider);
        let metrics = self.clone();
        Guard::new(clock).telling(Arc::new(move |now| {
            metrics.0.breakers.changed(provider, now);
            let breaker = now.name();
            match now {
                Circuit::Open => tracing::warn!(provider, breaker, "a provider is left alone for a while"),
                Circuit::HalfOpen => tracing::debug!(provider, breaker, "a provider is asked again"),
                Circuit::Closed => tracing::info!(provider, breaker, "a provider answers again"),
            }
        }))
    }
}
