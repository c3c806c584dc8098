//! Laws of what goes back of a payment, broken by hand.

use namaskah_domain::{
    Change, Claim, UnitOfWork,
    payment::{Dispute, DisputeState, Refund, RefundOrigin, RefundState},
    wallet::{EntryKind, HoldEnd, House, LedgerAccount, Legs, PlaceHold, Purpose, Purse, Source},
};

use super::*;

/// Stores a refund with its hold, and what its payment then tells of itself if it is sound.
async fn refund(w: &World, refund: Refund) {
    let (taken, charged) = (refund.amount.units(), refund.charged.units());
    let place = held(&refund);
    w.opened.backend.apply(UnitOfWork::new().place(place).with(Change::Refund(refund))).await;
    tell(w, taken, charged).await;
}

fn held(refund: &Refund) -> PlaceHold {
    let RefundOrigin::Asked { hold } = refund.origin else { unreachable!("it was asked for") };
    let purpose = Purpose::Refund { refund: refund.id };
    PlaceHold { id: hold, purpose, ..given::hold(refund.user, refund.amount.units()) }
}

async fn tell(w: &World, taken: i64, charged: i64) {
    let id = w.key(w.paid.id.uuid());
    w.run(&format!(
        "UPDATE intents SET back_taken_units = back_taken_units + {taken}, \
         back_charged_units = back_charged_units + {charged} WHERE id = {id}"
    ))
    .await;
}

/// What a refund took that had failed before: all of it is owed.
fn taken_again(w: &World, refund: &Refund) -> UnitOfWork {
    let (fx, clearing) = (LedgerAccount::House(House::Fx), LedgerAccount::House(House::PspClearingPaystack));
    let source = Source::refunded_again(refund.id, refund.version);
    let mut legs = Legs::new(source, EntryKind::Refund, given::at(9));
    legs.add(LedgerAccount::User(w.ada, Purse::Debt), fx, refund.amount);
    legs.add(fx, clearing, refund.charged);
    UnitOfWork::new().post(legs.into_entry().expect("balanced"))
}

fn half(w: &World) -> Refund {
    Refund {
        amount: given::amount(w.paid.amount.units() / 2),
        charged: given::naira(w.paid.charged.units() / 2),
        ..given::refund(&w.paid)
    }
}

pub(super) async fn a_payment_that_was_refunded_twice(w: World) {
    let name = || given::refund_name();
    let failed = RefundState::Failed { gateway: Some(name()), at: given::at(5) };
    refund(&w, half(&w)).await;
    let nothing = Refund { state: failed, ..given::refund(&w.paid) };
    let place = held(&nothing);
    w.opened.backend.apply(UnitOfWork::new().place(place.clone())).await;
    let released = UnitOfWork::new().end(given::end(&place, HoldEnd::Release));
    w.opened.backend.apply(released.with(Change::Refund(nothing))).await;
    assert_eq!(w.broken().await, [""; 0], "half of it, and one that failed, are sound");
    let revived = RefundState::Processed { gateway: name(), at: given::at(9) };
    let revived = Refund { revived: true, state: revived, ..half(&w) };
    let revived = Refund { amount: w.paid.amount, charged: w.paid.charged, ..revived };
    let (taken, arrived) = (revived.amount.units(), revived.charged.units());
    w.opened.backend.apply(taken_again(&w, &revived).with(Change::Refund(revived))).await;
    tell(&w, taken, arrived).await;
    let id = w.key(w.paid.id.uuid());
    w.run(&format!("UPDATE intents SET back_arrived_units = back_arrived_units + {arrived} WHERE id = {id}"))
        .await;
    assert_eq!(w.broken().await, [""; 0], "one that failed and came after all is the user's debt");
    w.run("DROP INDEX refunds_open_once").await;
    let more = Refund { amount: given::amount(w.paid.amount.units() / 2 + 1), ..half(&w) };
    let (taken, charged) = (more.amount.units(), more.charged.units());
    w.opened.backend.apply(UnitOfWork::new().with(Change::Refund(more))).await;
    tell(&w, taken, charged).await;
    let payment = w.paid.id.to_string();
    w.finds("refunded", &payment).await;
}

