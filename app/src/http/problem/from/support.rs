//! Errors of support.

use namaskah_domain::support::{CannedAnswerError, OpenTicketError, TicketError};

use super::unavailable;
use crate::http::problem::Problem;

fn too_many_open() -> Problem {
    Problem::told(409, "too_many_open_tickets", "You have 20 tickets that are not closed.")
}

impl From<OpenTicketError> for Problem {
    fn from(error: OpenTicketError) -> Self {
        match error {
            OpenTicketError::TooManyOpen => too_many_open(),
            OpenTicketError::NoSuchOrder => Self::invalid("verification_id", "not_found", error),
            OpenTicketError::NoSuchPayment => Self::invalid("payment_id", "not_found", error),
            OpenTicketError::Commit(error) => error.into(),
            OpenTicketError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<CannedAnswerError> for Problem {
    fn from(error: CannedAnswerError) -> Self {
        match error {
            CannedAnswerError::NotFound => Self::not_found(),
            CannedAnswerError::TooMany => {
                Self::told(409, "too_many_canned_answers", "There are 200 canned answers.")
            }
            CannedAnswerError::Commit(error) => error.into(),
            CannedAnswerError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<TicketError> for Problem {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::NotFound => Self::not_found(),
            TicketError::TooManyOpen => too_many_open(),
            TicketError::Full => Self::told(409, "ticket_full", "A ticket has at most 200 messages."),
            TicketError::OwnTicket => {
                Self::told(409, "own_account", "Nobody looks after a ticket of his own.")
            }
            TicketError::NoSuchAssignee => Self::invalid("assignee", "not_found", error),
            TicketError::Commit(error) => error.into(),
            TicketError::Unavailable(fault) => unavailable(&fault),
        }
    }
}
