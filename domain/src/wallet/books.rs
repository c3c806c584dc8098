//! Use cases of the house's books: corrections, gifts, debt, and the house's own money. Each command takes effect once
//! for its claim.

use std::sync::Arc;

use crate::{
    Amount, BookingId, Change, Claim, Clock, CommitError, Committed, Currency, Fault, GrantId, Money,
    MoneyError, Random, Standing, Store, Time, UnitOfWork, UserId, Version,
    auth::AuthReads,
    pass::Pass,
    payment::Done,
    staff::{AuditAction, By, Facts, Subject},
    unit::retry_stale,
    wallet::{
        Account, BookReads, Booking, Direction, EntryKind, InvalidReason, LedgerAccount, Legs, Movement,
        PromoGrant, Purse, Reason, Source, Unbalanced, WalletReads, repay, take_back,
    },
};

/// Why a booking was refused. Nothing has moved then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BookError {
    /// There is no account of this user.
    #[error("no such user")]
    NoSuchUser,
    /// The account is closed: money on it would be nobody's.
    #[error("the account is closed")]
    AccountClosed,
    /// There is no such grant.
    #[error("no such grant")]
    NoSuchGrant,
    /// Nothing is left of the grant, or no debt of the user.
    #[error("nothing is left to take or to give up")]
    NothingLeft,
    /// A grant expires after it is given.
    #[error("a grant must expire in the future")]
    AlreadyExpired,
    /// The wrong currency, or too much.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// No reason.
    #[error(transparent)]
    Reason(#[from] InvalidReason),
    /// The commit was refused: `InsufficientFunds` if a debit asks for more than is available.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("the books cannot be read now")]
    Unavailable(#[from] Fault),
}

impl From<Unbalanced> for BookError {
    fn from(broken: Unbalanced) -> Self {
        Self::Unavailable(Fault::new(broken))
    }
}

/// "Book this movement." The outcome of `claim` must be `id`.
#[derive(Debug, Clone)]
pub struct Book {
    /// The new booking.
    pub id: BookingId,
    /// What moves.
    pub movement: Movement,
    /// Why.
    pub reason: Reason,
    /// The key, and what it stands for.
    pub claim: Claim,
}

/// "Give this user promo money." The outcome of `claim` must be `id`.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The new grant.
    pub id: GrantId,
    /// To whom.
    pub user: UserId,
    /// How much, in dollars.
    pub amount: Amount,
    /// From when on what is left is taken back; `None`: never.
    pub expires_at: Option<Time>,
    /// Why.
    pub reason: Reason,
    /// The key, and what it stands for.
    pub claim: Claim,
}

/// "Take back what is left of a grant." The outcome of `claim` must be `grant`.
#[derive(Debug, Clone)]
pub struct ClawBack {
    /// Which.
    pub grant: GrantId,
    /// Why.
    pub reason: Reason,
    /// The key, and what it stands for.
    pub claim: Claim,
}

/// Keeps the books.
pub struct BookService {
    store: Arc<dyn Store>,
    wallets: Arc<dyn WalletReads>,
    users: Arc<dyn AuthReads>,
    books: Arc<dyn BookReads>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// So many grants or debts are listed at a time.
const BATCH: u32 = 100;

impl BookService {
    /// Over any store and clock.
    pub fn new(
        store: Arc<dyn Store>,
        wallets: Arc<dyn WalletReads>,
        users: Arc<dyn AuthReads>,
        books: Arc<dyn BookReads>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { store, wallets, users, books, clock, random }
    }

    /// A new identifier.
    pub fn id<T: crate::Entity>(&self) -> crate::Id<T> {
        crate::Id::generate(self.clock.now(), self.random.as_ref())
    }

    /// Books a movement. A credit repays debt in the same commit; a debit takes no more than is available.
    ///
    /// # Errors
    /// [`BookError`], by name.
    pub async fn book(&self, cmd: Book) -> Result<Done<Booking>, BookError> {
        expect_currencies(&cmd.movement)?;
        let committed = retry(|| self.book_once(&cmd)).await?;
        self.booked(cmd.id, committed).await
    }

