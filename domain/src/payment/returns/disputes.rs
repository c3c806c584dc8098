//! What a dispute means for our books. Pure.

use super::{Moment, Owner, come_back, lose, out_of_suspense, told};
use crate::{
    Amount, Change, DisputeId, EventKind, Money, MoneyError, Time, UnitOfWork, Version,
    payment::{
        ChargedMoney, Dispute, DisputeState, GatewayDispute, GatewayDisputeStatus, GatewayRefund,
        GatewayRefundStatus, Intent, PaidBack, refund::Share, settlement::Undecidable,
    },
    wallet::{Account, EntryKind, Legs, Source},
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
    let ChargedMoney::Known(claimed) = seen.amount else { return Ok(None) };
    let Some(share) = of.share_taken(claimed) else { return Ok(None) };
    // A list that was asked for before the decision was learned may be older than what our books stand on.
    if known.as_ref().is_some_and(|dispute| is_older(read_at, dispute) || is_of_another_sum(dispute, seen)) {
        return Ok(None);
    }
    let account = owner.account;
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
            let unit = lost(of, row, share, account, frozen.money(), moment)?;
            Ok(Some(unit.close_dispute(account.user, frozen)))
        }
        (None | Some(DisputeState::Won { .. }), GatewayDisputeStatus::Lost) => {
            let nothing = Money::zero(share.amount.currency());
            lost(of, row, share, account, nothing, moment).map(Some)
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

/// True if a sum waits in suspense for this dispute, and it is about another one now: nobody can say what of it is
/// claimed.
fn is_of_another_sum(dispute: &Dispute, seen: &GatewayDispute) -> bool {
    dispute.aside && seen.amount != ChargedMoney::Known(dispute.claimed)
}

/// True if a dispute cannot be booked, so that a person must look.
pub(crate) fn is_unbookable(of: &Intent, known: Option<&Dispute>, seen: &GatewayDispute) -> bool {
    match seen.amount {
        ChargedMoney::Known(claimed) => {
            of.share_taken(claimed).is_none() || known.is_some_and(|dispute| is_of_another_sum(dispute, seen))
        }
        ChargedMoney::Unbookable => true,
    }
}

/// The loss that a refund proves: the gateway has given the customer what an undecided dispute claims, whatever it says
/// of the dispute itself.
pub(crate) fn loss_of(known: &Dispute, theirs: &GatewayRefund) -> Option<GatewayDispute> {
    let is_proof = theirs.status == GatewayRefundStatus::Processed
        && theirs.dispute.as_ref() == Some(&known.gateway)
        && known.is_open();
    is_proof.then(|| GatewayDispute {
        id: known.gateway.clone(),
        reference: known.reference.clone(),
        amount: theirs.amount.clone(),
        status: GatewayDisputeStatus::Lost,
        created_at: known.opened_at,
    })
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
    account: &Account,
    frozen: Money,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    let source = Source::disputed(row.id, row.version.next());
    let unit = if row.aside {
        UnitOfWork::new().post(out_of_suspense(source, share.charged, moment.now)?)
    } else {
        lose(Legs::new(source, EntryKind::Chargeback, moment.now), account, share, frozen)?
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
