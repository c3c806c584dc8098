//! Sends reports, one after the other. What cannot be sent is lost: a report is no record, and the log has it all.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Utc;
use namaskah_adapters::http::{self, Answer, HttpFault};
use namaskah_domain::Fault;
use reqwest::{Client, header::CONTENT_TYPE};
use tokio::sync::{mpsc, oneshot};
use tracing_subscriber::Layer;

use super::{
    Dsn,
    layer::{ReportErrors, only_errors},
    report::{Origin, Report},
};
use crate::{config::Mode, logging::BoxedLayer};

const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a process that stops waits for the last ones.
const TO_STOP: Duration = Duration::from_secs(5);
/// Reports that may wait. More come only when everything fails at once, for one reason.
const WAITING: usize = 128;
/// The same failure is told no more often; how often it has happened meanwhile is told with it.
const AGAIN: Duration = Duration::from_secs(60);
/// Failures that are told apart.
const KINDS: usize = 256;
/// Whoever asks for rest without saying how long.
const REST: Duration = Duration::from_secs(60);

enum Item {
    Report(Box<Report>),
    Flush(oneshot::Sender<()>),
}

/// Reports of this process.
#[derive(Clone)]
pub struct Reports(mpsc::Sender<Item>);

impl Reports {
    /// Sends to `dsn` from now on. Within a runtime.
    ///
    /// # Errors
    /// If no client can be had.
    pub fn start(dsn: Dsn, mode: Mode) -> Result<Self, Fault> {
        let client = http::client(TIMEOUT).map_err(Fault::new)?;
        let (queue, waiting) = mpsc::channel(WAITING);
        let from = Origin { release: concat!("namaskah@", env!("CARGO_PKG_VERSION")), mode: mode.name() };
        let sender = Sender { client, dsn, from, told: HashMap::new(), rest_until: None };
        tokio::spawn(sender.run(waiting));
        Ok(Self(queue))
    }

    /// What makes reports of errors.
    pub fn layer(&self) -> BoxedLayer {
        let queue = self.0.clone();
        let send = move |report| {
            // What does not fit is lost; whoever fails must not wait for it.
            let _ = queue.try_send(Item::Report(Box::new(report)));
        };
        Box::new(ReportErrors(Arc::new(send)).with_filter(only_errors()))
    }

    /// Waits until what was reported is sent, or given up.
    pub async fn stop(&self) {
        let (done, waiting) = oneshot::channel();
        let flush = async {
            if self.0.send(Item::Flush(done)).await.is_ok() {
                // A sender that is gone has sent what it could.
                let _ = waiting.await;
            }
        };
        if tokio::time::timeout(TO_STOP, flush).await.is_err() {
            tracing::warn!("reports of errors were not all taken in time");
        }
    }
}

/// How often a failure was told, and was not.
#[derive(Default)]
struct Told {
    at: Option<Instant>,
    untold: u32,
}

struct Sender {
    client: Client,
    dsn: Dsn,
    from: Origin,
    told: HashMap<[String; 4], Told>,
    rest_until: Option<Instant>,
}

impl Sender {
    async fn run(mut self, mut waiting: mpsc::Receiver<Item>) {
        while let Some(item) = waiting.recv().await {
            match item {
                Item::Report(report) => self.report(&report).await,
                // Whoever asked may be gone.
                Item::Flush(done) => drop(done.send(())),
            }
        }
    }

    async fn report(&mut self, report: &Report) {
        let now = Instant::now();
        let Some(times) = self.due(report, now) else { return };
        if self.rest_until.is_some_and(|until| now < until) {
            return;
        }
        self.rest_until = None;
        let envelope = report.envelope(&id(), self.from, times, Utc::now());
        // At a level of which no report is made.
        match self.send(envelope).await {
            Ok(answer) if answer.status.is_success() => {}
            Ok(answer) => {
                let rest = answer.retry_after().unwrap_or(REST);
                self.rest_until = Some(now + rest);
                let status = answer.status.as_u16();
                tracing::warn!(status, rest_s = rest.as_secs(), "a report of an error was not taken");
            }
            Err(error) => tracing::warn!(%error, "a report of an error was not taken"),
        }
    }

    async fn send(&self, envelope: String) -> Result<Answer, HttpFault> {
        let request = self.client.post(self.dsn.endpoint());
        let request = request.header("x-sentry-auth", self.dsn.credential());
        http::send(request.header(CONTENT_TYPE, "application/x-sentry-envelope").body(envelope)).await
    }

    /// How often it has happened since it was told; `None` if that is to be told later.
    fn due(&mut self, report: &Report, now: Instant) -> Option<u32> {
        let is_old = |told: &Told| told.at.is_none_or(|at| now.duration_since(at) >= AGAIN);
        let fingerprint = report.fingerprint();
        if self.told.len() >= KINDS && !self.told.contains_key(&fingerprint) {
            self.told.retain(|_, told| !is_old(told));
            if self.told.len() >= KINDS {
                return None;
            }
        }
        let told = self.told.entry(fingerprint).or_default();
        told.untold = told.untold.saturating_add(1);
        if !is_old(told) {
            return None;
        }
        told.at = Some(now);
        Some(std::mem::take(&mut told.untold))
    }
}

/// 32 hex digits.
fn id() -> String {
    let mut bytes = [0u8; 16];
    // Without randomness ids repeat, and a report takes another's place.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn report(message: &str) -> Report {
        Report::of(Map::from_iter([("message".to_owned(), message.into())]), String::new())
    }

    #[test]
    fn the_same_failure_is_told_once_a_minute_with_how_often_it_happened() {
        let mut sender = Sender {
            client: http::client(TIMEOUT).expect("a client"),
            dsn: Dsn::parse("http://key@127.0.0.1/1").expect("a DSN"),
            from: Origin { release: "", mode: "" },
            told: HashMap::new(),
            rest_until: None,
        };
        let now = Instant::now();
        assert_eq!(sender.due(&report("one"), now), Some(1));
        for _ in 0..5 {
            assert_eq!(sender.due(&report("one"), now + AGAIN / 2), None);
        }
        assert_eq!(sender.due(&report("two"), now), Some(1));
        assert_eq!(sender.due(&report("one"), now + AGAIN), Some(6));
        for n in 0..2 * KINDS {
            sender.due(&report(&format!("kind {n}")), now + AGAIN);
        }
        assert!(sender.told.len() <= KINDS);
    }
}
