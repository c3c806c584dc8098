//! Configuration: file and `NAMASKAH_*` environment, checked whole. Every fault is reported at once.

mod effective;
mod fault;
mod link;
mod mode;
mod parse;
mod secrets;
mod setting;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;
use namaskah_domain::{Money, payment::FxRate, retention::Retention, verification::PriceRule};
use secrecy::{ExposeSecret, SecretString};

pub use effective::Effective;
pub use fault::Faults;
pub use link::{Link, is_on_this_machine};
pub use mode::Mode;
pub use secrets::{Absent, Secrets, make_private_folder};
pub use setting::{SETTINGS, Setting};

use parse::Values;

use crate::{logging::LoggedUsers, reports::Dsn, traces::Collector};

/// Everything that can be configured, parsed and checked.
#[derive(Debug)]
pub struct Config {
    /// Sandbox, test or live.
    pub mode: Mode,
    /// Where the product listens.
    pub listen: SocketAddr,
    /// How long a stopping process still takes requests while it says that it is not ready.
    pub drain: Duration,
    /// Where users reach it; `None`: at the address that it listens on.
    pub public_url: Option<String>,
    /// Where staff reaches it, if that is a host of its own.
    pub admin_url: Option<String>,
    /// Folder of the embedded database and of generated secrets.
    pub data_dir: PathBuf,
    /// Where the data is. May hold a password.
    pub database_url: SecretString,
    /// True if a start brings the schema up to date.
    pub migrate_at_start: bool,
    /// Connections to Postgres.
    pub database_pool: u32,
    /// True if a connection of its own hears what other processes queue.
    pub database_listen: bool,
    /// The simulators.
    pub sandbox: SandboxSettings,
    /// Paystack.
    pub paystack: PaystackSettings,
    /// TextVerified.
    pub textverified: TextVerifiedSettings,
    /// Google, for signing in.
    pub google: GoogleSettings,
    /// Where new passwords are looked for.
    pub leaked_passwords: LeakedPasswordsAt,
    /// After which a provider's answer is unknown.
    pub provider_timeout: Duration,
    /// The mail server; `None`: the simulated one.
    pub smtp_url: Option<SecretString>,
    /// Sender of mails.
    pub mail_from: String,
    /// Mails on their way at a time.
    pub mail_at_once: u32,
    /// Naira for a dollar.
    pub rate: FxRate,
    /// Smallest and largest payment.
    pub payment_range: (Money, Money),
    /// How prices are made.
    pub price_rule: PriceRule,
    /// Seconds after which an order may be cancelled.
    pub cancel_after_s: i64,
    /// Calls a second at most by which a number provider is told of ends.
    pub provider_notices_per_s: u32,
    /// Open orders a user may have.
    pub max_open_orders: u32,
    /// How long numbers and texts are kept.
    pub retention: Retention,
    /// What staff may book at once in a day, by one and to one.
    pub adjustment_limit: Money,
    /// Multiplies every rate limit.
    pub limit_factor: u32,
    /// Networks whose requests are not limited.
    pub limit_bypass: Vec<IpNet>,
    /// What may be reached on other machines without TLS in live mode.
    pub plain_links: Vec<Link>,
    /// Where rate limits are counted; `None`: in each process.
    pub redis_url: Option<SecretString>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// Networks besides the internet that URLs of users may lead to.
    pub outbound_allow: Vec<IpNet>,
    /// What opens `/metrics` from elsewhere.
    pub metrics_token: Option<SecretString>,
    /// Where traces are sent to; `None`: nowhere.
    pub collector: Option<Collector>,
    /// Where errors are reported to; `None`: nowhere.
    pub sentry_dsn: Option<Dsn>,
    /// A statement of the database that takes so long is slow.
    pub slow_statement: Duration,
    /// What is logged.
    pub log: String,
    /// True for one JSON object a line.
    pub log_json: bool,
    /// How users are named there.
    pub log_users: LoggedUsers,
    /// Keys of our own.
    pub secrets: Secrets,
    /// What is in force, for those who may look.
    pub effective: Effective,
}

/// The simulators.
#[derive(Debug)]
pub struct SandboxSettings {
    /// Where they listen, if they are started here.
    pub listen: SocketAddr,
    /// Where their mail server listens.
    pub smtp_listen: SocketAddr,
    /// Where they run, if elsewhere.
    pub url: Option<String>,
    /// Where browsers find those that are started here, if elsewhere than the product does.
    pub public_url: Option<String>,
}

/// Paystack.
#[derive(Debug)]
pub struct PaystackSettings {
    /// Its API; `None`: the simulator's.
    pub base_url: Option<String>,
    /// Keys, newest first.
    pub secret_keys: Vec<SecretString>,
}

/// TextVerified.
#[derive(Debug)]
pub struct TextVerifiedSettings {
    /// Its API; `None`: the simulator's.
    pub base_url: Option<String>,
    /// API key.
    pub api_key: SecretString,
    /// The account's address.
    pub username: String,
    /// Webhook secrets, newest first.
    pub webhook_secrets: Vec<SecretString>,
    /// True if the key of a webhook is the secret's base64 after its prefix.
    pub webhook_key_is_base64: bool,
}

/// Google.
#[derive(Debug)]
pub struct GoogleSettings {
    /// The OpenID provider; `None`: the simulator.
    pub issuer: Option<String>,
    /// What it calls us; `None`: nobody signs in with it, but for the sandbox.
    pub client_id: Option<String>,
    /// The secret of that client.
    pub client_secret: Option<SecretString>,
}

