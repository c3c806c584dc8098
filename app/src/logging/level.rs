//! What is logged, changed while the process runs: on SIGHUP the setting `log` is read again.
//!
//! No route does so: it would reach one of several instances, and none that only works. Whoever may signal the process
//! may read its log.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::{EnvFilter, Registry, reload};

use super::filter;
use crate::config::{self, Overrides};

type Reload = Arc<dyn Fn(EnvFilter) -> bool + Send + Sync>;

/// The filter of the lines that are logged.
#[derive(Clone)]
pub struct Level(Reload);

impl Level {
    pub(super) fn of(handle: reload::Handle<EnvFilter, Registry>) -> Self {
        Self(Arc::new(move |filter| handle.reload(filter).is_ok()))
    }

    /// From now on this filter; false, and nothing changes, if it is none.
    pub fn set(&self, text: &str) -> bool {
        filter(text).is_some_and(|filter| (self.0)(filter))
    }
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
