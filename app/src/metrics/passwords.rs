//! New passwords: whether they are known from leaks, and how often nobody could say.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use namaskah_domain::{
    Fault,
    auth::{LeakedPasswords, Secret},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::{Metrics, in_seconds};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Check {
    outcome: &'static str,
}

pub(super) struct Checks {
    outcomes: Family<Check, Counter>,
    took: Histogram,
}

impl Checks {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self { outcomes: Family::default(), took: in_seconds() };
        let about = "New passwords by whether they are known from a leak; unanswered ones were taken";
        registry.register("password_checks", about, all.outcomes.clone());
        let about = "Seconds for which whoever set a password waited for that";
        registry.register_with_unit("password_check_duration", about, Unit::Seconds, all.took.clone());
        all
    }

    fn ended(&self, outcome: &'static str, took: Duration) {
        self.took.observe(took.as_secs_f64());
        self.outcomes.get_or_create(&Check { outcome }).inc();
    }
}

/// Asks `inner`, and measures. Says so where there is no answer, since the password is taken then.
pub struct MeasuredLeakedPasswords {
    inner: Arc<dyn LeakedPasswords>,
    metrics: Metrics,
}

impl MeasuredLeakedPasswords {
    /// Over whoever knows.
    pub fn new(inner: Arc<dyn LeakedPasswords>, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl LeakedPasswords for MeasuredLeakedPasswords {
    async fn is_known(&self, password: &Secret) -> Result<bool, Fault> {
        let begun = Instant::now();
        let answer = self.inner.is_known(password).await;
        let outcome = match &answer {
            Ok(true) => "known",
            Ok(false) => "unknown",
            Err(fault) => {
                tracing::warn!(%fault, "a new password is taken without knowing whether it has leaked");
                "unanswered"
            }
        };
        self.metrics.0.checks.ended(outcome, begun.elapsed());
        answer
    }
}
