//! What a dispute means for our books. Pure.

use super::{Moment, given_back, lose, told};
use crate::{
    Amount, Change, DisputeId, EventKind, Money, MoneyError, UnitOfWork, Version,
    payment::{
        ChargedMoney, Dispute, DisputeState, GatewayDispute, GatewayDisputeStatus, Intent, PaidBack,
        refund::Share, settlement::Undecidable,
    },
    wallet::{Account, EntryKind, LedgerAccount, Legs, Purse, Source, repay},
};

/// What a dispute at the gateway means, given what we know of it. `None`: nothing new, or nothing that can be booked.
pub(crate) fn dispute(
    of: Intent,
    known: Option<Dispute>,
    seen: &GatewayDispute,
    id: DisputeId,
    account: &Account,
    moment: Moment,
) -> Result<Option<UnitOfWork>, Undecidable> {
    let ChargedMoney::Known(claimed) = seen.amount else { return Ok(None) };
    let Some(share) = of.share_taken(claimed) else { return Ok(None) };
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
        version: Version::NONE,
    });
    match (state, seen.status) {
        (None, GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown) => {
            open(of, row, share, moment).map(Some)
        }
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
            regain(of, row, taken, account, moment).map(Some)
        }
        (Some(DisputeState::Open { .. }), GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown)
        | (
            Some(DisputeState::Won { .. }),
            GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown | GatewayDisputeStatus::Won,
        )
        | (
            Some(DisputeState::Lost { .. }),
            GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown | GatewayDisputeStatus::Lost,
        ) => Ok(None),
    }
}

/// True if a dispute cannot be booked, so that a person must look.
pub(crate) fn is_unbookable(of: &Intent, seen: &GatewayDispute) -> bool {
    match seen.amount {
        ChargedMoney::Known(claimed) => of.share_taken(claimed).is_none(),
        ChargedMoney::Unbookable => true,
    }
}

/// True if a dispute was decided in a word that we do not know, so that a person must look. What it claims stays
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
    let legs = Legs::new(Source::disputed(row.id, row.version.next()), EntryKind::Chargeback, moment.now);
    let unit = lose(legs, account, share, frozen)?;
    let back = of.back.ask(share.amount, share.charged)?.arrive(share.charged)?;
    let state = DisputeState::Lost { taken: share.amount, at: moment.now };
    let unit = unit.with(Change::Dispute(becomes(row, share.charged, state)));
    Ok(told(unit, of.with_back(back), EventKind::PaymentRefunded, moment))
}

/// The bank decided otherwise after all: what was lost is the wallet's again, repays what is owed, and the user is told.
fn regain(
    of: Intent,
    row: Dispute,
    taken: Amount,
    account: &Account,
    moment: Moment,
) -> Result<UnitOfWork, Undecidable> {
    let wallet = LedgerAccount::User(of.user, Purse::Wallet);
    let source = Source::undisputed(row.id, row.version.next());
    let mut legs = Legs::new(source, EntryKind::Chargeback, moment.now);
    for (debit, credit, amount) in given_back(&[(wallet, taken)], row.claimed).into_iter().rev() {
        legs.add(credit, debit, amount);
    }
    let standing = repay(&mut legs, account, taken)?;
    let back = of.back.unarrive(row.claimed)?.take_back(taken, row.claimed)?;
    let claimed = row.claimed;
    let won = becomes(row, claimed, DisputeState::Won { at: moment.now });
    let unit = UnitOfWork::new().post(legs.into_entry()?).expecting(account.user, standing);
    Ok(told(unit.with(Change::Dispute(won)), of.with_back(back), EventKind::PaymentRefunded, moment))
}

const fn closed(back: PaidBack) -> PaidBack {
    PaidBack { open_disputes: back.open_disputes.saturating_sub(1), ..back }
}

fn becomes(row: Dispute, claimed: Amount, state: DisputeState) -> Dispute {
    Dispute { claimed, state, version: row.version.next(), ..row }
}
