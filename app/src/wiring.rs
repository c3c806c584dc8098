//! Wiring: every adapter made once, every service over its ports.

mod desks;
pub mod identity;
mod money;
mod outside;
mod policies;
mod support;
mod webhooks;

pub use money::{MoneyServices, payments, suspense};
pub use outside::{Adapters, Outside, WebhookKeys, gateway};
pub use webhooks::WebhookServices;

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_adapters::{
    persistence::{Database, Settings, Stores, keys},
    smtp::SmtpMailer,
    system::{SystemClock, SystemRandom},
    terms::CachedTerms,
    vault::MasterKeys,
};
use namaskah_domain::{
    Clock, Fault, JobLane, Random, Store,
    auth::{AuthService, IdentityService, LeakedPasswords},
    breaker::Admits,
    notification::NotificationService,
    outbox::{Bell, Scheduler as Schedules},
    payment::{PaymentGateway, PaymentService, WatchedGateway},
    reconciliation::ReconciliationService,
    retention::RetentionService,
    staff::{AdjustmentService, OrderDesk, ProviderDesk, StaffService, TradeDesk},
    status::StatusService,
    support::SupportService,
    suppression::{SuppressingMailer, SuppressionPorts, SuppressionService},
    upkeep::UpkeepService,
    verification::{
        CatalogueService, CurrentTerms, NumberProvider, OrderReads, RECEIVABLE_DAYS, ReceivableService,
        Retained, VerificationService, Watched,
    },
    wallet::{BookService, WalletService},
    webhook::EventBodies,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use self::policies::order_policy;
use crate::{
    config::Config,
    http::telling::Teller,
    worker::{
        Bookcheck, Bookkeeper, CallsPerSecond, Deliveries, Doers, Expirer, FanOutRunner, Feed, Herald,
        JobRunner, Movable, NoticeHandler, Patient, Poller, Reconciler, Relay, Retention, Returns, Ringer,
        Scheduler, Sealer, Supervisor, Sweeper, Wakers, WakingStore,
    },
};

/// Every service, and what delivery needs beside them.
#[derive(Clone)]
pub struct Wired {
    /// Sign-in.
    pub auth: Arc<AuthService>,
    /// Sign-in with Google, where it is configured.
    pub identities: Option<Arc<IdentityService>>,
    /// Knows leaked passwords, if anybody is asked; for `doctor`.
    pub leaked_passwords: Option<Arc<dyn LeakedPasswords>>,
    /// The gate of staff, and what staff does.
    pub staff: Arc<StaffService>,
    /// Corrections of wallets.
    pub adjustments: Arc<AdjustmentService>,
    /// Tickets.
    pub support: Arc<SupportService>,
    /// Webhooks of users.
    pub webhooks: WebhookServices,
    /// What users are told.
    pub notifications: Arc<NotificationService>,
    /// Addresses that get no mail.
    pub suppressions: Arc<SuppressionService>,
    /// What staff does with the house's money.
    pub money: MoneyServices,
    /// Orders, as staff sees them.
    pub order_desk: Arc<OrderDesk>,
    /// Terms of trade.
    pub trade: Arc<TradeDesk>,
    /// Providers, as staff sees them.
    pub providers: Arc<ProviderDesk>,
    /// Balances, entries, holds.
    pub wallet: Arc<WalletService>,
    /// Payments.
    pub payments: Arc<PaymentService>,
    /// What staff decides, gifts, debts.
    pub books: Arc<BookService>,
    /// Costs that a provider may still give back.
    pub receivables: Arc<ReceivableService>,
    /// Holds providers' lists against our books.
    pub reconciliation: Arc<ReconciliationService>,
    /// Quotes and orders.
    pub orders: Arc<VerificationService>,
    /// Erases numbers and texts whose time is over.
    pub retention: Arc<RetentionService>,
    /// What is for sale.
    pub catalogue: Arc<CatalogueService>,
    /// How the service does, for everybody.
    pub status: Arc<StatusService>,
    /// Commits, for the notices of providers.
    pub store: Arc<dyn Store>,
    /// Every read.
    pub stores: Stores,
    /// Tells which records have moved.
    pub feed: Feed,
    /// Who may sign webhooks.
    pub webhook_keys: WebhookKeys,
    /// The time, movable in the sandbox.
    pub clock: Arc<SystemClock>,
    /// Identifiers.
    pub random: Arc<dyn Random>,
    /// The number provider, for `doctor`.
    pub provider: Arc<dyn NumberProvider>,
    /// The gateway, for `doctor`.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Mail.
    pub mailer: Arc<SmtpMailer>,
    mail_at_once: u32,
    holder: Uuid,
    wakers: Wakers,
}

/// Opens the stores of a database with the configured encryption.
///
/// # Errors
/// If values were sealed with a key that is not configured, or the database does not answer.
pub async fn open_stores(config: &Config, database: &Database) -> Result<Stores, Fault> {
    let vault = keys::unlock(database, &master_keys(config)?).await.map_err(Fault::new)?;
    Ok(Stores::open(database, Arc::new(vault)))
}

/// The same for whoever only looks: nothing is written.
///
/// # Errors
/// As [`open_stores`]'s.
pub async fn look_into_stores(config: &Config, database: &Database) -> Result<Stores, Fault> {
    let vault = keys::look(database, &master_keys(config)?).await.map_err(Fault::new)?;
    Ok(Stores::open(database, Arc::new(vault)))
}

/// The keys that encrypt rows.
///
/// # Errors
/// If one is not 32 bytes of hex; the configuration has checked that.
pub fn master_keys(config: &Config) -> Result<MasterKeys, Fault> {
    let keys: Result<Vec<_>, Fault> = config.secrets.encryption_keys.iter().map(key_of).collect();
    MasterKeys::newest_first(keys?).ok_or_else(|| Fault::new("there is no encryption key"))
}

/// Makes every service over these adapters.
///
/// # Errors
/// If a key of ours cannot be used.
pub fn wire(
    config: &Config,
    stores: Stores,
    adapters: Adapters,
    public_url: &str,
    clock: Arc<SystemClock>,
) -> Result<Wired, Fault> {
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let shared: Arc<dyn Clock> = clock.clone();
    // Whoever reads orders, reads them through this.
    let orders: Arc<dyn OrderReads> =
        Arc::new(Retained::new(stores.orders.clone(), shared.clone(), config.retention));
    let stores = Stores { orders, ..stores };
    let retention = RetentionService::new(stores.erasures.clone(), shared.clone(), config.retention);
    let holder = holder(random.as_ref());
    let wakers = Wakers::default();
    let store: Arc<dyn Store> = Arc::new(WakingStore::new(stores.store.clone(), wakers.clone()));
    let Adapters { provider, gateway, mailer, identities, leaked_passwords, outbound, look_ups } = adapters;
    let watched = Arc::new(Watched::new(provider, shared.clone()));
    let provider: Arc<dyn NumberProvider> = watched.clone();
    let watched_gateway = Arc::new(WatchedGateway::new(gateway, shared.clone()));
    let gateway: Arc<dyn PaymentGateway> = watched_gateway.clone();
    let terms: Arc<dyn CurrentTerms> =
        Arc::new(CachedTerms::new(stores.terms.clone()).observed(look_ups.clone()));
    let (at_gateway, timed, dice) = (gateway.clone(), shared.clone(), random.clone());
    let payments = payments(config, public_url, &stores, store.clone(), at_gateway, timed, dice);
    let orders = VerificationService::new(
        store.clone(),
        stores.orders.clone(),
        provider.clone(),
        stores.leases.clone(),
        terms.clone(),
        shared.clone(),
        random.clone(),
        order_policy(config),
        holder,
    );
    let orders = Arc::new(orders.paced(Arc::new(CallsPerSecond::at_most(config.provider_notices_per_s))));
    let catalogue =
        CatalogueService::new(orders.clone(), provider.clone(), stores.orders.clone(), shared.clone());
    let catalogue = Arc::new(catalogue);
    let trade = desks::trade(&stores, &store, terms.clone(), catalogue.clone(), (&shared, &random), config);
    let status = desks::status(&stores, watched.clone(), watched_gateway, terms.clone(), shared.clone());
    let providers = desks::providers(&stores, watched, terms, orders.clone(), shared.clone());
    let reconciliation = ReconciliationService::new(
        store.clone(),
        stores.reconciliation.clone(),
        gateway.clone(),
        provider.clone(),
        orders.clone(),
        shared.clone(),
        random.clone(),
    );
    let support = support::support(&stores, store.clone(), shared.clone(), random.clone());
    let notifications = support::notifications(&stores, store.clone(), shared.clone(), random.clone());
    let suppressions = SuppressionService::new(SuppressionPorts {
        store: store.clone(),
        reads: stores.suppressions.clone(),
        users: stores.auth.clone(),
        clock: shared.clone(),
        random: random.clone(),
    });
    let adjustments = desks::adjustments(config, &stores, store.clone(), shared.clone(), random.clone());
    let books = Arc::new(books(&stores, store.clone(), shared.clone(), random.clone()));
    let (receivables, read) = (stores.books.clone(), stores.orders.clone());
    let receivables =
        ReceivableService::new(store.clone(), receivables, read, shared.clone(), RECEIVABLE_DAYS);
    let reconciliation = Arc::new(reconciliation);
    let lists = (gateway.clone(), reconciliation.clone());
    let money = money::services(config, &stores, store.clone(), lists, shared.clone(), random.clone());
    let auth = (shared.clone(), random.clone());
    let asked = leaked_passwords.clone();
    let auth = Arc::new(identity::auth(config, &store, &stores, auth, look_ups.clone(), asked)?);
    let payments = Arc::new(payments);
    let wallet = Arc::new(WalletService::new(store.clone(), stores.wallet.clone()));
    let bodies = Teller {
        orders: orders.clone(),
        payments: payments.clone(),
        wallet: wallet.clone(),
        clock: clock.clone(),
    };
    let sending = (outbound, Arc::new(bodies) as Arc<dyn EventBodies>);
    let webhooks = webhooks::services(config, &stores, &store, sending, (&shared, &random));
    let identities = identities.map(|provider| Arc::new(IdentityService::new(auth.clone(), provider)));
    Ok(Wired {
        staff: Arc::new(desks::staff(auth.clone(), &stores, look_ups)),
        adjustments: Arc::new(adjustments),
        support: Arc::new(support),
        webhooks,
        notifications: Arc::new(notifications),
        suppressions: Arc::new(suppressions),
        money,
        order_desk: Arc::new(desks::orders(&stores)),
        books,
        receivables: Arc::new(receivables),
        reconciliation,
        auth,
        identities,
        wallet,
        leaked_passwords,
        payments,
        orders,
        catalogue,
        trade: Arc::new(trade),
        providers: Arc::new(providers),
        status: Arc::new(status),
        retention: Arc::new(retention),
        store,
        stores,
        feed: Feed::default(),
        webhook_keys: WebhookKeys::of(config),
        clock,
        random,
        provider,
        gateway,
        mailer,
        mail_at_once: config.mail_at_once,
        holder,
        wakers,
    })
}

impl Wired {
    /// Every worker, ready to start.
    pub fn supervisor(&self) -> Supervisor {
        let (orders, payments) = (&self.orders, &self.payments);
        let quiet = Arc::default;
        let fan_out = self.wakers.fan_out.clone();
        let relay = Relay::new(self.stores.events.clone(), self.feed.clone(), fan_out.clone());
        let deliveries = self.wakers.deliveries.clone();
        let webhooks = Deliveries::new(
            self.webhooks.deliverer.clone(),
            self.stores.leases.clone(),
            self.holder,
            deliveries.clone(),
        );
        let notices = NoticeHandler::new(self.stores.notices.clone(), payments.clone(), orders.clone());
        let clock: Arc<dyn Clock> = self.clock.clone();
        let (seals, leases) = (self.stores.sealer.clone(), self.stores.leases.clone());
        let sealer = Sealer::new(seals, leases.clone(), clock.clone(), self.holder);
        let bookcheck =
            Bookcheck::new(self.reconciliation.clone(), leases.clone(), clock.clone(), self.holder);
        let retention = Retention::new(self.retention.clone(), leases, self.holder);
        let (store, reads) = (self.store.clone(), self.stores.schedules.clone());
        let scheduler = Scheduler::new(Schedules::new(store, reads, clock.clone(), self.random.clone()));
        let poller = Poller::new(orders.clone(), self.stores.leases.clone(), self.holder);
        let [mail, tellers, upkeep] =
            [JobLane::Mail, JobLane::Provider, JobLane::Upkeep].map(|lane| self.runner(lane));
        let (provider, gateway) = (self.provider.clone(), self.gateway.clone());
        let numbers: IsAnswered = Arc::new(move || provider.admits() == Admits::All);
        let money: IsAnswered = Arc::new(move || gateway.admits() == Admits::All);
        let (by_numbers, by_money) = (numbers.clone(), money.clone());
        let both: IsAnswered = Arc::new(move || by_numbers() && by_money());
        Supervisor::default()
            .with(Arc::new(notices), self.wakers.notices.clone())
            .with(Arc::new(Patient::new(poller, numbers.clone())), quiet())
            .with(Arc::new(Expirer::new(orders.clone())), quiet())
            .with(Arc::new(Patient::new(Reconciler::new(orders.clone()), numbers)), quiet())
            .with(Arc::new(Patient::new(Sweeper::new(payments.clone()), money.clone())), quiet())
            .with(Arc::new(Patient::new(Returns::new(payments.clone()), money)), quiet())
            .with(Arc::new(Bookkeeper::new(self.books.clone(), self.receivables.clone())), quiet())
            .with(Arc::new(sealer), quiet())
            .with(Arc::new(Patient::new(bookcheck, both)), quiet())
            .with(Arc::new(retention), quiet())
            .with(Arc::new(scheduler), quiet())
            .with(Arc::new(mail.at_once(self.mail_at_once)), self.wakers.mail.clone())
            .with(Arc::new(tellers), self.wakers.tellers.clone())
            .with(Arc::new(upkeep), self.wakers.upkeep.clone())
            .with(Arc::new(Herald::new(self.notifications.clone())), quiet())
            .with(Arc::new(relay), self.wakers.relay.clone())
            .with(Arc::new(FanOutRunner(self.webhooks.fan_out.clone())), fan_out)
            .with(Arc::new(webhooks), deliveries)
    }

    /// Does the jobs of a lane.
    fn runner(&self, lane: JobLane) -> JobRunner {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let upkeep = UpkeepService::new(self.stores.leftovers.clone(), clock.clone());
        let known = SuppressionPorts {
            store: self.store.clone(),
            reads: self.stores.suppressions.clone(),
            users: self.stores.auth.clone(),
            clock: clock.clone(),
            random: self.random.clone(),
        };
        let mailer = SuppressingMailer::new(self.mailer.clone(), known);
        let (mailer, notifications) = (Arc::new(mailer), self.notifications.clone());
        let doers = Doers { mailer, notifications, orders: self.orders.clone(), upkeep: Arc::new(upkeep) };
        let wake = self.wakers.of(lane).clone();
        let jobs = self.stores.jobs.clone();
        JobRunner::new(lane, jobs, doers, clock, self.random.clone(), self.holder).woken_by(wake)
    }

    /// The workers, and one that wakes those of other processes by `bell`.
    pub fn with_bell(&self, supervisor: Supervisor, bell: Arc<dyn Bell>) -> Supervisor {
        let others = &self.wakers.others;
        supervisor.with(Arc::new(Ringer::new(bell, others.clone())), others.added.clone())
    }

    /// Who is woken when another process rings.
    pub fn wakers(&self) -> Wakers {
        self.wakers.clone()
    }

    /// The clock and where its offset is kept, for the sandbox that moves it.
    pub fn movable_clock(&self) -> Arc<dyn Movable> {
        Arc::new(KeptClock { clock: self.clock.clone(), settings: self.stores.settings.clone() })
    }

    /// This process, in leases and towards the sandbox.
    pub const fn holder(&self) -> Uuid {
        self.holder
    }
}

/// Whether everything that is asked of a provider is sent.
type IsAnswered = Arc<dyn Fn() -> bool + Send + Sync>;

struct KeptClock {
    clock: Arc<SystemClock>,
    settings: Settings,
}

#[async_trait]
impl Movable for KeptClock {
    async fn raise(&self, offset_ms: i64) -> Result<(), Fault> {
        let kept = self.settings.raise_clock_offset_ms(offset_ms).await?;
        self.clock.raise_offset_ms(kept);
        Ok(())
    }

    fn offset_ms(&self) -> i64 {
        self.clock.offset_ms()
    }
}

/// The house's books over these stores.
pub fn books(
    stores: &Stores,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> BookService {
    BookService::new(store, stores.wallet.clone(), stores.auth.clone(), stores.books.clone(), clock, random)
}

fn key_of(secret: &SecretString) -> Result<[u8; 32], Fault> {
    let bytes = hex::decode(secret.expose_secret()).map_err(|_| Fault::new("a key is not hex"))?;
    <[u8; 32]>::try_from(bytes).map_err(|_| Fault::new("a key is not 32 bytes"))
}

fn holder(random: &dyn Random) -> Uuid {
    let mut bytes = [0u8; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
