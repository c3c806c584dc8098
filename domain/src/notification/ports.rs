//! What notifications need from outside.

use async_trait::async_trait;

use crate::{
    Fault, NotificationId, OrderId, Page, PageOf, Time, UserId,
    notification::{Notification, NotificationKind, NotificationSettings},
};

/// Which notifications are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotificationQuery {
    /// None of these kinds.
    pub hidden: Vec<NotificationKind>,
    /// Only those that were not read.
    pub unread: bool,
}

/// A number whose time is nearly over, and whose user wants to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Of which order.
    pub order: OrderId,
    /// Whose.
    pub user: UserId,
}

/// Reads of notifications. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait NotificationReads: Send + Sync {
    /// One of anybody; the service checks whose it is.
    async fn notification(&self, id: NotificationId) -> Result<Option<Notification>, Fault>;

    /// A user's, newest first.
    async fn notifications(
        &self,
        user: UserId,
        query: &NotificationQuery,
        page: Page<NotificationId>,
    ) -> Result<PageOf<Notification>, Fault>;

    /// What a user wishes.
    async fn notification_settings(&self, user: UserId) -> Result<Option<NotificationSettings>, Fault>;

    /// Users with a threshold whose balance has crossed it since they were last told, either way.
    async fn balances_crossed(&self, limit: u32) -> Result<Vec<UserId>, Fault>;

    /// Orders that wait, whose time ends after `now` and by `until`, and whose users want to be told and were not.
    async fn numbers_expiring(&self, now: Time, until: Time, limit: u32) -> Result<Vec<Ending>, Fault>;
}
