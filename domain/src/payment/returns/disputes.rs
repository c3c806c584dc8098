//! What a dispute means for our books. Pure.

use std::collections::BTreeMap;

use super::{Moment, Owner, aside, come_back, lose, out_of_suspense, told};
use crate::{
    Amount, Change, DisputeId, EventKind, Money, MoneyError, Time, UnitOfWork, Version,
    payment::{
        ChargedMoney, Dispute, DisputeState, GatewayDispute, GatewayDisputeId, GatewayDisputeStatus,
        GatewayRefund, GatewayRefundId, GatewayRefundStatus, Intent, PaidBack, PaymentReference,
        refund::Share, settlement::Undecidable,
    },
    wallet::{EntryKind, Legs, Source},
};

/// A dispute as it was read, and when: before the list was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sighting<'a> {
    pub(crate) seen: &'a GatewayDispute,
    pub(crate) read_at: Time,
}

/// What a dispute at the gateway means, given what we know of it. `None`: nothing new, or nothing that can be booked.
pub(crate) fn dispute(
    of: Intent,
    known: Option<Dispute>,
    Sighting { seen, read_at }: Sighting<'_>,
    id: DisputeId,
    owner: Owner<'_>,
    moment: Moment,
) -> Result<Option<UnitOfWork>, Undecidable> {
    let Some(share) = claim_of(&of, known.as_ref(), seen) else { return Ok(None) };
    let claimed = share.charged;
    // A list that was asked for before the decision was learned may be older than what our books stand on.
    if known.as_ref().is_some_and(|dispute| is_older(read_at, dispute) || is_of_another_sum(dispute, seen)) {
        return Ok(None);
    }
    let state = known.as_ref().map(|dispute| dispute.state);
    let row = known.unwrap_or_else(|| Dispute {
        id,
        gateway: seen.id.clone(),
        payment: of.id,
        reference: of.reference.clone(),
        user: of.user,
        claimed,
        state: DisputeState::Won { at: moment.now },
        opened_at: seen.created_at,
        aside: false,
        version: Version::NONE,
    });
    match (state, seen.status) {
        // One that was won may be opened again.
        (
            None | Some(DisputeState::Won { .. }),
            GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown,
        ) => open(of, row, share, moment).map(Some),
        (None, GatewayDisputeStatus::Won) => {
            let row = becomes(row, claimed, DisputeState::Won { at: moment.now });
            Ok(Some(UnitOfWork::new().with(Change::Dispute(row))))
        }
        (Some(DisputeState::Open { frozen }), GatewayDisputeStatus::Won) => {
            let back = closed(of.back);
            let row = becomes(row, claimed, DisputeState::Won { at: moment.now });
            let unit = UnitOfWork::new().close_dispute(of.user, frozen).with(Change::Dispute(row));
            Ok(Some(unit.with(Change::Intent(of.with_back(back)))))
        }
        (Some(DisputeState::Open { frozen }), GatewayDisputeStatus::Lost) => {
            let of = Intent { back: closed(of.back), ..of };
            let unit = lost(of, row, share, owner, frozen.money(), moment)?;
            Ok(Some(unit.close_dispute(owner.account.user, frozen)))
        }
        (None | Some(DisputeState::Won { .. }), GatewayDisputeStatus::Lost) => {
            let nothing = Money::zero(share.amount.currency());
            lost(of, row, share, owner, nothing, moment).map(Some)
        }
        (Some(DisputeState::Lost { taken, .. }), GatewayDisputeStatus::Won) => {
            regain(of, row, taken, owner, moment).map(Some)
        }
        (Some(DisputeState::Open { .. }), GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown)
        | (Some(DisputeState::Won { .. }), GatewayDisputeStatus::Won)
        | (
            Some(DisputeState::Lost { .. }),
            GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown | GatewayDisputeStatus::Lost,
        ) => Ok(None),
    }
}

