//! A process that serves the product: services and workers over ports, and what it has in its memory.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use namaskah::worker::{
    Bookcheck, Bookkeeper, Doers, Expirer, Feed, JobRunner, NoticeHandler, Poller, Reconciler, Relay,
    Returns, Sweeper, Worker,
};
use namaskah_domain::{
    Clock, Currency, JobLane, Money, Random, Store, Time,
    auth::AuthReads,
    mailer::Mailer,
    memory::{MemoryStore, SeededRandom},
    money::UNITS_PER_ONE,
    notification::NotificationService,
    outbox::{EventLog, Jobs, Leases, NoticeReads},
    payment::{FxRate, PaymentGateway, PaymentPolicy, PaymentReads, PaymentService},
    reconciliation::{ReconciliationReads, ReconciliationService},
    upkeep::UpkeepService,
    verification::{
        CurrentTerms, NumberProvider, OrderPolicy, OrderReads, PriceRule, RECEIVABLE_DAYS, ReceivableService,
        VerificationService,
    },
    wallet::{BookReads, BookService, WalletReads},
};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::watch::Seen;

/// Everything that a process stands on. A canary replaces a part.
#[derive(Clone)]
pub struct Ports {
    /// Commits.
    pub store: Arc<dyn Store>,
    /// Reads of payments.
    pub payments: Arc<dyn PaymentReads>,
    /// Reads of accounts.
    pub wallets: Arc<dyn WalletReads>,
    /// Reads of the house's books.
    pub books: Arc<dyn BookReads>,
    /// Reads of what is compared with others' lists.
    pub compared: Arc<dyn ReconciliationReads>,
    /// Reads of orders.
    pub orders: Arc<dyn OrderReads>,
    /// Reads of users.
    pub auth: Arc<dyn AuthReads>,
    /// Reads of notices.
    pub notices: Arc<dyn NoticeReads>,
    /// Events.
    pub events: Arc<dyn EventLog>,
    /// Jobs.
    pub jobs: Arc<dyn Jobs>,
    /// Leases.
    pub leases: Arc<dyn Leases>,
    /// What new orders are held to.
    pub terms: Arc<dyn CurrentTerms>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Numbers.
    pub provider: Arc<dyn NumberProvider>,
    /// Payments.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Letters.
    pub mailer: Arc<dyn Mailer>,
    /// What users are told.
    pub notifications: Arc<NotificationService>,
    /// The workers that run.
    pub workers: Vec<Kind>,
}

/// A kind of worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Looks at notices.
    Notices,
    /// Polls for texts and states.
    Poller,
    /// Ends orders.
    Expirer,
    /// Settles unknown purchases.
    Reconciler,
    /// Settles payments of which nobody told.
    Sweeper,
    /// Follows refunds and disputes.
    Returns,
    /// Collects debts.
    Bookkeeper,
    /// Compares others' lists with our books.
    Bookcheck,
    /// Does jobs.
    Jobs,
    /// Stamps events.
    Relay,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Notices,
        Self::Poller,
        Self::Expirer,
        Self::Reconciler,
        Self::Sweeper,
        Self::Returns,
        Self::Bookkeeper,
        Self::Bookcheck,
        Self::Jobs,
        Self::Relay,
    ];

    /// When a worker of this kind that has found nothing looks again; `None` until it is woken. `coarse` stretches
    /// what would only repeat itself while a long time passes.
    fn due(self, seen: &Seen, now: Time, coarse: TimeDelta) -> Option<Time> {
        let stretched = |seconds: i64| Some(now + TimeDelta::seconds(seconds).max(coarse));
        match self {
            Self::Notices => stretched(if seen.notices.is_empty() && !seen.has_bound { 10 } else { 1 }),
            Self::Poller => stretched(if seen.waits.is_empty() { 15 } else { 3 }),
            Self::Expirer => {
                let (first, _) = seen.waits.values().min()?;
                Some((*first).max(now + TimeDelta::milliseconds(500)))
            }
            Self::Reconciler => stretched(5),
            Self::Sweeper | Self::Returns | Self::Bookkeeper | Self::Bookcheck => stretched(60),
            Self::Jobs => seen.jobs.values().min().map(|at| (*at).max(now + TimeDelta::milliseconds(500))),
            Self::Relay => seen.has_events.then(|| now + TimeDelta::milliseconds(250)),
        }
    }
}

