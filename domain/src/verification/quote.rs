//! Quotes: a price that is promised for two minutes, to one account, once.

use crate::{Amount, Money, OrderId, QuoteId, Time, UserId, Version, verification::Ask};

/// A promised price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Its identifier.
    pub id: QuoteId,
    /// To whom it was promised.
    pub user: UserId,
    /// For what exactly.
    pub ask: Ask,
    /// What the provider said it costs us: the cap of the purchase.
    pub cost: Money,
    /// What the user pays if a code comes.
    pub price: Amount,
    /// When it was made.
    pub created_at: Time,
    /// From when on it is void.
    pub expires_at: Time,
    /// The order that used it.
    pub used_by: Option<OrderId>,
    /// Counts every change.
    pub version: Version,
}

impl Quote {
    /// The same quote, used up.
    #[must_use]
    pub fn used(self, order: OrderId) -> Self {
        Self { used_by: Some(order), version: self.version.next(), ..self }
    }
}
