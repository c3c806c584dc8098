use super::*;
use crate::{
    Currency, HoldId,
    payment::{
        Dispute, DisputeState, GatewayDispute, GatewayDisputeId, GatewayDisputeStatus, PaidBack,
        refund::tests::{amount, payment},
    },
    time::{hours, minutes, seconds},
};

fn now() -> Time {
    Time::UNIX_EPOCH + hours(24)
}

/// All of it, which was asked back a quarter of an hour ago.
fn sent() -> Refund {
    let payment = payment();
    let Intent { amount, charged, .. } = payment;
    let (id, hold) = (RefundId::from_uuid(uuid::Uuid::nil()), HoldId::from_uuid(uuid::Uuid::nil()));
    let asked_at = now() - minutes(15);
    let refund = Refund::ask(id, &payment, hold, Share { amount, charged }, asked_at);
    refund.becomes(RefundState::Sent { missed_at: Some(asked_at + seconds(5)) })
}

fn listed(name: &str, created_at: Time) -> GatewayRefund {
    GatewayRefund {
        id: GatewayRefundId::try_new(name).expect("a name"),
        amount: ChargedMoney::Known(sent().charged),
        status: GatewayRefundStatus::Processed,
        created_at,
        dispute: None,
    }
}

/// The next step after a list that could be read whole.
fn after_list(ours: &[Refund], listed: &[GatewayRefund], read_at: Time) -> Option<Step> {
    next_step(ours, &Listed::of(listed.to_vec()), read_at)
}

fn bound(step: Option<Step>) -> Option<String> {
    match step {
        Some(Step::Bind(_, name)) => Some(name.to_string()),
        _ => None,
    }
}

#[test]
fn a_free_refund_of_the_same_sum_is_taken_for_ours_before_ours_is_called_absent() {
    for by in [minutes(-240), minutes(-2), minutes(2), hours(5)] {
        let theirs = listed("9", sent().created_at + by);
        let step = after_list(&[sent()], std::slice::from_ref(&theirs), now());
        assert_eq!(bound(step).as_deref(), Some("9"), "{by}");
        // Until then it may be listed late under its own time.
        let early = after_list(&[sent()], &[theirs], sent().created_at + seconds(10));
        assert!(!matches!(early, Some(Step::Bind(..) | Step::Absent(_))), "{early:?}");
    }
}

#[test]
fn the_one_of_the_right_time_goes_before_an_older_one() {
    let theirs = [listed("8", sent().created_at - hours(3)), listed("9", sent().created_at)];
    assert_eq!(bound(after_list(&[sent()], &theirs, now())).as_deref(), Some("9"));
}

#[test]
fn what_is_another_refunds_or_a_disputes_or_of_another_sum_leaves_ours_absent() {
    let far = sent().created_at - hours(3);
    let other = Refund {
        id: RefundId::from_uuid(uuid::Uuid::max()),
        state: RefundState::Processed {
            gateway: GatewayRefundId::try_new("9").expect("a name"),
            at: sent().created_at,
        },
        ..sent()
    };
    let of_a_dispute = GatewayRefund { dispute: GatewayDisputeId::try_new("7").ok(), ..listed("10", far) };
    let of_another_sum =
        GatewayRefund { amount: ChargedMoney::Known(amount(1, Currency::Ngn)), ..listed("11", far) };
    let ours = [other, sent()];
    let step = after_list(&ours, &[listed("9", far), of_a_dispute, of_another_sum], now());
    assert!(matches!(step, Some(Step::Absent(_))), "{step:?}");
}

#[test]
fn a_row_that_does_not_agree_with_our_refund_is_odd_and_one_that_does_is_not() {
    let name = || GatewayRefundId::try_new("rf-1").expect("a name");
    let pending = sent().becomes(RefundState::Pending { gateway: name() });
    let failed = sent().becomes(RefundState::Failed { gateway: Some(name()), at: now() });
    let agrees = listed("rf-1", now());
    let other_sum = ChargedMoney::Known(amount(15_000_000_000, Currency::Ngn));
    let differs = GatewayRefund { amount: other_sum, ..agrees.clone() };
    let odd = |ours: &Refund, theirs: &GatewayRefund| {
        oddities(&payment(), std::slice::from_ref(ours), &[], &Listed::of(vec![theirs.clone()])).1
    };
    assert_eq!(odd(&pending, &agrees), 0);
    assert_eq!(odd(&pending, &differs), 1);
    assert_eq!(odd(&failed, &agrees), 0, "it is booked");
    assert_eq!(odd(&failed, &differs), 1);
}

