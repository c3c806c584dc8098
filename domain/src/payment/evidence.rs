//! What a gateway says about refunds and disputes. Evidence, not truth.

use std::fmt;

use crate::{
    Amount, Fault, Time,
    payment::{ChargedMoney, GatewayError, PaymentReference},
};

/// A text that cannot be a gateway's name for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of a gateway")]
pub struct InvalidGatewayId;

fn checked(text: &str) -> Result<String, InvalidGatewayId> {
    let fits = (1..=64).contains(&text.len());
    if fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        Ok(text.to_owned())
    } else {
        Err(InvalidGatewayId)
    }
}

/// The gateway's own name for a refund.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GatewayRefundId(String);

/// The gateway's own name for a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GatewayDisputeId(String);

impl GatewayRefundId {
    /// # Errors
    /// [`InvalidGatewayId`] unless the text is 1 to 64 letters, digits, `-` or `_`.
    pub fn try_new(text: &str) -> Result<Self, InvalidGatewayId> {
        checked(text).map(Self)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl GatewayDisputeId {
    /// # Errors
    /// [`InvalidGatewayId`] unless the text is 1 to 64 letters, digits, `-` or `_`.
    pub fn try_new(text: &str) -> Result<Self, InvalidGatewayId> {
        checked(text).map(Self)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GatewayRefundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for GatewayDisputeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a refund stands at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayRefundStatus {
    /// On its way, or a status that we do not know: not final.
    Pending,
    /// On its way, but a person must act at the gateway: not final.
    NeedsAttention,
    /// The customer has the money.
    Processed,
    /// The money is back with the house.
    Failed,
}

/// A refund of one transaction as the gateway lists it, whoever asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRefund {
    /// The gateway's name for it.
    pub id: GatewayRefundId,
    /// How much goes back.
    pub amount: ChargedMoney,
    /// Where it stands.
    pub status: GatewayRefundStatus,
    /// When it was asked for, on the gateway's clock.
    pub created_at: Time,
    /// The dispute that caused it; such a refund is the dispute's own business.
    pub dispute: Option<GatewayDisputeId>,
}

/// Refunds or disputes as the gateway lists them, whoever asked for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// Those that can be read.
    pub rows: Vec<T>,
    /// How many cannot: what is not among the others may be one of them.
    pub unreadable: u32,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl<T> Listed<T> {
    /// A list of which every row could be read.
    pub const fn of(rows: Vec<T>) -> Self {
        Self { rows, unreadable: 0 }
    }

    /// The rows, for those who must know of all.
    ///
    /// # Errors
    /// `Unavailable` if there is a row that cannot be read.
    pub fn whole(self) -> Result<Vec<T>, GatewayError> {
        if self.unreadable > 0 {
            return Err(GatewayError::Unavailable(Fault::new("a row of the list cannot be read")));
        }
        Ok(self.rows)
    }
}

/// How a dispute stands at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayDisputeStatus {
    /// Not decided.
    Open,
    /// In a word that we do not know: as good as open for money, and a person must look.
    Unknown,
    /// Declined: the house keeps the money.
    Won,
    /// Accepted: the customer has the money.
    Lost,
}

/// A dispute as the gateway tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayDispute {
    /// The gateway's name for it.
    pub id: GatewayDisputeId,
    /// The payment that is disputed.
    pub reference: PaymentReference,
    /// How much is claimed or, once it is lost, was given back.
    pub amount: ChargedMoney,
    /// How it stands.
    pub status: GatewayDisputeStatus,
    /// When it was opened, on the gateway's clock.
    pub created_at: Time,
}

/// "Give this much of that payment back to where it came from."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// Our name for the payment.
    pub reference: PaymentReference,
    /// How much, in the currency that was paid.
    pub amount: Amount,
}
