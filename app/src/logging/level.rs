//! What is logged, changed while the process runs: on SIGHUP the setting `log` is read again.
//!
//! No route does so: it would reach one of several instances, and none that only works. Whoever may signal the process
//! may read its log.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::{EnvFilter, Registry, filter::LevelFilter, reload};

use super::filter;
use crate::config::{self, Overrides};

type Reload = Arc<dyn Fn(EnvFilter) -> bool + Send + Sync>;

/// The filter of the lines that are logged.
#[derive(Clone)]
pub struct Level(Reload);

impl Level {
    pub(super) fn of(handle: reload::Handle<EnvFilter, Registry>) -> Self {
        Self(Arc::new(move |filter| {
            let is_set = handle.reload(filter).is_ok();
            let_others_log();
            is_set
        }))
    }

    /// From now on this filter; false, and nothing changes, if it is none.
    pub fn set(&self, text: &str) -> bool {
        filter(text).is_some_and(|filter| (self.0)(filter))
    }
}

/// Crates that log by `log` ask it, and not the filter, whether a line is wanted at all.
fn let_others_log() {
    let wanted = match LevelFilter::current().into_level() {
        None => log::LevelFilter::Off,
        Some(tracing::Level::ERROR) => log::LevelFilter::Error,
        Some(tracing::Level::WARN) => log::LevelFilter::Warn,
        Some(tracing::Level::INFO) => log::LevelFilter::Info,
        Some(tracing::Level::DEBUG) => log::LevelFilter::Debug,
        Some(tracing::Level::TRACE) => log::LevelFilter::Trace,
    };
    log::set_max_level(wanted);
}

/// Reads the setting again whenever the process is sent SIGHUP.
///
/// # Errors
/// If the signal cannot be waited for.
pub fn follow(level: Level, overrides: Overrides) -> std::io::Result<()> {
    let mut hang_ups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hang_ups.recv().await.is_some() {
            again(&level, &overrides);
        }
    });
    Ok(())
}

fn again(level: &Level, overrides: &Overrides) {
    match config::log_filter(overrides) {
        Ok(log) if level.set(&log) => tracing::warn!(log, "what is logged was read again"),
        Ok(log) => tracing::error!(log, "this is no filter: what is logged stays as it is"),
        Err(faults) => tracing::error!(%faults, "settings cannot be read: what is logged stays as it is"),
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::{Layer, fmt, layer::SubscriberExt};

    use super::*;

    #[test]
    fn what_others_log_is_let_through_with_a_finer_level() {
        let (layer, handle) = reload::Layer::new(filter("info").expect("a filter"));
        let lines = fmt::layer().with_writer(std::io::sink).with_filter(layer);
        let subscriber = tracing_subscriber::registry().with(lines);
        tracing::subscriber::with_default(subscriber, || {
            let level = Level::of(handle);
            assert!(!level.set("a=[["));
            assert!(level.set("trace"));
            assert_eq!(log::max_level(), log::LevelFilter::Trace);
        });
    }
}
