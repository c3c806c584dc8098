//! Metrics, in OpenMetrics' text form. Labels are words of ours alone: templates of routes, codes of problems, names of
//! operations. No user, no number, no address, and so no more series than there are such words.

mod calls;
mod commits;
mod jobs;
mod premises;
mod requests;
mod vitals;
mod webhooks;

pub use self::{
    calls::{MeasuredGateway, MeasuredProvider},
    premises::Premises,
    webhooks::MeasuredOutbound,
};

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use namaskah_adapters::persistence::{StatementObserver, Stores};
use namaskah_domain::{Fault, Time, vitals::VitalsReads};
use poem::http::{Method, StatusCode};
use prometheus_client::{
    encoding::text::encode,
    metrics::{histogram::Histogram, info::Info},
    registry::Registry,
};

use self::{
    calls::Calls,
    commits::{Ledger, MeasuredStore},
    jobs::{MeasuredJobs, Work},
    premises::Wear,
    requests::Requests,
    vitals::Gauges,
    webhooks::Tries,
};
use crate::config::Mode;

/// Bounds of buckets in seconds: from a hit in memory to a request that takes all the time it may.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

fn in_seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// Everything that is measured in this process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Requests,
    ledger: Ledger,
    calls: Calls,
    tries: Tries,
    work: Work,
    gauges: Gauges,
    wear: Wear,
    premises: OnceLock<Premises>,
}

impl Metrics {
    /// Nothing measured yet.
    pub fn new(mode: Mode) -> Self {
        let mut registry = Registry::with_prefix("namaskah");
        let version = env!("CARGO_PKG_VERSION");
        registry.register("build", "What runs", Info::new([("version", version), ("mode", mode.name())]));
        let (requests, ledger) = (Requests::register(&mut registry), Ledger::register(&mut registry));
        let (calls, gauges) = (Calls::register(&mut registry), Gauges::register(&mut registry));
        let (wear, tries) = (Wear::register(&mut registry), Tries::register(&mut registry));
        let work = Work::register(&mut registry);
        let premises = OnceLock::new();
        Self(Arc::new(Inner { registry, requests, ledger, calls, tries, work, gauges, wear, premises }))
    }

    /// From now on what grows old and fills up is told, too. The first one stays.
    pub fn watch_premises(&self, premises: Premises) {
        self.0.premises.get_or_init(|| premises);
    }

    /// The same stores, with every commit and every job measured.
    #[must_use]
    pub fn over(&self, stores: Stores) -> Stores {
        let store = Arc::new(MeasuredStore::new(stores.store.clone(), self.clone()));
        let jobs = Arc::new(MeasuredJobs::new(stores.jobs.clone(), self.clone()));
        Stores { store, jobs, ..stores }
    }

    /// A request was answered. `route` is a template; `None`: none that we have.
    pub fn answered(
        &self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        code: Option<&'static str>,
        took: Duration,
    ) {
        self.0.requests.answered(method, route, status, code, took);
    }

    /// Told of every statement of the database; slow ones are logged.
    pub fn of_statements(&self) -> StatementObserver {
        let metrics = self.clone();
        Arc::new(move |sql, took, failed| metrics.0.ledger.ran(sql, took, failed))
    }

    /// As text, with how work stands at `now`.
    ///
    /// # Errors
    /// If the store cannot be read; then nothing is told, so that whoever watches sees a gap and no old numbers.
    pub async fn tell(&self, reads: &dyn VitalsReads, now: Time) -> Result<String, Fault> {
        self.0.gauges.set(&reads.vitals(now).await?);
        if let Some(premises) = self.0.premises.get() {
            self.0.wear.look(premises, now).await;
        }
        let mut text = String::new();
        encode(&mut text, &self.0.registry).map_err(Fault::new)?;
        Ok(text)
    }
}
