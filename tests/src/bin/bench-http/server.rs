//! The server that is measured: the product's own wiring, over a provider that answers from memory.

use std::sync::Arc;

use namaskah::{
    config::{Config, Overrides},
    http::{
        server::{self, HttpSettings},
        services::Services,
    },
    readiness::ProcessReadiness,
    start,
    wiring::{self, Adapters, Outside, Wired},
};
use namaskah_adapters::{
    system::SystemClock,
    tokens::{EdDsaSigner, SigningSeed},
};
use namaskah_domain::{
    Change, Clock, Currency, Money, UnitOfWork,
    auth::{AccessClaims, Session, TokenSigner, User},
    memory::{FakeNumberProvider, FakePaymentGateway},
    time::hours,
    verification::ServiceCode,
    wallet::Purse,
};
use namaskah_tests::given;
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

use crate::Failure;

const USERS: usize = 64;
/// More than any run can spend, in ledger units.
const FUNDS: i64 = 1_000_000_000_000;

/// `serve <database URL>`: prints its address and the users' tokens, and serves until standard input closes.
pub async fn run(words: &[String]) -> Result<(), Failure> {
    let url = words.first().ok_or("serve needs a database URL")?;
    let folder = tempfile::tempdir()?;
    let config = config(url, folder.path())?;
    let database = start::open_database(&config).await?;
    let stores = wiring::open_stores(&config, &database)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let clock = Arc::new(SystemClock::new(0));
    let outside = Outside::of(&config, Some("http://127.0.0.1:1"), None);
    let mut adapters = Adapters::of(&config, &outside, &origin, clock.clone())?;
    adapters.provider = Arc::new(provider(clock.clone())?);
    adapters.gateway = Arc::new(FakePaymentGateway::new(clock.clone()));
    let wired = wiring::wire(&config, stores, adapters, &origin, clock)?;
    let tokens = users(&wired, &config).await?;

    let stop = CancellationToken::new();
    let workers = wired.supervisor().start(stop.clone());
    let readiness =
        ProcessReadiness::new(database.clone(), workers.clone(), wired.provider.clone(), Arc::default());
    let services = Services::of(&wired, Arc::new(readiness));
    let settings = HttpSettings {
        origin: origin.clone(),
        trusted_proxies: Vec::new(),
        limit_factor: config.limit_factor,
    };
    let app = server::build(&services, &settings, stop.clone());
    let serving = tokio::spawn(server::serve(listener, app, stop.clone()));
    println!("{}", serde_json::json!({"origin": origin, "tokens": tokens}));
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    stop.cancel();
    serving.await??;
    workers.stop().await;
    database.close().await;
    Ok(())
}

fn config(url: &str, folder: &std::path::Path) -> Result<Config, Failure> {
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

/// Users with money and a session each, and their access tokens.
async fn users(wired: &Wired, config: &Config) -> Result<Vec<String>, Failure> {
    use secrecy::ExposeSecret;
    let key = config.secrets.signing_keys.first().ok_or("there is no key")?;
    let seed: [u8; 32] = hex::decode(key.expose_secret())?.try_into().map_err(|_| "not a key")?;
    let signer = EdDsaSigner::new(&SigningSeed::from_bytes(seed), &[]);
    let now = wired.clock.now();
    let mut tokens = Vec::new();
    for _ in 0..USERS {
        let user = User { email_verified_at: Some(now), ..given::user() };
        let session = Session {
            created_at: now,
            last_used_at: now,
            expires_at: now + hours(24),
            ..given::session(user.id)
        };
        let claims =
            AccessClaims { user: user.id, session: session.id, issued_at: now, expires_at: now + hours(24) };
        tokens.push(signer.sign(&claims)?.expose().to_owned());
        let unit = UnitOfWork::new()
            .with(Change::OpenAccount(user.id))
            .post(given::posting(user.id, Purse::Wallet, FUNDS))
            .with(Change::User(user))
            .with(Change::Session(session));
        wired.store.commit(unit).await?;
    }
    Ok(tokens)
}
