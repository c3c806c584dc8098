//! What goes back of payments: refunds and disputes.

use super::{Broken, Snapshot};
use crate::{
    UserId, Version,
    payment::{Dispute, DisputeState, GatewayRefundId, Intent, Refund, RefundOrigin, RefundState},
    wallet::{HoldState, LedgerAccount, Purse, Source, Transfer},
};

pub(super) fn frozen_by(dispute: &Dispute) -> i64 {
    match dispute.state {
        DisputeState::Open { frozen } => frozen.units(),
        DisputeState::Won { .. } | DisputeState::Lost { .. } => 0,
    }
}

/// Law 5 for what goes back: the payment's own sums are those of its refunds and lost disputes, and our refunds never
/// come to more than was paid.
pub(super) fn payment(now: &Snapshot, intent: &Intent, broken: &mut Broken) {
    let refunds = || now.refunds.iter().filter(|refund| refund.payment == intent.id);
    let lives = |refund: &&Refund| !matches!(refund.state, RefundState::Failed { .. });
    let done = |refund: &&Refund| matches!(refund.state, RefundState::Processed { .. });
    // One that failed and reached the customer all the same is taken like a lost dispute, beside what was asked for in
    // its place.
    let asked = |refund: &&Refund| {
        lives(refund) && !refund.revived && matches!(refund.origin, RefundOrigin::Asked { .. })
    };
    let losses: Vec<(i64, i64)> =
        now.disputes.iter().filter(|dispute| dispute.payment == intent.id).filter_map(loss_of).collect();
    let lost_charged: i64 = losses.iter().map(|(_, charged)| charged).sum();
    let taken: i64 = refunds().filter(lives).map(|refund| refund.amount.units()).sum::<i64>()
        + losses.iter().map(|(taken, _)| taken).sum::<i64>();
    let charged: i64 = refunds().filter(lives).map(|r| r.charged.units()).sum::<i64>() + lost_charged;
    let arrived: i64 = refunds().filter(done).map(|r| r.charged.units()).sum::<i64>() + lost_charged;
    let told = (intent.back.taken.units(), intent.back.charged.units(), intent.back.arrived.units());
    broken.unless(told == (taken, charged, arrived), || {
        format!("5: {} tells {told:?} of {taken}, {charged}, {arrived} that went back", intent.id)
    });
    let ours: i64 = refunds().filter(asked).map(|refund| refund.amount.units()).sum();
    let ours_charged: i64 = refunds().filter(asked).map(|refund| refund.charged.units()).sum();
    broken.unless(ours <= intent.amount.units() && ours_charged <= intent.charged.units(), || {
        format!("5: {} of {:?} was refunded with {ours}", intent.id, intent.amount)
    });
    let open = refunds().filter(|refund| refund.is_open()).count();
    broken.unless(open <= 1, || format!("5: {} has {open} refunds on their way", intent.id));
}

fn loss_of(dispute: &Dispute) -> Option<(i64, i64)> {
    match dispute.state {
        DisputeState::Lost { taken, .. } => Some((taken.units(), dispute.claimed.units())),
        DisputeState::Open { .. } | DisputeState::Won { .. } => None,
    }
}

/// Laws 3 and 5 for one refund: its state says what became of its hold and what was posted.
pub(super) fn refund(now: &Snapshot, refund: &Refund, broken: &mut Broken) {
    let left = |source: &Source| -> i64 { now.entry(source).map(|t| loss_in(t, refund.user)).sum() };
    let booked = Source::refunded(refund.id);
    let found = refund.gateway().map(Source::gateway_refund);
    let turns = (1..=refund.version.get()).map(Version::from_stored);
    let turns = turns.flat_map(|v| [Source::refunded_again(refund.id, v), Source::unrefunded(refund.id, v)]);
    let net = left(&booked) + found.as_ref().map_or(0, left) + turns.map(|source| left(&source)).sum::<i64>();
    // What came back to a closed account waits in suspense: its user is without it.
    let is_gone = matches!(refund.state, RefundState::Processed { .. }) || refund.aside;
    let due = if is_gone { refund.amount.units() } else { 0 };
    broken.unless(net == due, || format!("5: {} is {:?} and took {net}", refund.id, refund.state));
    let name: Option<&GatewayRefundId> = refund.gateway();
    let alone = |other: &Refund| other.id == refund.id || other.gateway() != name;
    broken.unless(name.is_none() || now.refunds.iter().all(alone), || {
        format!("5: {} shares its name with another", refund.id)
    });
    let RefundOrigin::Asked { hold } = refund.origin else { return };
    let was_spent = now.entry(&booked).next().is_some();
    let state = now.holds.iter().find(|known| known.id == hold).map(|hold| hold.state);
    let agrees = match &refund.state {
        RefundState::Sent { .. } | RefundState::Pending { .. } => state == Some(HoldState::Open),
        RefundState::Processed { .. } | RefundState::Failed { .. } if was_spent => {
            matches!(state, Some(HoldState::Captured { .. }))
        }
        RefundState::Processed { .. } => refund.revived && matches!(state, Some(HoldState::Released { .. })),
        RefundState::Failed { .. } => matches!(state, Some(HoldState::Released { .. })),
    };
    broken.unless(agrees, || format!("3: {} is {:?} and its hold {state:?}", refund.id, refund.state));
}

/// What a transfer through `fx` took from a user's wallet or left as debt; what repays debt takes nothing.
fn loss_in(transfer: &Transfer, user: UserId) -> i64 {
    let purses = [Purse::Wallet, Purse::Debt].map(|purse| LedgerAccount::User(user, purse));
    purses.into_iter().map(|purse| -transfer.effect_on(purse).units()).sum()
}

/// Law 5 for one dispute: it is booked once, if it was lost, and given back if it was won after all.
pub(super) fn dispute(now: &Snapshot, dispute: &Dispute, broken: &mut Broken) {
    let versions = (1..=dispute.version.get()).map(Version::from_stored);
    let entries = versions.flat_map(|v| [Source::disputed(dispute.id, v), Source::undisputed(dispute.id, v)]);
    let took: i64 = entries
        .flat_map(|entry| now.entry(&entry).map(|t| loss_in(t, dispute.user)).collect::<Vec<_>>())
        .sum();
    let due = loss_of(dispute).map_or(0, |(taken, _)| taken);
    if dispute.aside {
        return broken.unless(took > 0 && due == 0, || {
            format!("5: {} is {:?} with {took} aside", dispute.id, dispute.state)
        });
    }
    broken.unless(took == due, || format!("5: {} is {:?} and took {took}", dispute.id, dispute.state));
}
