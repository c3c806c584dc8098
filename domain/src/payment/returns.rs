//! What money on its way back means for our books: refunds, and disputes. Pure.

mod disputes;

pub(crate) use disputes::{dispute, is_in_doubt, is_unbookable};

use crate::{
    Amount, Change, Claim, Event, EventId, EventKind, Money, RefundId, Standing, Time, UnitOfWork,
    notification::Occasion,
    payment::{
        ChargedMoney, GatewayRefund, GatewayRefundId, GatewayRefundStatus, Intent, Refund, RefundOrigin,
        RefundState,
        refund::{Missed, Share},
        settlement::Undecidable,
    },
    wallet::{
        Account, EndHold, EntryKind, HoldEnd, House, LedgerAccount, Legs, PlaceHold, Purpose, Purse, Source,
        repay,
    },
};

const FX: LedgerAccount = LedgerAccount::House(House::Fx);
const CLEARING: LedgerAccount = LedgerAccount::House(House::PspClearingPaystack);
/// Where the two sums of one currency differ: by rounding, or because more was taken than was ever paid.
const DIFFERENCE: LedgerAccount = LedgerAccount::House(House::WriteOff);

/// When something is decided, and the name of the event that tells of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) event: EventId,
    pub(crate) now: Time,
}

/// The next thing to do about the refunds of a payment, after the gateway's list was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// This is what came of a refund whose answer was lost.
    Bind(Refund, GatewayRefundId),
    /// The first list without it.
    Missed(Refund),
    /// It never came to be.
    Absent(Refund),
    /// The customer has the money.
    Processed(Refund, GatewayRefundId),
    /// The gateway gave up.
    Failed(Refund, GatewayRefundId),
    /// The gateway gave up after all.
    Reversed(Refund, GatewayRefundId),
    /// Made in the dashboard, and the customer has the money.
    Found(GatewayRefundId, Amount),
}

/// What the list means, one thing at a time. `read_at`: before the list was asked for.
pub(crate) fn next_step(ours: &[Refund], listed: &[GatewayRefund], read_at: Time) -> Option<Step> {
    ours.iter()
        .find_map(|refund| step_of(refund, ours, listed, read_at))
        .or_else(|| listed.iter().find_map(|theirs| unexplained(theirs, ours)))
}

fn step_of(refund: &Refund, ours: &[Refund], listed: &[GatewayRefund], read_at: Time) -> Option<Step> {
    let agreeing = |name: &GatewayRefundId| {
        let named = listed.iter().find(|theirs| theirs.id == *name);
        named
            .filter(|theirs| theirs.amount == ChargedMoney::Known(refund.charged))
            .map(|theirs| theirs.status)
    };
    match &refund.state {
        RefundState::Sent { .. } => {
            let oldest = |fits: fn(&Refund, &GatewayRefund) -> bool| {
                let free = listed.iter().filter(|theirs| fits(refund, theirs) && !is_bound(theirs, ours));
                let oldest = free.min_by_key(|theirs| (theirs.created_at, theirs.id.clone()));
                oldest.map(|theirs| Step::Bind(refund.clone(), theirs.id.clone()))
            };
            oldest(Refund::may_be).or_else(|| match refund.missed(read_at) {
                Missed::Nothing => None,
                Missed::First => Some(Step::Missed(refund.clone())),
                // A free one of its amount is taken for it, however wrong the gateway's clock is. If it is ours, to
                // call it absent would free the money that the customer is being given, and he could ask for it
                // again. If it is somebody else's, it would be taken from the same wallet anyway, once it has arrived:
                // each sum that left the gateway is paid for once either way.
                Missed::Absent => oldest(Refund::is_like).or_else(|| Some(Step::Absent(refund.clone()))),
            })
        }
        RefundState::Pending { gateway } => match agreeing(gateway)? {
            GatewayRefundStatus::Processed => Some(Step::Processed(refund.clone(), gateway.clone())),
            GatewayRefundStatus::Failed => Some(Step::Failed(refund.clone(), gateway.clone())),
            GatewayRefundStatus::Pending | GatewayRefundStatus::NeedsAttention => None,
        },
        RefundState::Processed { gateway, .. } => match agreeing(gateway)? {
            GatewayRefundStatus::Failed => Some(Step::Reversed(refund.clone(), gateway.clone())),
            GatewayRefundStatus::Pending
            | GatewayRefundStatus::NeedsAttention
            | GatewayRefundStatus::Processed => None,
        },
        RefundState::Failed { .. } => None,
    }
}

fn is_bound(theirs: &GatewayRefund, ours: &[Refund]) -> bool {
    ours.iter().any(|refund| refund.gateway() == Some(&theirs.id))
}

