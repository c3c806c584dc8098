//! Sentences about how work stands.

use namaskah_domain::{
    Change, Currency, JobLane, Money, NewJob, Notice, NoticeState, Sender, UnitOfWork, Version,
    payment::{Refund, RefundState},
    verification::{Bought, Purchase, PurchaseState, Receivable, Waiting},
    vitals::{DriftSlice, OVERDUE_S, Queue, Vitals},
    wallet::HoldEnd,
};
use uuid::Uuid;

use super::Backend;
use crate::given::{self, at};

async fn vitals(on: &Backend, now: i64) -> Vitals {
    on.vitals.vitals(at(now)).await.expect("readable")
}

/// With nothing to do every count is zero.
pub async fn what_waits_is_counted(on: &Backend) {
    let idle = |lane| Queue { lane, due: 0, oldest_s: 0, buried: 0 };
    let nothing = Vitals {
        orders_waiting: 0,
        orders_overdue: 0,
        purchases_unknown: 0,
        queues: JobLane::ALL.map(idle),
        notices_new: 0,
        notices_oldest_s: 0,
        suspense_open: 0,
        refunds_open: 0,
        refunds_oldest_s: 0,
        orphans_open: 0,
        orphans_oldest_s: 0,
        disputes_open: 0,
        findings_open: 0,
        webhooks_due: 0,
        webhooks_oldest_s: 0,
    };
    assert_eq!(vitals(on, 100).await, nothing);
    let intent = given::intent(given::id());
    let (seen, new) = (given::notice(Sender::Paystack, None), given::notice(Sender::TextVerified, None));
    let unit = UnitOfWork::new()
        .with(Change::Suspended(given::suspended(&intent)))
        .with(Change::Refund(given::refund(&intent)))
        .with(Change::Dispute(given::dispute(&intent)))
        .with(Change::Finding(super::reconciliation::finding("nmk-vitals", 1)))
        .with(Change::WebhookDelivery(given::delivery(&given::endpoint(given::id()), 70)))
        .with(Change::WebhookDelivery(given::delivery(&given::endpoint(given::id()), 101)))
        .with(Change::Notice(Notice { at: at(60), ..new }))
        .with(Change::Notice(Notice { at: at(1), state: NoticeState::Handled, ..seen }));
    on.apply(unit).await;
    let expected = Vitals {
        notices_new: 1,
        notices_oldest_s: 40,
        suspense_open: 1,
        refunds_open: 1,
        refunds_oldest_s: 100,
        disputes_open: 1,
        findings_open: 1,
        webhooks_due: 1,
        webhooks_oldest_s: 30,
        ..nothing
    };
    assert_eq!(vitals(on, 100).await, expected);
}

/// From when it was asked for until it has ended, and a number until its cost has come back.
pub async fn the_oldest_open_refund_and_the_oldest_orphan_are_told(on: &Backend) {
    let refund = |second| Refund { created_at: at(second), ..given::refund(&given::intent(given::id())) };
    let (first, second) = (refund(10), refund(40));
    for refund in [&first, &second] {
        on.apply(UnitOfWork::new().with(Change::Refund(refund.clone()))).await;
    }
    let orphan = |second| {
        let bought = Bought { bound_at: at(second), ..given::bought() };
        Purchase { version: Version::FIRST, ..given::purchase(&given::requested(given::id())).orphan(bought) }
    };
    let (old, new) = (orphan(20), orphan(70));
    for purchase in [&old, &new] {
        on.apply(UnitOfWork::new().with(Change::Purchase(purchase.clone()))).await;
    }
    let told = async |now| {
        let found = vitals(on, now).await;
        let refunds = (found.refunds_open, found.refunds_oldest_s);
        (refunds, (found.orphans_open, found.orphans_oldest_s))
    };
    assert_eq!(told(100).await, ((2, 90), (2, 80)));
    let failed = RefundState::Failed { gateway: None, at: at(100) };
    let ended = Refund { state: failed, version: first.version.next(), ..first };
    let credited = old.close_receivable(Receivable::Credited { at: at(100) }).expect("open");
    on.apply(UnitOfWork::new().with(Change::Refund(ended)).with(Change::Purchase(credited))).await;
    assert_eq!(told(100).await, ((1, 60), (1, 30)));
}

