//! A unit of work: everything one use case changes, as one value, applied whole or not at all.

use std::collections::BTreeMap;

use crate::{
    Amount, Claim, Event, Fault, NewJob, Notice, OrderId, Time, TraceParent, UserId, Version,
    auth::{ApiKey, Identity, MailToken, RefreshToken, Session, User},
    notification::{Notification, NotificationSettings},
    outbox::{QueuedJob, Schedule},
    payment::{Dispute, Intent, Refund, Suspended},
    phone::PhoneNumber,
    reconciliation::{Finding, Run},
    staff::{Adjustment, Allowlist, AuditEntry},
    support::{CannedAnswer, Line, Ticket},
    suppression::Suppression,
    verification::{
        Batch, Message, Order, PricingRule, ProviderSwitch, Purchase, Quote, ServiceCode, ServiceDecision,
    },
    wallet::{
        Booking, EndHold, JournalEntry, LedgerAccount, PlaceHold, PromoGrant, Purse, Settings, Transfer,
    },
    webhook::{Attempt, Cursor, Delivery, Endpoint},
};

/// One record to write, or one fact to add. A record of [`crate::Version::FIRST`] is new; any other must be stored
/// with exactly the version before it, or the unit is `Stale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A user's account, empty.
    OpenAccount(UserId),
    /// A user.
    User(User),
    /// A sign-in.
    Session(Session),
    /// A token of a sign-in.
    RefreshToken(RefreshToken),
    /// Ends every session of a user that is open, but for one.
    EndSessions(EndSessions),
    /// A token that was mailed.
    MailToken(MailToken),
    /// A user as a provider of identities knows him; `Duplicate(Record)` if another record has its issuer and subject.
    Identity(Identity),
    /// A credential of a program; `Duplicate(Record)` if another has its hash.
    ApiKey(ApiKey),
    /// What a user wishes of the wallet.
    WalletSettings(Settings),
    /// Something that a user is told; `Duplicate(Record)` if he is told of it once, and was.
    Notification(Notification),
    /// What a user wishes to be told.
    NotificationSettings(NotificationSettings),
    /// A payment.
    Intent(Intent),
    /// A payment that waits, or waited, for a person.
    Suspended(Suspended),
    /// An attempt at giving a payment back; a payment has one open one at most, and the gateway's name for it is one's
    /// alone, or `Duplicate(Record)`.
    Refund(Refund),
    /// A dispute over a payment; `Duplicate(Record)` if another has the gateway's name for it.
    Dispute(Dispute),
    /// A movement that staff decided, beside its transfers.
    Booking(Booking),
    /// A gift of promo money.
    Grant(PromoGrant),
    /// A mismatch between a provider's list and our books; `Duplicate(Record)` if another has its key.
    Finding(Finding),
    /// What a run of reconciliation came to; never changes.
    ReconciliationRun(Run),
    /// A job that staff decided about, in its lane already; `Stale` if it was taken or decided about since it was read.
    QueuedJob(QueuedJob),
    /// A price that was promised.
    Quote(Quote),
    /// An order.
    Order(Order),
    /// Several orders that were placed together, written once.
    Batch(Batch),
    /// An attempt at a provider.
    Purchase(Purchase),
    /// A text that arrived; `Duplicate(Message)` if it is known.
    Message(Message),
    /// A number that a user is shown for a service; `Duplicate(ShownNumber)` if he has seen it before.
    ShownNumber(ShownNumber),
    /// A number that was reported for a service; `Duplicate(Record)` if the order has reported it before.
    SuppressedNumber(SuppressedNumber),
    /// A provider's message as it came, kept as evidence; `Duplicate(Notice)` if it is known.
    Notice(Notice),
    /// A correction that was asked for, or decided on.
    Adjustment(Adjustment),
    /// What staff did, beside what it did; never changes.
    Audited(AuditEntry),
    /// From where staff may come. There is one.
    Allowlist(Allowlist),
    /// A ticket of support.
    Ticket(Ticket),
    /// A line of a ticket; written once.
    TicketLine(Line),
    /// What support says often.
    CannedAnswer(CannedAnswer),
    /// What is known of an address that was refused. There is one of each.
    Suppression(Suppression),
    /// What staff says of a service. There is one of each.
    ServiceDecision(ServiceDecision),
    /// Which way a provider is switched. There is one of each.
    ProviderSwitch(ProviderSwitch),
    /// A rule of prices; `Duplicate(Record)` if another one of its scope has no end either.
    PricingRule(PricingRule),
    /// Where a user wants events to be sent to.
    WebhookEndpoint(Endpoint),
    /// An event on its way to an endpoint; `Duplicate(Record)` if there is another of the two.
    WebhookDelivery(Delivery),
    /// A try of a delivery; written once.
    WebhookAttempt(Attempt),
    /// How far events were given to endpoints. There is one.
    WebhookCursor(Cursor),
    /// Something a customer may be told.
    Event(Event),
    /// Work for after the commit; nothing if another one of its key waits.
    Job(NewJob),
    /// When work comes again. There is one of each task.
    Schedule(Schedule),
}

