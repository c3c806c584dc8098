//! Reconciliation as staff sees it: what ran, what is open, one run more, and what is resolved by hand.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    CommitError, Fault, FindingId, RunId, Time,
    outbox::Leases,
    reconciliation::{Book, Finding, Mismatch, ReconciliationService, ResolveError, Run, Window},
    staff::By,
    time::hours,
    wallet::Reason,
};

/// So many runs are shown.
const RUNS: u32 = 20;
/// So many open findings are shown one by one.
const SHOWN: usize = 100;
/// Hours that are compared when staff asks.
const WINDOW_H: i64 = 26;
/// One run of staff at a time, in all processes.
const LEASE: &str = "reconciliation_by_staff";
/// Longer than lists may take to read.
const LEASE_S: u32 = 300;

/// Open findings of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenClass {
    /// Whose list.
    pub book: Book,
    /// How both sides do not agree.
    pub mismatch: Mismatch,
    /// How many.
    pub count: u32,
    /// How many of them are open for longer than anybody should need.
    pub overdue: u32,
    /// When the oldest was found.
    pub oldest_at: Time,
}

/// How reconciliation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The last runs, newest first.
    pub runs: Vec<Run>,
    /// What is open, by kind.
    pub classes: Vec<OpenClass>,
    /// What is open, oldest first; of very many the oldest.
    pub open: Vec<Finding>,
    /// The time of all this.
    pub now: Time,
}

impl Overview {
    /// Sorts what is open by kind.
    pub fn of(runs: Vec<Run>, mut open: Vec<Finding>, now: Time) -> Self {
        let mut classes: BTreeMap<(Book, &'static str), OpenClass> = BTreeMap::new();
        for finding in &open {
            let Finding { book, mismatch, found_at, .. } = *finding;
            let new = OpenClass { book, mismatch, count: 0, overdue: 0, oldest_at: found_at };
            let class = classes.entry((book, mismatch.name())).or_insert(new);
            class.count += 1;
            class.overdue += u32::from(finding.is_overdue(now));
            class.oldest_at = class.oldest_at.min(found_at);
        }
        open.truncate(SHOWN);
        Self { runs, classes: classes.into_values().collect(), open, now }
    }
}

/// Why staff's run was not made, or is not known.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RunError {
    /// Another one runs.
    #[error("a run that staff asked for is under way")]
    UnderWay,
    /// Its line of the log, or what came of it, could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be asked.
    #[error("reconciliation cannot run now")]
    Unavailable(#[from] Fault),
}

/// Reconciliation for staff.
pub struct ReconciliationDesk {
    service: Arc<ReconciliationService>,
    leases: Arc<dyn Leases>,
}

impl ReconciliationDesk {
    /// Over the service that the bookcheck runs.
    pub const fn new(service: Arc<ReconciliationService>, leases: Arc<dyn Leases>) -> Self {
        Self { service, leases }
    }

    /// How it stands.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn overview(&self) -> Result<Overview, Fault> {
        let runs = self.service.reads.runs(RUNS).await?;
        Ok(Overview::of(runs, self.service.open().await?, self.service.clock.now()))
    }

    /// Compares the last day and a little, as the bookcheck does each hour. That it was asked for is in the log before
    /// anything is compared. Of two at once one is refused: each reads the providers' whole lists.
    ///
    /// # Errors
    /// [`RunError`], by name.
    pub async fn run(&self, by: &By) -> Result<Run, RunError> {
        let now = self.service.clock.now();
        let holder = RunId::generate(now, self.service.random.as_ref()).uuid();
        if self.leases.acquire(LEASE, holder, LEASE_S).await?.is_none() {
            return Err(RunError::UnderWay);
        }
        let ran = self.service.run_by(by, Window { from: now - hours(WINDOW_H), to: now }).await;
        // What was compared is kept, and a lease that cannot be given back runs out by itself.
        self.leases.release(LEASE, holder).await.ok();
        ran
    }

    /// Closes a finding by hand, and tells in the log who has looked.
    ///
    /// # Errors
    /// [`ResolveError`], by name.
    pub async fn resolve(&self, by: &By, id: FindingId, note: Reason) -> Result<Finding, ResolveError> {
        self.service.resolve(by, id, note).await
    }

    /// The time of the product.
    pub fn now(&self) -> Time {
        self.service.clock.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconciliation::finding::Seen;

    fn at(hour: i64) -> Time {
        Time::UNIX_EPOCH + hours(hour)
    }

    fn open(number: u8, book: Book, mismatch: Mismatch, hour: i64) -> Finding {
        let seen = Seen { key: number.to_string(), mismatch, ours: None, theirs: None, at: at(hour) };
        Finding::new(FindingId::from_parts(at(hour), [number; 10]), book, seen, at(hour))
    }

    #[test]
    fn what_is_open_is_counted_by_kind_and_age() {
        let open = vec![
            open(1, Book::Paystack, Mismatch::OnlyTheirs, 3),
            open(2, Book::Paystack, Mismatch::OnlyTheirs, 1),
            open(3, Book::TextVerified, Mismatch::OnlyTheirs, 26),
            open(4, Book::Paystack, Mismatch::AmountDiffers, 26),
        ];
        let overview = Overview::of(Vec::new(), open.clone(), at(26));
        let classes: Vec<_> =
            overview.classes.iter().map(|c| (c.book, c.count, c.overdue, c.oldest_at)).collect();
        let expected = [
            (Book::Paystack, 1, 0, at(26)),
            (Book::Paystack, 2, 1, at(1)),
            (Book::TextVerified, 1, 0, at(26)),
        ];
        assert_eq!(classes, expected);
        assert_eq!(overview.open, open);
    }

    #[test]
    fn of_very_many_all_are_counted_and_the_oldest_shown() {
        let many: Vec<_> = (0..150).map(|n| open(n, Book::Paystack, Mismatch::OnlyOurs, n.into())).collect();
        let overview = Overview::of(Vec::new(), many, at(200));
        assert_eq!((overview.open.len(), overview.classes[0].count), (100, 150));
    }
}
