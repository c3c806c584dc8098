//! What money on its way back means for our books: refunds, and disputes. Pure.

mod aside;
mod disputes;

pub(crate) use aside::Aside;
pub(crate) use disputes::{Sighting, dispute, is_booked, is_in_doubt, is_unbookable, loss_of};

use crate::{
    Amount, Change, Claim, Event, EventId, EventKind, Money, MoneyError, RefundId, Standing, Time,
    UnitOfWork,
    notification::Occasion,
    payment::{
        ChargedMoney, Dispute, GatewayRefund, GatewayRefundId, GatewayRefundStatus, Intent, Listed, Refund,
        RefundOrigin, RefundState,
        refund::{Missed, Share},
        settlement::Undecidable,
    },
    time::hours,
    wallet::{
        Account, EndHold, EntryKind, HoldEnd, House, JournalEntry, LedgerAccount, Legs, PlaceHold, Purpose,
        Purse, Source, repay,
    },
};

const FX: LedgerAccount = LedgerAccount::House(House::Fx);
const CLEARING: LedgerAccount = LedgerAccount::House(House::PspClearingPaystack);
const SUSPENSE: LedgerAccount = LedgerAccount::House(House::Suspense);
/// Hours after which a refund that has not ended should at least be listed.
const LISTED_WITHIN_H: i64 = 24;
/// Where the two sums of one currency differ: by rounding, or because more was taken than was ever paid.
const DIFFERENCE: LedgerAccount = LedgerAccount::House(House::WriteOff);

/// When something is decided, and the name of the event that tells of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) event: EventId,
    pub(crate) now: Time,
}

/// Whose money it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    /// The account, as it was read before anything else about him.
    pub(crate) account: &'a Account,
    /// He has closed it: money on it would be nobody's.
    pub(crate) is_closed: bool,
    /// What of the payment waits in suspense, since it came back after that.
    pub(crate) waiting: &'a [Aside],
}

impl Owner<'_> {
    /// True if so much would be nobody's: the account is closed, and not all of it repays what is owed there.
    pub(crate) fn is_gone_for(&self, amount: Amount) -> Result<bool, MoneyError> {
        Ok(self.is_closed && self.account.repayment(amount)? != amount.money())
    }
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
    /// It had come to nothing, and the customer has the money after all.
    Returned(Refund, GatewayRefundId),
    /// Made in the dashboard, and the customer has the money.
    Found(GatewayRefundId, Amount),
}

/// What the list means, one thing at a time. `read_at`: before the list was asked for.
pub(crate) fn next_step(ours: &[Refund], list: &Listed<GatewayRefund>, read_at: Time) -> Option<Step> {
    ours.iter()
        .find_map(|refund| step_of(refund, ours, list, read_at))
        .or_else(|| list.rows.iter().find_map(|theirs| unexplained(theirs, ours)))
}

fn step_of(refund: &Refund, ours: &[Refund], list: &Listed<GatewayRefund>, read_at: Time) -> Option<Step> {
    let listed = &list.rows;
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
                // A row that cannot be read may be it.
                Missed::First | Missed::Absent if list.unreadable > 0 => None,
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
        // What was learned by a list is not undone by one that was asked for before: somebody else may have read a
        // younger one meanwhile, and that is what our books stand on.
        RefundState::Processed { gateway, at } => match agreeing(gateway)? {
            GatewayRefundStatus::Failed if read_at >= *at => {
                Some(Step::Reversed(refund.clone(), gateway.clone()))
            }
            GatewayRefundStatus::Pending
            | GatewayRefundStatus::NeedsAttention
            | GatewayRefundStatus::Processed
            | GatewayRefundStatus::Failed => None,
        },
        RefundState::Failed { gateway: Some(gateway), at } => match agreeing(gateway)? {
            GatewayRefundStatus::Processed if read_at >= *at => {
                Some(Step::Returned(refund.clone(), gateway.clone()))
            }
            GatewayRefundStatus::Pending
            | GatewayRefundStatus::NeedsAttention
            | GatewayRefundStatus::Processed
            | GatewayRefundStatus::Failed => None,
        },
        RefundState::Failed { gateway: None, .. } => None,
    }
}

fn is_bound(theirs: &GatewayRefund, ours: &[Refund]) -> bool {
    ours.iter().any(|refund| refund.gateway() == Some(&theirs.id))
}

/// Somebody else's refund, once it has reached the customer; what a dispute caused is the dispute's business. One of the
/// sum of a refund of ours that came back to a closed account, and waits in suspense, is what staff sent in its place.
fn unexplained(theirs: &GatewayRefund, ours: &[Refund]) -> Option<Step> {
    let ChargedMoney::Known(amount) = theirs.amount else { return None };
    let is_processed = theirs.status == GatewayRefundStatus::Processed && theirs.dispute.is_none();
    if !is_processed || is_bound(theirs, ours) {
        return None;
    }
    let is_ours = |refund: &&Refund| matches!(refund.origin, RefundOrigin::Asked { .. });
    let aside = ours.iter().filter(is_ours).find(|refund| refund.aside && refund.charged == amount);
    Some(match aside {
        Some(refund) => Step::Returned(refund.clone(), theirs.id.clone()),
        None => Step::Found(theirs.id.clone(), amount),
    })
}

