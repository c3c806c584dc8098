//! Holds: reserved amounts that end exactly once, captured or released, whole.

use crate::{Amount, HoldId, Money, OrderId, Time, UserId};

/// How a hold is taken from the two purses; the parts sum to its amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Taken first.
    pub promo: Money,
    /// The rest.
    pub wallet: Money,
}

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState {
    /// Reserved.
    Open,
    /// Posted to revenue.
    Captured {
        /// When.
        at: Time,
    },
    /// Given back.
    Released {
        /// When.
        at: Time,
    },
}

/// A hold as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its identifier.
    pub id: HoldId,
    /// Whose money it reserves.
    pub user: UserId,
    /// The order it pays for.
    pub order: OrderId,
    /// How much.
    pub amount: Amount,
    /// From which purses.
    pub split: Split,
    /// Open, captured or released.
    pub state: HoldState,
    /// When it was placed.
    pub placed_at: Time,
}

/// Asks the store to reserve `amount`; the store splits it between promo and wallet as
/// [`crate::wallet::Account::split`] says, on the row as it is at the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceHold {
    /// The new hold.
    pub id: HoldId,
    /// Whose money.
    pub user: UserId,
    /// For which order. The account's count of open orders rises by one.
    pub order: OrderId,
    /// How much.
    pub amount: Amount,
    /// Refused with `TooManyOpenOrders` if the user has this many open orders already.
    pub max_open_orders: u32,
    /// When.
    pub at: Time,
}

/// How a hold ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldEnd {
    /// Posts promo → revenue and wallet → revenue by the hold's parts, under the source `cap:{hold}`.
    Capture,
    /// Posts nothing.
    Release,
}

/// Asks the store to end an open hold. `Stale` if it has ended already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndHold {
    /// Which.
    pub hold: HoldId,
    /// Whose. The account's count of open orders falls by one.
    pub user: UserId,
    /// Captured or released.
    pub end: HoldEnd,
    /// When.
    pub at: Time,
}
