//! Errors of what staff does with payments and the house's money.

use namaskah_domain::{
    outbox::{JobError, JobRefusal},
    payment::SuspenseError,
    reconciliation::{ResolveError, RunError},
    staff::StretchError,
};

use super::unavailable;
use crate::http::problem::Problem;

/// It is the account of whoever asks.
pub(super) fn own_account() -> Problem {
    Problem::refused(409, "own_account", &"Nobody does this to his own account.")
}

/// What is behind it was closed before.
pub(super) fn already_resolved() -> Problem {
    Problem::refused(409, "already_resolved", &"It was resolved already.")
}

impl From<SuspenseError> for Problem {
    fn from(error: SuspenseError) -> Self {
        use SuspenseError::{
            AccountClosed, AlreadyResolved, Commit, DisputeLost, Disputed, Gateway, Money, NoRate, NotFound,
            NotHeld, OtherMoney, OwnAccount, Refunded, Unavailable,
        };
        match &error {
            NotFound => Self::not_found(),
            AlreadyResolved => already_resolved(),
            OwnAccount => own_account(),
            AccountClosed | NoRate(_) | Refunded(_) | DisputeLost(_) | Disputed(_) | OtherMoney | NotHeld
            | Money(_) => Self::refused(409, "payment_not_resolvable", &error),
            Gateway(_) => Self::refused(502, "provider_error", &"The payment provider did not answer."),
            Commit(refused) => refused.clone().into(),
            Unavailable(fault) => unavailable(fault),
        }
    }
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        match error {
            RunError::UnderWay => {
                Self::refused(409, "reconciliation_running", &"A run that staff asked for is under way.")
            }
            RunError::Commit(error) => error.into(),
            RunError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<ResolveError> for Problem {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::NotFound => Self::not_found(),
            ResolveError::Closed => already_resolved(),
            ResolveError::Commit(error) => error.into(),
            ResolveError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        let refused = |why: &'static str| Self::refused(409, "job_not_changeable", &why);
        match error {
            JobError::NotFound => Self::not_found(),
            JobError::Refused(JobRefusal::NotEnded) => refused("It was neither given up nor cancelled."),
            JobError::Refused(JobRefusal::InWork) => refused("It is being done."),
            JobError::Refused(JobRefusal::Owed) => refused("The provider must be told: money depends on it."),
            JobError::Refused(JobRefusal::Ended) => refused("It was given up or cancelled already."),
            JobError::Commit(error) => error.into(),
            JobError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<StretchError> for Problem {
    fn from(error: StretchError) -> Self {
        match error {
            StretchError::Empty => {
                Self::refused(422, "invalid_period", &error).with_field("to", "invalid", "later than `from`")
            }
            StretchError::TooLong => Self::invalid("to", "out_of_range", "366 days after `from` at most"),
        }
    }
}
