//! Why support did not do what was asked.

use crate::{CommitError, Fault};

/// Why a ticket was not opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenTicketError {
    /// The user has as many open ones as he may.
    #[error("too many open tickets")]
    TooManyOpen,
    /// The user has no such order.
    #[error("no such order")]
    NoSuchOrder,
    /// The user has no such payment.
    #[error("no such payment")]
    NoSuchPayment,
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store does not answer.
    #[error("tickets cannot be kept now")]
    Unavailable(#[from] Fault),
}

/// Why nothing was written to a ticket or decided about it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TicketError {
    /// There is none of this identifier, or it is another user's.
    #[error("no such ticket")]
    NotFound,
    /// It is closed, and the user has as many open ones as he may.
    #[error("too many open tickets")]
    TooManyOpen,
    /// It has as many lines as one may have.
    #[error("the ticket is full; open another one")]
    Full,
    /// Staff does not look after a ticket of his own.
    #[error("this is your own ticket")]
    OwnTicket,
    /// Whom it should be given to is no staff, or may not answer tickets.
    #[error("the assignee does not answer tickets")]
    NoSuchAssignee,
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store does not answer.
    #[error("tickets cannot be kept now")]
    Unavailable(#[from] Fault),
}
