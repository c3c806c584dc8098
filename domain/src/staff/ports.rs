//! What staff's work needs from outside.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    AdjustmentId, AuditId, Fault, Page, PageOf, RefundId, SessionId, Time, UserId,
    auth::{Role, Session, User, UserState},
    payment::Refund,
    staff::{Adjustment, AdjustmentStatus, Allowlist, AuditAction, AuditEntry, Recent},
};

/// Which lines of the log are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// By whom.
    pub actor: Option<UserId>,
    /// What was done.
    pub action: Option<AuditAction>,
    /// To what, by its name.
    pub subject: Option<String>,
    /// Not before.
    pub from: Option<Time>,
    /// Before.
    pub to: Option<Time>,
}

/// Which users are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// What the address begins with, in lower case.
    pub email_prefix: Option<String>,
    /// How they are.
    pub state: Option<UserState>,
    /// What they may do.
    pub role: Option<Role>,
}

/// Reads for staff. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait StaffReads: Send + Sync {
    /// From where staff may come.
    async fn allowlist(&self) -> Result<Allowlist, Fault>;

    /// Lines of the log, newest first.
    async fn audit_log(&self, query: &AuditQuery, page: Page<AuditId>) -> Result<PageOf<AuditEntry>, Fault>;

    /// Everybody with a staff role, oldest first.
    async fn staff(&self) -> Result<Vec<User>, Fault>;

    /// Users as they are at `now`, newest first.
    async fn users(&self, filter: &UserFilter, now: Time, page: Page<UserId>) -> Result<PageOf<User>, Fault>;

    /// A user's sessions, ended or not, newest first.
    async fn sign_ins(&self, user: UserId, page: Page<SessionId>) -> Result<PageOf<Session>, Fault>;

    /// Refunds of a user's payments, newest first.
    async fn refunds_to(&self, user: UserId, page: Page<RefundId>) -> Result<PageOf<Refund>, Fault>;
}

/// Which corrections are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AdjustmentQuery {
    /// How they stand.
    pub status: Option<AdjustmentStatus>,
    /// Whose wallet.
    pub user: Option<UserId>,
}

/// Reads of corrections. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AdjustmentReads: Send + Sync {
    /// One correction.
    async fn adjustment(&self, id: AdjustmentId) -> Result<Option<Adjustment>, Fault>;

    /// Corrections as they stand at `now`, newest first.
    async fn adjustments(
        &self,
        query: &AdjustmentQuery,
        now: Time,
        page: Page<AdjustmentId>,
    ) -> Result<PageOf<Adjustment>, Fault>;

    /// What was booked at once after `since`, by an actor and to a user.
    async fn booked_at_once(&self, by: UserId, user: UserId, since: Time) -> Result<Recent, Fault>;

    /// Since when somebody is staff as what he is: when he was made, or the log last tells of his role. `None` if
    /// there is no such user.
    async fn staff_since(&self, user: UserId) -> Result<Option<Time>, Fault>;
}

/// A stretch of the log that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which rows.
    pub rows: String,
    /// What is wrong with them.
    pub why: String,
}

/// What reading the sealed log again has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedLog {
    /// How many batches were sealed.
    pub batches: u64,
    /// Those that are broken; none if the log is whole.
    pub broken: Vec<Broken>,
}

/// Reads the sealed part of the log again. What is younger than ten minutes may not be sealed yet.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AuditSeals: Send + Sync {
    /// Compares every row that was sealed with its seal.
    async fn verify(&self) -> Result<SealedLog, Fault>;
}

/// Tells every staff request from where staff may come. May remember the answer for one second, no longer.
#[async_trait]
pub trait Allowlists: Send + Sync {
    /// The list.
    async fn current(&self) -> Result<Allowlist, Fault>;

    /// It has changed: remember nothing.
    async fn forget(&self);
}

/// [`Allowlists`] without a memory: a read for every question.
pub struct DirectAllowlists(pub Arc<dyn StaffReads>);

#[async_trait]
impl Allowlists for DirectAllowlists {
    async fn current(&self) -> Result<Allowlist, Fault> {
        self.0.allowlist().await
    }

    async fn forget(&self) {}
}