/// Ends every open session of a user but `except`, and with them their refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndSessions {
    /// Whose.
    pub user: UserId,
    /// The one that goes on.
    pub except: Option<crate::SessionId>,
    /// When.
    pub at: Time,
}

/// "This user was shown this number for this service." Never true twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownNumber {
    /// To whom.
    pub user: UserId,
    /// For which service.
    pub service: ServiceCode,
    /// Which number.
    pub number: PhoneNumber,
    /// By which order.
    pub order: OrderId,
    /// When.
    pub at: Time,
}

/// "This number is of no use for this service." It is sold to nobody for it any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressedNumber {
    /// For which service.
    pub service: ServiceCode,
    /// Which number.
    pub number: PhoneNumber,
    /// By which order.
    pub order: OrderId,
    /// When.
    pub at: Time,
}

/// What a decision took for granted about an account; the unit is `Stale` if it is not so at the commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing.
    #[default]
    Any,
    /// No debt, and no open dispute.
    Clear,
    /// The account's row exactly as it was read.
    AsRead(Version),
}

/// Everything that one unit does to one account, merged: a store changes each account row once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// What was taken for granted.
    pub standing: Standing,
    /// Holds to place.
    pub places: Vec<PlaceHold>,
    /// Holds to end.
    pub ends: Vec<EndHold>,
    /// Units to add to the posted wallet by transfers; below zero for debits.
    pub wallet_units: i64,
    /// Units to add to the posted promo purse by transfers.
    pub promo_units: i64,
    /// Units to add to what of promo has lapsed. A capture lowers that by what it takes of promo, by itself. `Stale` if it
    /// would fall below zero.
    pub promo_lapsed_units: i64,
    /// Units to add to the debt by transfers: wallet → debt lowers it. `Stale` if it would fall below zero.
    pub debt_units: i64,
    /// Units to add to what open disputes claim; below zero when disputes close.
    pub disputed_units: i64,
    /// Disputes opened.
    pub disputes_opened: u32,
    /// Disputes closed. `Stale` if fewer are open.
    pub disputes_closed: u32,
    /// Payments opened.
    pub intents_opened: u32,
    /// Payments that ended.
    pub intents_closed: u32,
    /// Refused with `TooManyOpenIntents` if opening would pass this.
    pub max_open_intents: u32,
}

/// Everything one use case changes: decided in pure code, applied whole or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct UnitOfWork {
    claim: Option<Claim>,
    changes: Vec<Change>,
    accounts: BTreeMap<UserId, AccountChange>,
    transfers: Vec<Transfer>,
}

impl UnitOfWork {
    /// A unit that changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A unit that takes effect at most once for its claim.
    pub fn claiming(claim: Claim) -> Self {
        Self { claim: Some(claim), ..Self::default() }
    }