#[test]
fn what_a_refund_became_after_its_end_counts_only_in_a_list_that_was_asked_for_since() {
    let name = || GatewayRefundId::try_new("rf-1").expect("a name");
    let processed = sent().becomes(RefundState::Processed { gateway: name(), at: now() });
    let failed = sent().becomes(RefundState::Failed { gateway: Some(name()), at: now() });
    let back = GatewayRefund { status: GatewayRefundStatus::Failed, ..listed("rf-1", now()) };
    let after_all = listed("rf-1", now());
    let next = |ours: &Refund, theirs: &GatewayRefund, read_at| {
        after_list(std::slice::from_ref(ours), std::slice::from_ref(theirs), read_at)
    };
    let older = now() - chrono::TimeDelta::microseconds(1);
    assert_eq!(next(&processed, &back, older), None);
    assert_eq!(next(&processed, &back, now()), Some(Step::Reversed(processed.clone(), name())));
    assert_eq!(next(&failed, &after_all, older), None);
    assert_eq!(next(&failed, &after_all, now()), Some(Step::Returned(failed.clone(), name())));
    let other_sum = ChargedMoney::Known(amount(1, Currency::Ngn));
    assert_eq!(next(&failed, &GatewayRefund { amount: other_sum, ..after_all }, now()), None);
}

#[test]
fn a_row_that_cannot_be_read_is_odd_and_proves_no_absence() {
    let with = |unreadable| Listed { rows: Vec::<GatewayRefund>::new(), unreadable };
    assert!(matches!(next_step(&[sent()], &with(0), now()), Some(Step::Absent(_))));
    assert_eq!(next_step(&[sent()], &with(1), now()), None);
    assert_eq!(oddities(&payment(), &[sent()], &[], &with(2)), (0, 2));
}

#[test]
fn a_refund_without_an_end_that_no_list_shows_is_stuck_after_a_day() {
    let name = || GatewayRefundId::try_new("rf-1").expect("a name");
    let pending = sent().becomes(RefundState::Pending { gateway: name() });
    let failed = sent().becomes(RefundState::Failed { gateway: Some(name()), at: now() });
    let day = sent().created_at + hours(24);
    let empty = Listed::default();
    for (refund, at, many) in
        [(&pending, day, 1), (&pending, day - seconds(1), 0), (&sent(), day, 1), (&failed, day, 0)]
    {
        assert_eq!(stuck(std::slice::from_ref(refund), &empty, at), many, "{refund:?}");
    }
    let shown = Listed::of(vec![listed("rf-1", now())]);
    assert_eq!(stuck(&[pending], &shown, day), 0, "banks take weeks");
}

#[test]
fn a_row_that_is_nobodys_is_odd_once_it_is_paid_in_money_that_the_payment_was_not() {
    let odd = |amount, status| {
        let theirs = GatewayRefund { amount, status, ..listed("rf-1", now()) };
        oddities(&payment(), &[], &[], &Listed::of(vec![theirs]))
    };
    let dollars = ChargedMoney::Known(amount(1, Currency::Usd));
    let naira = ChargedMoney::Known(amount(1, Currency::Ngn));
    assert_eq!(odd(dollars.clone(), GatewayRefundStatus::Processed), (0, 1));
    assert_eq!(odd(dollars.clone(), GatewayRefundStatus::Pending), (0, 0));
    assert_eq!(odd(dollars, GatewayRefundStatus::NeedsAttention), (1, 0));
    assert_eq!(odd(naira.clone(), GatewayRefundStatus::Processed), (0, 0));
    assert_eq!(odd(naira, GatewayRefundStatus::Pending), (0, 0));
}

#[test]
fn a_refund_that_is_nobodys_is_found_once_the_customer_has_it_unless_it_is_a_disputes_or_cannot_be_booked() {
    let (naira, dispute) = (ChargedMoney::Known(sent().charged), GatewayDisputeId::try_new("7").ok());
    for (amount, status, dispute, is_found) in [
        (naira.clone(), GatewayRefundStatus::Processed, None, true),
        (naira.clone(), GatewayRefundStatus::Processed, dispute.clone(), false),
        (naira.clone(), GatewayRefundStatus::Pending, None, false),
        (naira.clone(), GatewayRefundStatus::NeedsAttention, None, false),
        (naira.clone(), GatewayRefundStatus::Failed, None, false),
        (naira, GatewayRefundStatus::Failed, dispute, false),
        (ChargedMoney::Unbookable, GatewayRefundStatus::Processed, None, false),
    ] {
        let theirs = GatewayRefund { amount, status, dispute, ..listed("9", now()) };
        let found = after_list(&[], std::slice::from_ref(&theirs), now());
        assert_eq!(matches!(found, Some(Step::Found(..))), is_found, "{theirs:?}");
        let processed = RefundState::Processed { gateway: theirs.id.clone(), at: now() };
        let known = after_list(&[sent().becomes(processed)], &[theirs], now());
        assert!(!matches!(known, Some(Step::Found(..))), "{known:?}");
    }
}

