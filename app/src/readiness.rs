//! What must work before requests can be served.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_adapters::persistence::Database;
use namaskah_domain::verification::NumberProvider;
use tokio_util::sync::CancellationToken;

use crate::{
    http::{
        middleware::limits::Limits,
        system::{Part, Readiness},
    },
    worker::Workers,
};

/// Looks at database, schema, workers and clock, and says so while the process is stopping.
pub struct ProcessReadiness {
    database: Database,
    workers: Arc<Workers>,
    provider: Arc<dyn NumberProvider>,
    leaving: CancellationToken,
    limits: Option<Arc<Limits>>,
}

/// A provider's clock may differ by so much.
const MOST_SKEW_S: i64 = 2;

impl ProcessReadiness {
    /// Over what this process runs.
    pub fn new(
        database: Database,
        workers: Arc<Workers>,
        provider: Arc<dyn NumberProvider>,
        leaving: CancellationToken,
    ) -> Self {
        Self { database, workers, provider, leaving, limits: None }
    }

    /// Besides, whether limits are counted where they should be. If not, the process is ready all the same.
    #[must_use]
    pub fn with_limits(self, limits: Arc<Limits>) -> Self {
        Self { limits: Some(limits), ..self }
    }

    /// Told where counters are shared alone.
    fn limits(&self) -> Option<Part> {
        let counters = self.limits.as_ref()?.counters();
        let detail = counters.complaint();
        counters.are_shared().then_some(Part { name: "limits", is_ready: true, detail })
    }

    async fn database(&self) -> Part {
        let answered = self.database.ping().await;
        part("database", answered.err().map(|_| "it does not answer".to_owned()))
    }

    async fn migrations(&self) -> Part {
        let wrong = match namaskah_migration::is_current(self.database.reads()).await {
            Ok(true) => None,
            Ok(false) => Some("steps are missing".to_owned()),
            Err(_) => Some("the schema cannot be read".to_owned()),
        };
        part("migrations", wrong)
    }

    fn workers(&self) -> Part {
        let ill: Vec<_> = self.workers.health().into_iter().filter(|h| !h.is_well).map(|h| h.name).collect();
        part("workers", (!ill.is_empty()).then(|| format!("failing: {}", ill.join(", "))))
    }

    fn clock(&self) -> Part {
        let skew = self.provider.skew();
        let off = skew.abs() > TimeDelta::seconds(MOST_SKEW_S);
        part("clock", off.then(|| format!("differs from the provider's by {} s", skew.num_seconds())))
    }
}

#[async_trait]
impl Readiness for ProcessReadiness {
    async fn parts(&self) -> Vec<Part> {
        let process = part("process", self.leaving.is_cancelled().then(|| "it is stopping".to_owned()));
        let mut parts =
            vec![process, self.database().await, self.migrations().await, self.workers(), self.clock()];
        parts.extend(self.limits());
        parts
    }
}

const fn part(name: &'static str, wrong: Option<String>) -> Part {
    Part { name, is_ready: wrong.is_none(), detail: wrong }
}
