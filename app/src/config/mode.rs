//! Modes, and what a live one refuses.

use ipnet::IpNet;
use namaskah_domain::outbound::set_aside;
use reqwest::Url;
use secrecy::ExposeSecret;

use super::{
    Config, LeakedPasswordsAt,
    link::{self, Host, Link},
    parse::Values,
};

/// A shorter secret of webhooks can be guessed.
const SHORTEST_SECRET: usize = 16;
/// A higher factor is no limit.
const HIGHEST_LIMIT_FACTOR: u32 = 10;

/// What the product is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Against the simulators: no key, no money.
    Sandbox,
    /// Against the providers' own test modes.
    Test,
    /// For customers.
    Live,
}

impl Mode {
    /// The words that can be configured.
    pub const NAMES: [&'static str; 3] = ["sandbox", "test", "live"];

    /// The mode of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sandbox, Self::Test, Self::Live].into_iter().find(|mode| mode.name() == name)
    }

    /// The word that is configured and stamped on the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    /// What Paystack calls the transactions of this mode.
    pub const fn paystack_domain(self) -> &'static str {
        match self {
            Self::Sandbox | Self::Test => "test",
            Self::Live => "live",
        }
    }
}

/// Rules between settings, most of them for live: no simulator, no test key, nothing missing.
pub(super) fn check(config: &Config, values: &mut Values) {
    if config.payment_range.0.units() > config.payment_range.1.units() {
        values.fault("payment_min_usd is above payment_max_usd");
    }
    if config.mode != Mode::Sandbox && config.smtp_url.is_none() {
        values.fault("smtp_url is required outside the sandbox");
    }
    if let Some(url) = &config.admin_url {
        check_staffs_host(url, config.public_url.as_deref(), values);
    }
    if config.mode == Mode::Live {
        check_live(config, values);
    }
}

/// A browser keeps hosts apart, not ports and not paths.
fn check_staffs_host(url: &str, public_url: Option<&str>, values: &mut Values) {
    let of = |url: &str| Url::parse(url).ok();
    let Some(staffs) = of(url).filter(|parsed| parsed.origin().ascii_serialization() == url) else {
        values.fault("admin_url must be a scheme and a host, such as https://admin.example");
        return;
    };
    let Some(users) = public_url.and_then(of) else {
        values.fault("admin_url is for whoever has set public_url");
        return;
    };
    if staffs.host_str() == users.host_str() || staffs.scheme() != users.scheme() {
        values.fault("admin_url must be another host than public_url, with the same scheme");
    }
}

fn check_live(config: &Config, values: &mut Values) {
    if config.sandbox.url.is_some() {
        values.fault("sandbox_url is refused in live mode");
    }
    match &config.public_url {
        None => values.fault("public_url is required in live mode"),
        Some(url) if !url.starts_with("https://") => values.fault("public_url must be https:// in live mode"),
        Some(_) => {}
    }
    let leaked_passwords = match &config.leaked_passwords {
        LeakedPasswordsAt::Url(url) => Some(url.as_str()),
        LeakedPasswordsAt::Nowhere | LeakedPasswordsAt::Simulator => None,
    };
    for (key, url) in [
        ("paystack_base_url", config.paystack.base_url.as_deref()),
        ("textverified_base_url", config.textverified.base_url.as_deref()),
        ("google_issuer", config.google.issuer.as_deref()),
        ("leaked_passwords_url", leaked_passwords),
    ] {
        if url.is_some_and(is_unsafe_in_live) {
            values.fault(&format!("{key} must be https:// and not on this machine in live mode"));
        }
    }
    for key in &config.paystack.secret_keys {
        if !key.expose_secret().starts_with("sk_live_") || key.expose_secret().len() < 24 {
            values.fault("paystack_secret_key must be an sk_live_ key in live mode");
        }
    }
    check_live_keys(config, values);
    check_live_network(config, values);
    check_live_links(config, values);
}