fn is_older(read_at: Time, dispute: &Dispute) -> bool {
    match dispute.state {
        DisputeState::Open { .. } => false,
        DisputeState::Won { at } | DisputeState::Lost { at, .. } => read_at < at,
    }
}

/// What a dispute is about. One that the house has won needs no sum, and may come with none: what we know of it counts.
fn claim_of(of: &Intent, known: Option<&Dispute>, seen: &GatewayDispute) -> Option<Share> {
    match (known, seen.status, &seen.amount) {
        (Some(known), GatewayDisputeStatus::Won, _) => of.share_taken(known.claimed),
        (_, _, ChargedMoney::Known(claimed)) => of.share_taken(*claimed),
        (_, _, ChargedMoney::Unbookable) => None,
    }
}

/// True if a sum stands for this dispute, in suspense or as lost, and it is about another one now: nobody can say what of
/// it is claimed.
fn is_of_another_sum(dispute: &Dispute, seen: &GatewayDispute) -> bool {
    let is_lost = matches!(dispute.state, DisputeState::Lost { .. });
    let stands = match seen.status {
        GatewayDisputeStatus::Won => false,
        GatewayDisputeStatus::Lost => dispute.aside || is_lost,
        GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown => dispute.aside,
    };
    stands && seen.amount != ChargedMoney::Known(dispute.claimed)
}

/// True if a dispute cannot be booked, so that a person must look.
pub(crate) fn is_unbookable(of: &Intent, known: Option<&Dispute>, seen: &GatewayDispute) -> bool {
    let is_nothing = known.is_none() && seen.status == GatewayDisputeStatus::Won;
    let is_about_nothing = !is_nothing && claim_of(of, known, seen).is_none();
    is_about_nothing || known.is_some_and(|dispute| is_of_another_sum(dispute, seen))
}

/// The loss that a refund of a payment proves: the gateway has given the customer what a dispute claims of which we know
/// no decision, or nothing at all, whatever it says of the dispute itself.
pub(crate) fn loss_of(
    known: Option<&Dispute>,
    of: &PaymentReference,
    theirs: &GatewayRefund,
) -> Option<GatewayDispute> {
    let name = theirs.dispute.as_ref()?;
    let is_proof = theirs.status == GatewayRefundStatus::Processed && known.is_none_or(Dispute::is_open);
    is_proof.then(|| GatewayDispute {
        id: name.clone(),
        reference: known.map_or(of, |known| &known.reference).clone(),
        amount: theirs.amount.clone(),
        status: GatewayDisputeStatus::Lost,
        created_at: known.map_or(theirs.created_at, |known| known.opened_at),
    })
}

/// True if so much of what a dispute gave back is booked as its loss.
pub(crate) fn is_booked(known: Option<&Dispute>, given_back: &ChargedMoney) -> bool {
    let ChargedMoney::Known(sum) = given_back else { return false };
    known.is_some_and(|known| {
        let is_lost = matches!(known.state, DisputeState::Lost { .. });
        is_lost && sum.currency() == known.claimed.currency() && sum.money().is_at_most(known.claimed.money())
    })
}

/// Of how many disputes more has reached the customer than is booked as lost: the gateway's list and our books cannot
/// both be right.
pub(super) fn unbooked(known: &[Dispute], list: &[GatewayRefund]) -> u32 {
    let mut given_back: BTreeMap<&GatewayDisputeId, BTreeMap<&GatewayRefundId, &ChargedMoney>> =
        BTreeMap::new();
    for theirs in list.iter().filter(|theirs| theirs.status == GatewayRefundStatus::Processed) {
        if let Some(name) = &theirs.dispute {
            given_back.entry(name).or_default().insert(&theirs.id, &theirs.amount);
        }
    }
    let is_unbooked = |(name, sums): &(&GatewayDisputeId, BTreeMap<_, &ChargedMoney>)| {
        let known = known.iter().find(|known| known.gateway == **name);
        total(sums.values().copied()).is_none_or(|sum| !is_booked(known, &ChargedMoney::Known(sum)))
    };
    u32::try_from(given_back.into_iter().filter(is_unbooked).count()).unwrap_or(u32::MAX)
}

