//! Every class, on both sides of its borders.

use super::*;
use crate::{
    Currency,
    payment::ChargeStatus,
    verification::{ReservationState, ServiceCode},
};

fn at(minute: i64) -> Time {
    Time::UNIX_EPOCH + minutes(minute)
}

fn naira(units: i64) -> Amount {
    Amount::try_new(Money::from_units(units, Currency::Ngn)).unwrap()
}

fn usd(units: i64) -> Money {
    Money::from_units(units, Currency::Usd)
}

fn reference() -> PaymentReference {
    PaymentReference::try_new("nmk-a").unwrap()
}

fn ours(booked: Option<i64>) -> Option<OurPayment> {
    Some(OurPayment { reference: reference(), booked: booked.map(naira), at: at(0) })
}

fn paid(paid: ChargedMoney) -> Option<Charge> {
    Some(Charge {
        reference: reference(),
        status: ChargeStatus::Succeeded,
        paid,
        fee: None,
        paid_at: Some(at(0)),
        of_our_mode: true,
    })
}

fn known(units: i64) -> Option<Charge> {
    paid(ChargedMoney::Known(naira(units)))
}

const DIFFERS: Verdict = Verdict::Differs(Mismatch::AmountDiffers);
const ONLY_OURS: Verdict = Verdict::Differs(Mismatch::OnlyOurs);
const ONLY_THEIRS: Verdict = Verdict::Differs(Mismatch::OnlyTheirs);

#[test]
fn payments_fall_into_their_classes() {
    for (ours, theirs, minute, verdict) in [
        (None, None, 60, Verdict::Matched),
        (ours(None), None, 60, Verdict::Matched),
        (ours(Some(7)), known(7), 0, Verdict::Matched),
        (ours(Some(7)), known(8), 0, DIFFERS),
        (ours(Some(7)), paid(ChargedMoney::Unbookable), 60, DIFFERS),
        (ours(Some(7)), None, 0, ONLY_OURS),
        (ours(None), known(7), 4, Verdict::Late),
        (ours(None), known(7), 5, ONLY_THEIRS),
        // An intent is committed before the gateway hears of it.
        (None, known(7), 0, ONLY_THEIRS),
    ] {
        let compared = payment(&reference(), ours.as_ref(), theirs.as_ref(), at(minute));
        assert_eq!(compared.verdict, verdict, "{ours:?} {theirs:?} {minute}");
        assert_eq!(compared.key, "nmk-a");
    }
}

#[test]
fn another_currency_is_another_amount() {
    let dollars = paid(ChargedMoney::Known(Amount::try_new(usd(7)).unwrap()));
    let compared = payment(&reference(), ours(Some(7)).as_ref(), dollars.as_ref(), at(60));
    assert_eq!(
        (compared.verdict, compared.ours, compared.theirs),
        (DIFFERS, Some(naira(7).money()), Some(usd(7)),)
    );
}

fn id() -> ReservationId {
    ReservationId::try_new("lr_1").unwrap()
}

fn held(cost: i64, credited: bool) -> Option<OurNumber> {
    let purchase = PurchaseId::from_uuid(uuid::Uuid::nil());
    Some(OurNumber { purchase, reservation: id(), cost: usd(cost), cap: usd(9), at: at(0), credited })
}

#[test]
fn a_number_that_cost_more_than_we_said_we_would_pay_is_told_at_once() {
    use ReservationState::{Cancelled, Completed, Pending};
    for (cost, state, minute, verdict) in [
        (9, Completed, 0, Verdict::Matched),
        (10, Completed, 0, DIFFERS),
        (10, Pending, 60, DIFFERS),
        // Its cost comes back anyway.
        (10, Cancelled, 0, Verdict::Late),
    ] {
        let compared = number(
            &id(),
            held(cost, false).as_ref(),
            listed(cost, state).as_ref(),
            Unsettled::None,
            at(minute),
        );
        assert_eq!(compared.verdict, verdict, "{cost} {state:?} {minute}");
        if verdict == DIFFERS {
            assert_eq!((compared.ours, compared.theirs), (Some(usd(9)), Some(usd(10))));
        }
    }
}

fn listed(cost: i64, state: ReservationState) -> Option<Reservation> {
    Some(Reservation {
        id: id(),
        number: crate::PhoneNumber::try_new("+12025550123").unwrap(),
        service: ServiceCode::try_new("whatsapp").unwrap(),
        state,
        cost: usd(cost),
        created_at: at(0),
        ends_at: None,
    })
}

#[test]
fn numbers_fall_into_their_classes() {
    use ReservationState::{Cancelled, Completed, Pending, TimedOut};
    for (ours, theirs, unsettled, minute, verdict) in [
        (None, None, Unsettled::None, 60, Verdict::Matched),
        (held(7, false), listed(7, Pending), Unsettled::None, 0, Verdict::Matched),
        (held(7, false), listed(7, Completed), Unsettled::None, 60, Verdict::Matched),
        (held(7, false), listed(8, Completed), Unsettled::None, 0, DIFFERS),
        (held(7, true), listed(7, Cancelled), Unsettled::None, 60, Verdict::Matched),
        (held(7, false), listed(7, Cancelled), Unsettled::None, 29, Verdict::Late),
        (held(7, false), listed(7, TimedOut), Unsettled::None, 30, DIFFERS),
        (held(0, false), listed(0, TimedOut), Unsettled::None, 60, Verdict::Matched),
        (held(7, false), None, Unsettled::None, 4, Verdict::Late),
        (held(7, false), None, Unsettled::None, 5, ONLY_OURS),
        (None, listed(7, Pending), Unsettled::None, 4, Verdict::Late),
        (None, listed(7, Pending), Unsettled::None, 5, ONLY_THEIRS),
        (None, listed(7, Pending), Unsettled::Some, 24, Verdict::Late),
        (None, listed(7, Pending), Unsettled::Some, 25, ONLY_THEIRS),
    ] {
        let compared = number(&id(), ours.as_ref(), theirs.as_ref(), unsettled, at(minute));
        assert_eq!(compared.verdict, verdict, "{ours:?} {theirs:?} {unsettled:?} {minute}");
    }
}

#[test]
fn a_credit_that_we_lack_is_told_as_what_the_number_cost_in_the_end() {
    let theirs = listed(7, ReservationState::Cancelled);
    let compared = number(&id(), held(7, false).as_ref(), theirs.as_ref(), Unsettled::None, at(60));
    assert_eq!((compared.ours, compared.theirs), (Some(usd(7)), Some(usd(0))));
    for (ours, theirs, kept) in [
        (held(7, false), listed(7, ReservationState::Pending), 7),
        (held(7, true), listed(7, ReservationState::Cancelled), 7),
        (held(7, false), listed(8, ReservationState::Cancelled), 8),
    ] {
        let compared = number(&id(), ours.as_ref(), theirs.as_ref(), Unsettled::None, at(60));
        assert_eq!((compared.ours, compared.theirs), (Some(usd(7)), Some(usd(kept))), "{theirs:?}");
    }
}