/// Of a refund and a dispute over a payment whose account is closed: their user is without the money. A key made the
/// dispute what it is.
pub(super) async fn what_waits_aside_is_sound(w: World) {
    let (fx, clearing) = (LedgerAccount::House(House::Fx), LedgerAccount::House(House::PspClearingPaystack));
    let took = |source, amount, charged| {
        let mut legs = Legs::new(source, EntryKind::Chargeback, given::at(9));
        legs.add(LedgerAccount::User(w.ada, Purse::Debt), fx, amount);
        legs.add(fx, clearing, charged);
        UnitOfWork::new().post(legs.into_entry().expect("balanced"))
    };
    let aside = |source, charged| {
        let mut legs = Legs::new(source, EntryKind::Suspense, given::at(10));
        legs.add(clearing, LedgerAccount::House(House::Suspense), charged);
        UnitOfWork::new().post(legs.into_entry().expect("balanced"))
    };
    let name = given::refund_name();
    let state = RefundState::Failed { gateway: Some(name.clone()), at: given::at(10) };
    let refund = Refund { origin: RefundOrigin::Found, state, aside: true, ..half(&w) };
    let won = DisputeState::Won { at: given::at(10) };
    let dispute = Dispute { state: won, aside: true, ..given::dispute(&w.paid) };
    let (found, lost) = (Source::gateway_refund(&name), Source::disputed(dispute.id, dispute.version));
    let (unrefunded, undisputed) =
        (Source::unrefunded(refund.id, refund.version), Source::undisputed(dispute.id, dispute.version));
    for unit in [
        took(found, refund.amount, refund.charged),
        aside(unrefunded, refund.charged).with(Change::Refund(refund)),
        took(lost, given::amount(1_000_000), dispute.claimed),
        aside(undisputed, dispute.claimed)
            .claimed_by(Claim { outcome: dispute.id.uuid(), ..given::claim(w.ada, "settled", 1) })
            .with(Change::Dispute(dispute)),
    ] {
        w.opened.backend.apply(unit).await;
    }
    assert_eq!(w.broken().await, [""; 0]);
}

pub(super) async fn a_payment_whose_coins_were_refunded_twice(w: World) {
    let all = Refund { charged: given::naira(w.paid.charged.units() + 1), ..half(&w) };
    refund(&w, all).await;
    assert_eq!(w.broken().await, ["refunded"]);
    let payment = w.paid.id.to_string();
    w.finds("refunded", &payment).await;
}

pub(super) async fn a_refund_that_its_payment_does_not_tell(w: World) {
    refund(&w, half(&w)).await;
    tell(&w, -1, 0).await;
    assert_eq!(w.broken().await, ["back"]);
    let payment = w.paid.id.to_string();
    w.finds("back", &payment).await;
}

pub(super) async fn a_lost_dispute_that_its_payment_does_not_tell(w: World) {
    let state = DisputeState::Lost { taken: given::amount(1_000_000), at: given::at(5) };
    let lost = Dispute { state, ..given::dispute(&w.paid) };
    w.opened.backend.apply(UnitOfWork::new().with(Change::Dispute(lost))).await;
    assert_eq!(w.broken().await, ["back", "dispute"]);
    let payment = w.paid.id.to_string();
    w.finds("back", &payment).await;
}

pub(super) async fn an_open_dispute_that_its_payment_does_not_count(w: World) {
    let unit = UnitOfWork::new().with(Change::Dispute(given::dispute(&w.paid)));
    w.opened.backend.apply(unit.open_dispute(w.ada, given::amount(1_000_000))).await;
    assert_eq!(w.broken().await, ["back"]);
    let payment = w.paid.id.to_string();
    w.finds("back", &payment).await;
}
