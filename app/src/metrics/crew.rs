//! Who works in this process and how that goes, and by which clock.

use std::sync::Arc;

use namaskah_domain::verification::NumberProvider;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use crate::worker::Workers;

/// What is looked at whenever metrics are asked for.
pub struct Crew {
    /// Those who work.
    pub workers: Arc<Workers>,
    /// By whose answers the clock is measured.
    pub provider: Arc<dyn NumberProvider>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Worker {
    worker: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Provider {
    provider: &'static str,
}

#[derive(Clone, Default)]
pub(super) struct Doing {
    failures: Family<Worker, Gauge>,
    skew: Family<Provider, Gauge>,
}

impl Doing {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        let about = "Runs of a worker that have failed since one succeeded";
        registry.register("worker_failures", about, all.failures.clone());
        let about = "Whole seconds by which the provider's clock is ahead of ours";
        registry.register_with_unit("provider_clock_skew", about, Unit::Seconds, all.skew.clone());
        all
    }

    pub(super) fn look(&self, crew: &Crew) {
        for health in crew.workers.health() {
            self.failures.get_or_create(&Worker { worker: health.name }).set(i64::from(health.failures));
        }
        let provider = crew.provider.id().name();
        self.skew.get_or_create(&Provider { provider }).set(crew.provider.skew().num_seconds());
    }
}
