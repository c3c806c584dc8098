//! What staff alone asks of orders and attempts.

use async_trait::async_trait;

use crate::{
    Amount, Fault, OrderId, Page, PageOf, PurchaseId, Time, UserId,
    verification::{OrderStatus, Purchase, PurchaseState, ServiceCode},
    wallet::{EntryKind, Source},
};

/// Which orders are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderQuery {
    /// How they stand.
    pub status: Option<OrderStatus>,
    /// For which service.
    pub service: Option<ServiceCode>,
    /// Whose.
    pub user: Option<UserId>,
}

/// The name of a purchase's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PurchaseStatus {
    /// Its outcome is not known.
    Sent,
    /// Its number serves, or served, an order.
    Bound,
    /// There is no number.
    Absent,
    /// There is a number that serves no order.
    Orphan,
}

impl PurchaseStatus {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Sent, Self::Bound, Self::Absent, Self::Orphan];

    /// The word in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Bound => "bound",
            Self::Absent => "absent",
            Self::Orphan => "orphan",
        }
    }

    /// How a purchase stands.
    pub const fn of(purchase: &Purchase) -> Self {
        match purchase.state {
            PurchaseState::Sent => Self::Sent,
            PurchaseState::Bound(_) => Self::Bound,
            PurchaseState::Absent { .. } => Self::Absent,
            PurchaseState::Orphan(_) => Self::Orphan,
        }
    }
}

/// A transfer as it was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Why.
    pub source: Source,
    /// What it means to the user.
    pub kind: EntryKind,
    /// From the name of an account.
    pub debit: String,
    /// To the name of an account.
    pub credit: String,
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: Time,
}

/// Reads of orders and attempts for staff. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait OrderDeskReads: Send + Sync {
    /// Names of orders of anybody, newest first.
    async fn order_ids(&self, query: &OrderQuery, page: Page<OrderId>) -> Result<PageOf<OrderId>, Fault>;

    /// Attempts for one order, oldest first.
    async fn purchases_of(&self, order: OrderId) -> Result<Vec<Purchase>, Fault>;

    /// Attempts in one state or in any, newest first.
    async fn purchases_in(
        &self,
        status: Option<PurchaseStatus>,
        page: Page<PurchaseId>,
    ) -> Result<PageOf<Purchase>, Fault>;

    /// What was posted under these sources, in the order of posting.
    async fn posted(&self, sources: &[Source]) -> Result<Vec<Posted>, Fault>;
}