/// At the very instant it is not overdue.
pub async fn an_order_that_should_have_ended_is_overdue(on: &Backend) {
    let order = given::requested(given::id());
    let purchase = given::purchase(&order);
    assert!(matches!(purchase.state, PurchaseState::Sent));
    on.apply(UnitOfWork::new().with(Change::Purchase(purchase.clone()))).await;
    let mut waiting: Waiting = order.bind(given::line(&purchase, &given::bought()));
    waiting.head.version = Version::FIRST;
    waiting.line.expires_at = at(500);
    on.apply(UnitOfWork::new().with(Change::Order(waiting.into()))).await;
    for (now, overdue) in [(500, 0), (500 + OVERDUE_S, 0), (501 + OVERDUE_S, 1)] {
        let found = vitals(on, now).await;
        assert_eq!(
            (found.orders_waiting, found.orders_overdue, found.purchases_unknown),
            (1, overdue, 1),
            "{now}"
        );
    }
}

/// Each lane by itself; what is not due yet does not wait.
pub async fn jobs_are_counted_by_lane_and_by_how_long_they_wait(on: &Backend) {
    let mail = |due: i64| NewJob { run_at: at(due), ..given::job() };
    for job in [mail(10), mail(30), mail(200)] {
        on.apply(UnitOfWork::new().with(Change::Job(job))).await;
    }
    let [mails, provider, _] = vitals(on, 100).await.queues;
    assert_eq!(mails, Queue { lane: JobLane::Mail, due: 2, oldest_s: 90, buried: 0 });
    assert_eq!(provider, Queue { lane: JobLane::Provider, due: 0, oldest_s: 0, buried: 0 });
    let leased = on.jobs.lease(Uuid::nil(), JobLane::Mail, at(10), 1).await.expect("leased");
    on.jobs.bury(&leased[0], "no such address").await.expect("buried");
    let [mails, ..] = vitals(on, 100).await.queues;
    assert_eq!(mails, Queue { lane: JobLane::Mail, due: 1, oldest_s: 70, buried: 1 });
}

/// In the order of their users, each once; what is behind the last is nothing.
pub async fn accounts_are_looked_at_for_drift_slice_by_slice(on: &Backend) {
    let mut users = Vec::new();
    for _ in 0..5 {
        let user = given::account().with(10_000).stored_in(on.store.as_ref()).await;
        on.apply(UnitOfWork::new().place(given::hold(user, 2_500))).await;
        users.push(user);
    }
    users.sort();
    let zero = Money::zero(Currency::Usd);
    for (after, limit, last) in [
        (None, 2, Some(users[1])),
        (Some(users[1]), 2, Some(users[3])),
        (Some(users[3]), 2, Some(users[4])),
        (Some(users[4]), 2, None),
        (None, 99, Some(users[4])),
    ] {
        let slice = on.vitals.drift_of(after, limit).await.expect("readable");
        assert_eq!(slice, DriftSlice { drift: zero, last });
    }
}

/// Money that came in, is held, and has been spent: the accounts are where their lines and holds say.
pub async fn accounts_that_are_as_their_lines_and_holds_say_have_not_drifted(on: &Backend) {
    let zero = Money::zero(Currency::Usd);
    assert_eq!(on.vitals.drift().await.expect("readable"), zero);
    for _ in 0..3 {
        let user = given::account().with(10_000).stored_in(on.store.as_ref()).await;
        let (open, spent) = (given::hold(user, 2_500), given::hold(user, 1_500));
        on.apply(UnitOfWork::new().place(open)).await;
        on.apply(UnitOfWork::new().place(spent.clone())).await;
        on.apply(UnitOfWork::new().end(given::end(&spent, HoldEnd::Capture))).await;
    }
    assert_eq!(on.vitals.drift().await.expect("readable"), zero);
}
