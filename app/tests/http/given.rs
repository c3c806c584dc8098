//! A server on a real socket, over everything in memory.

mod person;
mod switch;
mod told;

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
};

use namaskah::{
    config::Mode,
    http::{
        hooks::{PaystackDoor, TextVerifiedDoor},
        listen::Bounds,
        middleware::limits::Limits,
        server::{self, HttpSettings},
        services::Services,
    },
    logging::LoggedUsers,
    metrics::{Metrics, Sources},
    wiring::MoneyServices,
    worker::{Doers, Feed, JobRunner, Relay, Wakers, WakingStore, Worker},
};
use namaskah_adapters::{
    password::{Argon2Hasher, HashingCost},
    textverified::WebhookSecrets,
    tokens::{EdDsaSigner, SigningSeed},
    totp::Rfc6238,
};
use namaskah_domain::{
    Clock, Currency, JobLane, Money, Random, Store,
    auth::{AuthPolicy, AuthPorts, AuthService, Email, IdentityService, Standings},
    breaker::Guard,
    memory::{
        FakeIdentityProvider, FakeLeakedPasswords, FakeMailer, FakeNumberProvider, FakePaymentGateway,
        ManualClock, MemoryStore, SeededRandom,
    },
    outbox::JobDesk,
    payment::{
        DeskPorts, FxRate, GuardedGateway, PaymentDesk, PaymentPolicy, PaymentService, SuspenseService,
    },
    reconciliation::{ReconciliationDesk, ReconciliationService},
    retention::{Retention, RetentionService},
    staff::{
        AdjustmentPorts, AdjustmentService, DirectAllowlists, ExportService, FigureService, OrderDesk,
        OrderDeskPorts, ProviderDesk, ProviderDeskPorts, StaffPorts, StaffService, TradeDesk, TradePorts,
    },
    support::{SupportPorts, SupportService},
    upkeep::UpkeepService,
    verification::{
        CatalogueService, CurrentTerms, DirectTerms, GuardedProvider, OrderPolicy, PriceRule, ServiceCode,
        VerificationService, Watched,
    },
    vitals::{DRIFT_SLICE, DriftWatch},
    wallet::WalletService,
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{endpoints::endpoints, look_ups::LookUps};

pub use person::Person;
pub use switch::Switch;

pub const PASSWORD: &str = "seven green lanterns hum";
/// An origin whose pages may call the API.
pub const FRIEND: &str = "https://app.example";
pub const METRICS_TOKEN: &str = "whoever has this may watch";
pub const PAYSTACK_KEY: &str = "sk_test_0123456789";

/// The server and everything behind it.
pub struct World {
    pub base: String,
    pub client: Client,
    pub store: Arc<MemoryStore>,
    pub provider: Arc<FakeNumberProvider>,
    pub gateway: Arc<FakePaymentGateway>,
    pub mailer: Arc<FakeMailer>,
    pub identities: Arc<FakeIdentityProvider>,
    pub leaked: Arc<FakeLeakedPasswords>,
    pub orders: Arc<VerificationService>,
    pub clock: Arc<ManualClock>,
    pub ready: Arc<Switch>,
    pub looked_up: Arc<LookUps>,
    pub stop: CancellationToken,
    pub server: tokio::task::JoinHandle<std::io::Result<()>>,
    jobs: JobRunner,
}

/// With limits that nobody reaches.
pub async fn world() -> World {
    world_with(1_000, Vec::new()).await
}

pub async fn world_with(limit_factor: u32, trusted_proxies: Vec<ipnet::IpNet>) -> World {
    world_known_as("http", limit_factor, trusted_proxies).await
}

/// The same where browsers come by `scheme`, through a proxy.
pub async fn world_known_as(scheme: &str, limit_factor: u32, trusted_proxies: Vec<ipnet::IpNet>) -> World {
    started(scheme, limit_factor, trusted_proxies, true).await
}

/// Where nobody signs in with Google.
pub async fn world_without_google() -> World {
    started("http", 1_000, Vec::new(), false).await
}

async fn started(
    scheme: &str,
    limit_factor: u32,
    trusted_proxies: Vec<ipnet::IpNet>,
    with_google: bool,
) -> World {
    let clock = Arc::new(ManualClock::default());
    let shared: Arc<dyn Clock> = clock.clone();
    let random: Arc<dyn Random> = Arc::new(SeededRandom::default());
    let store = Arc::new(MemoryStore::new());
    let wakers = Wakers::default();
    let waking: Arc<dyn Store> = Arc::new(WakingStore::new(store.clone(), wakers.clone()));
    let provider = Arc::new(FakeNumberProvider::new(shared.clone()));
    let gateway = Arc::new(FakePaymentGateway::new(shared.clone()));
    let mailer = Arc::new(FakeMailer::default());
    let looked_up = Arc::new(LookUps::of(store.clone()));
    let leaked = Arc::new(FakeLeakedPasswords::default());
    let auth = Arc::new(auth(&waking, &store, looked_up.clone(), &leaked, &shared, &random));
    let staff = StaffPorts {
        reads: store.clone(),
        allowlists: Arc::new(DirectAllowlists(store.clone())),
        seals: store.clone(),
        payments: store.clone(),
        orders: store.clone(),
    };
    let staff = Arc::new(StaffService::new(auth.clone(), staff));
    let adjustments = AdjustmentPorts {
        store: waking.clone(),
        reads: store.clone(),
        wallets: store.clone(),
        users: store.clone(),
        clock: shared.clone(),
        random: random.clone(),
    };
    let support = SupportPorts {
        store: waking.clone(),
        reads: store.clone(),
        orders: store.clone(),
        payments: store.clone(),
        users: store.clone(),
        clock: shared.clone(),
        random: random.clone(),
    };
    let guarded = GuardedGateway::new(gateway.clone(), Guard::new(shared.clone()));
    let payments = Arc::new(PaymentService::new(
        waking.clone(),
        store.clone(),
        store.clone(),
        store.clone(),
        store.clone(),
        Arc::new(guarded),
        shared.clone(),
        random.clone(),
        payment_policy(),
    ));
    let holder = Uuid::from_u128(1);
    let guarded = GuardedProvider::new(provider.clone(), Guard::new(shared.clone()));
    let watched = Arc::new(Watched::new(Arc::new(guarded), shared.clone()));
    let terms: Arc<dyn CurrentTerms> = Arc::new(DirectTerms(store.clone()));
    let orders = Arc::new(VerificationService::new(
        waking.clone(),
        store.clone(),
        watched.clone(),
        store.clone(),
        terms.clone(),
        shared.clone(),
        random.clone(),
        order_policy(),
        holder,
    ));
    let reconciliation = Arc::new(ReconciliationService::new(
        waking.clone(),
        store.clone(),
        gateway.clone(),
        provider.clone(),
        orders.clone(),
        shared.clone(),
        random.clone(),
    ));
    let catalogue =
        Arc::new(CatalogueService::new(orders.clone(), watched.clone(), store.clone(), shared.clone()));
    let trade = TradePorts {
        store: waking.clone(),
        reads: store.clone(),
        terms: terms.clone(),
        catalogue: catalogue.clone(),
        clock: shared.clone(),
        random: random.clone(),
    };
    let status = crate::status::board(&store, &watched, &gateway, &terms, &shared);
    let providers = ProviderDeskPorts {
        provider: watched,
        books: store.clone(),
        terms,
        orders: orders.clone(),
        clock: shared.clone(),
    };
    let notifications = told::notifications(&waking, &store, &shared, &random);
    let providers = Arc::new(ProviderDesk::new(providers));
    let gauged = Sources {
        vitals: store.clone(),
        drift: Arc::new(DriftWatch::new(store.clone(), DRIFT_SLICE)),
        figures: store.clone(),
        providers: providers.clone(),
    };
    let feed = Feed::default();
    let stop = CancellationToken::new();
    relay(&store, &feed, &wakers, &stop);
    let ready = Arc::new(Switch(AtomicBool::new(true)));
    let identities = Arc::new(FakeIdentityProvider::new(shared.clone()));
    let services = Services {
        identities: with_google.then(|| Arc::new(IdentityService::new(auth.clone(), identities.clone()))),
        auth,
        staff,
        adjustments: Arc::new(AdjustmentService::new(adjustments, usd(50_000_000))),
        support: Arc::new(SupportService::new(support)),
        webhooks: endpoints(&waking, &store, &shared, &random),
        notifications: notifications.clone(),
        suppressions: told::suppressions(&waking, &store, &shared, &random),
        money: money(&waking, &store, gateway.clone(), reconciliation, &shared, &random),
        order_desk: Arc::new(OrderDesk::new(OrderDeskPorts {
            reads: store.clone(),
            orders: store.clone(),
            staff: store.clone(),
        })),
        wallet: Arc::new(WalletService::new(waking.clone(), store.clone())),
        payments,
        verifications: orders.clone(),
        catalogue,
        trade: Arc::new(TradeDesk::new(trade, order_policy().rule)),
        providers,
        retention: Arc::new(RetentionService::new(store.clone(), shared.clone(), Retention::default())),
        store: waking,
        clock: shared.clone(),
        random: random.clone(),
        told: feed,
        events: store.clone(),
        paystack: Arc::new(PaystackDoor(vec![SecretString::from(PAYSTACK_KEY)])),
        textverified: Arc::new(TextVerifiedDoor(WebhookSecrets::default())),
        readiness: ready.clone(),
        metrics: Metrics::new(Mode::Sandbox),
        gauged,
        status,
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    let (base, origin) = (format!("http://{address}"), format!("{scheme}://{address}"));
    let settings = HttpSettings {
        origin,
        staff_origin: None,
        trusted_proxies,
        limits: Arc::new(Limits::in_memory(limit_factor)),
        cors_origins: vec![FRIEND.to_owned()],
        metrics_token: Some(SecretString::from(METRICS_TOKEN)),
        letter_previews: true,
        log_users: LoggedUsers::default(),
    };
    let app = server::build(&services, &settings, stop.clone());
    let server = tokio::spawn(server::serve(listener, app, Bounds::default(), stop.clone()));
    let upkeep = Arc::new(UpkeepService::new(store.clone(), shared.clone()));
    let doers = Doers { mailer: mailer.clone(), notifications, orders: orders.clone(), upkeep };
    let jobs = JobRunner::new(JobLane::Mail, store.clone(), doers, shared, random.clone(), holder);
    let client = client();
    World {
        base,
        client,
        store,
        provider,
        gateway,
        mailer,
        identities,
        leaked,
        orders,
        clock,
        ready,
        looked_up,
        stop,
        server,
        jobs,
    }
}

fn money(
    store: &Arc<dyn Store>,
    memory: &Arc<MemoryStore>,
    gateway: Arc<FakePaymentGateway>,
    reconciliation: Arc<ReconciliationService>,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> MoneyServices {
    let (clock, random) = (clock.clone(), random.clone());
    let desk = DeskPorts {
        desk: memory.clone(),
        payments: memory.clone(),
        books: memory.clone(),
        staff: memory.clone(),
    };
    let figures = FigureService::new(memory.clone(), clock.clone());
    let exports = ExportService::new(store.clone(), memory.clone(), clock.clone(), random.clone());
    let jobs = JobDesk::new(store.clone(), memory.clone(), clock.clone(), random.clone());
    let suspense = SuspenseService::new(
        store.clone(),
        memory.clone(),
        memory.clone(),
        memory.clone(),
        memory.clone(),
        gateway,
        clock,
        random,
        payment_policy().rate,
    );
    MoneyServices {
        desk: Arc::new(PaymentDesk::new(desk)),
        suspense: Arc::new(suspense),
        reconciliation: Arc::new(ReconciliationDesk::new(reconciliation, memory.clone())),
        jobs: Arc::new(jobs),
        figures: Arc::new(figures),
        exports: Arc::new(exports),
        settings: Arc::default(),
    }
}

fn client() -> Client {
    // The second call finds it installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().expect("a client")
}

fn relay(store: &Arc<MemoryStore>, feed: &Feed, wakers: &Wakers, stop: &CancellationToken) {
    let relay = Relay::new(store.clone(), feed.clone(), wakers.fan_out.clone());
    let (woken, stop) = (wakers.relay.clone(), stop.clone());
    tokio::spawn(async move {
        loop {
            relay.run().await.expect("the memory answers");
            tokio::select! {
                () = stop.cancelled() => return,
                () = woken.notified() => {}
            }
        }
    });
}

fn auth(
    store: &Arc<dyn Store>,
    memory: &Arc<MemoryStore>,
    standings: Arc<dyn Standings>,
    leaked: &Arc<FakeLeakedPasswords>,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> AuthService {
    let cheap = HashingCost { memory_kib: 8, passes: 1, lanes: 1 };
    let ports = AuthPorts {
        store: store.clone(),
        reads: memory.clone(),
        accounts: memory.clone(),
        webhooks: memory.clone(),
        standings,
        hasher: Arc::new(Argon2Hasher::with_params(cheap).expect("a cost")),
        leaked: leaked.clone(),
        signer: Arc::new(EdDsaSigner::new(&SigningSeed::from_bytes([7; 32]), &[])),
        codes: Arc::new(Rfc6238),
        clock: clock.clone(),
        random: random.clone(),
    };
    AuthService::new(ports, AuthPolicy::default())
}

fn usd(units: i64) -> Money {
    Money::from_units(units, Currency::Usd)
}

fn payment_policy() -> PaymentPolicy {
    PaymentPolicy {
        rate: FxRate::try_new(1600.into()).expect("a rate"),
        min: usd(1_000_000),
        max: usd(1_000_000_000),
        max_open: 10,
        honoured_h: 72,
        return_url: None,
    }
}

fn order_policy() -> OrderPolicy {
    OrderPolicy {
        rule: PriceRule::try_new(rust_decimal::Decimal::new(15, 1), usd(0)).expect("a rule"),
        quote_s: 120,
        send_within_s: 2,
        cancel_after_s: 0,
        max_open_orders: 100,
        sells_test_services: true,
    }
}

impl World {
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await.expect("an answer")
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.request("POST", path).json(&body).send().await.expect("an answer")
    }

    pub async fn work(&self) {
        while self.jobs.run().await.expect("the memory answers") > 0 {}
    }

    pub fn sell(&self, service: &str, cost_units: i64, stock: u64) {
        self.provider.sell(ServiceCode::try_new(service).expect("a code"), usd(cost_units), stock);
    }

    /// Registered, verified, signed in.
    pub async fn person(&self, email: &str) -> Person<'_> {
        let account = json!({"email": email, "password": PASSWORD});
        let registered = self.post("/api/v1/auth/register", account.clone()).await;
        assert_eq!(registered.status(), StatusCode::ACCEPTED);
        self.work().await;
        let address = Email::try_new(email).expect("an address");
        let token = self.mailer.latest_token(&address).expect("a mail with a token").0;
        let verified = self.post("/api/v1/auth/verify-email", json!({"token": token})).await;
        assert_eq!(verified.status(), StatusCode::NO_CONTENT);
        let signed_in = self.post("/api/v1/auth/login", account).await;
        let signed_in = body(signed_in, 200).await;
        let token = signed_in["access_token"].as_str().expect("a token").to_owned();
        Person::new(self, token)
    }
}

/// The JSON of an answer of that status.
pub async fn body(response: Response, status: u16) -> Value {
    let (found, url) = (response.status(), response.url().clone());
    let text = response.text().await.expect("a body");
    assert_eq!(found.as_u16(), status, "{url}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{url}: {error}: {text}"))
}

/// The code of a problem of that status, which must be a whole one.
pub async fn problem(response: Response, status: u16) -> String {
    let kind = response.headers()["content-type"].to_str().expect("text").to_owned();
    let id = response.headers()["x-request-id"].to_str().expect("text").to_owned();
    let problem = body(response, status).await;
    assert_eq!(kind, "application/problem+json", "{problem}");
    assert_eq!(problem["status"], status);
    assert_eq!(problem["request_id"], id);
    let code = problem["code"].as_str().expect("a code").to_owned();
    assert_eq!(problem["type"], format!("/problems/{}", code.replace('_', "-")));
    code
}
