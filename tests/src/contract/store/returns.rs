//! Sentences about money on its way back: refunds, disputes, and what limits them.

use namaskah_domain::{
    Amount, Change, CommitError, Money, PaymentId, Time, Unique, UnitOfWork, UserId, Version,
    payment::{
        Dispute, DisputeState, Intent, IntentState, PaidBack, Refund, RefundLimits, RefundOrigin, RefundState,
    },
    wallet::{Movement, Purse},
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, amount, at, usd},
};

fn next(refund: &Refund, state: RefundState) -> Refund {
    Refund { state, version: refund.version.next(), ..refund.clone() }
}

fn write(refund: &Refund) -> UnitOfWork {
    UnitOfWork::new().with(Change::Refund(refund.clone()))
}

/// And found by their names.
pub async fn refunds_are_stored_as_decided_in_every_state(on: &Backend) {
    let intent = given::intent(given::id());
    let (name, other) = (given::refund_name(), given::refund_name());
    let sent = given::refund(&intent);
    let missed = next(&sent, RefundState::Sent { missed_at: Some(at(3)) });
    let pending = next(&missed, RefundState::Pending { gateway: name.clone() });
    let processed = next(&pending, RefundState::Processed { gateway: name.clone(), at: at(9) });
    let failed = next(&processed, RefundState::Failed { gateway: Some(name.clone()), at: at(99) });
    let again = RefundState::Processed { gateway: name.clone(), at: at(100) };
    let revived = Refund { revived: true, ..next(&failed, again) };
    let back = RefundState::Failed { gateway: Some(name.clone()), at: at(101) };
    let failed_again = Refund { aside: true, ..next(&revived, back) };
    for stored in [sent, missed, pending, processed, failed, revived, failed_again.clone()] {
        on.apply(write(&stored)).await;
        assert_eq!(on.payments.refund(stored.id).await.expect("readable"), Some(stored));
    }
    let never = Refund { state: RefundState::Failed { gateway: None, at: at(99) }, ..given::refund(&intent) };
    let found = Refund {
        origin: RefundOrigin::Found,
        state: RefundState::Processed { gateway: other.clone(), at: at(9) },
        ..given::refund(&intent)
    };
    for stored in [&never, &found] {
        on.apply(write(stored)).await;
    }
    let all = on.payments.refunds_of(intent.id).await.expect("readable");
    assert_eq!(all, [failed_again.clone(), never, found.clone()]);
    let named = on.payments.refunds_named(&[other, given::refund_name(), name]).await.expect("readable");
    assert_eq!(named, [failed_again, found]);
    assert_eq!(on.payments.refunds_named(&[]).await.expect("readable"), []);
    assert_eq!(on.payments.refund(given::id()).await.expect("readable"), None);
}

/// Whatever becomes of them, and however many try.
pub async fn a_payment_has_one_open_refund(on: &Backend) {
    let intent = given::intent(given::id());
    let first = given::refund(&intent);
    on.apply(write(&first)).await;
    let second = given::refund(&intent);
    assert_refused!(on.refuse(write(&second)).await, CommitError::Duplicate(Unique::Record));
    on.apply(write(&given::refund(&given::intent(given::id())))).await;
    let open = on.payments.open_refunds(100).await.expect("readable");
    assert!(open.contains(&first) && !open.contains(&second));
    let over = next(&first, RefundState::Failed { gateway: None, at: at(5) });
    on.apply(write(&over)).await;
    on.apply(write(&second)).await;
    let open = on.payments.open_refunds(100).await.expect("readable");
    assert!(open.contains(&second) && open.iter().all(Refund::is_open));
}

/// However many are on their way, which may take weeks.
pub async fn refunds_of_unknown_outcome_are_looked_after_first(on: &Backend) {
    let on_its_way = || {
        let state = RefundState::Pending { gateway: given::refund_name() };
        Refund { state, ..given::refund(&given::intent(given::id())) }
    };
    let (older, newer) = (on_its_way(), on_its_way());
    let sent = [given::refund(&given::intent(given::id())), given::refund(&given::intent(given::id()))];
    for refund in [&older, &newer, &sent[0], &sent[1]] {
        on.apply(write(refund)).await;
    }
    let open = on.payments.open_refunds(100).await.expect("readable");
    let place = |refund: &Refund| open.iter().position(|known| known == refund).expect("it is open");
    let places = [&sent[0], &sent[1], &older, &newer].map(place);
    assert!(places.is_sorted(), "{places:?}");
}

/// For refunds and for disputes.
pub async fn a_name_of_the_gateway_belongs_to_one_record(on: &Backend) {
    let name = given::refund_name();
    let named = || {
        let state = RefundState::Pending { gateway: name.clone() };
        Refund { state, ..given::refund(&given::intent(given::id())) }
    };
    on.apply(write(&named())).await;
    assert_refused!(on.refuse(write(&named())).await, CommitError::Duplicate(Unique::Record));
    let sent = given::refund(&given::intent(given::id()));
    on.apply(write(&sent)).await;
    let bound = next(&sent, RefundState::Pending { gateway: name });
    assert_refused!(on.refuse(write(&bound)).await, CommitError::Duplicate(Unique::Record));
    let dispute = given::dispute(&given::intent(given::id()));
    let twin = Dispute { id: given::id(), ..dispute.clone() };
    on.apply(UnitOfWork::new().with(Change::Dispute(dispute))).await;
    let refused = on.refuse(UnitOfWork::new().with(Change::Dispute(twin))).await;
    assert_refused!(refused, CommitError::Duplicate(Unique::Record));
}

