//! Counting what breaks a law that is checked here and not by one query.

use std::time::Instant;

use super::{Finding, Offender};

/// Counts what is broken and keeps the first few.
pub(super) struct Tally {
    finding: Finding,
    rows: usize,
    started: Instant,
}

impl Tally {
    /// Of a law that keeps so many offenders.
    pub(super) fn new(
        promise: u8,
        law: &'static str,
        says: &'static str,
        of: &'static str,
        rows: u32,
    ) -> Self {
        let finding = Finding {
            promise,
            law,
            says,
            of,
            checked: 0,
            broken: 0,
            offenders: Vec::new(),
            took: std::time::Duration::ZERO,
        };
        Self { finding, rows: rows as usize, started: Instant::now() }
    }

    pub(super) fn checked(&mut self, many: usize) {
        self.finding.checked += many as u64;
    }

    pub(super) fn add(&mut self, row: String, why: impl FnOnce() -> String) {
        self.finding.broken += 1;
        if self.finding.offenders.len() < self.rows {
            self.finding.offenders.push(Offender { row, why: why() });
        }
    }

    /// What was found, and how long it took since the law was begun.
    pub(super) fn finding(self) -> Finding {
        Finding { took: self.started.elapsed(), ..self.finding }
    }
}
