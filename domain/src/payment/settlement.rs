//! Settlement: what our intent and the gateway's evidence together mean for money. Pure.

use crate::{
    Amount, Change, Event, EventKind, MoneyError, Time, UnitOfWork, Version,
    notification::Occasion,
    payment::{
        Charge, ChargeStatus, ChargedMoney, FxRate, Intent, IntentState, Suspended, SuspenseReason,
        SuspenseState,
    },
    wallet::{Account, EntryKind, House, LedgerAccount, Legs, Purse, Source, Unbalanced, repay},
};

/// What became of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The user has the money.
    Credited,
    /// The sum is in suspense.
    Suspended,
    /// The intent was closed without money.
    Closed,
    /// Nothing final is known, or it was settled before.
    Unchanged,
    /// The transaction is of another mode, or cannot be booked: nothing was done, operators are told.
    Refused,
}

/// A decision and what it changes.
pub(crate) struct Decision {
    pub(crate) settled: Settled,
    pub(crate) unit: Option<UnitOfWork>,
}

impl Decision {
    const fn nothing(settled: Settled) -> Self {
        Self { settled, unit: None }
    }
}

/// Why a decision could not be made; neither can happen with amounts that the doors let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undecidable {
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Entry(#[from] Unbalanced),
}

/// What a decision is made on besides intent and charge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// The account that a credit would go to, as it was read.
    pub(crate) account: &'a Account,
    /// Its owner has closed it: money on it would be nobody's.
    pub(crate) is_closed: bool,
    /// Counts for money that came after the intent's own rate had expired.
    pub(crate) rate_now: FxRate,
    /// Names the event.
    pub(crate) event: crate::EventId,
    pub(crate) now: Time,
}

/// Paid exactly what was asked, in the same currency, to an account that is still somebody's: credited. Anything else:
/// suspense, whole.
pub(crate) fn decide(intent: Intent, charge: &Charge, facts: Facts<'_>) -> Result<Decision, Undecidable> {
    if !intent.is_creditable() {
        return Ok(Decision::nothing(Settled::Unchanged));
    }
    if !charge.of_our_mode {
        return Ok(Decision::nothing(Settled::Refused));
    }
    match (charge.status, &charge.paid) {
        (ChargeStatus::Succeeded, ChargedMoney::Known(paid)) => settle_paid(intent, charge, *paid, facts),
        (ChargeStatus::Succeeded, ChargedMoney::Unbookable) => Ok(Decision::nothing(Settled::Refused)),
        (ChargeStatus::Failed, _) if intent.is_open() => {
            Ok(close(intent, IntentState::Failed { at: facts.now }, facts.event, facts.now))
        }
        _ => Ok(Decision::nothing(Settled::Unchanged)),
    }
}

/// Closes an open intent without money.
pub(crate) fn close(intent: Intent, state: IntentState, event: crate::EventId, now: Time) -> Decision {
    let closed = intent.closed(state);
    let told = Event::about_payment(event, EventKind::PaymentFailed, &closed, now);
    let mut unit = UnitOfWork::new().count_intent_closed(closed.user);
    if matches!(state, IntentState::Failed { .. }) {
        unit = unit.with(Change::Event(told));
    }
    Decision { settled: Settled::Closed, unit: Some(unit.with(Change::Intent(closed))) }
}

fn settle_paid(
    intent: Intent,
    charge: &Charge,
    paid: Amount,
    facts: Facts<'_>,
) -> Result<Decision, Undecidable> {
    let reason = if facts.is_closed {
        Some(SuspenseReason::AccountClosed)
    } else if paid.currency() != intent.charged.currency() {
        Some(SuspenseReason::CurrencyDiffers)
    } else if paid != intent.charged {
        Some(SuspenseReason::AmountDiffers)
    } else {
        None
    };
    match reason {
        Some(reason) => suspend(intent, paid, reason, facts.event, facts.now),
        None => credit(intent, charge, paid, facts),
    }
}

fn credit(intent: Intent, charge: &Charge, paid: Amount, facts: Facts<'_>) -> Result<Decision, Undecidable> {
    let Facts { account, rate_now, event, now, .. } = facts;
    let in_time = charge.paid_at.unwrap_or(now) <= intent.expires_at;
    let gained = if in_time { intent.amount } else { Amount::try_new(rate_now.worth_of(paid)?)? };
    let mut legs = Legs::new(Source::paystack(&intent.reference), EntryKind::Deposit, now);
    let user = intent.user;
    let clearing = LedgerAccount::House(House::PspClearingPaystack);
    let fx = LedgerAccount::House(House::Fx);
    match charge.bookable_fee(paid) {
        Some(fee) => {
            legs.add(clearing, fx, Amount::try_new(paid.money().checked_sub(fee.money())?)?);
            legs.add(LedgerAccount::House(House::PspFees), fx, fee);
        }
        None => legs.add(clearing, fx, paid),
    }
    legs.add(fx, LedgerAccount::User(user, Purse::Wallet), gained);
    let standing = repay(&mut legs, account, gained)?;
    let entry = legs.into_entry()?;
    let was_open = intent.is_open();
    let credited =
        Intent { amount: gained, next_check_at: None, ..intent }.closed(IntentState::Succeeded { at: now });
    let told = Event::about_payment(event, EventKind::PaymentSucceeded, &credited, now);
    let received = Occasion::DepositReceived { payment: credited.id };
    let unit = UnitOfWork::new().with(Change::Intent(credited)).post(entry).with(Change::Event(told));
    let mut unit = unit.expecting(user, standing).telling(event.uuid(), user, received, now);
    if was_open {
        unit = unit.count_intent_closed(user);
    }
    Ok(Decision { settled: Settled::Credited, unit: Some(unit) })
}

fn suspend(
    intent: Intent,
    paid: Amount,
    reason: SuspenseReason,
    event: crate::EventId,
    now: Time,
) -> Result<Decision, Undecidable> {
    let mut legs = Legs::new(Source::paystack(&intent.reference), EntryKind::Suspense, now);
    legs.add(LedgerAccount::House(House::PspClearingPaystack), LedgerAccount::House(House::Suspense), paid);
    let entry = legs.into_entry()?;
    let item = Suspended {
        payment: intent.id,
        user: intent.user,
        paid,
        reason,
        at: now,
        state: SuspenseState::Open,
        version: Version::FIRST,
    };
    let (payment, user, was_open) = (intent.id, intent.user, intent.is_open());
    let aside = Intent { next_check_at: None, ..intent }.closed(IntentState::Suspense { at: now });
    let told = Event::about_payment(event, EventKind::PaymentSuspense, &aside, now);
    let unit = UnitOfWork::new().with(Change::Intent(aside)).with(Change::Suspended(item));
    let unit = unit.post(entry).with(Change::Event(told));
    let mut unit = unit.telling_staff(event.uuid(), Occasion::PaymentSuspended { payment }, now);
    if was_open {
        unit = unit.count_intent_closed(user);
    }
    Ok(Decision { settled: Settled::Suspended, unit: Some(unit) })
}