/// Where it is looked up whether a new password has leaked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeakedPasswordsAt {
    /// Nowhere: our own list is all.
    Nowhere,
    /// At the simulator.
    Simulator,
    /// At a service that speaks the protocol of Pwned Passwords.
    Url(String),
}

/// What the command line overrides.
#[derive(Debug, Default, Clone)]
pub struct Overrides {
    /// A configuration file; default: `namaskah.toml`, if it is there.
    pub file: Option<PathBuf>,
    /// Keys of [`SETTINGS`] and their values.
    pub values: Vec<(&'static str, String)>,
}

impl Config {
    /// Reads file, environment and command line, in rising order of weight.
    ///
    /// # Errors
    /// Every fault that there is, at once.
    pub fn load(overrides: &Overrides, absent: Absent) -> Result<Self, Faults> {
        let env = std::env::vars().filter(|(name, _)| name.starts_with(parse::PREFIX));
        Self::read(overrides, env, absent)
    }

    /// The same with an environment of the caller's; keys are made if they are absent.
    ///
    /// # Errors
    /// Every fault that there is, at once.
    pub fn from_sources(
        overrides: &Overrides,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        Self::read(overrides, env, Absent::Make)
    }

    fn read(
        overrides: &Overrides,
        env: impl Iterator<Item = (String, String)>,
        absent: Absent,
    ) -> Result<Self, Faults> {
        let mut values = Values::read(overrides, env)?;
        let given = Effective::given(&values);
        let mode = values.choice("mode", &Mode::NAMES);
        let mode = mode.and_then(Mode::from_name).unwrap_or(Mode::Sandbox);
        let data_dir = PathBuf::from(values.text("data_dir").unwrap_or_default());
        let (smtp_url, mail_from) = values.mail();
        let mut config = Self {
            mode,
            listen: values.address("http_listen"),
            drain: values.drain(mode),
            public_url: values.url("public_url"),
            admin_url: values.url("admin_url"),
            database_url: values.database_url("database_url").unwrap_or_else(|| embedded(&data_dir)),
            database_pool: values.number("database_pool", 1, 1_000),
            database_listen: values.choice("database_listen", &["yes", "no"]) != Some("no"),
            migrate_at_start: values.choice("migrate_at_start", &["yes", "no"]) != Some("no"),
            sandbox: SandboxSettings {
                listen: values.address("sandbox_listen"),
                smtp_listen: values.address("sandbox_smtp_listen"),
                url: values.url("sandbox_url"),
                public_url: values.url("sandbox_public_url"),
            },
            paystack: values.paystack(mode),
            textverified: values.textverified(mode),
            google: values.google(mode),
            leaked_passwords: values.leaked_passwords(mode),
            provider_timeout: Duration::from_secs(u64::from(values.number("provider_timeout_s", 1, 60))),
            smtp_url,
            mail_from,
            mail_at_once: values.number("mail_at_once", 1, 256),
            rate: values.rate(mode),
            payment_range: (values.dollars("payment_min_usd"), values.dollars("payment_max_usd")),
            price_rule: values.price_rule(),
            cancel_after_s: i64::from(values.number("cancel_after_s", 0, 3_600)),
            provider_notices_per_s: values.number("provider_notices_per_s", 1, 1_000),
            max_open_orders: values.number("max_open_orders", 1, 100_000),
            retention: Retention::of_hours(values.number("retention_h", 1, 8_760)),
            adjustment_limit: values.dollars("adjustment_limit_usd"),
            limit_factor: values.limit_factor(mode),
            limit_bypass: values.networks("limit_bypass"),
            redis_url: values.redis_url("redis_url"),
            plain_links: values.plain_links("plain_links"),
            trusted_proxies: values.networks("trusted_proxies"),
            cors_origins: values.origins("cors_origins"),
            outbound_allow: values.networks("outbound_allow"),
            metrics_token: values.secret("metrics_token"),
            collector: values.collector(mode),
            sentry_dsn: values.sentry_dsn("sentry_dsn", mode),
            slow_statement: Duration::from_millis(u64::from(values.number("slow_statement_ms", 0, 60_000))),
            log: values.log("log"),
            log_json: values.choice("log_format", &["text", "json"]) == Some("json"),
            log_users: values.logged_users("log_user_ids"),
            secrets: Secrets::load(&mut values, mode, &data_dir, absent),
            data_dir,
            effective: Effective::default(),
        };
        config.effective = given.of(&config);
        mode::check(&config, &mut values);
        values.finish(config)
    }

    /// True if the data is in the embedded database.
    pub fn is_embedded(&self) -> bool {
        self.database_url.expose_secret().starts_with("sqlite:")
    }
}

/// What is to be logged, as it is set now.
///
/// # Errors
/// If file or environment cannot be read as settings.
pub fn log_filter(overrides: &Overrides) -> Result<String, Faults> {
    let env = std::env::vars().filter(|(name, _)| name.starts_with(parse::PREFIX));
    let values = Values::read(overrides, env)?;
    let log = values.text("log").unwrap_or_default();
    values.finish(log)
}

fn embedded(data_dir: &Path) -> SecretString {
    SecretString::from(format!("sqlite://{}?mode=rwc", data_dir.join("namaskah.db").display()))
}
