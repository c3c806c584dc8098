//! Sentences about figures.

use namaskah_domain::{
    Change, Currency, Id, Money, Time, UnitOfWork,
    auth::User,
    payment::{Intent, IntentState, Refund, RefundState, Suspended, SuspenseState},
    staff::{Flow, Standings, Stretch, Waiting},
    verification::{
        Bought, Failed, Failure, Order, OrderStatus, Purchase, PurchaseState, Receivable, Report,
        ReportReason, Requested,
    },
    wallet::{EntryKind, House, LedgerAccount, Legs, Source},
};

use super::Backend;
use crate::given::{self, TestRandom, amount, at, naira, usd};

/// From 100 to 200 seconds after the start.
fn within() -> Stretch {
    Stretch::try_new(at(100), at(200)).expect("a stretch")
}

/// Of something that is made then.
fn id_at<T>(when: Time) -> Id<T> {
    Id::generate(when, &TestRandom)
}

fn ngn(units: i64) -> Money {
    naira(units).money()
}

/// A source at which a provider's credit was booked.
async fn credited(on: &Backend, bought: &Bought) {
    let mut legs = Legs::new(Source::credited(&bought.reservation), EntryKind::Cost, at(150));
    let house = LedgerAccount::House;
    legs.add(
        house(House::ProviderFloatTextVerified),
        house(House::CostOfNumbers),
        amount(bought.cost.units()),
    );
    on.apply(UnitOfWork::new().post(legs.into_entry().expect("balanced"))).await;
}

/// A completed order that was placed then; if it is reported, by whom does not matter.
async fn completed(on: &Backend, when: Time, reported: bool) -> Bought {
    let mut order = placed(when);
    order.head.report = reported.then_some(Report { reason: ReportReason::NoCode, at: when, is_told: true });
    let (bought, purchase) = (given::bought(), given::purchase(&order));
    let done = order.bind(given::line(&purchase, &bought)).receive(when).0;
    let done = Order::from(namaskah_domain::verification::Completed {
        head: namaskah_domain::verification::Head { version: namaskah_domain::Version::FIRST, ..done.head },
        ..done
    });
    on.apply(UnitOfWork::new().with(Change::Order(done))).await;
    bought
}

fn placed(when: Time) -> Requested {
    let mut order = given::requested(given::id());
    (order.head.id, order.head.created_at) = (id_at(when), when);
    (order.head.retry_of, order.head.report) = (None, None);
    order
}

/// At the edges to the microsecond, whatever the identifiers carry.
pub async fn registrations_and_orders_are_counted_by_when_they_were_made(on: &Backend) {
    let us = chrono::TimeDelta::microseconds(1);
    let edges = [at(100) - us, at(100), at(150), at(200) - us, at(200), at(200) + us];
    for when in edges {
        let user = User { id: id_at(when), created_at: when, ..given::user() };
        on.apply(UnitOfWork::new().with(Change::User(user))).await;
        on.apply(UnitOfWork::new().with(Change::Order(placed(when).into()))).await;
    }
    assert_eq!(on.figures.registrations(within()).await.expect("readable"), 3);
    completed(on, at(99), false).await;
    completed(on, at(120), false).await;
    completed(on, at(121), true).await;
    let went_back = completed(on, at(122), true).await;
    credited(on, &went_back).await;
    let given_back_unasked = completed(on, at(123), false).await;
    credited(on, &given_back_unasked).await;
    let head = placed(at(124)).head;
    let failed = Failed { head, failure: Failure::NoNumbers, at: at(125) };
    on.apply(UnitOfWork::new().with(Change::Order(failed.into()))).await;
    let figures = on.figures.order_figures(within()).await.expect("readable");
    let expected = [(OrderStatus::Completed, 4), (OrderStatus::Failed, 1), (OrderStatus::Requested, 3)];
    assert_eq!(figures.by_state, expected);
    assert_eq!(figures.revenue, usd(3 * 1_130_000));
    let later = Stretch::try_new(at(900), at(901)).expect("a second");
    let none = on.figures.order_figures(later).await.expect("readable");
    assert_eq!((none.by_state, none.revenue), (vec![], usd(0)));
}

