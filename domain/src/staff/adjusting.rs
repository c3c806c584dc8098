//! Use cases of corrections: asked for, approved, rejected, listed.

use std::sync::Arc;

use crate::{
    AdjustmentId, Change, Claim, Clock, CommitError, Committed, Fault, Money, MoneyError, Page, PageOf,
    Random, Standing, Store, Time, UnitOfWork, UserId,
    auth::AuthReads,
    payment::Done,
    staff::{
        Actor, Adjustment, AdjustmentQuery, AdjustmentReads, AdjustmentRefusal, AdjustmentState, AuditAction,
        By, Colleague, Facts, Recent, Subject, Wish,
    },
    unit::retry_stale,
    wallet::{Account, BookError, Reason, WalletReads, books},
};

/// Why a correction was not asked for or decided on. Nothing has moved then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AdjustmentError {
    /// There is none of this identifier.
    #[error("no such correction")]
    NotFound,
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] AdjustmentRefusal),
    /// It cannot be booked: `NoSuchUser`, `Money`, `Commit` with `InsufficientFunds` for a debit, and the others by
    /// name.
    #[error(transparent)]
    Book(#[from] BookError),
}

impl From<Fault> for AdjustmentError {
    fn from(fault: Fault) -> Self {
        Self::Book(fault.into())
    }
}

impl From<CommitError> for AdjustmentError {
    fn from(refused: CommitError) -> Self {
        Self::Book(refused.into())
    }
}

impl From<MoneyError> for AdjustmentError {
    fn from(error: MoneyError) -> Self {
        Self::Book(error.into())
    }
}

/// Everything outside that corrections need.
#[derive(Clone)]
pub struct AdjustmentPorts {
    /// Commits.
    pub store: Arc<dyn Store>,
    /// Corrections, and who is staff since when.
    pub reads: Arc<dyn AdjustmentReads>,
    /// Accounts.
    pub wallets: Arc<dyn WalletReads>,
    /// Whose they are.
    pub users: Arc<dyn AuthReads>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub random: Arc<dyn Random>,
}

/// Corrects wallets, with four eyes where it is much.
pub struct AdjustmentService {
    ports: AdjustmentPorts,
    limit: Money,
}

impl AdjustmentService {
    /// `limit`, in dollars, is what one actor may book at once within a day, and what may be booked so to one user.
    pub const fn new(ports: AdjustmentPorts, limit: Money) -> Self {
        Self { ports, limit }
    }

    /// The time of the product.
    pub fn now(&self) -> Time {
        self.ports.clock.now()
    }

    /// A new identifier.
    pub fn id(&self) -> AdjustmentId {
        AdjustmentId::generate(self.now(), self.ports.random.as_ref())
    }

    /// Books it at once, or proposes it. The outcome of `claim` must be the wish's identifier.
    ///
    /// # Errors
    /// [`AdjustmentError`], by name.
    pub async fn ask(
        &self,
        actor: &Actor,
        wish: Wish,
        claim: Claim,
    ) -> Result<Done<Adjustment>, AdjustmentError> {
        books::expect_dollars(wish.amount)?;
        let committed = retry(|| self.ask_once(actor, &wish, &claim)).await?;
        let (id, replayed) = match committed {
            Committed::Applied => (wish.id, false),
            Committed::Replayed(id) => (AdjustmentId::from_uuid(id), true),
        };
        Ok(Done { value: self.get(id).await?, replayed })
    }

    /// Both accounts are read before what is summed, and the commit holds to both as they were read. So what others
    /// book meanwhile, by this actor or to this user, is summed when it is decided again.
    async fn ask_once(
        &self,
        actor: &Actor,
        wish: &Wish,
        claim: &Claim,
    ) -> Result<Committed, AdjustmentError> {
        if let Some(before) = self.ports.store.replay(claim).await? {
            return Ok(Committed::Replayed(before));
        }
        let (own, account) = (self.account(actor.user).await?, self.open_account(wish.user).await?);
        let now = self.now();
        let recent = self.ports.reads.booked_at_once(actor.user, wish.user, Recent::since(now)).await?;
        let asked = Adjustment::asked(wish.clone(), self.colleague(actor).await?, recent, self.limit, now)?;
        let unit = UnitOfWork::claiming(claim.clone());
        let (action, unit) = match asked.state {
            AdjustmentState::Booked { .. } => {
                let unit = unit.expecting(actor.user, Standing::AsRead(own.version));
                (AuditAction::AdjustmentBooked, unit)
            }
            _ => (AuditAction::AdjustmentProposed, unit),
        };
        let told = (action, Facts::none());
        self.commit(unit, actor, asked, &account, told).await.map(|(committed, _)| committed)
    }