/// Somebody else's refund, once it has reached the customer; what a dispute caused is the dispute's business.
fn unexplained(theirs: &GatewayRefund, ours: &[Refund]) -> Option<Step> {
    let ChargedMoney::Known(amount) = theirs.amount else { return None };
    let is_processed = theirs.status == GatewayRefundStatus::Processed && theirs.dispute.is_none();
    (is_processed && !is_bound(theirs, ours)).then(|| Step::Found(theirs.id.clone(), amount))
}

/// What a person must look at: refunds that wait for attention at the gateway, and rows of the list that do not agree
/// with ours or cannot be booked.
pub(crate) fn oddities(of: &Intent, ours: &[Refund], listed: &[GatewayRefund]) -> (u32, u32) {
    let (mut attention, mut refused) = (0, 0);
    for theirs in listed {
        attention += u32::from(theirs.status == GatewayRefundStatus::NeedsAttention);
        let agrees = match ours.iter().find(|refund| refund.gateway() == Some(&theirs.id)) {
            Some(refund) => {
                let came_back = matches!(refund.state, RefundState::Failed { .. })
                    && theirs.status == GatewayRefundStatus::Processed;
                theirs.amount == ChargedMoney::Known(refund.charged) && !came_back
            }
            None => {
                let known = matches!(theirs.amount, ChargedMoney::Known(sum) if sum.currency() == of.charged.currency());
                known || theirs.status != GatewayRefundStatus::Processed
            }
        };
        refused += u32::from(!agrees);
    }
    (attention, refused)
}

/// Commit A of a refund: hold, row, and the part of the payment that no other refund may have.
pub(crate) fn ask(
    claim: Claim,
    of: Intent,
    refund: &Refund,
    account: &Account,
) -> Result<UnitOfWork, Undecidable> {
    let back = of.back.ask(refund.amount, refund.charged)?;
    let unit = UnitOfWork::claiming(claim)
        .with(Change::Refund(refund.clone()))
        .with(Change::Intent(of.with_back(back)))
        .expecting(account.user, Standing::AsRead(account.version));
    let RefundOrigin::Asked { hold } = refund.origin else { return Ok(unit) };
    let (purpose, at) = (Purpose::Refund { refund: refund.id }, refund.created_at);
    Ok(unit.place(PlaceHold { id: hold, user: refund.user, purpose, amount: refund.amount, at }))
}

/// The gateway has it.
pub(crate) fn bind(refund: Refund, gateway: GatewayRefundId) -> UnitOfWork {
    UnitOfWork::new().with(Change::Refund(refund.becomes(RefundState::Pending { gateway })))
}

/// The first list without it.
pub(crate) fn miss(refund: Refund, read_at: Time) -> UnitOfWork {
    let state = RefundState::Sent { missed_at: Some(read_at) };
    UnitOfWork::new().with(Change::Refund(refund.becomes(state)))
}

/// It came to nothing before it reached anybody: the hold is released.
pub(crate) fn fail(
    of: Intent,
    refund: Refund,
    gateway: Option<GatewayRefundId>,
    now: Time,
) -> Result<UnitOfWork, Undecidable> {
    let back = of.back.take_back(refund.amount, refund.charged)?;
    let unit = end_hold(UnitOfWork::new(), &refund, HoldEnd::Release, now);
    let failed = refund.becomes(RefundState::Failed { gateway, at: now });
    Ok(unit.with(Change::Refund(failed)).with(Change::Intent(of.with_back(back))))
}

/// The customer has the money: the hold is spent, and both currencies are booked.
pub(crate) fn process(
    of: Intent,
    refund: Refund,
    gateway: GatewayRefundId,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    let wallet = LedgerAccount::User(refund.user, Purse::Wallet);
    let mut legs = Legs::new(Source::refunded(refund.id), EntryKind::Refund, moment.now);
    for (debit, credit, amount) in given_back(&[(wallet, refund.amount)], refund.charged) {
        legs.add(debit, credit, amount);
    }
    let back = of.back.arrive(refund.charged)?;
    let unit = end_hold(UnitOfWork::new().post(legs.into_entry()?), &refund, HoldEnd::Spend, moment.now);
    let arrived = Occasion::RefundMade { refund: refund.id };
    let user = refund.user;
    let processed = refund.becomes(RefundState::Processed { gateway, at: moment.now });
    let unit =
        told(unit.with(Change::Refund(processed)), of.with_back(back), EventKind::PaymentRefunded, moment);
    Ok(unit.telling(moment.event.uuid(), user, arrived, moment.now))
}