/// Earned or given up; neither open nor credited, at once or later.
pub async fn what_numbers_cost_is_what_was_not_given_back(on: &Backend) {
    let bought = async |seconds, receivable, units| {
        let bought = Bought { receivable, cost: usd(units), ..given::bought() };
        let purchase = given::purchase(&placed(at(seconds)));
        let state = PurchaseState::Bound(bought.clone());
        let purchase = Purchase { sent_at: at(seconds), state, ..purchase };
        on.apply(UnitOfWork::new().with(Change::Purchase(purchase))).await;
        bought
    };
    let (costed, given_up) = (Receivable::Costed { at: at(160) }, Receivable::WrittenOff { at: at(160) });
    bought(100, costed, 1).await;
    bought(199, given_up, 20).await;
    bought(99, costed, 300).await;
    bought(200, costed, 300).await;
    bought(150, Receivable::Open, 300).await;
    bought(150, Receivable::Credited { at: at(160) }, 300).await;
    let late = bought(150, costed, 300).await;
    credited(on, &late).await;
    assert_eq!(on.figures.cost_of_numbers(within()).await.expect("readable"), usd(21));
    let open = on.figures.standings().await.expect("readable");
    // The float grew by the credit that was booked here.
    assert_eq!((open.receivable, open.float), (usd(300), usd(300)));
}

/// Money in when it was credited, money back when it was asked for.
pub async fn money_in_and_back_is_summed_by_currency(on: &Backend) {
    let paid = async |state, charged| {
        let intent = Intent { state, charged, amount: amount(10), ..given::intent(given::id()) };
        on.apply(UnitOfWork::new().with(Change::Intent(intent.clone()))).await;
        intent
    };
    let succeeded = |seconds| IntentState::Succeeded { at: at(seconds) };
    paid(succeeded(100), naira(1_600)).await;
    paid(succeeded(199), naira(1_700)).await;
    paid(succeeded(150), amount(9)).await;
    paid(succeeded(99), naira(5_000)).await;
    paid(succeeded(200), naira(5_000)).await;
    paid(IntentState::Failed { at: at(150) }, naira(5_000)).await;
    let aside = paid(IntentState::Suspense { at: at(150) }, naira(5_000)).await;
    let flow = |count, charged, units| Flow { count, charged, amount: usd(units) };
    let deposits = on.figures.deposits(within()).await.expect("readable");
    assert_eq!(deposits, [flow(2, ngn(3_300), 20), flow(1, usd(9), 10)]);

    let gateway = given::refund_name;
    for (seconds, state) in [
        (100, RefundState::Processed { gateway: gateway(), at: at(900) }),
        (150, RefundState::Failed { gateway: None, at: at(150) }),
        (151, RefundState::Sent { missed_at: None }),
        (200, RefundState::Processed { gateway: gateway(), at: at(900) }),
        (99, RefundState::Processed { gateway: gateway(), at: at(150) }),
    ] {
        let refund = given::refund(&given::intent(given::id()));
        let refund = Refund { id: id_at(at(seconds)), created_at: at(seconds), state, ..refund };
        on.apply(UnitOfWork::new().with(Change::Refund(refund))).await;
    }
    let refunds = on.figures.arrived_refunds(within()).await.expect("readable");
    assert_eq!(refunds, [flow(1, ngn(1_600_050_000), 1_000_000)]);

    let item = given::suspended(&aside);
    let other = Suspended { paid: amount(7), ..given::suspended(&given::intent(given::id())) };
    let gone = SuspenseState::Returned { at: at(9) };
    let gone = Suspended { state: gone, ..given::suspended(&given::intent(given::id())) };
    for item in [item, other, gone] {
        on.apply(UnitOfWork::new().with(Change::Suspended(item))).await;
    }
    let waiting = on.figures.waiting_for_a_person().await.expect("readable");
    let of = |paid| Waiting { count: 1, paid };
    assert_eq!(waiting, [of(ngn(5_000)), of(usd(7))]);
}

/// Of everybody, and of nobody nothing.
pub async fn what_stands_now_is_summed(on: &Backend) {
    let zero = Money::zero(Currency::Usd);
    let nothing = Standings { receivable: zero, float: zero, held: zero, debt: zero };
    assert_eq!(on.figures.standings().await.expect("readable"), nothing);
    for _ in 0..2 {
        let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
        let held = given::hold(user, 300);
        on.apply(UnitOfWork::new().place(held)).await;
        let ended = given::hold(user, 200);
        on.apply(UnitOfWork::new().place(ended.clone())).await;
        let end = given::end(&ended, namaskah_domain::wallet::HoldEnd::Release);
        on.apply(UnitOfWork::new().end(end)).await;
        let debtor = given::account().stored_in(on.store.as_ref()).await;
        on.apply(given::owing(debtor, 70)).await;
    }
    let standings = on.figures.standings().await.expect("readable");
    assert_eq!((standings.held, standings.debt), (usd(600), usd(140)));
}
