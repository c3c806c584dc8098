//! The server that is measured: the product's own wiring, over a provider that answers from memory.

use std::{path::Path, sync::Arc};

use namaskah::{
    config::{Config, Overrides},
    http::{
        listen::Bounds,
        server::{self, HttpSettings},
        services::Services,
    },
    metrics::Metrics,
    readiness::ProcessReadiness,
    start,
    wiring::{self, Adapters, Outside, WebhookKeys, Wired},
    worker::Workers,
};
use namaskah_adapters::{
    persistence::{Access, Database},
    system::SystemClock,
    tokens::{EdDsaSigner, SigningSeed},
};
use namaskah_domain::{
    Change, Clock, Currency, Money, UnitOfWork, UserId,
    auth::{AccessClaims, Session, TokenSigner, User},
    memory::{FakeNumberProvider, FakePaymentGateway},
    time::hours,
    verification::ServiceCode,
    wallet::Purse,
};
use namaskah_tests::given;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::{io::AsyncReadExt, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{Failure, option, paid};

pub const USERS: usize = 64;
/// More than any run can spend, in ledger units.
const FUNDS: i64 = 1_000_000_000_000;

/// `serve <database URL>`: prints its address, the users' tokens and what webhooks are signed with, and serves until
/// standard input closes.
pub async fn run(words: &[String]) -> Result<(), Failure> {
    let url = words.first().ok_or("serve needs a database URL")?;
    let folder = tempfile::tempdir()?;
    let bench = Bench::start(url, folder.path()).await?;
    let tokens = users(&bench.wired, &bench.config).await?;
    let references = paid::references(&bench, option(words, "--deposits", 0)?).await?;
    let key = WebhookKeys::of(&bench.config).paystack.into_iter().next().ok_or("no key signs webhooks")?;
    let key = key.expose_secret().to_owned();
    let origin = bench.origin.clone();
    println!(
        "{}",
        json!({"origin": origin, "tokens": tokens, "paystack_key": key, "references": references})
    );
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    bench.stop().await
}

/// The product's own wiring over fakes of the providers, listening, with its workers.
pub struct Bench {
    pub config: Config,
    pub wired: Wired,
    pub provider: Arc<FakeNumberProvider>,
    pub gateway: Arc<FakePaymentGateway>,
    pub clock: Arc<SystemClock>,
    pub origin: String,
    database: Database,
    workers: Arc<Workers>,
    serving: JoinHandle<std::io::Result<()>>,
    stop: CancellationToken,
}

impl Bench {
    pub async fn start(url: &str, folder: &Path) -> Result<Self, Failure> {
        let config = config(url, folder)?;
        let database = start::open_database(&config, Access::Make).await?;
        let metrics = Metrics::new(config.mode);
        let stores = metrics.over(wiring::open_stores(&config, &database).await?);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let clock = Arc::new(SystemClock::new(0));
        let outside = Outside::of(&config, Some("http://127.0.0.1:1"), None);
        let mut adapters = Adapters::of(&config, &outside, &origin, clock.clone())?;
        let provider = Arc::new(provider(clock.clone())?);
        let gateway = Arc::new(FakePaymentGateway::new(clock.clone()));
        (adapters.provider, adapters.gateway) = (provider.clone(), gateway.clone());
        let shared: Arc<dyn Clock> = clock.clone();
        let adapters = adapters.watched(&metrics, &shared);
        let wired = wiring::wire(&config, stores, adapters, &origin, clock.clone())?;
        let stop = CancellationToken::new();
        let workers = wired.supervisor().start(stop.clone());
        let readiness = ProcessReadiness::new(
            database.clone(),
            workers.clone(),
            wired.provider.clone(),
            Default::default(),
        );
        let services = Services::of(&wired, Arc::new(readiness), metrics);
        let settings = HttpSettings {
            origin: origin.clone(),
            staff_origin: None,
            trusted_proxies: Vec::new(),
            limits: namaskah::limits::of(&config)?,
            cors_origins: Vec::new(),
            metrics_token: None,
            letter_previews: false,
            log_users: config.log_users,
        };
        let app = server::build(&services, &settings, stop.clone());
        let serving = tokio::spawn(server::serve(listener, app, Bounds::default(), stop.clone()));
        Ok(Self { config, wired, provider, gateway, clock, origin, database, workers, serving, stop })
    }

    pub async fn stop(self) -> Result<(), Failure> {
        self.stop.cancel();
        self.serving.await??;
        self.workers.stop().await;
        self.database.close().await;
        Ok(())
    }
}

fn config(url: &str, folder: &Path) -> Result<Config, Failure> {
    let values = vec![
        ("database_url", url.to_owned()),
        ("data_dir", folder.display().to_string()),
        ("limit_factor", "1000000".to_owned()),
        ("max_open_orders", "100000".to_owned()),
    ];
    Ok(Config::from_sources(&Overrides { file: None, values }, std::iter::empty())?)
}

fn provider(clock: Arc<SystemClock>) -> Result<FakeNumberProvider, Failure> {
    let provider = FakeNumberProvider::new(clock);
    let cost = Money::parse("0.75", Currency::Usd)?;
    provider.sell(ServiceCode::try_new("whatsapp")?, cost, u64::MAX / 2);
    provider.set_balance(Money::parse("1000000000", Currency::Usd)?);
    provider.set_account_limit(usize::MAX);
    Ok(provider)
}

/// A user with money.
pub async fn user(wired: &Wired) -> Result<UserId, Failure> {
    let user = User { email_verified_at: Some(wired.clock.now()), ..given::user() };
    let id = user.id;
    let unit = UnitOfWork::new()
        .with(Change::OpenAccount(id))
        .post(given::posting(id, Purse::Wallet, FUNDS))
        .with(Change::User(user));
    wired.store.commit(unit).await?;
    Ok(id)
}

/// Users with money and a session each, and their access tokens.
async fn users(wired: &Wired, config: &Config) -> Result<Vec<String>, Failure> {
    let key = config.secrets.signing_keys.first().ok_or("there is no key")?;
    let seed: [u8; 32] = hex::decode(key.expose_secret())?.try_into().map_err(|_| "not a key")?;
    let signer = EdDsaSigner::new(&SigningSeed::from_bytes(seed), &[]);
    let (now, mut tokens) = (wired.clock.now(), Vec::new());
    for _ in 0..USERS {
        let user = user(wired).await?;
        let (created_at, expires_at) = (now, now + hours(24));
        let session = Session { created_at, last_used_at: now, expires_at, ..given::session(user) };
        let claims = AccessClaims { user, session: session.id, issued_at: now, expires_at };
        tokens.push(signer.sign(&claims)?.expose().to_owned());
        wired.store.commit(UnitOfWork::new().with(Change::Session(session))).await?;
    }
    Ok(tokens)
}
