//! Disputes: a customer asks the bank for the money back. What it claims is frozen until somebody decides.

use crate::{
    Amount, DisputeId, PaymentId, Time, UserId, Version,
    payment::{GatewayDisputeId, PaymentReference},
};

/// How a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeState {
    /// Not decided: so much of the wallet is frozen, now or as it comes in.
    Open {
        /// What the claim is worth to the wallet.
        frozen: Amount,
    },
    /// The house keeps the money.
    Won {
        /// When we learned it.
        at: Time,
    },
    /// The customer has the money.
    Lost {
        /// What the wallet lost, by its purses wallet and debt together.
        taken: Amount,
        /// When we learned it.
        at: Time,
    },
}

/// A dispute over a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Its identifier.
    pub id: DisputeId,
    /// The gateway's name for it.
    pub gateway: GatewayDisputeId,
    /// Over which payment.
    pub payment: PaymentId,
    /// Our name for the payment at the gateway.
    pub reference: PaymentReference,
    /// Whose.
    pub user: UserId,
    /// How much is claimed or, once it is lost, was given back, in the currency that was paid.
    pub claimed: Amount,
    /// How it stands.
    pub state: DisputeState,
    /// When the gateway opened it.
    pub opened_at: Time,
    /// It was won after it had been lost, and what came back is in suspense, since its owner had closed the account.
    pub aside: bool,
    /// Counts every change.
    pub version: Version,
}

impl Dispute {
    /// True until it is decided.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, DisputeState::Open { .. })
    }
}