/// What a run of a worker came to.
pub type Finished = Arc<Mutex<Option<Result<u32, String>>>>;

/// A worker and when it runs.
pub struct Post {
    /// What it does.
    pub kind: Kind,
    worker: Arc<dyn Worker>,
    /// When it runs next; `None` until it is woken.
    pub due: Option<Time>,
    running: Option<Finished>,
    is_woken: bool,
    failures: u32,
}

/// A running process.
pub struct Process {
    /// Orders.
    pub orders: Arc<VerificationService>,
    /// Payments.
    pub payments: Arc<PaymentService>,
    /// Commits, for what comes in by webhooks.
    pub store: Arc<dyn Store>,
    /// Its name in leases.
    pub holder: Uuid,
    /// Its workers.
    pub posts: Vec<Post>,
}

impl Process {
    /// A new one with nothing in its memory.
    pub fn start(ports: &Ports, random: &Arc<SeededRandom>) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        let holder = Uuid::from_bytes(bytes);
        let orders = Arc::new(VerificationService::new(
            ports.store.clone(),
            ports.orders.clone(),
            ports.provider.clone(),
            ports.leases.clone(),
            ports.terms.clone(),
            ports.clock.clone(),
            random.clone(),
            order_policy(),
            holder,
        ));
        let payments = Arc::new(PaymentService::new(
            ports.store.clone(),
            ports.payments.clone(),
            ports.wallets.clone(),
            ports.auth.clone(),
            ports.books.clone(),
            ports.gateway.clone(),
            ports.clock.clone(),
            random.clone(),
            payment_policy(),
        ));
        let now = ports.clock.now();
        let post = |kind: &Kind| Post {
            kind: *kind,
            worker: worker(*kind, ports, random, &orders, &payments, holder),
            due: Some(now),
            running: None,
            is_woken: false,
            failures: 0,
        };
        let posts = ports.workers.iter().map(post).collect();
        Self { orders, payments, store: ports.store.clone(), holder, posts }
    }

    /// Takes in which workers have finished, and plans their next runs.
    pub fn plan(&mut self, seen: &mut Seen, now: Time, coarse: TimeDelta) {
        for post in &mut self.posts {
            post.finish(seen, now, coarse);
        }
    }

    /// Wakes workers for whom a commit left something, and the expirer in time for the first end.
    pub fn wake(&mut self, wakes: &BTreeSet<Kind>, first_end: Option<Time>, now: Time) {
        for post in &mut self.posts {
            post.is_woken |= wakes.contains(&post.kind);
            if post.running.is_some() || post.failures > 0 {
                continue;
            }
            if std::mem::take(&mut post.is_woken) {
                post.due = Some(now);
            }
            if let (Kind::Expirer, Some(end)) = (post.kind, first_end.filter(|end| *end > now)) {
                post.due = Some(post.due.map_or(end, |due| due.min(end)));
            }
        }
    }

    /// When the first of its workers runs next.
    pub fn next_due(&self) -> Option<Time> {
        self.posts.iter().filter(|post| post.running.is_none()).filter_map(|post| post.due).min()
    }

    /// The runs that are due now.
    pub fn due_runs(&mut self, now: Time) -> Vec<impl Future<Output = ()> + Send + 'static + use<>> {
        let due = self.posts.iter_mut().filter(|p| p.running.is_none() && p.due.is_some_and(|at| at <= now));
        due.map(Post::run).collect()
    }
}