/// A record that has moved on since it was read is not written over.
pub async fn refunds_and_disputes_are_guarded_by_their_versions(on: &Backend) {
    let intent = given::intent(given::id());
    let sent = given::refund(&intent);
    on.apply(write(&sent)).await;
    let pending = next(&sent, RefundState::Pending { gateway: given::refund_name() });
    on.apply(write(&pending)).await;
    let late = next(&sent, RefundState::Failed { gateway: None, at: at(5) });
    assert_refused!(on.refuse(write(&late)).await, CommitError::Stale);
    let dispute = given::dispute(&intent);
    let skipping = Dispute { version: Version::from_stored(3), ..dispute.clone() };
    on.apply(UnitOfWork::new().with(Change::Dispute(dispute))).await;
    let refused = on.refuse(UnitOfWork::new().with(Change::Dispute(skipping))).await;
    assert_refused!(refused, CommitError::Stale);
}

/// And the oldest open one tells how far back to look.
pub async fn disputes_are_stored_as_decided_in_every_state(on: &Backend) {
    let intent = given::intent(given::id());
    let years_ago = given::start() - namaskah_domain::time::hours(24 * 365);
    let open = Dispute { opened_at: years_ago, ..given::dispute(&intent) };
    on.apply(UnitOfWork::new().with(Change::Dispute(open.clone()))).await;
    let named = on.payments.dispute_named(&open.gateway).await.expect("readable");
    assert_eq!(named, Some(open.clone()));
    assert_eq!(on.payments.oldest_open_dispute().await.expect("readable"), Some(years_ago));
    for state in [DisputeState::Won { at: at(7) }, DisputeState::Lost { taken: amount(9), at: at(8) }] {
        let version = on.payments.dispute_named(&open.gateway).await.expect("readable").expect("it").version;
        let decided = Dispute { state, version: version.next(), ..open.clone() };
        on.apply(UnitOfWork::new().with(Change::Dispute(decided.clone()))).await;
        assert_eq!(on.payments.dispute_named(&open.gateway).await.expect("readable"), Some(decided));
    }
    let oldest = on.payments.oldest_open_dispute().await.expect("readable");
    assert!(oldest.is_none_or(|oldest| oldest > years_ago));
    let unknown = given::dispute(&intent).gateway;
    assert_eq!(on.payments.dispute_named(&unknown).await.expect("readable"), None);
}

/// With what went back, and with disputes.
pub async fn intents_keep_what_of_them_went_back(on: &Backend) {
    let intent = given::intent(given::id());
    on.apply(UnitOfWork::new().with(Change::Intent(intent.clone()))).await;
    let back = PaidBack {
        taken: usd(3),
        charged: Money::from_units(20_000, namaskah_domain::Currency::Ngn),
        arrived: Money::from_units(10_000, namaskah_domain::Currency::Ngn),
        open_disputes: 2,
    };
    let returned = Intent { back, version: intent.version.next(), ..intent };
    on.apply(UnitOfWork::new().with(Change::Intent(returned.clone()))).await;
    assert_eq!(on.payments.intent(returned.id).await.expect("readable"), Some(returned));
}

async fn credited(on: &Backend, user: UserId, at: Time, units: i64, taken: i64) -> Intent {
    let id: PaymentId = given::id();
    let mut intent = Intent { id, amount: amount(units), ..given::intent(user) };
    intent.state = IntentState::Succeeded { at };
    intent.back.taken = usd(taken);
    on.apply(UnitOfWork::new().with(Change::Intent(intent.clone()))).await;
    intent
}

/// What of them has gone back, what was credited before, and what others have do not count.
pub async fn a_refund_is_limited_by_newer_deposits_and_by_what_staff_gave(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    let other = given::account().with(5_000).stored_in(on.store.as_ref()).await;
    credited(on, user, at(1), 1_000, 0).await;
    let of = credited(on, user, at(5), 2_000, 0).await;
    let twin = credited(on, user, at(5), 40, 0).await;
    credited(on, user, at(9), 700, 100).await;
    credited(on, user, at(9), 500, 600).await;
    credited(on, other, at(9), 9_000, 0).await;
    on.apply(UnitOfWork::new().with(Change::Intent(given::intent(user)))).await;
    let limits = |newer, goodwill| RefundLimits { newer_deposits: usd(newer), goodwill: usd(goodwill) };
    assert_eq!(on.payments.refund_limits(&of).await.expect("readable"), limits(640, 0));
    assert_eq!(on.payments.refund_limits(&twin).await.expect("readable"), limits(600, 0));
    for (purse, units) in
        [(Purse::Wallet, 300), (Purse::Wallet, -100), (Purse::Promo, 77), (Purse::Wallet, 50)]
    {
        on.apply(UnitOfWork::new().post(given::posting(user, purse, units))).await;
    }
    assert_eq!(on.payments.refund_limits(&twin).await.expect("readable"), limits(600, 250));
    on.apply(given::owing(user, 80)).await;
    assert_eq!(on.payments.refund_limits(&twin).await.expect("readable"), limits(600, 250));
    let forgiven = Movement::DebtWrittenOff { user, amount: Amount::try_new(usd(80)).expect("above zero") };
    on.apply(super::books::booked(forgiven).1).await;
    assert_eq!(on.payments.refund_limits(&twin).await.expect("readable"), limits(600, 330));
    let stranger = given::intent(given::id());
    let alone = Intent { amount: Amount::try_new(usd(1)).expect("above zero"), ..stranger };
    assert_eq!(on.payments.refund_limits(&alone).await.expect("readable"), limits(0, 0));
}