/// What a person must look at: refunds that wait for attention at the gateway, and rows of the list that do not agree
/// with ours, cannot be read or cannot be booked. `disputes`: those that the list names, as we know them.
pub(crate) fn oddities(
    of: &Intent,
    ours: &[Refund],
    disputes: &[Dispute],
    list: &Listed<GatewayRefund>,
) -> (u32, u32) {
    let (mut attention, mut refused) = (0, list.unreadable + disputes::unbooked(disputes, &list.rows));
    for theirs in &list.rows {
        attention += u32::from(theirs.status == GatewayRefundStatus::NeedsAttention);
        let agrees = match ours.iter().find(|refund| refund.gateway() == Some(&theirs.id)) {
            Some(refund) => theirs.amount == ChargedMoney::Known(refund.charged),
            None => {
                let known = matches!(theirs.amount, ChargedMoney::Known(sum) if sum.currency() == of.charged.currency());
                known || theirs.status != GatewayRefundStatus::Processed
            }
        };
        refused += u32::from(!agrees);
    }
    (attention, refused)
}

/// True for a refund without an end a day after it was asked for.
pub(crate) fn is_overdue(refund: &Refund, now: Time) -> bool {
    refund.is_open() && now >= refund.created_at + hours(LISTED_WITHIN_H)
}

