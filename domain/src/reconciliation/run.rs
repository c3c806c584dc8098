//! What a comparison came to, as it is kept.

use crate::{
    RunId, Time,
    reconciliation::{ReconcileError, Report, Tally, Window},
};

/// What one comparison of a run came to, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// In agreement.
    pub matched: u32,
    /// Too young to be judged.
    pub late: u32,
    /// Not in agreement, whether that is new or not.
    pub differ: u32,
    /// Credits of the provider that were seen and booked here.
    pub booked: u32,
    /// Findings that were opened, or opened again.
    pub opened: u32,
    /// Findings that closed by themselves.
    pub closed: u32,
    /// False if something was left to the next run.
    pub whole: bool,
}

/// How one comparison ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Both sides were read.
    Compared(Counts),
    /// There is nothing to compare: no balance was accepted.
    Skipped,
    /// One side could not be read.
    Failed,
}

/// A run: which time was compared, when, and what each comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its identifier.
    pub id: RunId,
    /// Which time.
    pub window: Window,
    /// When it began.
    pub began_at: Time,
    /// When it ended.
    pub ended_at: Time,
    /// Paystack's transactions and our payments.
    pub payments: Outcome,
    /// TextVerified's reservations and our purchases.
    pub numbers: Outcome,
    /// TextVerified's balance and our float.
    pub float: Outcome,
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl From<&Tally> for Counts {
    fn from(tally: &Tally) -> Self {
        let Tally { matched, late, differ, booked, whole, ref opened, ref closed } = *tally;
        let (opened, closed) = (count(opened.len()), count(closed.len()));
        Self { matched, late, differ, booked, opened, closed, whole }
    }
}

fn outcome(compared: Result<Option<&Tally>, &ReconcileError>) -> Outcome {
    match compared {
        Ok(Some(tally)) => Outcome::Compared(tally.into()),
        Ok(None) => Outcome::Skipped,
        Err(_) => Outcome::Failed,
    }
}

impl Run {
    /// True if it has found something that nobody knew.
    pub fn has_opened(&self) -> bool {
        let opened = |outcome: &Outcome| matches!(outcome, Outcome::Compared(counts) if counts.opened > 0);
        [&self.payments, &self.numbers, &self.float].into_iter().any(opened)
    }

    /// What a report is kept as.
    pub fn of(id: RunId, window: Window, report: &Report, (began_at, ended_at): (Time, Time)) -> Self {
        Self {
            id,
            window,
            began_at,
            ended_at,
            payments: outcome(report.payments.as_ref().map(Some)),
            numbers: outcome(report.numbers.as_ref().map(Some)),
            float: outcome(report.float.as_ref().map(Option::as_ref)),
        }
    }
}