/// The gateway gave up after it had said that the customer has the money: the wallet has it again, and repays debt.
pub(crate) fn reverse(
    of: Intent,
    refund: Refund,
    gateway: GatewayRefundId,
    account: &Account,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    let wallet = LedgerAccount::User(refund.user, Purse::Wallet);
    let mut legs = Legs::new(Source::unrefunded(refund.id), EntryKind::Refund, moment.now);
    for (debit, credit, amount) in given_back(&[(wallet, refund.amount)], refund.charged).into_iter().rev() {
        legs.add(credit, debit, amount);
    }
    let standing = repay(&mut legs, account, refund.amount)?;
    let back = of.back.unarrive(refund.charged)?.take_back(refund.amount, refund.charged)?;
    let failed = refund.becomes(RefundState::Failed { gateway: Some(gateway), at: moment.now });
    let unit = UnitOfWork::new().post(legs.into_entry()?).expecting(account.user, standing);
    let unit = unit.with(Change::Refund(failed));
    Ok(told(unit, of.with_back(back), EventKind::PaymentRefunded, moment))
}

/// Somebody refunded it in the dashboard, and the customer has the money: lost, like a dispute.
pub(crate) fn find(
    of: Intent,
    id: RefundId,
    gateway: GatewayRefundId,
    share: Share,
    account: &Account,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    let refund = Refund::found(id, &of, gateway.clone(), share, moment.now);
    let legs = Legs::new(Source::gateway_refund(&gateway), EntryKind::Chargeback, moment.now);
    let unit = lose(legs, account, share, Money::zero(share.amount.currency()))?;
    let back = of.back.ask(share.amount, share.charged)?.arrive(share.charged)?;
    let (user, arrived) = (refund.user, Occasion::RefundMade { refund: refund.id });
    let unit = unit.with(Change::Refund(refund));
    let unit = told(unit, of.with_back(back), EventKind::PaymentRefunded, moment);
    Ok(unit.telling(moment.event.uuid(), user, arrived, moment.now))
}

/// Who pays whom when `parts` leave a user's purses and `charged` leaves the gateway: by way of fx, unless both are of
/// one currency, as after a payment in dollars that was asked in naira.
fn given_back(
    parts: &[(LedgerAccount, Amount)],
    charged: Amount,
) -> Vec<(LedgerAccount, LedgerAccount, Amount)> {
    if parts.iter().any(|(_, amount)| amount.currency() != charged.currency()) {
        let bridged = parts.iter().map(|(from, amount)| (*from, FX, *amount));
        return bridged.chain([(FX, CLEARING, charged)]).collect();
    }
    let (mut legs, mut left) = (Vec::new(), charged.units());
    for (from, amount) in parts {
        let direct = amount.units().min(left);
        left -= direct;
        let pay = |to, units| of_units(units, charged).map(|amount| (*from, to, amount));
        legs.extend(pay(CLEARING, direct).into_iter().chain(pay(DIFFERENCE, amount.units() - direct)));
    }
    legs.extend(of_units(left, charged).map(|left| (DIFFERENCE, CLEARING, left)));
    legs
}

/// So many units of the same currency; `None` for none.
fn of_units(units: i64, like: Amount) -> Option<Amount> {
    Amount::try_new(Money::from_units(units, like.currency())).ok()
}

/// Takes `share` from what the wallet can give, and leaves the rest as debt. `frozen`: by the dispute itself, if it
/// was open; what other disputes have frozen stays.
fn lose(mut legs: Legs, account: &Account, share: Share, frozen: Money) -> Result<UnitOfWork, Undecidable> {
    let purse = |purse| LedgerAccount::User(account.user, purse);
    let free = account.wallet.available().units();
    let others = account.disputed.checked_sub(frozen)?.units();
    let kept = others.min((free - frozen.units()).max(0));
    let taken = share.amount.units().min(free - kept).max(0);
    let part = |purse, units| Some((purse, of_units(units, share.amount)?));
    let owed = share.amount.units() - taken;
    let parts = [part(purse(Purse::Wallet), taken), part(purse(Purse::Debt), owed)];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    for (debit, credit, amount) in given_back(&parts, share.charged) {
        legs.add(debit, credit, amount);
    }
    let standing = Standing::AsRead(account.version);
    Ok(UnitOfWork::new().post(legs.into_entry()?).expecting(account.user, standing))
}

fn end_hold(unit: UnitOfWork, refund: &Refund, end: HoldEnd, at: Time) -> UnitOfWork {
    match refund.origin {
        RefundOrigin::Asked { hold } => unit.end(EndHold { hold, user: refund.user, end, at }),
        RefundOrigin::Found => unit,
    }
}

fn told(unit: UnitOfWork, intent: Intent, kind: EventKind, moment: Moment) -> UnitOfWork {
    let event = Event::about_payment(moment.event, kind, &intent, moment.now);
    unit.with(Change::Intent(intent)).with(Change::Event(event))
}

#[cfg(test)]
mod tests;
