//! Metrics, in OpenMetrics' text form. Labels are words of ours alone: templates of routes, codes of problems, names of
//! operations. No user, no number, no address, and so no more series than there are such words.

mod breakers;
mod calls;
mod commits;
mod crew;
mod house;
mod jobs;
mod look_ups;
mod outcomes;
mod passwords;
mod premises;
mod requests;
mod slow;
mod vitals;
mod webhooks;

pub use self::{
    calls::{MeasuredGateway, MeasuredProvider, PAYSTACK, TEXTVERIFIED},
    crew::Crew,
    passwords::MeasuredLeakedPasswords,
    premises::Premises,
    slow::Slow,
    webhooks::MeasuredOutbound,
};

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use namaskah_adapters::{
    look_ups::LookUps,
    persistence::{BatchObserver, Database, StatementObserver, Stores},
};
use namaskah_domain::{
    Fault, Time,
    staff::{FigureReads, ProviderDesk},
    vitals::{DriftWatch, VitalsReads},
};
use poem::http::{Method, StatusCode};
use prometheus_client::{
    encoding::text::encode,
    metrics::{histogram::Histogram, info::Info},
    registry::Registry,
};

use self::{
    breakers::Breakers,
    calls::Calls,
    commits::{Ledger, MeasuredStore},
    crew::Doing,
    house::House,
    jobs::{MeasuredJobs, Work},
    look_ups::Memories,
    outcomes::Outcomes,
    passwords::Checks,
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
    breakers: Breakers,
    tries: Tries,
    work: Work,
    gauges: Gauges,
    wear: Wear,
    premises: OnceLock<Premises>,
    doing: Doing,
    crew: OnceLock<Crew>,
    outcomes: Outcomes,
    checks: Checks,
    memories: Memories,
    house: House,
    database: OnceLock<Database>,
    slow: OnceLock<Slow>,
}

/// What gauges are read from.
#[derive(Clone)]
pub struct Sources {
    /// How work stands.
    pub vitals: Arc<dyn VitalsReads>,
    /// Whether accounts are where the journal says.
    pub drift: Arc<DriftWatch>,
    /// Sums of money.
    pub figures: Arc<dyn FigureReads>,
    /// Providers.
    pub providers: Arc<ProviderDesk>,
}

impl Metrics {
    /// Nothing measured yet.
    pub fn new(mode: Mode) -> Self {
        let mut registry = Registry::with_prefix("namaskah");
        let version = env!("CARGO_PKG_VERSION");
        registry.register("build", "What runs", Info::new([("version", version), ("mode", mode.name())]));
        let (requests, ledger) = (Requests::register(&mut registry), Ledger::register(&mut registry));
        let (calls, gauges) = (Calls::register(&mut registry), Gauges::register(&mut registry));
        let (outcomes, memories) = (Outcomes::register(&mut registry), Memories::register(&mut registry));
        let (house, wear) = (House::register(&mut registry), Wear::register(&mut registry));
        let (tries, work) = (Tries::register(&mut registry), Work::register(&mut registry));
        let doing = Doing::register(&mut registry);
        let breakers = Breakers::register(&mut registry);
        let checks = Checks::register(&mut registry);
        Self(Arc::new(Inner {
            registry,
            requests,
            ledger,
            calls,
            breakers,
            tries,
            work,
            gauges,
            wear,
            premises: OnceLock::new(),
            doing,
            crew: OnceLock::new(),
            outcomes,
            checks,
            memories,
            house,
            database: OnceLock::new(),
            slow: OnceLock::new(),
        }))
    }

    /// From now on what grows old and fills up is told, too. The first one stays.
    pub fn watch_premises(&self, premises: Premises) {
        self.0.premises.get_or_init(|| premises);
    }

    /// From now on how the workers do is told, too. The first ones stay.
    pub fn watch_crew(&self, crew: Crew) {
        self.0.crew.get_or_init(|| crew);
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

    /// Told of every statement of the database; slow ones are logged, if they are watched.
    pub fn of_statements(&self) -> StatementObserver {
        let metrics = self.clone();
        Arc::new(move |ran| {
            metrics.0.ledger.ran(ran.took, ran.has_failed);
            if let Some(slow) = metrics.0.slow.get() {
                slow.ran(ran);
            }
        })
    }

    /// Told of how many units were written at once.
    pub fn of_batches(&self) -> BatchObserver {
        let metrics = self.clone();
        Arc::new(move |units| metrics.0.ledger.wrote(units))
    }

    /// Told of what was remembered and what was read.
    pub fn of_look_ups(&self) -> LookUps {
        let metrics = self.clone();
        LookUps::told_to(move |memory, remembered| metrics.0.memories.asked(memory, remembered))
    }

    /// Logs from now on what is slow.
    pub fn watch_slow(&self, slow: Slow) {
        // A process has one database.
        let _ = self.0.slow.set(slow);
    }

    /// Tells from now on how this database's connections are used.
    pub fn watch_pool(&self, database: &Database) {
        // A process has one database.
        let _ = self.0.database.set(database.clone());
    }

    /// As text, with how work stands at `now`.
    ///
    /// # Errors
    /// If the store cannot be read; then nothing is told, so that whoever watches sees a gap and no old numbers.
    pub async fn tell(&self, sources: &Sources, now: Time) -> Result<String, Fault> {
        self.0.gauges.set(&sources.vitals.vitals(now).await?);
        self.0.house.set_providers(&sources.providers.pulses().await?);
        self.sum(sources, now).await?;
        if let Some(database) = self.0.database.get() {
            self.0.house.set_pool(database.pool_use());
        }
        if let Some(premises) = self.0.premises.get() {
            self.0.wear.look(premises, now).await;
        }
        if let Some(crew) = self.0.crew.get() {
            self.0.doing.look(crew);
        }
        let mut text = String::new();
        encode(&mut text, &self.0.registry).map_err(Fault::new)?;
        Ok(text)
    }

    /// Sums money, if that is due: once, however many ask.
    async fn sum(&self, sources: &Sources, now: Time) -> Result<(), Fault> {
        let house = &self.0.house;
        let mut summed = house.summed.lock().await;
        if House::is_due(*summed, now) {
            house.set_money(&sources.figures.standings().await?, sources.drift.look().await?);
            house.set_suspense(&sources.figures.waiting_for_a_person().await?);
            *summed = Some(now);
        }
        Ok(())
    }
}
