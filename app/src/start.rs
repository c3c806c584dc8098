//! Starting and stopping the product.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use namaskah_adapters::{
    persistence::{self, Access, Database, Explainer, Options, PostgresBell},
    system::SystemClock,
};
use namaskah_domain::{Clock, Fault, Random, outbox::Bell};
use namaskah_sandbox::{Sandbox, SandboxConfig, SandboxError};
use secrecy::ExposeSecret;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, Mode},
    http::{
        listen::Bounds,
        server::{self, HttpSettings},
        services::Services,
    },
    metrics::{Crew, Metrics, Premises, Slow},
    reach::reached,
    readiness::ProcessReadiness,
    wiring::{
        self, Adapters, Outside, WebhookKeys, Wired,
        identity::{self, GoogleClient},
    },
    worker::{self, ClockFollower, Workers},
};

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The API and the workers.
    Serve,
    /// The workers alone.
    Work,
}

/// Why the product did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {source}. Name another with --listen, or port 0 for any free one")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The database does not answer.
    #[error(
        "the database cannot be used: {0}. Check database_url and data_dir; `namaskah doctor` tells more"
    )]
    Database(#[source] Fault),
    /// What is between us and the database mixes statements up.
    #[error(
        "the pooler before the database forgets prepared statements: let it work by session (pool_mode=session), or \
         take PgBouncer 1.21 or later with max_prepared_statements"
    )]
    ForgetfulPooler,
    /// The schema is older than the product, and is not ours to change.
    #[error("the schema is not up to date: run `namaskah migrate up` as the user that owns it")]
    SchemaBehind,
    /// The database belongs to another mode.
    #[error("this database is stamped for mode {stamped} and cannot be used in mode {wanted}")]
    Mode {
        /// Its mode.
        stamped: String,
        /// Ours.
        wanted: &'static str,
    },
    /// A worker of its own has no simulators of its own.
    #[error(
        "a worker in the sandbox needs --sandbox-url: the address of the simulators that the product uses"
    )]
    WorkerNeedsSandbox,
    /// The simulators did not start.
    #[error("the sandbox did not start: {0}")]
    Sandbox(#[from] SandboxError),
    /// The sandbox elsewhere does not answer.
    #[error("the sandbox at {url} does not answer: {source}")]
    SandboxAway {
        /// Where.
        url: String,
        /// Why.
        source: Fault,
    },
    /// An adapter refuses its settings.
    #[error("{0}")]
    Settings(#[source] Fault),
}

/// The running product.
pub struct Running {
    address: Option<SocketAddr>,
    public_url: String,
    sandbox: Option<Sandbox>,
    sandbox_url: Option<String>,
    wired: Wired,
    workers: Arc<Workers>,
    database: Database,
    leaving: CancellationToken,
    serving: CancellationToken,
    working: CancellationToken,
    server: Option<JoinHandle<std::io::Result<()>>>,
    drain: Duration,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Connects, migrates, checks the mode, starts the simulators if they are ours, then workers and server.
///
/// # Errors
/// [`StartError`]; nothing is left running then.
pub async fn start(config: &Config, role: Role) -> Result<Running, StartError> {
    let listener = match role {
        Role::Serve => Some(bind(config.listen).await?),
        Role::Work => None,
    };
    let address = listener.as_ref().and_then(|bound| bound.local_addr().ok());
    let local = format!("http://{}", reached(address.unwrap_or(config.listen)));
    let public_url = config.public_url.clone().unwrap_or_else(|| local.clone());
    let metrics = Metrics::new(config.mode);
    let database = open_database_watched(config, Access::Make, Some(&metrics)).await?;
    metrics.watch_pool(&database);
    watch_slow(config, &metrics).await.map_err(StartError::Database)?;
    let stores = wiring::open_stores(config, &database).await.map_err(StartError::Settings)?;
    stamp_mode(config, &stores).await?;
    let stores = metrics.over(stores);

    let (sandbox, sandbox_url) = start_sandbox(config, role, &local).await?;
    let smtp = sandbox.as_ref().map(Sandbox::smtp_addr);
    let outside = Outside::of(config, sandbox_url.as_deref(), smtp);
    let clock = clock_of(config, &stores).await.map_err(StartError::Database)?;
    let shared: Arc<dyn Clock> = clock.clone();
    let wired = Adapters::of(config, &outside, &public_url, clock.clone())
        .map(|adapters| adapters.watched(&metrics, &shared))
        .and_then(|adapters| wiring::wire(config, stores, adapters, &public_url, clock))
        .map_err(StartError::Settings)?;
    let premises = Premises::of(config, &database, &wired.stores.settings, wired.clock.now()).await;
    metrics.watch_premises(premises.map_err(StartError::Database)?);
    let follower = match &sandbox_url {
        Some(url) => Some(catch_up(url, &wired).await?),
        None => None,
    };

    let limits = crate::limits::of(config).map_err(StartError::Settings)?;
    let (leaving, serving, working) =
        (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
    let workers = start_workers(config, &database, &wired, working.clone()).map_err(StartError::Settings)?;
    if let Some(follower) = follower {
        tokio::spawn(follower.follow(workers.clone(), working.clone()));
    }
    metrics.watch_crew(Crew { workers: workers.clone(), provider: wired.provider.clone() });
    let readiness =
        ProcessReadiness::new(database.clone(), workers.clone(), wired.provider.clone(), leaving.clone());
    let readiness = readiness.with_limits(limits.clone());
    let server = listener.map(|bound| {
        let services = Services::of(&wired, Arc::new(readiness), metrics);
        let settings = HttpSettings {
            origin: public_url.clone(),
            staff_origin: config.admin_url.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            limits: limits.clone(),
            cors_origins: config.cors_origins.clone(),
            metrics_token: config.metrics_token.clone(),
            letter_previews: config.mode == Mode::Sandbox,
            log_users: config.log_users,
        };
        let app = server::build(&services, &settings, serving.clone());
        let bounds = Bounds {
            proxies: config.trusted_proxies.clone(),
            leaving: Some(leaving.clone()),
            ..Bounds::default()
        };
        tokio::spawn(server::serve(bound, app, bounds, serving.clone()))
    });
    Ok(Running {
        address,
        public_url,
        sandbox,
        sandbox_url,
        wired,
        workers,
        database,
        leaving,
        serving,
        working,
        server,
        drain: config.drain,
    })
}

impl Running {
    /// Where the product listens, if it does.
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Where users reach it.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Where the simulators are, in the sandbox.
    pub fn sandbox_url(&self) -> Option<&str> {
        self.sandbox_url.as_deref()
    }

    /// The simulated mail server, if it is ours.
    pub fn smtp_address(&self) -> Option<SocketAddr> {
        self.sandbox.as_ref().map(Sandbox::smtp_addr)
    }

    /// Every service.
    pub const fn wired(&self) -> &Wired {
        &self.wired
    }

    /// Every worker.
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// Readiness goes false, requests finish, workers give back their leases; then everything is closed. For a while
    /// requests are still taken, so that a balancer sees it before connections are refused.
    pub async fn stop(self) {
        self.leaving.cancel();
        tokio::time::sleep(self.drain).await;
        self.serving.cancel();
        if let Some(server) = self.server {
            // A server that panicked has nothing left to finish.
            let _ = server.await;
        }
        self.working.cancel();
        self.workers.stop().await;
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
        self.database.close().await;
    }
}

/// Starts the workers, and listens for those of other processes, unless that is switched off.
fn start_workers(
    config: &Config,
    database: &Database,
    wired: &Wired,
    working: CancellationToken,
) -> Result<Arc<Workers>, Fault> {
    let url = config.database_url.expose_secret();
    let bell = match config.database_listen {
        true => PostgresBell::try_new(database, url, wired.holder())?,
        false => None,
    };
    let Some(bell) = bell else { return Ok(wired.supervisor().start(working)) };
    let bell: Arc<dyn Bell> = Arc::new(bell);
    tokio::spawn(worker::listen(bell.clone(), wired.wakers(), working.clone()));
    Ok(wired.with_bell(wired.supervisor(), bell).start(working))
}

/// Takes the address, or says whose fault it is that it cannot.
async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

/// Connects, and brings the schema up to date if that is ours to do; any number of processes may do so at once.
///
/// # Errors
/// `Database` if it does not answer, or a step fails; `ForgetfulPooler`, `SchemaBehind`.
pub async fn open_database(config: &Config, access: Access) -> Result<Database, StartError> {
    open_database_watched(config, access, None).await
}

async fn open_database_watched(
    config: &Config,
    access: Access,
    metrics: Option<&Metrics>,
) -> Result<Database, StartError> {
    let fault = |error| StartError::Database(Fault::new(error));
    let database = connect_watched(config, access, metrics).await?;
    if config.migrate_at_start {
        namaskah_migration::migrate(database.connection()).await.map_err(fault)?;
    } else if !namaskah_migration::is_current(database.connection()).await.map_err(fault)? {
        return Err(StartError::SchemaBehind);
    }
    Ok(database)
}

/// Connects, and changes nothing.
///
/// # Errors
/// `Database` if it does not answer; `ForgetfulPooler`.
pub async fn connect(config: &Config, access: Access) -> Result<Database, StartError> {
    connect_watched(config, access, None).await
}

async fn connect_watched(
    config: &Config,
    access: Access,
    metrics: Option<&Metrics>,
) -> Result<Database, StartError> {
    if config.is_embedded() && access == Access::Make {
        crate::config::make_private_folder(&config.data_dir)
            .map_err(|e| StartError::Database(Fault::new(e)))?;
    }
    let options = Options {
        access,
        max_connections: config.database_pool,
        observer: metrics.map(Metrics::of_statements),
        batches: metrics.map(Metrics::of_batches),
    };
    let url = config.database_url.expose_secret();
    let database = persistence::connect(url, options).await.map_err(StartError::Database)?;
    if database.keeps_statements().await.map_err(StartError::Database)? {
        return Ok(database);
    }
    database.close().await;
    Err(StartError::ForgetfulPooler)
}

/// Slow statements are logged with their plans from here on.
async fn watch_slow(config: &Config, metrics: &Metrics) -> Result<(), Fault> {
    let explainer = Explainer::new(config.database_url.expose_secret()).await?;
    metrics.watch_slow(Slow::start(config.slow_statement, explainer));
    Ok(())
}

/// This machine's clock; in the sandbox, as far ahead as it was moved.
///
/// # Errors
/// If the offset cannot be read.
pub async fn clock_of(config: &Config, stores: &persistence::Stores) -> Result<Arc<SystemClock>, Fault> {
    let moved_ms = if config.mode == Mode::Sandbox { stores.settings.clock_offset_ms().await? } else { 0 };
    Ok(Arc::new(SystemClock::new(moved_ms)))
}

/// Stamps a new database with our mode.
///
/// # Errors
/// `Mode` if it is stamped with another, `Database` if it does not answer.
pub async fn stamp_mode(config: &Config, stores: &persistence::Stores) -> Result<(), StartError> {
    let wanted = config.mode.name();
    let stamped = stores.settings.set_if_absent("mode", wanted).await.map_err(StartError::Database)?;
    if stamped == wanted { Ok(()) } else { Err(StartError::Mode { stamped, wanted }) }
}

/// Starts the simulators in this process, or tells those elsewhere where we listen.
async fn start_sandbox(
    config: &Config,
    role: Role,
    product_url: &str,
) -> Result<(Option<Sandbox>, Option<String>), StartError> {
    if config.mode != Mode::Sandbox {
        return Ok((None, None));
    }
    if let Some(url) = &config.sandbox.url {
        if role == Role::Serve {
            tell_product_url(url, product_url).await?;
        }
        return Ok((None, Some(url.clone())));
    }
    if role == Role::Work {
        return Err(StartError::WorkerNeedsSandbox);
    }
    let sandbox = Sandbox::start(sandbox_config(config, Some(product_url.to_owned()))).await?;
    let url = format!("http://{}", reached(sandbox.http_addr()));
    Ok((Some(sandbox), Some(url)))
}

/// How the simulators run for this configuration.
pub fn sandbox_config(config: &Config, product_url: Option<String>) -> SandboxConfig {
    let keys = WebhookKeys::of(config);
    let reached = config.public_url.as_deref().or(product_url.as_deref());
    let redirect_uri = reached.map(identity::way_back);
    let first = |keys: &[secrecy::SecretString]| {
        keys.first().map(|k| k.expose_secret().to_owned()).unwrap_or_default()
    };
    SandboxConfig {
        listen: config.sandbox.listen,
        smtp_listen: config.sandbox.smtp_listen,
        database: namaskah_sandbox::Database::File(config.data_dir.join("sandbox.db")),
        product_url,
        public_url: config.sandbox.public_url.clone(),
        paystack_secret_key: first(&keys.paystack),
        textverified_webhook_secret: first(&keys.textverified.secrets),
        credentials: None,
        google: GoogleClient::of(config).map(|client| namaskah_sandbox::GoogleClient {
            client_id: client.id,
            client_secret: client.secret.expose_secret().to_owned(),
            redirect_uri,
        }),
    }
}

async fn tell_product_url(sandbox_url: &str, product_url: &str) -> Result<(), StartError> {
    let away = |source| StartError::SandboxAway { url: sandbox_url.to_owned(), source };
    let client = outside_client().map_err(away)?;
    let body = serde_json::json!({ "product_url": product_url });
    let told = client.post(format!("{sandbox_url}/control/webhooks")).json(&body).send().await;
    told.and_then(reqwest::Response::error_for_status).map(|_| ()).map_err(|e| away(Fault::new(e)))
}

async fn catch_up(sandbox_url: &str, wired: &Wired) -> Result<ClockFollower, StartError> {
    let away = |source| StartError::SandboxAway { url: sandbox_url.to_owned(), source };
    let client = outside_client().map_err(away)?;
    let follower = ClockFollower::new(client, sandbox_url, wired.holder(), wired.movable_clock());
    follower.catch_up().await.map_err(away)?;
    Ok(follower)
}

/// A client for the sandbox's controls.
fn outside_client() -> Result<reqwest::Client, Fault> {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().map_err(Fault::new)
}

/// The randomness of the product, for commands that need some before anything is wired.
pub fn random() -> Arc<dyn Random> {
    Arc::new(namaskah_adapters::system::SystemRandom)
}
