//! What a letter about a notification tells.

use crate::{
    Amount, Money, OrderId, PaymentId, PaymentReference, RunId, TicketId, Time, support::TicketCategory,
    verification::ServiceCode,
};

/// What happened, with what its letter tells of it. Neither a number nor a text nor a code; the words belong to the
/// adapter that sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Somebody signed in from a device that was not seen before.
    NewSignIn {
        /// What the device calls itself. Whoever signs in writes this.
        device: Option<String>,
        /// From where.
        ip: Option<String>,
        /// When.
        at: Time,
    },
    /// Support has answered.
    TicketAnswered {
        /// In which ticket.
        ticket: TicketId,
    },
    /// Less is available than the user wished to have.
    LowBalance {
        /// How much is.
        available: Money,
        /// Below what the user wants to be told.
        threshold: Amount,
    },
    /// A payment was credited.
    DepositReceived {
        /// What the wallet was given.
        amount: Amount,
        /// What was paid.
        charged: Amount,
        /// Our name for the payment.
        reference: PaymentReference,
        /// When.
        at: Time,
    },
    /// A refund has reached where the payment came from.
    RefundMade {
        /// What the wallet gave.
        amount: Amount,
        /// What went back.
        charged: Amount,
        /// Our name for the payment.
        reference: PaymentReference,
        /// When.
        at: Time,
    },
    /// The time of a number is nearly over.
    NumberExpiring {
        /// Of which order.
        order: OrderId,
        /// For which service.
        service: ServiceCode,
        /// When it is over.
        expires_at: Time,
    },
    /// A customer has opened a ticket.
    TicketOpened {
        /// Which.
        ticket: TicketId,
        /// What it is about, in kind.
        category: TicketCategory,
    },
    /// A payment was set aside.
    PaymentSuspended {
        /// Which.
        payment: PaymentId,
    },
    /// A provider's list and our books do not agree.
    MismatchesFound {
        /// Which run found it.
        run: RunId,
    },
}