    /// The same unit, with a claim.
    pub fn claimed_by(mut self, claim: Claim) -> Self {
        self.claim = Some(claim);
        self
    }

    /// Adds a change.
    pub fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Reserves money.
    pub fn place(mut self, hold: PlaceHold) -> Self {
        self.account_of(hold.user).places.push(hold);
        self
    }

    /// Ends a hold.
    pub fn end(mut self, end: EndHold) -> Self {
        self.account_of(end.user).ends.push(end);
        self
    }

    /// Posts a balanced entry, and moves the accounts of the users that it touches.
    pub fn post(mut self, entry: JournalEntry) -> Self {
        for transfer in entry.into_transfers() {
            self.move_purses(&transfer);
            self.transfers.push(transfer);
        }
        self
    }

    /// Counts a payment that was opened; refused if the user has `max` open ones.
    pub fn count_intent_opened(mut self, user: UserId, max: u32) -> Self {
        let account = self.account_of(user);
        account.intents_opened += 1;
        account.max_open_intents = max;
        self
    }

    /// Counts a payment that ended.
    pub fn count_intent_closed(mut self, user: UserId) -> Self {
        self.account_of(user).intents_closed += 1;
        self
    }

    /// Counts a dispute that was opened over `claimed`, and freezes so much of the wallet, now or as it comes in.
    pub fn open_dispute(mut self, user: UserId, claimed: Amount) -> Self {
        let account = self.account_of(user);
        account.disputes_opened += 1;
        account.disputed_units += claimed.units();
        self
    }

    /// Counts a dispute over `claimed` that was won or lost, and lifts its freeze. What it froze may leave the wallet
    /// by transfers of the same unit.
    pub fn close_dispute(mut self, user: UserId, claimed: Amount) -> Self {
        let account = self.account_of(user);
        account.disputes_closed += 1;
        account.disputed_units -= claimed.units();
        self
    }

    /// Adds to what of promo has lapsed; below zero once it is taken back. Rests on the account as it was read.
    pub fn lapse_promo(mut self, user: UserId, units: i64) -> Self {
        self.account_of(user).promo_lapsed_units += units;
        self
    }

    /// Holds the unit to what its decision took for granted about an account. Of several the strictest counts.
    pub fn expecting(mut self, user: UserId, standing: Standing) -> Self {
        let account = self.account_of(user);
        account.standing = account.standing.max(standing);
        self
    }

    /// Says which place in a trace this unit is committed at, to whatever it leaves to be done or told later. What has a
    /// cause of its own keeps it.
    pub fn caused_by(mut self, cause: TraceParent) -> Self {
        for change in &mut self.changes {
            let later = match change {
                Change::Job(job) => &mut job.cause,
                Change::Event(event) => &mut event.cause,
                Change::WebhookDelivery(delivery) if delivery.version == Version::FIRST => {
                    &mut delivery.telling.cause
                }
                _ => continue,
            };
            later.get_or_insert(cause);
        }
        self
    }

    /// The claim, if the unit has one.
    pub const fn claim(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }

    /// Records and facts, in the order in which they were added.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// One merged change for each account, in the order in which stores lock them.
    pub const fn accounts(&self) -> &BTreeMap<UserId, AccountChange> {
        &self.accounts
    }

    /// Transfers other than those that a captured hold makes by itself.
    pub fn transfers(&self) -> &[Transfer] {
        &self.transfers
    }

    fn account_of(&mut self, user: UserId) -> &mut AccountChange {
        self.accounts.entry(user).or_default()
    }

    fn move_purses(&mut self, transfer: &Transfer) {
        for side in [transfer.debit, transfer.credit] {
            let LedgerAccount::User(user, purse) = side else { continue };
            let units = transfer.effect_on(side).units();
            match purse {
                Purse::Wallet => self.account_of(user).wallet_units += units,
                Purse::Promo => self.account_of(user).promo_units += units,
                // Debt is what the house may ask for: a credit repays it.
                Purse::Debt => self.account_of(user).debt_units -= units,
            }
        }
    }
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// The unit took effect now.
    Applied,
    /// The claim's command took effect before; this is the record that it made.
    Replayed(uuid::Uuid),
}

