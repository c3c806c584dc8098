//! Commits and statements of the database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use namaskah_domain::{Claim, CommitError, Committed, Store, UnitOfWork};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use uuid::Uuid;

use super::{Metrics, in_seconds};

/// A statement that takes longer is logged.
const SLOW: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone)]
pub(super) struct Ledger {
    commits: Family<Outcome, Counter>,
    commit_took: Histogram,
    statements: Family<Outcome, Counter>,
    statement_took: Histogram,
}

impl Ledger {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            commits: Family::default(),
            commit_took: in_seconds(),
            statements: Family::default(),
            statement_took: in_seconds(),
        };
        registry.register("ledger_commits", "Units of work by what became of them", all.commits.clone());
        let about = "Seconds from a unit of work to its outcome";
        registry.register_with_unit("ledger_commit_duration", about, Unit::Seconds, all.commit_took.clone());
        let about = "Statements of the database. Units that come together share some";
        registry.register("database_statements", about, all.statements.clone());
        let about = "Seconds that the database took for a statement";
        let took = all.statement_took.clone();
        registry.register_with_unit("database_statement_duration", about, Unit::Seconds, took);
        all
    }

    pub(super) fn ran(&self, sql: &str, took: Duration, failed: bool) {
        self.statement_took.observe(took.as_secs_f64());
        self.statements.get_or_create(&Outcome { outcome: if failed { "failed" } else { "done" } }).inc();
        if took > SLOW {
            let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            // The text is a constant of ours with places for values, which are not shown.
            tracing::warn!(ms, sql, "a statement was slow");
        }
    }

    fn committed(&self, outcome: &'static str, took: Duration) {
        self.commit_took.observe(took.as_secs_f64());
        self.commits.get_or_create(&Outcome { outcome }).inc();
    }
}

const fn outcome(committed: &Result<Committed, CommitError>) -> &'static str {
    match committed {
        Ok(Committed::Applied) => "applied",
        Ok(Committed::Replayed(_)) => "replayed",
        Err(CommitError::InsufficientFunds) => "insufficient_funds",
        Err(CommitError::TooManyOpenOrders) => "too_many_open_orders",
        Err(CommitError::TooManyOpenIntents) => "too_many_open_intents",
        Err(CommitError::AccountBlocked) => "account_blocked",
        Err(CommitError::Stale) => "stale",
        Err(CommitError::KeyReused) => "key_reused",
        Err(CommitError::Duplicate(_)) => "duplicate",
        Err(CommitError::Unavailable(_)) => "unavailable",
    }
}

/// Commits through `inner`, and measures.
pub(super) struct MeasuredStore {
    inner: Arc<dyn Store>,
    metrics: Metrics,
}

impl MeasuredStore {
    /// Over any store.
    pub(super) fn new(inner: Arc<dyn Store>, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl Store for MeasuredStore {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        let begun = Instant::now();
        let committed = self.inner.commit(unit).await;
        self.metrics.0.ledger.committed(outcome(&committed), begun.elapsed());
        committed
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.inner.replay(claim).await
    }
}
