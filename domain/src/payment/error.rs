//! Why a payment use case refuses.

use crate::{CommitError, Fault, MoneyError};

/// Why no payment was opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenPaymentError {
    /// Below the smallest or above the largest payment.
    #[error("a payment is between {min} and {max}")]
    AmountOutOfRange {
        /// Smallest.
        min: crate::Money,
        /// Largest.
        max: crate::Money,
    },
    /// The amount has a part of a cent, or cannot be charged.
    #[error(transparent)]
    Amount(#[from] MoneyError),
    /// The gateway did not give a page to pay on; the payment failed and can be repeated under a new key.
    #[error("the payment provider did not answer")]
    Gateway,
    /// The gateway has not answered lately, and is not asked for a while. Nothing was opened, and the key is unused.
    #[error("the payment provider does not answer now")]
    GatewayResting,
    /// The user does not exist any more.
    #[error("no such user")]
    NoSuchUser,
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("payments cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Why a payment could not be shown.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PaymentError {
    /// Not there, or somebody else's.
    #[error("no such payment")]
    NotFound,
    /// The gateway could not be asked.
    #[error("the payment provider did not answer")]
    Gateway,
    /// The store refused or could not be read.
    #[error("payments cannot be read now")]
    Unavailable(#[source] Fault),
}

impl From<Fault> for PaymentError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(fault)
    }
}

/// Why no refund was asked for. Every refusal comes before money is reserved.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RefundError {
    /// The gateway has not answered lately, and is not asked for a while.
    #[error("the payment provider does not answer now")]
    GatewayResting,
    /// Not there, or somebody else's.
    #[error("no such payment")]
    NotFound,
    /// It is the own payment of whoever asks for its owner.
    #[error("nobody gives himself money back as staff")]
    OwnAccount,
    /// Not in the currency of the wallet, or less than a coin of what was paid.
    #[error("this amount cannot be refunded")]
    Amount,
    /// The payment brought nothing, a refund of it is on its way, or not so much of it may go back.
    #[error("not more than {refundable} can be refunded")]
    NotRefundable {
        /// What could be.
        refundable: crate::Money,
    },
    /// A dispute over a payment of this user is not decided.
    #[error("a dispute is open")]
    DisputeOpen,
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Why a reference could not be settled now. Trying again is always safe.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SettleError {
    /// The gateway could not be asked.
    #[error("the payment provider did not answer: {0}")]
    Gateway(#[from] crate::payment::GatewayError),
    /// The store refused or could not be read.
    #[error("the payment cannot be settled now: {0}")]
    Unavailable(#[source] Fault),
}

impl From<Fault> for SettleError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(fault)
    }
}
