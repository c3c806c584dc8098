//! Holds: reserved amounts that end exactly once, captured or released, whole.

use crate::{Amount, HoldId, Money, OrderId, RefundId, Time, UserId};

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
    /// Its money was taken: for an order to revenue, for a refund by the transfers of the same unit.
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

/// What a hold reserves money for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldPurpose {
    /// The price of an order.
    Order(OrderId),
    /// Money that goes back to where it was paid from.
    Refund(RefundId),
}

impl HoldPurpose {
    /// The order, if it pays for one.
    pub const fn order(self) -> Option<OrderId> {
        match self {
            Self::Order(order) => Some(order),
            Self::Refund(_) => None,
        }
    }

    /// The refund, if it is one's.
    pub const fn refund(self) -> Option<RefundId> {
        match self {
            Self::Order(_) => None,
            Self::Refund(refund) => Some(refund),
        }
    }
}

/// What a new hold is for, with the bounds that go with it. Either is refused with `AccountBlocked` while the account
/// is frozen, disputed or in debt, and each order and each refund has one open hold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The price of an order: promo first, then wallet. The account's count of open orders rises by one.
    Order {
        /// Which.
        order: OrderId,
        /// Refused with `TooManyOpenOrders` if the user has this many open orders already.
        max_open_orders: u32,
    },
    /// A refund to source: wallet money alone. It is no open order.
    Refund {
        /// Which.
        refund: RefundId,
    },
}

impl Purpose {
    /// The purpose as the hold keeps it.
    pub const fn of_hold(self) -> HoldPurpose {
        match self {
            Self::Order { order, .. } => HoldPurpose::Order(order),
            Self::Refund { refund } => HoldPurpose::Refund(refund),
        }
    }
}

/// A hold as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its identifier.
    pub id: HoldId,
    /// Whose money it reserves.
    pub user: UserId,
    /// What it is for.
    pub purpose: HoldPurpose,
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
/// [`crate::wallet::Account::split_for`] says, on the row as it is at the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceHold {
    /// The new hold.
    pub id: HoldId,
    /// Whose money.
    pub user: UserId,
    /// What for.
    pub purpose: Purpose,
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: Time,
}

/// How a hold ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldEnd {
    /// Posts promo → revenue and wallet → revenue by the hold's parts, under the source `cap:{hold}`.
    Capture,
    /// Posts nothing, and gives the money back.
    Release,
    /// Posts nothing by itself: the transfers of the same unit take exactly the hold's parts out of the purses, as a
    /// refund does that has reached its source. Stored as captured.
    Spend,
}

/// Asks the store to end an open hold. `Stale` if it has ended already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndHold {
    /// Which.
    pub hold: HoldId,
    /// Whose. The account's count of open orders falls by one if it was an order's.
    pub user: UserId,
    /// Captured, released or spent.
    pub end: HoldEnd,
    /// When.
    pub at: Time,
}
