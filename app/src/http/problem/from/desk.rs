//! Errors of what staff does with payments and the house's money.

use namaskah_domain::payment::SuspenseError;

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
            AlreadyResolved, Commit, DisputeLost, Disputed, Gateway, Money, NoRate, NotFound, NotHeld,
            OtherMoney, OwnAccount, Refunded, Unavailable,
        };
        match &error {
            NotFound => Self::not_found(),
            AlreadyResolved => already_resolved(),
            OwnAccount => own_account(),
            NoRate(_) | Refunded(_) | DisputeLost(_) | Disputed(_) | OtherMoney | NotHeld | Money(_) => {
                Self::refused(409, "payment_not_resolvable", &error)
            }
            Gateway(_) => Self::refused(502, "provider_error", &"The payment provider did not answer."),
            Commit(refused) => refused.clone().into(),
            Unavailable(fault) => unavailable(fault),
        }
    }
}