/// How many refunds without an end a day after they were asked for the list says nothing of: no list will end them.
pub(crate) fn stuck(ours: &[Refund], list: &Listed<GatewayRefund>, read_at: Time) -> u32 {
    let is_listed = |refund: &Refund| {
        refund.gateway().is_some_and(|name| list.rows.iter().any(|theirs| theirs.id == *name))
    };
    let stuck = ours.iter().filter(|refund| is_overdue(refund, read_at) && !is_listed(refund));
    u32::try_from(stuck.count()).unwrap_or(u32::MAX)
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
    for (debit, credit, amount) in given_back(&[(wallet, refund.amount)], refund.charged, CLEARING) {
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

/// The gateway gave up after it had said that the customer has the money: the wallet has it again, and repays debt. Of a
/// closed account it would be nobody's: it is set aside.
pub(crate) fn reverse(
    of: Intent,
    refund: Refund,
    gateway: GatewayRefundId,
    owner: Owner<'_>,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    let source = Source::unrefunded(refund.id, refund.version.next());
    let share = Share { amount: refund.amount, charged: refund.charged };
    let aside = owner.is_gone_for(share.amount)?;
    let unit = come_back(&of, source, EntryKind::Refund, share, owner, moment)?;
    let back = of.back.unarrive(refund.charged)?.take_back(refund.amount, refund.charged)?;
    let failed = refund.becomes(RefundState::Failed { gateway: Some(gateway), at: moment.now });
    let unit = unit.with(Change::Refund(Refund { aside, ..failed }));
    Ok(told(unit, of.with_back(back), EventKind::PaymentRefunded, moment))
}

/// It had failed, and the customer has the money after all. The hold has ended long since, so it is taken like what a
/// dispute lost: from what the wallet can give, and the rest is owed; or from suspense, if it waited there.
pub(crate) fn revive(
    of: Intent,
    refund: Refund,
    gateway: GatewayRefundId,
    account: &Account,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    let share = Share { amount: refund.amount, charged: refund.charged };
    let source = Source::refunded_again(refund.id, refund.version.next());
    let unit = if refund.aside {
        UnitOfWork::new().post(out_of_suspense(source, share.charged, moment.now)?)
    } else {
        let legs = Legs::new(source, EntryKind::Refund, moment.now);
        lose(UnitOfWork::new(), legs, account, share, Money::zero(share.amount.currency()))?
    };
    let back = of.back.ask(share.amount, share.charged)?.arrive(share.charged)?;
    let (user, arrived) = (refund.user, Occasion::RefundMade { refund: refund.id });
    let processed = refund.becomes(RefundState::Processed { gateway, at: moment.now });
    let unit = unit.with(Change::Refund(Refund { revived: true, aside: false, ..processed }));
    let unit = told(unit, of.with_back(back), EventKind::PaymentRefunded, moment);
    Ok(unit.telling(moment.event.uuid(), user, arrived, moment.now))
}

/// Somebody refunded it in the dashboard, and the customer has the money: lost, like a dispute, or what waited aside.
pub(crate) fn find(
    of: Intent,
    id: RefundId,
    gateway: GatewayRefundId,
    share: Share,
    owner: Owner<'_>,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    let refund = Refund::found(id, &of, gateway.clone(), share, moment.now);
    let from = (owner.account, owner.waiting);
    let (unit, account) = aside::taken_up(UnitOfWork::new(), &of, from, share.charged, moment.now)?;
    let legs = Legs::new(Source::gateway_refund(&gateway), EntryKind::Chargeback, moment.now);
    let unit = lose(unit, legs, &account, share, Money::zero(share.amount.currency()))?;
    let back = of.back.ask(share.amount, share.charged)?.arrive(share.charged)?;
    let (user, arrived) = (refund.user, Occasion::RefundMade { refund: refund.id });
    let unit = unit.with(Change::Refund(refund));
    let unit = told(unit, of.with_back(back), EventKind::PaymentRefunded, moment);
    Ok(unit.telling(moment.event.uuid(), user, arrived, moment.now))
}

/// Who pays whom when `parts` leave a user's purses and `charged` leaves the gateway, or what is `to` have it: by way of fx,
/// unless both are of one currency, as after a payment in dollars that was asked in naira.
fn given_back(
    parts: &[(LedgerAccount, Amount)],
    charged: Amount,
    to: LedgerAccount,
) -> Vec<(LedgerAccount, LedgerAccount, Amount)> {
    if parts.iter().any(|(_, amount)| amount.currency() != charged.currency()) {
        let bridged = parts.iter().map(|(from, amount)| (*from, FX, *amount));
        return bridged.chain([(FX, to, charged)]).collect();
    }
    let (mut legs, mut left) = (Vec::new(), charged.units());
    for (from, amount) in parts {
        let direct = amount.units().min(left);
        left -= direct;
        let pay = |to, units| of_units(units, charged).map(|amount| (*from, to, amount));
        legs.extend(pay(to, direct).into_iter().chain(pay(DIFFERENCE, amount.units() - direct)));
    }
    legs.extend(of_units(left, charged).map(|left| (DIFFERENCE, to, left)));
    legs
}

/// So many units of the same currency; `None` for none.
fn of_units(units: i64, like: Amount) -> Option<Amount> {
    Amount::try_new(Money::from_units(units, like.currency())).ok()
}

/// Takes `share` from what the wallet can give, and leaves the rest as debt. `frozen`: by the dispute itself, if it
/// was open; what other disputes have frozen stays.
fn lose(
    unit: UnitOfWork,
    mut legs: Legs,
    account: &Account,
    share: Share,
    frozen: Money,
) -> Result<UnitOfWork, Undecidable> {
    let purse = |purse| LedgerAccount::User(account.user, purse);
    let free = account.wallet.available().units();
    let others = account.disputed.checked_sub(frozen)?.units();
    let kept = others.min((free - frozen.units()).max(0));
    let taken = share.amount.units().min(free - kept).max(0);
    let part = |purse, units| Some((purse, of_units(units, share.amount)?));
    let owed = share.amount.units() - taken;
    let parts = [part(purse(Purse::Wallet), taken), part(purse(Purse::Debt), owed)];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    for (debit, credit, amount) in given_back(&parts, share.charged, CLEARING) {
        legs.add(debit, credit, amount);
    }
    let standing = Standing::AsRead(account.version);
    Ok(unit.post(legs.into_entry()?).expecting(account.user, standing))
}

/// Money that had left comes back: to the wallet, where it repays debt, or to suspense if the account is closed, and staff
/// is told.
fn come_back(
    of: &Intent,
    source: Source,
    kind: EntryKind,
    share: Share,
    owner: Owner<'_>,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    if owner.is_gone_for(share.amount)? {
        let mut legs = Legs::new(source, EntryKind::Suspense, moment.now);
        legs.add(CLEARING, SUSPENSE, share.charged);
        let aside = Occasion::PaymentSuspended { payment: of.id };
        let unit = UnitOfWork::new().post(legs.into_entry()?);
        return Ok(unit.telling_staff(moment.event.uuid(), aside, moment.now));
    }
    let account = owner.account;
    let wallet = LedgerAccount::User(account.user, Purse::Wallet);
    let mut legs = Legs::new(source, kind, moment.now);
    for (debit, credit, amount) in
        given_back(&[(wallet, share.amount)], share.charged, CLEARING).into_iter().rev()
    {
        legs.add(credit, debit, amount);
    }
    let standing = repay(&mut legs, account, share.amount)?;
    Ok(UnitOfWork::new().post(legs.into_entry()?).expecting(account.user, standing))
}

/// What had come back to a closed account leaves the house after all.
fn out_of_suspense(source: Source, charged: Amount, now: Time) -> Result<JournalEntry, Undecidable> {
    let mut legs = Legs::new(source, EntryKind::Suspense, now);
    legs.add(SUSPENSE, CLEARING, charged);
    Ok(legs.into_entry()?)
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
