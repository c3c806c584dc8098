//! What a process tells others of itself, besides its log: traces and reports of errors, where they are configured.

use std::io::IsTerminal;

use super::CommandError;
use crate::{
    cli::Command,
    config::{Config, Overrides},
    logging,
    reports::Reports,
    traces::Traces,
};

/// Traces and reports. It is stopped when the command has ended.
pub(super) struct Telling {
    traces: Option<Traces>,
    reports: Option<Reports>,
}

impl Telling {
    /// Starts logging with them. Processes that stay look again what they log when they are sent SIGHUP.
    pub(super) fn start(
        config: &Config,
        command: &Command,
        overrides: Overrides,
    ) -> Result<Self, CommandError> {
        let stays = matches!(command, Command::Serve | Command::Worker);
        let collector = config.collector.as_ref().filter(|_| stays);
        let traces = collector.map(|collector| Traces::start(collector, config.mode)).transpose()?;
        let dsn = config.sentry_dsn.clone().filter(|_| stays);
        let reports = dsn.map(|dsn| Reports::start(dsn, config.mode)).transpose()?;
        let layers = [traces.as_ref().map(Traces::layer), reports.as_ref().map(Reports::layer)];
        let level = logging::start(config, layers.into_iter().flatten().collect());
        // In a terminal SIGHUP says that it was closed, and ends the process as it ends others.
        if stays && !std::io::stderr().is_terminal() {
            logging::follow(level, overrides)?;
        }
        Ok(Self { traces, reports })
    }

    /// Sends what is left.
    pub(super) async fn stop(self) {
        if let Some(reports) = self.reports {
            reports.stop().await;
        }
        if let Some(traces) = self.traces {
            traces.stop().await;
        }
    }
}
