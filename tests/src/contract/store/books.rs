//! Sentences about the house's books: what staff decides, gifts, suspense, debts, and costs that age.

use namaskah_domain::{
    Amount, BookingId, Change, CommitError, Currency, Money, Unique, UnitOfWork, UserId,
    payment::{IntentState, Suspended, SuspenseError, SuspenseReason, SuspenseState},
    verification::{Purchase, Receivable},
    wallet::{Booking, Direction, HoldEnd, Movement, PromoGrant, take_back},
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, amount, at, usd},
};

fn naira(units: i64) -> Amount {
    Amount::try_new(Money::from_units(units, Currency::Ngn)).expect("above zero")
}

pub(super) fn booked(movement: Movement) -> (Booking, UnitOfWork) {
    let id: BookingId = given::id();
    let booking = Booking { id, movement, reason: given::reason(), at: at(5) };
    let entry = booking.movement.legs(id, at(5)).into_entry().expect("balanced");
    (booking.clone(), UnitOfWork::new().post(entry).with(Change::Booking(booking)))
}

/// Of each kind, once, with its transfers.
pub async fn bookings_are_stored_as_decided(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    on.apply(given::owing(user, 70)).await;
    let adjusted = |direction, units| Movement::Adjusted { user, direction, amount: amount(units) };
    let movements = [
        adjusted(Direction::Credit, 300),
        adjusted(Direction::Debit, 100),
        Movement::DebtWrittenOff { user, amount: amount(70) },
        Movement::PaidOut { amount: naira(5_000) },
        Movement::ToppedUp { amount: amount(90) },
        Movement::Converted { sold: naira(1_600), bought: amount(1) },
    ];
    for movement in movements {
        let (booking, unit) = booked(movement);
        on.apply(unit.clone()).await;
        assert_eq!(on.books.booking(booking.id).await.expect("readable"), Some(booking));
        // Of debt that was given up nothing is left, which a store may see first.
        let again = on.refuse(unit).await;
        let known = matches!(again, CommitError::Duplicate(Unique::Source | Unique::Record));
        assert!(known || matches!(again, CommitError::Stale), "{again:?}");
    }
    let account = on.account(user).await;
    assert_eq!((account.wallet.posted, account.debt), (usd(1_200), usd(0)));
    assert_eq!(on.books.booking(given::id()).await.expect("readable"), None);
    super::assert_adds_up(on, user).await;
}

/// Credits less debits; more was never taken than nothing.
pub async fn goodwill_is_the_net_of_corrections(on: &Backend) {
    let user = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let goodwill = async || on.books.goodwill(user).await.expect("readable");
    assert_eq!(goodwill().await, usd(0));
    let steps = [(Direction::Credit, 300, 300), (Direction::Debit, 100, 200), (Direction::Debit, 500, 0)];
    for (direction, units, net) in steps {
        on.apply(booked(Movement::Adjusted { user, direction, amount: amount(units) }).1).await;
        assert_eq!(goodwill().await, usd(net));
    }
    assert_eq!(on.books.goodwill(given::id()).await.expect("readable"), usd(0));
}

async fn given_to(on: &Backend, user: UserId, units: i64, expires: Option<i64>) -> PromoGrant {
    let grant = PromoGrant { amount: amount(units), expires_at: expires.map(at), ..given::grant(user) };
    on.apply(UnitOfWork::new().post(grant.given().expect("balanced")).with(Change::Grant(grant.clone())))
        .await;
    grant
}

/// Open, clawed back, partly taken and closed.
pub async fn grants_are_stored_as_decided_and_found_when_due(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    let (late, soon) = (given_to(on, user, 50, Some(90)).await, given_to(on, user, 100, Some(60)).await);
    let forever = given_to(on, user, 30, None).await;
    let open = on.books.open_grants(user).await.expect("readable");
    assert_eq!(open, [late.clone(), soon.clone(), forever.clone()]);
    let due = async |now| on.books.grants_due(at(now), None, 100).await.expect("readable");
    assert_eq!(due(59).await, []);
    assert_eq!(due(60).await, [(at(60), soon.id)]);
    assert_eq!(due(90).await, [(at(60), soon.id), (at(90), late.id)]);
    let clawed_back = forever.claw_back(given::reason(), at(10)).expect("open");
    on.apply(UnitOfWork::new().with(Change::Grant(clawed_back.clone()))).await;
    assert_eq!(on.books.grant(clawed_back.id).await.expect("readable"), Some(clawed_back.clone()));
    assert_eq!(due(90).await, [(at(10), clawed_back.id), (at(60), soon.id), (at(90), late.id)]);
    // The order's hold has 40 of the 180.
    let hold = given::hold(user, 40);
    on.apply(UnitOfWork::new().place(hold.clone())).await;
    for (grant, taken, closed) in [(&clawed_back, 30, true), (&soon, 100, true), (&late, 10, false)] {
        let account = on.account(user).await;
        let open = on.books.open_grants(user).await.expect("readable");
        let unit =
            take_back(grant.clone(), &account, &open, at(90)).expect("balanced").expect("something is left");
        on.apply(unit.clone()).await;
        assert_refused!(on.refuse(unit).await, CommitError::Stale);
        let stored = on.books.grant(grant.id).await.expect("readable").expect("a grant");
        assert_eq!((stored.taken, stored.closed_at.is_some()), (usd(taken), closed));
    }
    let stored = on.books.grant(late.id).await.expect("readable").expect("a grant");
    assert_eq!(due(90).await.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [stored.id]);
    on.apply(UnitOfWork::new().end(given::end(&hold, HoldEnd::Release))).await;
    let (account, open) = (on.account(user).await, on.books.open_grants(user).await.expect("readable"));
    on.apply(take_back(stored, &account, &open, at(95)).expect("balanced").expect("the rest")).await;
    assert_eq!((on.account(user).await.promo.posted, due(95).await), (usd(0), vec![]));
    super::assert_adds_up(on, user).await;
}

