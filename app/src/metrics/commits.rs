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
use tracing::{Instrument, Span, field::Empty};
use uuid::Uuid;

use super::{Metrics, in_seconds, outcomes::endings};
use crate::{logging::SPANS, traces};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// Bounds of how many units are written at once: a lane takes 128 at most.
const UNITS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

#[derive(Clone)]
pub(super) struct Ledger {
    commits: Family<Outcome, Counter>,
    commit_took: Histogram,
    batches: Histogram,
    statements: Family<Outcome, Counter>,
    statement_took: Histogram,
}

impl Ledger {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            commits: Family::default(),
            commit_took: in_seconds(),
            batches: Histogram::new(UNITS),
            statements: Family::default(),
            statement_took: in_seconds(),
        };
        registry.register("ledger_commits", "Units of work by what became of them", all.commits.clone());
        let about = "Seconds from a unit of work to its outcome";
        registry.register_with_unit("ledger_commit_duration", about, Unit::Seconds, all.commit_took.clone());
        let about = "Units of work that were written at once";
        registry.register("ledger_batch_units", about, all.batches.clone());
        let about = "Statements of the database. Units that come together share some";
        registry.register("database_statements", about, all.statements.clone());
        let about = "Seconds that the database took for a statement";
        let took = all.statement_took.clone();
        registry.register_with_unit("database_statement_duration", about, Unit::Seconds, took);
        all
    }

    pub(super) fn ran(&self, took: Duration, failed: bool) {
        self.statement_took.observe(took.as_secs_f64());
        self.statements.get_or_create(&Outcome { outcome: if failed { "failed" } else { "done" } }).inc();
    }

    pub(super) fn wrote(&self, units: usize) {
        self.batches.observe(u32::try_from(units).map_or(f64::MAX, f64::from));
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

/// A commit's own span, within a request or a job: by itself it says nothing that metrics do not.
fn commit_span() -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    tracing::debug_span!(target: SPANS, "commit", outcome = Empty)
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
        let (endings, begun) = (endings(&unit), Instant::now());
        let span = commit_span();
        // What it leaves to be done later belongs to its trace, whoever does it.
        let unit = match traces::of(&span) {
            Some(cause) => unit.caused_by(cause),
            None => unit,
        };
        let committed = self.inner.commit(unit).instrument(span.clone()).await;
        span.record("outcome", outcome(&committed));
        self.metrics.0.ledger.committed(outcome(&committed), begun.elapsed());
        if matches!(committed, Ok(Committed::Applied)) {
            self.metrics.0.outcomes.tell(endings);
        }
        committed
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.inner.replay(claim).await
    }
}
