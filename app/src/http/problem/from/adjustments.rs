//! Errors of corrections.

use namaskah_domain::{
    staff::{AdjustmentError, AdjustmentRefusal},
    wallet::BookError,
};

use super::unavailable;
use crate::http::problem::Problem;

impl From<AdjustmentRefusal> for Problem {
    fn from(refusal: AdjustmentRefusal) -> Self {
        use AdjustmentRefusal::{Decided, Expired, OwnProposal, OwnWallet, ProposerGone, TooNew};
        let (code, detail) = match refusal {
            OwnWallet => ("four_eyes_required", "Nobody corrects his own wallet."),
            OwnProposal => ("four_eyes_required", "Nobody decides on what he has proposed himself."),
            TooNew => (
                "four_eyes_required",
                "Whoever corrects or approves has been staff, in this role, for a day.",
            ),
            ProposerGone => {
                ("four_eyes_required", "Whoever proposed it is not staff any more, or not as he was then.")
            }
            Expired => ("adjustment_decided", "The proposal has expired."),
            Decided => ("adjustment_decided", "The proposal has been decided already."),
        };
        Self::told(409, code, detail)
    }
}

impl From<AdjustmentError> for Problem {
    fn from(error: AdjustmentError) -> Self {
        match error {
            AdjustmentError::NotFound => Self::not_found(),
            AdjustmentError::Refused(refusal) => refusal.into(),
            AdjustmentError::Book(error) => error.into(),
        }
    }
}

impl From<BookError> for Problem {
    fn from(error: BookError) -> Self {
        match error {
            BookError::NoSuchUser | BookError::NoSuchGrant | BookError::AccountClosed => Self::not_found(),
            BookError::NothingLeft => Self::invalid("amount.amount", "out_of_range", error),
            BookError::AlreadyExpired => Self::invalid("expires_at", "out_of_range", error),
            BookError::Money(error) => error.into(),
            BookError::Reason(error) => Self::invalid("reason", "invalid", error),
            BookError::Commit(error) => error.into(),
            BookError::Unavailable(fault) => unavailable(&fault),
        }
    }
}