/// These together, if they can be added.
fn total<'a>(mut sums: impl Iterator<Item = &'a ChargedMoney>) -> Option<Amount> {
    let known = |sum: &ChargedMoney| match sum {
        ChargedMoney::Known(sum) => Some(*sum),
        ChargedMoney::Unbookable => None,
    };
    let first = known(sums.next()?)?;
    let all = sums.try_fold(first.money(), |all, sum| all.checked_add(known(sum)?.money()).ok())?;
    Amount::try_new(all).ok()
}

/// True if a dispute stands in a word that we do not know, so that a person must look. What it claims stays
/// frozen until then; once a loss is booked, nothing can be lost by not knowing.
pub(crate) fn is_in_doubt(known: Option<&Dispute>, seen: &GatewayDispute) -> bool {
    let is_lost = known.is_some_and(|dispute| matches!(dispute.state, DisputeState::Lost { .. }));
    seen.status == GatewayDisputeStatus::Unknown && !is_lost
}

fn open(of: Intent, row: Dispute, share: Share, moment: Moment) -> Result<UnitOfWork, Undecidable> {
    let open_disputes = of.back.open_disputes.checked_add(1).ok_or(MoneyError::Overflow)?;
    let back = PaidBack { open_disputes, ..of.back };
    let row = becomes(row, share.charged, DisputeState::Open { frozen: share.amount });
    let unit = UnitOfWork::new().open_dispute(of.user, share.amount).with(Change::Dispute(row));
    Ok(told(unit, of.with_back(back), EventKind::PaymentDisputed, moment))
}

fn lost(
    of: Intent,
    row: Dispute,
    share: Share,
    owner: Owner<'_>,
    frozen: Money,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    let source = Source::disputed(row.id, row.version.next());
    let unit = if row.aside {
        UnitOfWork::new().post(out_of_suspense(source, share.charged, moment.now)?)
    } else {
        let from = (owner.account, owner.waiting);
        let (unit, account) = aside::taken_up(UnitOfWork::new(), &of, from, share.charged, moment.now)?;
        lose(unit, Legs::new(source, EntryKind::Chargeback, moment.now), &account, share, frozen)?
    };
    let back = of.back.ask(share.amount, share.charged)?.arrive(share.charged)?;
    let state = DisputeState::Lost { taken: share.amount, at: moment.now };
    let lost = Dispute { aside: false, ..becomes(row, share.charged, state) };
    let unit = unit.with(Change::Dispute(lost));
    Ok(told(unit, of.with_back(back), EventKind::PaymentRefunded, moment))
}

/// The bank decided otherwise after all: what was lost is the wallet's again, repays what is owed, and the user is told.
/// Of a closed account it would be nobody's: it is set aside.
fn regain(
    of: Intent,
    row: Dispute,
    taken: Amount,
    owner: Owner<'_>,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    let (source, claimed) = (Source::undisputed(row.id, row.version.next()), row.claimed);
    let share = Share { amount: taken, charged: claimed };
    let aside = owner.is_gone_for(taken)?;
    let unit = come_back(&of, source, EntryKind::Chargeback, share, owner, moment)?;
    let back = of.back.unarrive(claimed)?.take_back(taken, claimed)?;
    let won = Dispute { aside, ..becomes(row, claimed, DisputeState::Won { at: moment.now }) };
    Ok(told(unit.with(Change::Dispute(won)), of.with_back(back), EventKind::PaymentRefunded, moment))
}

const fn closed(back: PaidBack) -> PaidBack {
    PaidBack { open_disputes: back.open_disputes.saturating_sub(1), ..back }
}

fn becomes(row: Dispute, claimed: Amount, state: DisputeState) -> Dispute {
    Dispute { claimed, state, version: row.version.next(), ..row }
}