async fn set_aside(on: &Backend, user: UserId, paid: Amount, seconds: i64) -> Suspended {
    let intent = given::intent(user).closed(IntentState::Suspense { at: at(seconds) });
    let new = namaskah_domain::payment::Intent { version: namaskah_domain::Version::FIRST, ..intent };
    let item = Suspended { paid, at: at(seconds), ..given::suspended(&new) };
    let unit = given::set_aside(&new, paid);
    on.apply(unit.with(Change::Intent(new)).with(Change::Suspended(item.clone()))).await;
    item
}

/// Open, credited to the owner, returned; what is open comes oldest first.
pub async fn suspense_is_stored_as_decided_in_every_state(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    let newer = set_aside(on, user, naira(8_000), 20).await;
    let older = set_aside(on, user, amount(700), 10).await;
    let older = {
        let mut reread = on.books.suspended(older.payment).await.expect("readable").expect("an item");
        assert_eq!(reread, older);
        reread.reason = SuspenseReason::CurrencyDiffers;
        reread.version = reread.version.next();
        on.apply(UnitOfWork::new().with(Change::Suspended(reread.clone()))).await;
        reread
    };
    let open = async || -> Vec<Suspended> {
        let open = on.books.open_suspense(1_000).await.expect("readable");
        open.into_iter().filter(|item| item.user == user).collect()
    };
    assert_eq!(open().await, [older.clone(), newer.clone()]);
    let intent = async |item: &Suspended| {
        on.payments.intent(item.payment).await.expect("readable").expect("a payment")
    };
    let account = on.account(user).await;
    let rate = given::intent(user).rate;
    let credited = newer.clone().credited(intent(&newer).await, &account, rate, given::id(), at(30));
    on.apply(credited.expect("open")).await;
    let stored = on.books.suspended(newer.payment).await.expect("readable").expect("an item");
    let SuspenseState::Credited { amount: gained, at: when } = stored.state else { panic!("{stored:?}") };
    // 8000 / 1600.05, rounded down.
    assert_eq!((gained, when), (amount(4), at(30)));
    let paid = intent(&newer).await;
    assert_eq!(
        (paid.state, paid.amount, paid.charged),
        (IntentState::Succeeded { at: at(30) }, gained, naira(8_000))
    );
    let returned = older.clone().returned(&intent(&older).await, at(40)).expect("open");
    on.apply(returned).await;
    let stored = on.books.suspended(older.payment).await.expect("readable").expect("an item");
    assert_eq!(stored.state, SuspenseState::Returned { at: at(40) });
    assert_eq!(open().await, []);
    let returned = async |since| -> Vec<Suspended> {
        let returned = on.books.returned_suspense(since, 1_000).await.expect("readable");
        returned.into_iter().filter(|item| item.user == user).collect()
    };
    assert_eq!(returned(older.payment).await, std::slice::from_ref(&stored));
    let after =
        namaskah_domain::PaymentId::from_uuid(uuid::Uuid::from_u128(older.payment.uuid().as_u128() + 1));
    assert_eq!(returned(after).await, []);
    assert_eq!(on.account(user).await.wallet.posted, usd(4));
    let again = stored.returned(&intent(&older).await, at(50));
    assert!(matches!(again, Err(SuspenseError::AlreadyResolved)), "{again:?}");
    super::assert_adds_up(on, user).await;
}

