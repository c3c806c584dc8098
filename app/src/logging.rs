//! Logs: text for people, JSON for machines, to standard error. Never a number, code, text, key or token.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::Config;

/// Starts logging as configured; a second start changes nothing.
pub fn start(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    // Statements carry values, and mail carries addresses: theirs are not for our log.
    let quiet = ["sqlx=warn", "sea_orm=warn", "lettre=warn", "hyper=warn", "h2=warn"];
    let filter = quiet.iter().filter_map(|d| d.parse().ok()).fold(filter, EnvFilter::add_directive);
    let registry = tracing_subscriber::registry().with(filter);
    // It fails only if a subscriber is there already, as in tests.
    let _ = if config.log_json {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()
    } else {
        registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_target(false)
                    .with_ansi(std::io::stderr().is_terminal()),
            )
            .try_init()
    };
}
