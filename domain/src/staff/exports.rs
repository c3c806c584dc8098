//! Exports: lists that leave the system, page by page, and each told in the log before its first line.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Amount, Clock, CommitError, EntryId, Fault, OrderId, Random, Store, Time, UnitOfWork, UserId,
    auth::User,
    staff::{Actor, AuditAction, By, Facts, Stretch, Subject},
    verification::{Ask, OrderStatus},
    wallet::Entry,
};

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Users.
    Users,
    /// Movements of wallets.
    Entries,
    /// Orders.
    Verifications,
}

impl Export {
    /// As it is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Entries => "entries",
            Self::Verifications => "verifications",
        }
    }
}

/// A movement, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedEntry {
    /// Whose.
    pub user: UserId,
    /// The movement.
    pub entry: Entry,
}

/// An order without its number, its texts, and what its user wrote beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// Which order.
    pub id: OrderId,
    /// Whose.
    pub user: UserId,
    /// What for.
    pub ask: Ask,
    /// How it stands.
    pub status: OrderStatus,
    /// What it costs, or cost.
    pub price: Amount,
    /// Which try it is.
    pub attempt: u32,
    /// What it tries again.
    pub retry_of: Option<OrderId>,
    /// When it was placed.
    pub created_at: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
}

/// Reads of lists, each in the order in which rows were made. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait ExportReads: Send + Sync {
    /// Users who registered within a stretch.
    async fn users_within(
        &self,
        within: Stretch,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, Fault>;

    /// Movements of wallet and promo that were posted within a stretch.
    async fn entries_within(
        &self,
        within: Stretch,
        after: Option<EntryId>,
        limit: u32,
    ) -> Result<Vec<OwnedEntry>, Fault>;

    /// Orders that were placed within a stretch.
    async fn orders_within(
        &self,
        within: Stretch,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderLine>, Fault>;
}

/// Lets lists out.
pub struct ExportService {
    store: Arc<dyn Store>,
    reads: Arc<dyn ExportReads>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl ExportService {
    /// Over any store.
    pub const fn new(
        store: Arc<dyn Store>,
        reads: Arc<dyn ExportReads>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { store, reads, clock, random }
    }

    /// Tells in the log who takes which list, and then gives the reads of it and the time. Whether the list is read to its
    /// end is not known, so it counts as taken.
    ///
    /// # Errors
    /// If the line cannot be written; then nothing may be read.
    pub async fn begin(
        &self,
        actor: &Actor,
        what: Export,
        within: Stretch,
    ) -> Result<(Arc<dyn ExportReads>, Time), CommitError> {
        let now = self.clock.now();
        let facts = Facts::none().at("from", Some(within.from())).at("to", Some(within.to()));
        let (by, subject) = (By::Staff(actor.clone()), Subject::named("export", what.name().to_owned()));
        let told = (now, self.random.as_ref());
        let line = by.did(AuditAction::ExportTaken, subject, (Facts::none(), facts), told);
        self.store.commit(UnitOfWork::new().with(line)).await?;
        Ok((self.reads.clone(), now))
    }
}
