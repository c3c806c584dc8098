//! What must work before requests can be served.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_adapters::persistence::Database;
use namaskah_domain::verification::NumberProvider;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    http::{
        middleware::limits::Limits,
        system::{Part, Readiness},
    },
    worker::{Condition, Health, Workers},
};

/// Looks at database, schema, workers and clock, and says so while the process is stopping.
///
/// Architecture invariant: what every instance meets alike takes none of them out of a balancer, since then nobody
/// would be left to serve. So a provider that is away, and a clock that differs from its clock, are told and no more.
pub struct ProcessReadiness {
    database: Database,
    workers: Arc<Workers>,
    provider: Arc<dyn NumberProvider>,
    leaving: CancellationToken,
    limits: Option<Arc<Limits>>,
}

/// A provider's clock may differ by so much.
const MOST_SKEW_S: i64 = 2;
/// For each part of the database. Whoever asks gives up after a few seconds, and should be told before.
const PATIENCE: Duration = Duration::from_secs(2);

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
        let answers = matches!(timeout(PATIENCE, self.database.ping()).await, Ok(Ok(())));
        part("database", (!answers).then(|| "it does not answer".to_owned()))
    }

    async fn migrations(&self) -> Part {
        let current = namaskah_migration::is_current(self.database.reads());
        let wrong = match timeout(PATIENCE, current).await {
            Ok(Ok(true)) => None,
            Ok(Ok(false)) => Some("steps are missing".to_owned()),
            Ok(Err(_)) | Err(_) => Some("the schema cannot be read".to_owned()),
        };
        part("migrations", wrong)
    }
}

#[async_trait]
impl Readiness for ProcessReadiness {
    async fn parts(&self) -> Vec<Part> {
        let process = part("process", self.leaving.is_cancelled().then(|| "it is stopping".to_owned()));
        let (workers, clock) = (workers(&self.workers.health()), clock(self.provider.skew()));
        let (database, migrations) = tokio::join!(self.database(), self.migrations());
        let mut parts = vec![process, database, migrations, workers, clock];
        parts.extend(self.limits());
        parts
    }
}

const fn part(name: &'static str, wrong: Option<String>) -> Part {
    Part { name, is_ready: wrong.is_none(), detail: wrong }
}

fn workers(health: &[Health]) -> Part {
    let named = |what: &str, condition| {
        let these = health.iter().filter(|health| health.condition == condition);
        let names: Vec<_> = these.map(|health| health.name).collect();
        (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
    };
    let stuck = named("failing", Condition::Stuck);
    let is_ready = stuck.is_none();
    let told: Vec<_> = stuck.into_iter().chain(named("waiting for a provider", Condition::Waiting)).collect();
    Part { name: "workers", is_ready, detail: (!told.is_empty()).then(|| told.join("; ")) }
}

fn clock(skew: TimeDelta) -> Part {
    let off = skew.abs() > TimeDelta::seconds(MOST_SKEW_S);
    let detail = off.then(|| format!("differs from the provider's by {} s", skew.num_seconds()));
    Part { name: "clock", is_ready: true, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_waits_for_a_provider_is_named_and_takes_nobody_out() {
        let health = |name, condition| Health { name, failures: 5, condition };
        let mut all = vec![health("mail", Condition::Well), health("returns", Condition::Waiting)];
        let told = workers(&all);
        assert_eq!((told.is_ready, told.detail.as_deref()), (true, Some("waiting for a provider: returns")));
        all.extend([health("expirer", Condition::Stuck), health("relay", Condition::Stuck)]);
        let told = workers(&all);
        let detail = "failing: expirer, relay; waiting for a provider: returns";
        assert_eq!((told.is_ready, told.detail.as_deref()), (false, Some(detail)));
        assert_eq!(workers(&all[..1]).detail, None);
    }

    #[test]
    fn a_clock_that_differs_from_the_providers_is_told_and_takes_nobody_out() {
        assert_eq!(clock(TimeDelta::seconds(2)).detail, None);
        let told = clock(TimeDelta::seconds(-90));
        assert_eq!(
            (told.is_ready, told.detail.as_deref()),
            (true, Some("differs from the provider's by -90 s"))
        );
    }
}