    /// Books what somebody else has proposed. To repeat it is safe.
    ///
    /// # Errors
    /// [`AdjustmentError`], by name.
    pub async fn approve(&self, actor: &Actor, id: AdjustmentId) -> Result<Adjustment, AdjustmentError> {
        retry(|| async {
            let found = self.get(id).await?;
            let is_his = |who| who == actor.user;
            if matches!(found.state, AdjustmentState::Booked { approved_by: Some(who), .. } if is_his(who)) {
                return Ok(found);
            }
            let (by, proposer) = (self.colleague(actor).await?, self.proposer_of(&found).await?);
            let (now, account) = (self.now(), self.open_account(found.user).await?);
            let told = (AuditAction::AdjustmentApproved, found.facts(now));
            let approved = found.approved(by, proposer, now)?;
            let (_, value) = self.commit(UnitOfWork::new(), actor, approved, &account, told).await?;
            Ok(value)
        })
        .await
    }

    /// Sees to it that what somebody else has proposed is never booked. To repeat it is safe.
    ///
    /// # Errors
    /// [`AdjustmentError`], by name.
    pub async fn reject(
        &self,
        actor: &Actor,
        id: AdjustmentId,
        note: Option<Reason>,
    ) -> Result<Adjustment, AdjustmentError> {
        retry(|| async {
            let found = self.get(id).await?;
            if matches!(found.state, AdjustmentState::Rejected { by, .. } if by == actor.user) {
                return Ok(found);
            }
            let (now, account) = (self.now(), self.account(found.user).await?);
            let told = (AuditAction::AdjustmentRejected, found.facts(now));
            let rejected = found.rejected(actor.user, note.clone(), now)?;
            let (_, value) = self.commit(UnitOfWork::new(), actor, rejected, &account, told).await?;
            Ok(value)
        })
        .await
    }

    /// One correction.
    ///
    /// # Errors
    /// `NotFound`, or the store cannot be read.
    pub async fn get(&self, id: AdjustmentId) -> Result<Adjustment, AdjustmentError> {
        self.ports.reads.adjustment(id).await?.ok_or(AdjustmentError::NotFound)
    }

    /// Corrections, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn list(
        &self,
        query: &AdjustmentQuery,
        page: Page<AdjustmentId>,
    ) -> Result<PageOf<Adjustment>, Fault> {
        self.ports.reads.adjustments(query, self.now(), page).await
    }

    /// The correction as it was decided, its line of the log and, if it is booked, what it moves.
    async fn commit(
        &self,
        unit: UnitOfWork,
        actor: &Actor,
        decided: Adjustment,
        account: &Account,
        (action, before): (AuditAction, Facts),
    ) -> Result<(Committed, Adjustment), AdjustmentError> {
        let now = self.now();
        let (mut unit, mut before, mut after) = (unit, before, decided.facts(now));
        if let Some(booking) = decided.booking() {
            unit = books::posted(unit, booking, Some(account))?;
            unit = unit.expecting(decided.user, Standing::AsRead(account.version));
            let moved = unit.accounts().get(&decided.user).map_or(0, |change| change.wallet_units);
            let wallet = account.wallet.posted;
            before = before.with("wallet", wallet);
            after = after.with("wallet", Money::from_units(wallet.units() + moved, wallet.currency()));
        }
        let (by, subject) = (By::Staff(actor.clone()), Subject::user(decided.user));
        let line = by.did(action, subject, (before, after), (now, self.ports.random.as_ref()));
        let unit = unit.with(Change::Adjustment(decided.clone())).with(line);
        Ok((self.ports.store.commit(unit).await?, decided))
    }

    async fn colleague(&self, actor: &Actor) -> Result<Colleague, Fault> {
        Ok(Colleague { user: actor.user, since: self.ports.reads.staff_since(actor.user).await? })
    }

    /// Whoever proposed it, as he is now. The gate lets nobody ask who is not staff or is suspended; he asked then.
    async fn proposer_of(&self, found: &Adjustment) -> Result<Colleague, Fault> {
        let (user, now) = (found.proposed_by, self.now());
        let is_there = self.ports.users.user(user).await?;
        let since = match is_there.filter(|user| user.role.is_staff() && !user.is_suspended(now)) {
            Some(_) => self.ports.reads.staff_since(user).await?,
            None => None,
        };
        Ok(Colleague { user, since })
    }

    /// Of somebody who is still there: money on a closed account is nobody's.
    async fn open_account(&self, user: UserId) -> Result<Account, AdjustmentError> {
        // The account first: closing it moves its version, which the commit expects.
        let account = self.account(user).await?;
        let owner = self.ports.users.user(user).await?;
        owner.filter(|owner| !owner.is_deleted()).ok_or(BookError::NoSuchUser)?;
        Ok(account)
    }

    async fn account(&self, user: UserId) -> Result<Account, AdjustmentError> {
        Ok(self.ports.wallets.account(user).await?.ok_or(BookError::NoSuchUser)?)
    }
}

/// Decides again while the store answers `Stale`, for decisions that have refusals of their own.
async fn retry<T, F, Fut>(attempt: F) -> Result<T, AdjustmentError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, AdjustmentError>>,
{
    let attempt = &attempt;
    let decided = retry_stale(|| async move {
        match attempt().await {
            // Somebody else has booked the same correction at this moment.
            Err(AdjustmentError::Book(BookError::Commit(CommitError::Duplicate(_)))) => {
                Err(CommitError::Stale)
            }
            Err(AdjustmentError::Book(BookError::Commit(refused))) => Err(refused),
            decided => Ok(decided),
        }
    });
    decided.await?
}
