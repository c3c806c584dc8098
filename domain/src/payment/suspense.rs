//! Suspense: payments that are not what was asked wait, whole, for a person, who closes each once.

use std::sync::Arc;

use crate::{
    Amount, Change, Claim, Clock, CommitError, Committed, Currency, Event, EventId, EventKind, Fault, Money,
    MoneyError, PaymentId, Random, Store, Time, UnitOfWork, UserId, Version,
    auth::AuthReads,
    notification::Occasion,
    payment::{
        ChargeStatus, Done, FxRate, GatewayDispute, GatewayDisputeId, GatewayError, GatewayRefund,
        GatewayRefundId, Intent, IntentState, PaidBack, PaymentGateway, PaymentReads, elsewhere::Elsewhere,
    },
    staff::{AuditAction, By, Facts, Subject},
    time::hours,
    unit::retry_stale,
    wallet::{
        Account, BookReads, EntryKind, House, LedgerAccount, Legs, Purse, Source, Unbalanced, WalletReads,
        repay,
    },
};

/// Why a payment was not credited but set aside, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuspenseReason {
    /// More or less than was asked.
    AmountDiffers,
    /// Another currency than was asked.
    CurrencyDiffers,
    /// Its owner's account was closed before it came.
    AccountClosed,
}

/// What became of it. Closed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuspenseState {
    /// It waits.
    Open,
    /// The owner of the intent got it.
    Credited {
        /// What it was worth, in dollars.
        amount: Amount,
        /// When.
        at: Time,
    },
    /// It went back to where it came from, exactly.
    Returned {
        /// When.
        at: Time,
    },
}

/// The same as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuspenseStatus {
    /// It waits.
    Open,
    /// Its owner has it.
    Credited,
    /// It is booked back.
    Returned,
}

impl SuspenseStatus {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Open, Self::Credited, Self::Returned];

    /// As it is stored and told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Credited => "credited",
            Self::Returned => "returned",
        }
    }
}

/// A payment that waits, or waited, for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspended {
    /// The payment.
    pub payment: PaymentId,
    /// Whose intent it was.
    pub user: UserId,
    /// What was really paid.
    pub paid: Amount,
    /// Why it was set aside.
    pub reason: SuspenseReason,
    /// When.
    pub at: Time,
    /// What became of it.
    pub state: SuspenseState,
    /// Counts every change.
    pub version: Version,
}

/// Where a suspended payment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// To the owner of the intent, at the rate in force.
    Owner,
    /// Back to where it was paid from.
    Source,
}

