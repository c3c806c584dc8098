//! What the wallet reads.

use async_trait::async_trait;

use crate::{
    EntryId, Fault, HoldId, Page, PageOf, Time, UserId,
    wallet::{Account, Entry, Hold, Settings, Span},
};

/// Reads of accounts, holds, the journal and settings. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait WalletReads: Send + Sync {
    /// The account's row.
    async fn account(&self, user: UserId) -> Result<Option<Account>, Fault>;

    /// One hold.
    async fn hold(&self, id: HoldId) -> Result<Option<Hold>, Fault>;

    /// Movements of wallet and promo, newest first.
    async fn entries(&self, user: UserId, page: Page<EntryId>) -> Result<PageOf<Entry>, Fault>;

    /// The last line that was posted before `at`; its `balance_after` is the posted total of that moment. `None` if
    /// there is none, and the total was zero.
    async fn entry_before(&self, user: UserId, at: Time) -> Result<Option<Entry>, Fault>;

    /// The lines of a span in the order of posting, `limit` at most.
    async fn lines(&self, user: UserId, span: Span, limit: u32) -> Result<Vec<Entry>, Fault>;

    /// Holds, newest first.
    async fn holds(&self, user: UserId, page: Page<HoldId>) -> Result<PageOf<Hold>, Fault>;

    /// What the user wishes; `None` if nothing was ever stored.
    async fn settings(&self, user: UserId) -> Result<Option<Settings>, Fault>;
}