fn dispute_of(sum: i64, status: GatewayDisputeStatus) -> GatewayDispute {
    GatewayDispute {
        id: GatewayDisputeId::try_new("7").expect("a name"),
        reference: payment().reference,
        amount: ChargedMoney::Known(amount(sum, Currency::Ngn)),
        status,
        created_at: now(),
    }
}

/// What a dispute leaves of itself and of its payment.
fn after(of: Intent, known: Option<Dispute>, seen: &GatewayDispute) -> (Dispute, Intent) {
    let frozen = match known.as_ref().map(|known| known.state) {
        Some(DisputeState::Open { frozen }) => frozen.money(),
        _ => Money::zero(Currency::Usd),
    };
    let account = Account { disputed: frozen, ..Account::open(of.user) };
    let moment = Moment { event: EventId::from_uuid(uuid::Uuid::nil()), now: now() };
    let id = crate::DisputeId::from_uuid(uuid::Uuid::nil());
    let (sighting, owner) =
        (Sighting { seen, read_at: now() }, Owner { account: &account, is_closed: false, waiting: &[] });
    let decided = dispute(of, known, sighting, id, owner, moment).expect("decided");
    let (mut row, mut intent) = (None, None);
    for change in decided.expect("something new").changes() {
        match change {
            Change::Dispute(dispute) => row = Some(dispute.clone()),
            Change::Intent(of) => intent = Some(of.clone()),
            _ => {}
        }
    }
    (row.expect("a dispute"), intent.expect("a payment"))
}

#[test]
fn a_dispute_that_is_lost_over_another_sum_than_was_claimed_tells_what_was_given_back() {
    let (open, of) = after(payment(), None, &dispute_of(8_000_250_000, GatewayDisputeStatus::Open));
    assert_eq!((open.claimed.units(), of.back.open_disputes), (8_000_250_000, 1));
    assert_eq!(open.state, DisputeState::Open { frozen: amount(5_000_000, Currency::Usd) });
    let seen = dispute_of(4_000_125_000, GatewayDisputeStatus::Lost);
    let (lost, of) = after(of, Some(open.clone()), &seen);
    assert_eq!((lost.claimed.units(), lost.version), (4_000_125_000, open.version.next()));
    assert_eq!(lost.state, DisputeState::Lost { taken: amount(2_500_000, Currency::Usd), at: now() });
    let back = (of.back.taken.units(), of.back.arrived.units(), of.back.open_disputes);
    assert_eq!(back, (2_500_000, 4_000_125_000, 0));
}

#[test]
fn what_comes_back_to_a_closed_account_is_set_aside_and_staff_is_told_unless_it_repays_a_debt() {
    let name = || GatewayRefundId::try_new("rf-1").expect("a name");
    let processed = sent().becomes(RefundState::Processed { gateway: name(), at: now() });
    let moment = Moment { event: EventId::from_uuid(uuid::Uuid::nil()), now: now() };
    let gone = PaidBack { taken: sent().amount.money(), ..payment().back };
    let gone = PaidBack { charged: sent().charged.money(), arrived: sent().charged.money(), ..gone };
    for (owed, is_closed, is_aside) in
        [(0, true, true), (9_999_999, true, true), (10_000_000, true, false), (0, false, false)]
    {
        let account =
            Account { debt: Money::from_units(owed, Currency::Usd), ..Account::open(payment().user) };
        let owner = Owner { account: &account, is_closed, waiting: &[] };
        let of = Intent { back: gone, ..payment() };
        let unit = reverse(of, processed.clone(), name(), owner, moment).expect("decided");
        let told = unit.changes().iter().filter(|change| match change {
            Change::Job(job) => matches!(job.kind, crate::JobKind::TellStaff { .. }),
            _ => false,
        });
        assert_eq!(told.count(), usize::from(is_aside), "{owed} {is_closed}");
        let stored = unit.changes().iter().find_map(|change| match change {
            Change::Refund(refund) => Some(refund.aside),
            _ => None,
        });
        assert_eq!(stored, Some(is_aside));
        let first = unit.transfers().first().map(|leg| (leg.debit, leg.credit, leg.amount));
        let to = if is_aside { SUSPENSE } else { FX };
        assert_eq!(first, Some((CLEARING, to, sent().charged)));
        let credited = unit.accounts().get(&account.user).map_or(0, |change| change.wallet_units);
        assert_eq!(credited, if is_aside { 0 } else { 10_000_000 - owed });
    }
}
