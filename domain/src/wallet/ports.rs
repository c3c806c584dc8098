//! What the wallet reads.

use async_trait::async_trait;

use crate::{
    BookingId, EntryId, Fault, GrantId, HoldId, Money, Page, PageOf, PaymentId, PurchaseId, Time, UserId,
    payment::Suspended,
    wallet::{Account, Booking, Entry, Hold, PromoGrant, Settings, Span},
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

/// Reads of the house's books: what staff decided, and what waits to be closed. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait BookReads: Send + Sync {
    /// One booking.
    async fn booking(&self, id: BookingId) -> Result<Option<Booking>, Fault>;

    /// What corrections have given a user in all: credits less debits, not below zero. It is not refunded.
    async fn goodwill(&self, user: UserId) -> Result<Money, Fault>;

    /// One grant.
    async fn grant(&self, id: GrantId) -> Result<Option<PromoGrant>, Fault>;

    /// The user's grants that are not closed, oldest first.
    async fn open_grants(&self, user: UserId) -> Result<Vec<PromoGrant>, Fault>;

    /// Grants that are not closed and may be taken back at `now`, longest due first, each with since when it is due.
    /// Only those behind `after`. Names alone: one that cannot be read keeps no other waiting.
    async fn grants_due(
        &self,
        now: Time,
        after: Option<(Time, GrantId)>,
        limit: u32,
    ) -> Result<Vec<(Time, GrantId)>, Fault>;

    /// Users who owe something and have wallet money available, in the order of their identifiers. Only those behind
    /// `after`.
    async fn debtors(&self, after: Option<UserId>, limit: u32) -> Result<Vec<UserId>, Fault>;

    /// One payment that waits, or waited, for a person.
    async fn suspended(&self, payment: PaymentId) -> Result<Option<Suspended>, Fault>;

    /// Payments that wait for a person, oldest first.
    async fn open_suspense(&self, limit: u32) -> Result<Vec<Suspended>, Fault>;

    /// Payments from `since` on that were booked back to where they came from, oldest first.
    async fn returned_suspense(&self, since: PaymentId, limit: u32) -> Result<Vec<Suspended>, Fault>;

    /// Purchases whose receivable is open and whose number we have known since `before` or longer, oldest first, each
    /// with since when. Only those behind `after`.
    async fn receivables_since(
        &self,
        before: Time,
        after: Option<(Time, PurchaseId)>,
        limit: u32,
    ) -> Result<Vec<(Time, PurchaseId)>, Fault>;
}
