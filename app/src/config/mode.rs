//! Modes, and what a live one refuses.

use secrecy::ExposeSecret;

use super::{Config, parse::Values};

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
    if config.mode == Mode::Live {
        check_live(config, values);
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
    for (key, url) in [
        ("paystack_base_url", &config.paystack.base_url),
        ("textverified_base_url", &config.textverified.base_url),
    ] {
        if url.as_deref().is_some_and(is_unsafe_in_live) {
            values.fault(&format!("{key} must be https:// and not on this machine in live mode"));
        }
    }
    for key in &config.paystack.secret_keys {
        if !key.expose_secret().starts_with("sk_live_") || key.expose_secret().len() < 24 {
            values.fault("paystack_secret_key must be an sk_live_ key in live mode");
        }
    }
}

fn is_unsafe_in_live(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let local = host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
    !url.starts_with("https://") || local || host.starts_with("0.") || host.is_empty()
}