    async fn book_once(&self, cmd: &Book) -> Result<Committed, BookError> {
        let now = self.clock.now();
        let account = match (&cmd.movement, cmd.movement.user()) {
            (Movement::Adjusted { direction: Direction::Credit, .. }, Some(user)) => {
                Some(self.open_account(user).await?)
            }
            (_, Some(user)) => Some(self.account(user).await?),
            (_, None) => None,
        };
        let (id, movement, reason) = (cmd.id, cmd.movement.clone(), cmd.reason.clone());
        let booking = Booking { id, movement, reason, at: now };
        let told = self.told(&booking);
        let unit = posted(UnitOfWork::claiming(cmd.claim.clone()), booking, account.as_ref())?;
        Ok(self.store.commit(unit.with(told)).await?)
    }

    /// The line of the log: movements are decided here at the console alone.
    fn told(&self, booking: &Booking) -> Change {
        let subject =
            booking.movement.user().map_or_else(|| Subject::of("booking", booking.id), Subject::user);
        let after = booking.movement.facts().with("booking", booking.id);
        let facts = (Facts::none(), after.with("reason", booking.reason.as_str()));
        By::Console.did(AuditAction::MovementBooked, subject, facts, (booking.at, self.random.as_ref()))
    }

    /// The same for gifts, which are given and clawed back at the console alone.
    fn told_of(&self, action: AuditAction, grant: &PromoGrant, why: &Reason) -> Change {
        let after = Facts::none().with("grant", grant.id).with("amount", format!("{:?}", grant.amount));
        let after = after.at("expires_at", grant.expires_at).with("reason", why.as_str());
        let (subject, facts) = (Subject::user(grant.user), (Facts::none(), after));
        By::Console.did(action, subject, facts, (self.clock.now(), self.random.as_ref()))
    }

    async fn booked(&self, id: BookingId, committed: Committed) -> Result<Done<Booking>, BookError> {
        let (id, replayed) = match committed {
            Committed::Applied => (id, false),
            Committed::Replayed(id) => (BookingId::from_uuid(id), true),
        };
        let value = self.books.booking(id).await?.ok_or_else(|| Fault::new(Vanished))?;
        Ok(Done { value, replayed })
    }

    /// Gives up all that a user owes.
    ///
    /// # Errors
    /// `NothingLeft` if nothing is owed, `NoSuchUser`, and the others by name.
    pub async fn write_off_debt(
        &self,
        id: BookingId,
        user: UserId,
        reason: Reason,
        claim: Claim,
    ) -> Result<Done<Booking>, BookError> {
        let once = || async {
            if let Some(before) = self.store.replay(&claim).await? {
                return Ok(Committed::Replayed(before));
            }
            let debt = self.account(user).await?.debt;
            let amount = Amount::try_new(debt).map_err(|_| BookError::NothingLeft)?;
            let movement = Movement::DebtWrittenOff { user, amount };
            self.book_once(&Book { id, movement, reason: reason.clone(), claim: claim.clone() }).await
        };
        let committed = retry(once).await?;
        self.booked(id, committed).await
    }

    /// Gives promo money.
    ///
    /// # Errors
    /// `AlreadyExpired`, `NoSuchUser`, and the others by name.
    pub async fn grant(&self, cmd: Grant) -> Result<Done<PromoGrant>, BookError> {
        let now = self.clock.now();
        if let Some(before) = self.store.replay(&cmd.claim).await? {
            return self.granted(GrantId::from_uuid(before), true).await;
        }
        if cmd.expires_at.is_some_and(|at| at <= now) {
            return Err(BookError::AlreadyExpired);
        }
        expect_dollars(cmd.amount)?;
        let committed = retry(|| self.grant_once(&cmd)).await?;
        match committed {
            Committed::Applied => self.granted(cmd.id, false).await,
            Committed::Replayed(id) => self.granted(GrantId::from_uuid(id), true).await,
        }
    }