fn check_live_keys(config: &Config, values: &mut Values) {
    if config.metrics_token.as_ref().is_some_and(|token| token.expose_secret().len() < SHORTEST_SECRET) {
        values.fault(&format!("metrics_token must have at least {SHORTEST_SECRET} characters in live mode"));
    }
    let secrets = &config.textverified.webhook_secrets;
    if secrets.iter().any(|secret| secret.expose_secret().len() < SHORTEST_SECRET) {
        values.fault(&format!(
            "textverified_webhook_secret must have at least {SHORTEST_SECRET} characters in live mode"
        ));
    }
    if config.google.client_secret.as_ref().is_some_and(|s| s.expose_secret().len() < SHORTEST_SECRET) {
        values.fault(&format!(
            "google_client_secret must have at least {SHORTEST_SECRET} characters in live mode"
        ));
    }
    let encrypting = &config.secrets.encryption_keys;
    let is_encryption = |key: &&secrecy::SecretString| {
        let is_same =
            |other: &secrecy::SecretString| key.expose_secret().eq_ignore_ascii_case(other.expose_secret());
        encrypting.iter().any(is_same)
    };
    if config.secrets.signing_keys.iter().any(|key| is_encryption(&key)) {
        values.fault("encryption_key and signing_key must differ in live mode");
    }
}

fn check_live_network(config: &Config, values: &mut Values) {
    if config.trusted_proxies.iter().any(is_much_of_the_world) {
        values.fault("trusted_proxies must be networks of /8 at most, or /16 of IPv6, in live mode");
    }
    if config.limit_bypass.iter().any(|network| network.prefix_len() == 0) {
        values.fault("limit_bypass must not be every address in live mode");
    }
    if config.cors_origins.iter().any(|origin| !origin.starts_with("https://")) {
        values.fault("cors_origins must be https:// in live mode");
    }
    if config.outbound_allow.iter().any(|network| set_aside(*network).is_some()) {
        values.fault("outbound_allow must be public networks alone in live mode");
    }
    if config.limit_factor > HIGHEST_LIMIT_FACTOR {
        values.fault(&format!("limit_factor must be at most {HIGHEST_LIMIT_FACTOR} in live mode"));
    }
}

/// Whoever is believed about addresses may claim any. Two halves of the world are the world; no network of one's own is
/// larger than 10.0.0.0/8.
fn is_much_of_the_world(network: &IpNet) -> bool {
    let shortest = if network.addr().is_ipv4() { 8 } else { 16 };
    network.prefix_len() < shortest
}

fn check_live_links(config: &Config, values: &mut Values) {
    if config.smtp_url.as_ref().is_some_and(|url| link::is_plain_mail(url.expose_secret())) {
        values.fault(
            "smtp_url must be smtp+starttls:// or smtps:// in live mode, unless it is on this machine",
        );
    }
    let may_be_plain = |link: Link| config.plain_links.contains(&link);
    if !may_be_plain(Link::Database) && link::is_plain_database(config.database_url.expose_secret()) {
        values.fault(
            "database_url must say sslmode=verify-full in live mode, unless it is on this machine or plain_links names \
             the database",
        );
    }
    let redis = config.redis_url.as_ref();
    if !may_be_plain(Link::Redis) && redis.is_some_and(|url| link::is_plain_redis(url.expose_secret())) {
        values.fault(
            "redis_url must be rediss:// in live mode, unless it is on this machine or plain_links names redis",
        );
    }
}

/// True unless it is `https://` to a host that can be a vendor's: neither this machine nor an address that is not public.
/// What is no URL was told already.
fn is_unsafe_in_live(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_inside = match Host::of(&url) {
        Host::Address(ip) => set_aside(ip).is_some(),
        Host::Name(name) => link::is_local_name(&name),
        Host::None => true,
    };
    url.scheme() != "https" || is_inside
}