/// Why a suspended payment was not resolved. Nothing has moved then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SuspenseError {
    /// No payment of this identifier is or was in suspense.
    #[error("no such payment in suspense")]
    NotFound,
    /// It was closed before.
    #[error("the payment has been resolved already")]
    AlreadyResolved,
    /// It is the own payment of whoever asks.
    #[error("nobody resolves his own payment")]
    OwnAccount,
    /// Its owner's account is closed: money there would be nobody's.
    #[error("its owner's account is closed; it can only go back to its source")]
    AccountClosed,
    /// There is no rate from its currency to that of wallets; it can go back to its source.
    #[error("there is no rate from {0} to dollars; it can only go back to its source")]
    NoRate(Currency),
    /// Some of it was refunded at the gateway's own desk, or is about to be.
    #[error("refund {0} was made at the gateway; the payment can only go back to its source")]
    Refunded(GatewayRefundId),
    /// The bank has given some of it back.
    #[error("dispute {0} was lost at the gateway; the payment can only go back to its source")]
    DisputeLost(GatewayDisputeId),
    /// The bank may still give it back.
    #[error("dispute {0} is not decided at the gateway; wait until it is")]
    Disputed(GatewayDisputeId),
    /// The gateway gave back another currency than was paid.
    #[error("the gateway has given back money that cannot be compared with what was paid; look there")]
    OtherMoney,
    /// The gateway does not say that it still has the payment.
    #[error("the gateway does not say that it has this payment; look there")]
    NotHeld,
    /// The gateway could not be asked what went back.
    #[error("what went back is not known: {0}")]
    Gateway(#[from] GatewayError),
    /// It is worth too little or too much for the ledger.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("suspense cannot be read now")]
    Unavailable(#[from] Fault),
}

impl From<Unbalanced> for SuspenseError {
    fn from(broken: Unbalanced) -> Self {
        Self::Unavailable(Fault::new(broken))
    }
}

/// The one leg that set the payment aside, before those that resolve it.
const LEGS_BEFORE: u16 = 1;

impl Suspended {
    /// How it stands.
    pub const fn status(&self) -> SuspenseStatus {
        match self.state {
            SuspenseState::Open => SuspenseStatus::Open,
            SuspenseState::Credited { .. } => SuspenseStatus::Credited,
            SuspenseState::Returned { .. } => SuspenseStatus::Returned,
        }
    }

    /// What the log tells of it.
    fn facts(&self) -> Facts {
        let credited = match self.state {
            SuspenseState::Credited { amount, .. } => Some(format!("{amount:?}")),
            SuspenseState::Open | SuspenseState::Returned { .. } => None,
        };
        let facts = Facts::none().with("status", self.status().name()).with("user", self.user);
        facts.with("paid", format!("{:?}", self.paid)).maybe("credited", credited)
    }

    /// Back to its source: suspense → psp_clearing of exactly what was paid, under the payment's own source. Whoever
    /// tells the gateway to give it back commits this.
    ///
    /// # Errors
    /// `AlreadyResolved`.
    pub fn returned(self, intent: &Intent, now: Time) -> Result<UnitOfWork, SuspenseError> {
        let mut legs =
            Legs::after(LEGS_BEFORE, Source::paystack(&intent.reference), EntryKind::Suspense, now);
        let (suspense, clearing) = (House::Suspense, House::PspClearingPaystack);
        legs.add(LedgerAccount::House(suspense), LedgerAccount::House(clearing), self.paid);
        let closed = self.closed(SuspenseState::Returned { at: now })?;
        Ok(UnitOfWork::new().post(legs.into_entry()?).with(Change::Suspended(closed)))
    }

    /// To the intent's owner: suspense → fx in the paid currency, fx → wallet at `rate`, rounded down; what the owner
    /// owes is repaid at once. The payment has succeeded then, with what was really paid.
    ///
    /// # Errors
    /// `AlreadyResolved`, `NoRate`, `Money`.
    pub fn credited(
        self,
        intent: Intent,
        account: &Account,
        rate: FxRate,
        event: EventId,
        now: Time,
    ) -> Result<UnitOfWork, SuspenseError> {
        let paid = self.paid;
        let worth = match paid.currency() {
            Currency::Usd => paid.money(),
            Currency::Ngn => rate.worth_of(paid)?,
            other => return Err(SuspenseError::NoRate(other)),
        };
        let amount = Amount::try_new(worth)?;
        let mut legs = Legs::after(LEGS_BEFORE, Source::paystack(&intent.reference), EntryKind::Deposit, now);
        let suspense = LedgerAccount::House(House::Suspense);
        let wallet = LedgerAccount::User(self.user, Purse::Wallet);
        if paid.currency() == worth.currency() {
            legs.add(suspense, wallet, amount);
        } else {
            legs.add(suspense, LedgerAccount::House(House::Fx), paid);
            legs.add(LedgerAccount::House(House::Fx), wallet, amount);
        }
        let user = self.user;
        let standing = repay(&mut legs, account, amount)?;
        let closed = self.closed(SuspenseState::Credited { amount, at: now })?;
        // Nothing has gone back of it yet, in the currency that was really paid.
        let back = PaidBack::nothing(amount, paid);
        let succeeded =
            Intent { amount, charged: paid, rate, back, ..intent }.closed(IntentState::Succeeded { at: now });
        let told = Event::about_payment(event, EventKind::PaymentSucceeded, &succeeded, now);
        let unit = UnitOfWork::new().post(legs.into_entry()?).expecting(user, standing);
        let received = Occasion::DepositReceived { payment: succeeded.id };
        let unit = unit.with(Change::Suspended(closed)).with(Change::Intent(succeeded));
        Ok(unit.with(Change::Event(told)).telling(event.uuid(), user, received, now))
    }

    fn closed(mut self, state: SuspenseState) -> Result<Self, SuspenseError> {
        if self.state != SuspenseState::Open {
            return Err(SuspenseError::AlreadyResolved);
        }
        self.state = state;
        self.version = self.version.next();
        Ok(self)
    }
}

/// Lists and resolves suspended payments.
pub struct SuspenseService {
    store: Arc<dyn Store>,
    payments: Arc<dyn PaymentReads>,
    wallets: Arc<dyn WalletReads>,
    users: Arc<dyn AuthReads>,
    books: Arc<dyn BookReads>,
    gateway: Arc<dyn PaymentGateway>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    rate: FxRate,
}

/// The gateway's clock and ours differ by less: a dispute is looked for from so long before its payment was opened.
pub(super) const DISPUTES_FROM_H: i64 = 24;

/// What the gateway lists about one payment.
struct Seen {
    refunds: Vec<GatewayRefund>,
    disputes: Vec<GatewayDispute>,
}

impl SuspenseService {
    /// Over any store and gateway; `rate` is the one in force.
    #[allow(clippy::too_many_arguments)] // Each is a port of its own.
    pub fn new(
        store: Arc<dyn Store>,
        payments: Arc<dyn PaymentReads>,
        wallets: Arc<dyn WalletReads>,
        users: Arc<dyn AuthReads>,
        books: Arc<dyn BookReads>,
        gateway: Arc<dyn PaymentGateway>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        rate: FxRate,
    ) -> Self {
        Self { store, payments, wallets, users, books, gateway, clock, random, rate }
    }

    /// What waits, oldest first.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn open(&self, limit: u32) -> Result<Vec<Suspended>, SuspenseError> {
        Ok(self.books.open_suspense(limit).await?)
    }

    /// Closes one, once, unless the gateway says that its money went elsewhere meanwhile. The outcome of `claim` must
    /// be the payment. For [`Destination::Source`] the books are changed here, and the gateway is told by whoever asks
    /// for it: no more than [`SuspenseService::left_to_return`]. The line of the log is in the same commit.
    ///
    /// # Errors
    /// [`SuspenseError`], by name.
    pub async fn resolve(
        &self,
        by: &By,
        payment: PaymentId,
        to: Destination,
        claim: Claim,
    ) -> Result<Done<Suspended>, SuspenseError> {
        let decided = retry_stale(|| async {
            match self.resolve_once(by, payment, to, &claim).await {
                Err(SuspenseError::Commit(refused)) => Err(refused),
                decided => Ok(decided),
            }
        });
        let replayed = match decided.await? {
            Ok(committed) => matches!(committed, Committed::Replayed(_)),
            // What stands in the way may be this very command: its twin has closed the item meanwhile.
            Err(refused) => self.store.replay(&claim).await?.map(|_| true).ok_or(refused)?,
        };
        let value = self.books.suspended(payment).await?.ok_or(SuspenseError::NotFound)?;
        Ok(Done { value, replayed })
    }

    /// What of a payment that is booked back nobody has sent back at the gateway yet, as the gateway tells it now.
    /// What went back at its desk, or by a lost dispute, must not be sent again.
    ///
    /// # Errors
    /// [`SuspenseError`], by name; then nobody knows, and nothing should be sent before somebody has looked.
    pub async fn left_to_return(&self, payment: PaymentId) -> Result<Money, SuspenseError> {
        let item = self.books.suspended(payment).await?.ok_or(SuspenseError::NotFound)?;
        let intent = self.payments.intent(payment).await?.ok_or(SuspenseError::NotFound)?;
        let seen = self.seen(&intent).await?;
        let disputes: Vec<_> = seen.disputes.iter().collect();
        let elsewhere = Elsewhere { refunds: &seen.refunds, disputes: &disputes };
        elsewhere.against_return().map_or_else(|| elsewhere.left_of(&item), Err)
    }

    async fn seen(&self, intent: &Intent) -> Result<Seen, SuspenseError> {
        let refunds = self.gateway.refunds_of(&intent.reference).await?.whole()?;
        let disputes = self.gateway.disputes_since(intent.created_at - hours(DISPUTES_FROM_H)).await?;
        let mut disputes = disputes.whole()?;
        disputes.retain(|dispute| dispute.reference == intent.reference);
        Ok(Seen { refunds, disputes })
    }

    /// Refuses what would give money away that the gateway does not have any more.
    async fn check(&self, item: &Suspended, intent: &Intent, to: Destination) -> Result<(), SuspenseError> {
        if item.state != SuspenseState::Open {
            return Err(SuspenseError::AlreadyResolved);
        }
        let seen = self.seen(intent).await?;
        let disputes: Vec<_> = seen.disputes.iter().collect();
        let elsewhere = Elsewhere { refunds: &seen.refunds, disputes: &disputes };
        match to {
            Destination::Source => {
                elsewhere.against_return().map_or_else(|| elsewhere.left_of(item).map(|_| ()), Err)
            }
            Destination::Owner => {
                if let Some(against) = elsewhere.against_credit() {
                    return Err(against);
                }
                let charge = self.gateway.verify(&intent.reference).await?;
                let has_it = charge.is_some_and(|c| c.of_our_mode && c.status == ChargeStatus::Succeeded);
                if has_it { Ok(()) } else { Err(SuspenseError::NotHeld) }
            }
        }
    }

    async fn resolve_once(
        &self,
        by: &By,
        payment: PaymentId,
        to: Destination,
        claim: &Claim,
    ) -> Result<Committed, SuspenseError> {
        if let Some(before) = self.store.replay(claim).await? {
            return Ok(Committed::Replayed(before));
        }
        let item = self.books.suspended(payment).await?.ok_or(SuspenseError::NotFound)?;
        if by.owns(item.user) {
            return Err(SuspenseError::OwnAccount);
        }
        let intent = self.payments.intent(payment).await?.ok_or(SuspenseError::NotFound)?;
        self.check(&item, &intent, to).await?;
        let (now, before) = (self.clock.now(), item.facts());
        let unit = match to {
            Destination::Source => item.returned(&intent, now)?,
            Destination::Owner => {
                // The account first: closing it moves its version, which the commit expects.
                let account = self.wallets.account(item.user).await?.ok_or(SuspenseError::NotFound)?;
                let owner = self.users.user(item.user).await?;
                if owner.is_some_and(|owner| owner.is_deleted()) {
                    return Err(SuspenseError::AccountClosed);
                }
                let event = EventId::generate(now, self.random.as_ref());
                item.credited(intent, &account, self.rate, event, now)?
            }
        };
        let after = unit.changes().iter().find_map(|change| match change {
            Change::Suspended(item) => Some(item.facts()),
            _ => None,
        });
        let (subject, facts) = (Subject::of("payment", payment), (before, after.unwrap_or_default()));
        let line = by.did(AuditAction::SuspenseResolved, subject, facts, (now, self.random.as_ref()));
        Ok(self.store.commit(unit.with(line).claimed_by(claim.clone())).await?)
    }
}