    async fn grant_once(&self, cmd: &Grant) -> Result<Committed, BookError> {
        let account = self.open_account(cmd.user).await?;
        let grant = PromoGrant {
            id: cmd.id,
            user: cmd.user,
            amount: cmd.amount,
            reason: cmd.reason.clone(),
            expires_at: cmd.expires_at,
            clawed_back: None,
            taken: Money::zero(Currency::Usd),
            granted_at: self.clock.now(),
            closed_at: None,
            version: Version::FIRST,
        };
        let told = self.told_of(AuditAction::PromoGranted, &grant, &grant.reason);
        let unit = UnitOfWork::claiming(cmd.claim.clone()).post(grant.given()?).with(told);
        let unit = unit.expecting(cmd.user, Standing::AsRead(account.version));
        Ok(self.store.commit(unit.with(Change::Grant(grant))).await?)
    }

    async fn granted(&self, id: GrantId, replayed: bool) -> Result<Done<PromoGrant>, BookError> {
        let value = self.books.grant(id).await?.ok_or(BookError::NoSuchGrant)?;
        Ok(Done { value, replayed })
    }

    /// Takes back what is left of a grant, at once as far as no hold has it, and the rest when its hold is released.
    ///
    /// # Errors
    /// `NoSuchGrant`, `NothingLeft` if it is closed, and the others by name.
    pub async fn claw_back(&self, cmd: ClawBack) -> Result<Done<PromoGrant>, BookError> {
        let committed = retry(|| self.claw_back_once(&cmd)).await?;
        self.granted(cmd.grant, matches!(committed, Committed::Replayed(_))).await
    }

    async fn claw_back_once(&self, cmd: &ClawBack) -> Result<Committed, BookError> {
        if let Some(before) = self.store.replay(&cmd.claim).await? {
            return Ok(Committed::Replayed(before));
        }
        let grant = self.books.grant(cmd.grant).await?.ok_or(BookError::NoSuchGrant)?;
        let due = grant.claw_back(cmd.reason.clone(), self.clock.now()).ok_or(BookError::NothingLeft)?;
        // Due from here on, even if nothing of it can be taken before a hold ends.
        let told = self.told_of(AuditAction::PromoClawedBack, &due, &cmd.reason);
        let unit = UnitOfWork::claiming(cmd.claim.clone()).with(Change::Grant(due.clone())).with(told);
        let committed = self.store.commit(unit).await?;
        self.take_back_once(due).await.map(|_| ()).or_else(later)?;
        Ok(committed)
    }

    /// Takes back what is left of grants that have expired or are clawed back, each by itself: one that is held, or
    /// that cannot be taken, keeps no other waiting. Returns of how many something was taken.
    ///
    /// # Errors
    /// The first trouble; the next call finds what is left.
    pub async fn expire_grants(&self) -> Result<u32, BookError> {
        let (now, mut pass, mut after) = (self.clock.now(), Pass::default(), None);
        loop {
            let due = self.books.grants_due(now, after, BATCH).await?;
            for (_, id) in &due {
                pass.note(retry(|| self.expire_once(*id)).await);
            }
            after = due.last().copied();
            if due.len() < BATCH as usize {
                return pass.ended();
            }
        }
    }

    async fn expire_once(&self, id: GrantId) -> Result<u32, BookError> {
        let grant = self.books.grant(id).await?.ok_or(BookError::NoSuchGrant)?;
        self.take_back_once(grant).await
    }

    async fn take_back_once(&self, grant: PromoGrant) -> Result<u32, BookError> {
        let account = self.account(grant.user).await?;
        let open = self.books.open_grants(grant.user).await?;
        match take_back(grant, &account, &open, self.clock.now())? {
            Some(unit) => {
                let is_taken = !unit.changes().is_empty();
                Ok(self.store.commit(unit).await.map(|_| u32::from(is_taken))?)
            }
            None => Ok(0),
        }
    }

    /// Repays debt of users who have come to money otherwise than by a credit: a hold was released, or a dispute won.
    /// Each by itself. Returns how many repaid.
    ///
    /// # Errors
    /// The first trouble; the next call finds what is left.
    pub async fn collect_debts(&self) -> Result<u32, BookError> {
        let (mut pass, mut after) = (Pass::default(), None);
        loop {
            let debtors = self.books.debtors(after, BATCH).await?;
            for user in &debtors {
                pass.note(retry(|| self.collect_once(*user)).await);
            }
            after = debtors.last().copied();
            if debtors.len() < BATCH as usize {
                return pass.ended();
            }
        }
    }

