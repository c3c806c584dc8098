use super::*;
use crate::{
    Currency,
    payment::{FxRate, GatewayRefundStatus, IntentState},
    wallet::Pocket,
};

fn usd(units: i64) -> Money {
    Money::from_units(units, Currency::Usd)
}

pub(in crate::payment) fn amount(units: i64, currency: Currency) -> Amount {
    Amount::try_new(Money::from_units(units, currency)).expect("above zero")
}

/// Ten dollars for 16,000.50 naira.
pub(in crate::payment) fn payment() -> Intent {
    let (amount, charged) = (amount(10_000_000, Currency::Usd), amount(16_000_500_000, Currency::Ngn));
    Intent {
        id: PaymentId::from_uuid(uuid::Uuid::nil()),
        user: UserId::from_uuid(uuid::Uuid::nil()),
        reference: PaymentReference::try_new("nmk-1").expect("a reference"),
        amount,
        charged,
        rate: FxRate::one_to_one(),
        checkout_url: None,
        state: IntentState::Succeeded { at: Time::UNIX_EPOCH },
        created_at: Time::UNIX_EPOCH,
        expires_at: Time::UNIX_EPOCH,
        checks: 0,
        next_check_at: None,
        back: PaidBack::nothing(amount, charged),
        version: Version::FIRST,
    }
}

fn account(posted: i64, held: i64, disputed: i64) -> Account {
    Account {
        wallet: Pocket { posted: usd(posted), held: usd(held) },
        disputed: usd(disputed),
        ..Account::open(UserId::from_uuid(uuid::Uuid::nil()))
    }
}

#[test]
fn what_is_refundable_is_neither_spent_nor_held_nor_newer_nor_given() {
    let limits = |newer, goodwill| RefundLimits { newer_deposits: usd(newer), goodwill: usd(goodwill) };
    for ((posted, held, disputed, newer, goodwill), expected) in [
        ((10_000_000, 0, 0, 0, 0), 10_000_000),
        ((50_000_000, 0, 0, 0, 0), 10_000_000),
        ((8_870_000, 0, 0, 0, 0), 8_870_000),
        ((10_000_000, 1_130_000, 0, 0, 0), 8_870_000),
        ((10_000_000, 0, 4_000_000, 0, 0), 6_000_000),
        ((15_000_000, 0, 0, 6_000_000, 0), 9_000_000),
        ((5_000_000, 0, 0, 6_000_000, 0), 0),
        ((12_000_000, 0, 0, 0, 3_000_000), 9_000_000),
        // What staff took on balance gives nothing to withdraw.
        ((9_000_000, 0, 0, 0, -3_000_000), 9_000_000),
    ] {
        let refundable = payment().refundable(&account(posted, held, disputed), limits(newer, goodwill));
        assert_eq!(refundable.units(), expected, "{posted} {held} {disputed} {newer} {goodwill}");
    }
}

#[test]
fn what_went_back_before_is_not_refundable_again() {
    let mut payment = payment();
    let nothing = RefundLimits { newer_deposits: usd(0), goodwill: usd(0) };
    let rich = account(50_000_000, 0, 0);
    for (units, left) in [(4_000_000, 6_000_000), (5_999_999, 1), (1, 0)] {
        let share = Share { amount: amount(units, Currency::Usd), charged: amount(1, Currency::Ngn) };
        payment.back = payment.back.ask(share.amount, share.charged).expect("in range");
        assert_eq!(payment.refundable(&rich, nothing).units(), left, "after {units}");
    }
}

#[test]
fn parts_are_rounded_down_to_the_coin_and_the_last_one_gives_all_that_is_left() {
    let mut payment = payment();
    let mut given = 0;
    for (units, naira) in
        [(3_333_333, 5_333_490_000_i64), (3_333_333, 5_333_490_000), (3_333_334, 5_333_520_000)]
    {
        let share = payment.share_of(amount(units, Currency::Usd)).expect("a share");
        assert_eq!(share.charged.units(), naira);
        given += share.charged.units();
        payment.back = payment.back.ask(share.amount, share.charged).expect("in range");
    }
    assert_eq!(given, payment.charged.units());
    assert_eq!(payment.share_of(amount(1, Currency::Usd)), None);
}

#[test]
fn less_than_a_coin_more_than_is_left_and_other_money_are_no_share() {
    assert_eq!(payment().share_of(amount(1, Currency::Usd)), None);
    assert_eq!(payment().share_of(amount(10_000_001, Currency::Usd)), None);
    assert_eq!(payment().share_of(amount(1_000_000, Currency::Ngn)), None);
    assert_eq!(payment().share_taken(amount(1_000_000, Currency::Ghs)), None);
}

#[test]
fn what_a_gateway_took_is_never_worth_more_than_the_payment_brought() {
    let all = payment().share_taken(amount(99_000_000_000, Currency::Ngn)).expect("a share");
    assert_eq!((all.amount.units(), all.charged.units()), (10_000_000, 99_000_000_000));
    let half = payment().share_taken(amount(8_000_250_000, Currency::Ngn)).expect("a share");
    assert_eq!(half.amount.units(), 5_000_000);
}

#[test]
fn a_listed_refund_is_ours_by_its_amount_and_its_time_and_only_without_a_dispute() {
    let (payment, now) = (payment(), Time::UNIX_EPOCH + minutes(60));
    let share = payment.share_of(payment.amount).expect("a share");
    let id = RefundId::from_uuid(uuid::Uuid::nil());
    let refund = Refund::ask(id, &payment, HoldId::from_uuid(uuid::Uuid::nil()), share, now);
    let listed = |after_s, amount| GatewayRefund {
        id: GatewayRefundId::try_new("9").expect("an id"),
        amount,
        status: GatewayRefundStatus::Pending,
        created_at: now + seconds(after_s),
        dispute: None,
    };
    let whole = ChargedMoney::Known(payment.charged);
    for (after_s, may_be) in [(-61, false), (-60, true), (0, true), (62, true), (63, false)] {
        assert_eq!(refund.may_be(&listed(after_s, whole.clone())), may_be, "{after_s}");
    }
    assert!(!refund.may_be(&listed(0, ChargedMoney::Known(amount(1, Currency::Ngn)))));
    let dispute = crate::payment::GatewayDisputeId::try_new("7").ok();
    assert!(!refund.may_be(&GatewayRefund { dispute, ..listed(0, whole) }));
    assert_eq!(refund.missed(now + seconds(2)), Missed::Nothing);
    assert_eq!(refund.missed(now + seconds(3)), Missed::First);
    let missed_at =
        |after_s| refund.clone().becomes(RefundState::Sent { missed_at: Some(now + seconds(after_s)) });
    assert_eq!(missed_at(3).missed(now + seconds(61)), Missed::Nothing);
    assert_eq!(missed_at(3).missed(now + seconds(62)), Missed::Absent);
    assert_eq!(missed_at(50).missed(now + seconds(79)), Missed::Nothing);
    assert_eq!(missed_at(50).missed(now + seconds(80)), Missed::Absent);
}