impl Post {
    fn run(&mut self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let (worker, finished) = (self.worker.clone(), Finished::default());
        self.running = Some(finished.clone());
        self.due = None;
        async move {
            let result = worker.run().await.map_err(|error| error.to_string());
            *finished.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
    }

    fn finish(&mut self, seen: &mut Seen, now: Time, coarse: TimeDelta) {
        let Some(running) = &self.running else { return };
        let Some(result) = running.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        self.running = None;
        match (self.kind, &result) {
            (Kind::Notices, Ok(_)) => seen.has_bound = false,
            (Kind::Relay, Ok(_)) => seen.has_events = false,
            _ => {}
        }
        self.due = match result {
            Ok(0) => {
                self.failures = 0;
                self.kind.due(seen, now, coarse)
            }
            Ok(_) => {
                self.failures = 0;
                Some(now)
            }
            Err(_) => {
                self.failures += 1;
                let pause = 500 * (1 << (self.failures - 1).min(5));
                Some(now + TimeDelta::milliseconds(pause.min(15_000)))
            }
        };
    }
}

fn worker(
    kind: Kind,
    ports: &Ports,
    random: &Arc<SeededRandom>,
    orders: &Arc<VerificationService>,
    payments: &Arc<PaymentService>,
    holder: Uuid,
) -> Arc<dyn Worker> {
    match kind {
        Kind::Notices => {
            Arc::new(NoticeHandler::new(ports.notices.clone(), payments.clone(), orders.clone()))
        }
        Kind::Poller => Arc::new(Poller::new(orders.clone(), ports.leases.clone(), holder)),
        Kind::Expirer => Arc::new(Expirer::new(orders.clone())),
        Kind::Reconciler => Arc::new(Reconciler::new(orders.clone())),
        Kind::Sweeper => Arc::new(Sweeper::new(payments.clone())),
        Kind::Returns => Arc::new(Returns::new(payments.clone())),
        Kind::Bookkeeper => bookkeeper(ports, random),
        Kind::Bookcheck => bookcheck(ports, random, orders, holder),
        Kind::Jobs => {
            let (jobs, clock) = (ports.jobs.clone(), ports.clock.clone());
            // Nothing of this lane is swept away.
            let upkeep = UpkeepService::new(Arc::new(MemoryStore::new()), clock.clone());
            let (mailer, orders) = (ports.mailer.clone(), orders.clone());
            let notifications = ports.notifications.clone();
            let doers = Doers { mailer, notifications, orders, upkeep: Arc::new(upkeep) };
            // Pauses have dice of their own.
            let dice = Arc::new(SeededRandom::new(1));
            Arc::new(JobRunner::new(JobLane::Provider, jobs, doers, clock, dice, holder))
        }
        Kind::Relay => Arc::new(Relay::new(ports.events.clone(), Feed::default(), Arc::default())),
    }
}

fn bookkeeper(ports: &Ports, random: &Arc<SeededRandom>) -> Arc<dyn Worker> {
    let (store, books, clock) = (ports.store.clone(), ports.books.clone(), ports.clock.clone());
    let read = (books.clone(), ports.orders.clone());
    let receivables = ReceivableService::new(store.clone(), read.0, read.1, clock.clone(), RECEIVABLE_DAYS);
    let (wallets, users) = (ports.wallets.clone(), ports.auth.clone());
    let books = BookService::new(store, wallets, users, books, clock, random.clone());
    Arc::new(Bookkeeper::new(Arc::new(books), Arc::new(receivables)))
}

fn bookcheck(
    ports: &Ports,
    random: &Arc<SeededRandom>,
    orders: &Arc<VerificationService>,
    holder: Uuid,
) -> Arc<dyn Worker> {
    let service = ReconciliationService::new(
        ports.store.clone(),
        ports.compared.clone(),
        ports.gateway.clone(),
        ports.provider.clone(),
        orders.clone(),
        ports.clock.clone(),
        random.clone(),
    );
    Arc::new(Bookcheck::new(Arc::new(service), ports.leases.clone(), ports.clock.clone(), holder))
}

fn order_policy() -> OrderPolicy {
    let rule = PriceRule::try_new(Decimal::new(15, 1), Money::zero(Currency::Usd));
    OrderPolicy {
        rule: rule.unwrap_or(PriceRule::at_cost()),
        quote_s: 120,
        send_within_s: 2,
        cancel_after_s: 0,
        max_open_orders: 8,
        sells_test_services: true,
    }
}

fn payment_policy() -> PaymentPolicy {
    let dollars = |units: i64| Money::from_units(units * UNITS_PER_ONE, Currency::Usd);
    PaymentPolicy {
        rate: FxRate::try_new(Decimal::from(1_600)).unwrap_or(FxRate::one_to_one()),
        min: dollars(1),
        max: dollars(10_000),
        max_open: 6,
        honoured_h: 72,
        return_url: None,
    }
}
