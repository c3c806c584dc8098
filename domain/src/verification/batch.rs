//! A batch: several purchases under one key, whose holds are placed in one commit.

use crate::{Amount, BatchId, OrderId, Time, UserId};

/// What becomes of the other items if one of them is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BatchMode {
    /// Nothing is ordered.
    AllOrNothing,
    /// They are ordered all the same.
    BestEffort,
}

impl BatchMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::AllOrNothing, Self::BestEffort];

    /// The word in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllOrNothing => "all_or_nothing",
            Self::BestEffort => "best_effort",
        }
    }

    /// The mode of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// Why an item was not ordered. No money is held for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ItemRefusal {
    /// The provider does not sell this.
    #[error("this service is not for sale")]
    NoSuchService,
    /// It is not sold, because staff says so or because of what it is.
    #[error("this service is blocked")]
    ServiceBlocked,
    /// No such quote of this user.
    #[error("no such quote")]
    NoSuchQuote,
    /// The quote is for something else than what is ordered.
    #[error("the quote is for another request")]
    QuoteMismatch,
    /// The quote is too old.
    #[error("the quote has expired")]
    QuoteExpired,
    /// The quote has been used, be it by an item before this one.
    #[error("the quote has been used")]
    QuoteUsed,
    /// It costs more than the user allows.
    #[error("the price is {price}, above the limit")]
    PriceAboveLimit {
        /// What it would cost.
        price: Amount,
    },
    /// The items before it left too little.
    #[error("not enough money is available")]
    InsufficientFunds,
    /// With the items before it, the user has as many open orders as he may.
    #[error("too many open orders")]
    TooManyOpenOrders,
    /// A dispute or debt forbids orders.
    #[error("the account is blocked")]
    AccountBlocked,
}

/// What was decided about one item. It never changes; the order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemResult {
    /// Its money is held, and this is its order.
    Created(OrderId),
    /// Nothing was ordered.
    Refused(ItemRefusal),
}

impl ItemResult {
    /// The order, if there is one.
    pub const fn order(self) -> Option<OrderId> {
        match self {
            Self::Created(order) => Some(order),
            Self::Refused(_) => None,
        }
    }
}

/// A batch as it was decided: written once, with the holds and orders that it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its identifier.
    pub id: BatchId,
    /// Whose it is.
    pub user: UserId,
    /// What was agreed about refusals.
    pub mode: BatchMode,
    /// What was decided about each item, in the order of the items.
    pub results: Vec<ItemResult>,
    /// When.
    pub created_at: Time,
}
