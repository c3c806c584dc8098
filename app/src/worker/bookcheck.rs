//! The bookcheck: holds providers' lists against our books, each hour and over a longer time each day, by one
//! instance at a time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use namaskah_domain::{
    Clock, Time,
    outbox::Leases,
    reconciliation::{Finding, ReconcileError, ReconciliationService, Tally, Window},
    time::hours,
};
use uuid::Uuid;

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(60);
const LEASE: &str = "bookcheck";
/// Longer than lists may take to read.
const LEASE_S: u32 = 300;
const EVERY_H: i64 = 1;
const WINDOW_H: i64 = 26;
const LONG_EVERY_H: i64 = 24;
const LONG_WINDOW_H: i64 = 8 * 24;

/// When this process looked last.
#[derive(Default)]
struct Looked {
    began: Option<Time>,
    at: Option<Time>,
    far_at: Option<Time>,
}

impl Looked {
    /// How far back to look at `now`, if it is time. A process looks first when it has run for an hour, and far back.
    fn due(&mut self, now: Time) -> Option<Window> {
        let began = *self.began.get_or_insert(now);
        if now < self.at.unwrap_or(began) + hours(EVERY_H) {
            return None;
        }
        let is_far = self.far_at.is_none_or(|at| now >= at + hours(LONG_EVERY_H));
        let back = if is_far { LONG_WINDOW_H } else { WINDOW_H };
        self.at = Some(now);
        if is_far {
            self.far_at = Some(now);
        }
        Some(Window { from: now - hours(back), to: now })
    }
}

/// Compares, and tells in the log.
pub struct Bookcheck {
    service: Arc<ReconciliationService>,
    leases: Arc<dyn Leases>,
    clock: Arc<dyn Clock>,
    holder: Uuid,
    looked: Mutex<Looked>,
}

impl Bookcheck {
    /// `holder` names this process in leases.
    pub fn new(
        service: Arc<ReconciliationService>,
        leases: Arc<dyn Leases>,
        clock: Arc<dyn Clock>,
        holder: Uuid,
    ) -> Self {
        Self { service, leases, clock, holder, looked: Mutex::default() }
    }
}

#[async_trait]
impl Worker for Bookcheck {
    fn name(&self) -> &'static str {
        "bookcheck"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    /// One comparison that fails is told, and made again an hour later: nothing waits for it.
    async fn run(&self) -> Result<u32, RunError> {
        // Kept between runs, so that the others do not compare in between.
        if self.leases.acquire(LEASE, self.holder, LEASE_S).await?.is_none() {
            return Ok(0);
        }
        let now = self.clock.now();
        let due = self.looked.lock().unwrap_or_else(PoisonError::into_inner).due(now);
        let Some(window) = due else { return Ok(0) };
        let report = self.service.run(window).await;
        tell("payments", report.payments.as_ref().map(Some));
        tell("numbers", report.numbers.as_ref().map(Some));
        tell("float", report.float.as_ref().map(Option::as_ref));
        if let Err(error) = &report.kept {
            tracing::warn!(%error, "what a comparison came to could not be kept");
        }
        for finding in self.service.open().await?.iter().filter(|finding| finding.is_overdue(now)) {
            tracing::error!(finding = %of(finding), "a mismatch is open for more than a day");
        }
        Ok(0)
    }

    async fn stop(&self) {
        if let Err(error) = self.leases.release(LEASE, self.holder).await {
            tracing::warn!(%error, "the lease of the bookcheck runs out by itself");
        }
    }
}

fn tell(what: &'static str, compared: Result<Option<&Tally>, &ReconcileError>) {
    let tally = match compared {
        Ok(Some(tally)) => tally,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(what, %error, "a provider's list could not be compared");
            return;
        }
    };
    for finding in &tally.opened {
        tracing::warn!(finding = %of(finding), "a provider's list and our books do not agree");
    }
    for finding in &tally.closed {
        tracing::info!(finding = %of(finding), "a mismatch is gone");
    }
    if tally.booked > 0 {
        tracing::warn!(what, credits = tally.booked, "credits that only the list showed were booked");
    }
    if !tally.whole {
        tracing::warn!(what, "not everything could be compared: the list was not whole, or lacked much");
    }
}

/// Names no number, code or user.
fn of(finding: &Finding) -> String {
    format!("{} {} {} {}", finding.id, finding.book.name(), finding.mismatch.name(), finding.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hour_a_day_and_a_little_and_each_day_eight_days() {
        let mut looked = Looked::default();
        let start = Time::UNIX_EPOCH;
        let back = |window: Window| (window.to - window.from).num_hours();
        assert_eq!(looked.due(start), None);
        assert_eq!(looked.due(start + hours(1)).map(back), Some(8 * 24));
        assert_eq!(looked.due(start + hours(1)), None);
        for hour in 2..25 {
            assert_eq!(looked.due(start + hours(hour)).map(back), Some(26), "{hour}");
        }
        assert_eq!(looked.due(start + hours(25)).map(back), Some(8 * 24));
    }
}