/// What must be unique, and was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unique {
    /// An e-mail address has one user.
    Email,
    /// A source is posted once.
    Source,
    /// A payment reference is ours once.
    Reference,
    /// A provider's reservation belongs to one purchase.
    Reservation,
    /// A user is shown a number for a service once.
    ShownNumber,
    /// An order is retried once.
    Retry,
    /// A text is stored once.
    Message,
    /// A provider's message is stored once.
    Notice,
    /// A job of this name is queued already.
    Job,
    /// A record of this identifier exists.
    Record,
}

/// Why a unit was not applied. Nothing of it was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// An account would fall below its floor.
    #[error("not enough money is available")]
    InsufficientFunds,
    /// The user has as many open orders as he may.
    #[error("too many open orders")]
    TooManyOpenOrders,
    /// The user has as many unpaid payments as he may.
    #[error("too many unpaid payments")]
    TooManyOpenIntents,
    /// A dispute or debt forbids it.
    #[error("the account is blocked")]
    AccountBlocked,
    /// A record has moved on since it was read; load and decide again.
    #[error("a record has changed since it was read")]
    Stale,
    /// The claim's key was first used for a different command.
    #[error("the idempotency key was used for a different request")]
    KeyReused,
    /// Something that must be unique exists already.
    #[error("{0:?} exists already")]
    Duplicate(Unique),
    /// Outcome unknown; committing the same unit again is safe.
    #[error("the store did not answer: {0}")]
    Unavailable(#[source] Fault),
}

/// How often a decision is made again after `Stale` before it is given up as a fault.
const STALE_ATTEMPTS: u32 = 16;

/// Decides and commits again while the store answers `Stale`: a race with our own workers is no user's business.
pub(crate) async fn retry_stale<T, F, Fut>(mut attempt: F) -> Result<T, CommitError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, CommitError>>,
{
    for _ in 1..STALE_ATTEMPTS {
        match attempt().await {
            Err(CommitError::Stale) => {}
            other => return other,
        }
    }
    attempt().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Id, JobKind,
        upkeep::Task,
        webhook::{Happening, Telling},
    };

    fn job(cause: Option<TraceParent>) -> Change {
        let kind = JobKind::Upkeep { task: Task::Quotes };
        let job = NewJob::new(Id::from_uuid(uuid::Uuid::nil()), kind, Time::UNIX_EPOCH);
        Change::Job(NewJob { cause, ..job })
    }

    fn delivery() -> Delivery {
        let (id, at) = (uuid::Uuid::nil(), Time::UNIX_EPOCH);
        let telling = Telling { id: Id::from_uuid(id), at, what: Happening::Test, cause: None };
        Delivery::new(Id::from_uuid(id), (Id::from_uuid(id), Id::from_uuid(id)), telling, at)
    }

    #[test]
    fn what_is_new_is_caused_by_its_commit_unless_it_has_a_cause_of_its_own() {
        let (own, commit) = (TraceParent::new(1, 2, true), TraceParent::new(3, 4, true));
        let known = delivery().put_off(Time::UNIX_EPOCH);
        let changes =
            [job(None), job(own), Change::WebhookDelivery(delivery()), Change::WebhookDelivery(known)];
        let unit = changes.into_iter().fold(UnitOfWork::new(), UnitOfWork::with);
        let unit = unit.caused_by(commit.expect("a place"));
        let caused = unit.changes().iter().map(|change| match change {
            Change::Job(job) => job.cause,
            Change::WebhookDelivery(delivery) => delivery.telling.cause,
            other => panic!("{other:?}"),
        });
        assert_eq!(caused.collect::<Vec<_>>(), [commit, own, commit, None]);
    }
}