/// To the owner and back at once: one of both, whoever comes first.
pub async fn a_payment_leaves_suspense_once(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    let item = set_aside(on, user, naira(8_000_000), 20).await;
    let intent = on.payments.intent(item.payment).await.expect("readable").expect("a payment");
    let (account, rate) = (on.account(user).await, intent.rate);
    let to_owner = item.clone().credited(intent.clone(), &account, rate, given::id(), at(30)).expect("open");
    let back = item.returned(&intent, at(30)).expect("open");
    on.apply(to_owner.clone()).await;
    for unit in [back, to_owner] {
        assert_refused!(on.refuse(unit).await, CommitError::Stale);
    }
    assert_eq!(on.account(user).await.wallet.posted, usd(4_999));
}

/// Neither who owes nothing, nor who has nothing, nor whose money is held or disputed.
pub async fn debtors_are_those_who_owe_and_can_pay(on: &Backend) {
    let mut users = Vec::new();
    for (owed, held, disputed) in [(10, 0, 0), (0, 0, 0), (10, 500, 0), (10, 0, 500), (10, 400, 50)] {
        let user = given::account().with(500).with_promo(5).stored_in(on.store.as_ref()).await;
        if held > 0 {
            on.apply(UnitOfWork::new().place(given::refund_hold(user, held))).await;
        }
        if disputed > 0 {
            on.apply(UnitOfWork::new().open_dispute(user, amount(disputed))).await;
        }
        if owed > 0 {
            on.apply(given::owing(user, owed)).await;
        }
        users.push(user);
    }
    let found = on.books.debtors(None, 100_000).await.expect("readable");
    let able: Vec<_> = users.iter().map(|user| found.contains(user)).collect();
    assert_eq!(able, [true, false, false, false, true]);
    let slice = async |after| on.books.debtors(after, 1).await.expect("readable");
    assert_eq!((slice(None).await, slice(Some(users[0])).await), (vec![users[0]], vec![users[4]]));
    assert_eq!(slice(Some(users[4])).await, []);
}

/// Open ones, bound or orphaned, that are old enough.
pub async fn receivables_are_found_by_their_age(on: &Backend) {
    let bound = |seconds| {
        let bought = namaskah_domain::verification::Bought { bound_at: at(seconds), ..given::bought() };
        let purchase = given::purchase(&given::requested(given::id()));
        (purchase, bought)
    };
    let mut stored: Vec<Purchase> = Vec::new();
    for seconds in [30, 10, 20, 40] {
        let (purchase, bought) = bound(seconds);
        on.apply(UnitOfWork::new().with(Change::Purchase(purchase.clone()))).await;
        let bought = if seconds == 20 { purchase.orphan(bought) } else { purchase.bind(bought) };
        on.apply(UnitOfWork::new().with(Change::Purchase(bought.clone()))).await;
        stored.push(bought);
    }
    let aged = async || on.books.receivables_since(at(30), None, 100).await.expect("readable");
    assert_eq!(aged().await, [(at(10), stored[1].id), (at(20), stored[2].id), (at(30), stored[0].id)]);
    let closed = stored[1].clone().close_receivable(Receivable::WrittenOff { at: at(60) }).expect("open");
    on.apply(UnitOfWork::new().with(Change::Purchase(closed))).await;
    assert_eq!(aged().await, [(at(20), stored[2].id), (at(30), stored[0].id)]);
}

/// Behind the last of the slice before, also among those of one instant.
pub async fn what_is_due_is_listed_slice_by_slice(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    let mut due = Vec::new();
    for expires in [70, 60, 70, 70, 60] {
        due.push((at(expires), given_to(on, user, 10, Some(expires)).await.id));
    }
    due.sort_unstable();
    let mut listed = Vec::new();
    while listed.len() < due.len() {
        let slice = on.books.grants_due(at(90), listed.last().copied(), 2).await.expect("readable");
        assert!(!slice.is_empty(), "{listed:?} of {due:?}");
        listed.extend(slice);
    }
    assert_eq!(listed, due);
    assert_eq!(on.books.grants_due(at(90), listed.last().copied(), 2).await.expect("readable"), []);

    let mut aged = Vec::new();
    for seconds in [20, 10, 20, 20, 10] {
        let purchase = given::purchase(&given::requested(given::id()));
        on.apply(UnitOfWork::new().with(Change::Purchase(purchase.clone()))).await;
        let bought = namaskah_domain::verification::Bought { bound_at: at(seconds), ..given::bought() };
        aged.push((at(seconds), purchase.id));
        on.apply(UnitOfWork::new().with(Change::Purchase(purchase.bind(bought)))).await;
    }
    aged.sort_unstable();
    let mut listed = Vec::new();
    while listed.len() < aged.len() {
        let slice = on.books.receivables_since(at(30), listed.last().copied(), 2).await.expect("readable");
        assert!(!slice.is_empty(), "{listed:?} of {aged:?}");
        listed.extend(slice);
    }
    assert_eq!(listed, aged);
}