    async fn collect_once(&self, user: UserId) -> Result<u32, BookError> {
        let account = self.account(user).await?;
        let units = account.wallet_available().units().min(account.debt.units());
        let Ok(amount) = Amount::try_new(Money::from_units(units, account.debt.currency())) else {
            return Ok(0);
        };
        let source = Source::collected(user, account.version);
        let mut legs = Legs::new(source, EntryKind::DebtRepayment, self.clock.now());
        let purse = |purse| LedgerAccount::User(user, purse);
        legs.add(purse(Purse::Wallet), purse(Purse::Debt), amount);
        let unit = UnitOfWork::new().post(legs.into_entry()?);
        self.store.commit(unit.expecting(user, Standing::AsRead(account.version))).await?;
        Ok(1)
    }

    /// Of somebody who is still there. The account is read first: closing it moves its version, which the commit expects.
    async fn open_account(&self, user: UserId) -> Result<Account, BookError> {
        let account = self.account(user).await?;
        let owner = self.users.user(user).await?;
        if owner.is_some_and(|owner| owner.is_deleted()) {
            return Err(BookError::AccountClosed);
        }
        Ok(account)
    }

    async fn account(&self, user: UserId) -> Result<Account, BookError> {
        self.wallets.account(user).await?.ok_or(BookError::NoSuchUser)
    }
}

/// A record that was committed cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a booking has vanished")]
struct Vanished;

/// The workers go on with what could not be taken at once.
fn later(refused: BookError) -> Result<(), BookError> {
    match refused {
        BookError::Commit(CommitError::Stale) => Ok(()),
        refused => Err(refused),
    }
}

/// What books it, added to `unit`. A credit repays what the account owes, as it was read, in the same commit.
pub(crate) fn posted(
    unit: UnitOfWork,
    booking: Booking,
    account: Option<&Account>,
) -> Result<UnitOfWork, BookError> {
    let mut legs = booking.movement.legs(booking.id, booking.at);
    let mut unit = unit;
    if let (Movement::Adjusted { user, direction: Direction::Credit, amount }, Some(account)) =
        (&booking.movement, account)
    {
        unit = unit.expecting(*user, repay(&mut legs, account, *amount)?);
    }
    Ok(unit.post(legs.into_entry()?).with(Change::Booking(booking)))
}

pub(crate) fn expect_dollars(amount: Amount) -> Result<(), MoneyError> {
    match amount.currency() {
        Currency::Usd => Ok(()),
        other => Err(MoneyError::CurrencyMismatch(Currency::Usd, other)),
    }
}

fn expect_currencies(movement: &Movement) -> Result<(), MoneyError> {
    match *movement {
        Movement::Adjusted { amount, .. }
        | Movement::DebtWrittenOff { amount, .. }
        | Movement::ToppedUp { amount } => expect_dollars(amount),
        Movement::PaidOut { .. } => Ok(()),
        Movement::Converted { sold, bought } if sold.currency() == bought.currency() => {
            Err(MoneyError::CurrencyMismatch(sold.currency(), bought.currency()))
        }
        Movement::Converted { .. } => Ok(()),
    }
}

/// Decides again while the store answers `Stale`, for decisions that have refusals of their own.
async fn retry<T, F, Fut>(attempt: F) -> Result<T, BookError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, BookError>>,
{
    let attempt = &attempt;
    let decided = retry_stale(|| async move {
        match attempt().await {
            Err(BookError::Commit(refused)) => Err(refused),
            decided => Ok(decided),
        }
    });
    decided.await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_claimed_back_and_has_moved_on_is_taken_later_and_any_other_refusal_is_told() {
        assert!(matches!(later(BookError::Commit(CommitError::Stale)), Ok(())));
        let silent = BookError::Commit(CommitError::Unavailable(Fault::new("silent")));
        for refused in [silent, BookError::NoSuchUser] {
            later(refused).expect_err("told");
        }
    }
}
