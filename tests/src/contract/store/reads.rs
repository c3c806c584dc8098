//! Sentences about what is found, and by what.

use namaskah_domain::{
    Change, CommitError, Page, PaymentReference, PhoneNumber, ReservationId, SuppressedNumber, Unique,
    UnitOfWork, UserId,
    auth::{Role, SessionEnd, User},
    payment::IntentState,
    verification::{
        Order, OrderFilter, OrderStatus, ProviderId, Receivable, ServiceCode, UpstreamOrder, Waiting,
    },
};

use super::{Backend, waiting};
use crate::given::{self, at};

const PROVIDER: ProviderId = ProviderId::TextVerified;

fn number_of(order: &Waiting) -> PhoneNumber {
    order.line.number.clone().expect("a number")
}

/// Each by its own read.
pub async fn intents_are_found_by_reference_user_and_due_time(on: &Backend) {
    let user = given::id();
    let mut intents: Vec<_> = (0..4).map(|_| given::intent(user)).collect();
    for (intent, due) in intents.iter_mut().zip([30, 10, 20, 40]) {
        intent.next_check_at = Some(at(due));
        on.apply(UnitOfWork::new().with(Change::Intent(intent.clone()))).await;
    }
    let paid = intents[2].clone().closed(IntentState::Succeeded { at: at(5) });
    let failed = intents[0].clone().closed(IntentState::Failed { at: at(5) });
    on.apply(UnitOfWork::new().with(Change::Intent(paid.clone())).with(Change::Intent(failed.clone()))).await;
    let reads = &on.payments;
    let found = reads.intent_by_reference(&paid.reference).await.expect("readable");
    assert_eq!(found.as_ref(), Some(&paid));
    let due = reads.intents_due(at(30), 9).await.expect("readable");
    let due: Vec<_> = due.into_iter().map(|due| (due.reference, due.due_at)).collect();
    let expected = [(intents[1].reference.clone(), at(10)), (failed.reference.clone(), at(30))];
    assert_eq!(due, expected);
    assert_eq!(reads.intents_due(at(30), 1).await.expect("readable").len(), 1);
    let unknown = PaymentReference::generate(&given::TestRandom);
    let asked = [&failed.reference, &paid.reference, &unknown].map(Clone::clone);
    assert_eq!(reads.creditable_among(&asked).await.expect("readable"), [failed.reference]);
    assert_eq!(reads.creditable_among(&[]).await.expect("readable"), []);
    assert_eq!(reads.intent_by_reference(&unknown).await.expect("readable"), None);
    let first = reads.intents(user, Page { limit: 3, after: None }).await.expect("readable");
    let last = Page { limit: 3, after: first.rows.last().map(|intent| intent.id) };
    let rest = reads.intents(user, last).await.expect("readable");
    assert_eq!((first.has_more, rest.has_more), (true, false));
    let ids: Vec<_> = first.rows.iter().chain(&rest.rows).map(|intent| intent.id).collect();
    assert_eq!(ids, intents.iter().rev().map(|intent| intent.id).collect::<Vec<_>>());
}

/// Newest first, and of one user alone.
pub async fn orders_are_listed_by_state_and_service(on: &Backend) {
    let user = given::id();
    let mut placed = Vec::new();
    for (service, bound) in [("whatsapp", true), ("telegram", false), ("whatsapp", false), ("whatsapp", true)]
    {
        let mut order = given::requested(user);
        order.head.ask.service = given::service(service);
        on.apply(UnitOfWork::new().with(Change::Order(order.clone().into()))).await;
        if bound {
            let waiting = order.clone().bind(given::line(&given::purchase(&order), &given::bought()));
            on.apply(UnitOfWork::new().with(Change::Order(waiting.into()))).await;
        }
        placed.insert(0, order.head.id);
    }
    waiting(on, given::id()).await;
    let listed = async |filter: OrderFilter, page| {
        let page = on.orders.orders(user, &filter, page).await.expect("readable");
        (page.rows.iter().map(|order| order.head().id).collect::<Vec<_>>(), page.has_more)
    };
    let all = Page { limit: 10, after: None };
    assert_eq!(listed(OrderFilter::default(), all).await, (placed.clone(), false));
    let status = Some(OrderStatus::Waiting);
    assert_eq!(listed(OrderFilter { status, service: None }, all).await, (vec![placed[0], placed[3]], false));
    let service = Some(given::service("whatsapp"));
    let both = OrderFilter { status: Some(OrderStatus::Requested), service };
    assert_eq!(listed(both, all).await, (vec![placed[1]], false));
    let first = Page { limit: 3, after: None };
    assert_eq!(listed(OrderFilter::default(), first).await, (placed[..3].to_vec(), true));
    let second = Page { limit: 3, after: Some(placed[2]) };
    assert_eq!(listed(OrderFilter::default(), second).await, (placed[3..].to_vec(), false));
}

async fn expire(on: &Backend, order: Waiting, seconds: i64) {
    on.apply(UnitOfWork::new().with(Change::Order(order.expire(at(seconds)).0.into()))).await;
}

/// Of orders that ended since an instant without a code.
pub async fn numbers_of_ended_orders_are_uncredited_until_somebody_bears_their_cost(on: &Backend) {
    let mut purchases = Vec::new();
    for end in [100, 200, 300, 400] {
        let order = given::requested(given::id());
        let bought = given::bought();
        let purchase = given::purchase(&order);
        on.apply(
            UnitOfWork::new()
                .with(Change::Order(order.clone().into()))
                .with(Change::Purchase(purchase.clone())),
        )
        .await;
        let (waiting, bound) = (order.bind(given::line(&purchase, &bought)), purchase.bind(bought));
        on.apply(
            UnitOfWork::new()
                .with(Change::Order(waiting.clone().into()))
                .with(Change::Purchase(bound.clone())),
        )
        .await;
        let ended: Order = match end {
            300 => waiting.receive(at(end)).0.into(),
            400 => waiting.cancel(at(end)).0.into(),
            _ => waiting.expire(at(end)).0.into(),
        };
        on.apply(UnitOfWork::new().with(Change::Order(ended))).await;
        purchases.push(bound);
    }
    let uncredited = async |from| on.orders.uncredited(PROVIDER, at(from)).await.expect("readable");
    let [first, second, _, fourth] = purchases.try_into().expect("four");
    assert_eq!(uncredited(100).await, [first, second.clone(), fourth.clone()]);
    assert_eq!(uncredited(101).await, [second.clone(), fourth.clone()]);
    let credited = second.close_receivable(Receivable::Credited { at: at(500) }).expect("open");
    on.apply(UnitOfWork::new().with(Change::Purchase(credited))).await;
    assert_eq!(uncredited(101).await, [fourth]);
    assert_eq!(uncredited(401).await, []);
}

/// While they wait; an order that has ended is not found.
pub async fn waiting_orders_are_found_by_end_number_and_reservation(on: &Backend) {
    assert_eq!(on.orders.oldest_waiting(PROVIDER).await.expect("readable"), None);
    let user = given::id();
    let (first, second, gone) = (waiting(on, user).await, waiting(on, user).await, waiting(on, user).await);
    let mut later = second.clone().show_text();
    later.line.expires_at = at(1_000);
    on.apply(UnitOfWork::new().with(Change::Order(later.clone().into()))).await;
    expire(on, gone.clone(), 800).await;
    let ending = async |seconds, limit| on.orders.ending(at(seconds), limit).await.expect("readable");
    assert_eq!(ending(899, 9).await, []);
    assert_eq!(ending(900, 9).await, std::slice::from_ref(&first));
    assert_eq!(ending(1_000, 9).await, [first.clone(), later]);
    assert_eq!(ending(1_000, 1).await, std::slice::from_ref(&first));
    assert_eq!(on.orders.oldest_waiting(PROVIDER).await.expect("readable"), Some(at(2)));
    let upstream =
        |order: &Waiting| UpstreamOrder { order: order.head.id, reservation: order.line.reservation.clone() };
    let on_number =
        async |number: &PhoneNumber| on.orders.waiting_on(PROVIDER, number).await.expect("readable");
    assert_eq!(on_number(&number_of(&second)).await, [upstream(&second)]);
    assert_eq!(on_number(&number_of(&gone)).await, []);
    assert_eq!(on_number(&given::phone()).await, []);
    let reservations = [&first, &gone, &second].map(|order| order.line.reservation.clone());
    let of = on.orders.orders_of(PROVIDER, &reservations).await.expect("readable");
    assert_eq!(of, [upstream(&first), upstream(&second)]);
    let completed = Order::from(first.clone().receive(at(20)).0);
    on.apply(UnitOfWork::new().with(Change::Order(completed))).await;
    let of = on.orders.orders_of(PROVIDER, &reservations[..1]).await.expect("readable");
    assert_eq!(of, [upstream(&first)]);
    assert_eq!(on.orders.orders_of(PROVIDER, &[]).await.expect("readable"), []);
}

/// Oldest first.
pub async fn purchases_are_found_by_state_time_and_reservation(on: &Backend) {
    let mut purchases: Vec<_> = (0..3).map(|_| given::purchase(&given::requested(given::id()))).collect();
    for (purchase, sent) in purchases.iter_mut().zip([20, 10, 30]) {
        purchase.sent_at = at(sent);
        on.apply(UnitOfWork::new().with(Change::Purchase(purchase.clone()))).await;
    }
    let bought = given::bought();
    let bound = purchases[2].clone().bind(bought.clone());
    on.apply(UnitOfWork::new().with(Change::Purchase(bound.clone()))).await;
    let sent = on.orders.sent_purchases(PROVIDER).await.expect("readable");
    assert_eq!(sent, [purchases[1].clone(), purchases[0].clone()]);
    let since = on.orders.purchases_since(PROVIDER, at(20)).await.expect("readable");
    assert_eq!(since, [purchases[0].clone(), bound.clone()]);
    let by = async |reservation: &ReservationId| {
        on.orders.purchase_by_reservation(PROVIDER, reservation).await.expect("readable")
    };
    assert_eq!(by(&bought.reservation).await.as_ref(), Some(&bound));
    assert_eq!(by(&given::reservation()).await, None);
    let asked = [given::reservation(), bought.reservation.clone()];
    assert_eq!(on.orders.held_among(PROVIDER, &asked).await.expect("readable"), asked[1..]);
    assert_eq!(on.orders.held_among(PROVIDER, &[]).await.expect("readable"), []);
    let credited = bound.close_receivable(Receivable::Credited { at: at(40) }).expect("open");
    on.apply(UnitOfWork::new().with(Change::Purchase(credited.clone()))).await;
    assert_eq!(by(&bought.reservation).await, Some(credited));
}

/// Of all the orders that were asked for.
pub async fn messages_come_oldest_first(on: &Backend) {
    let (one, two) = (waiting(on, given::id()).await, waiting(on, given::id()).await);
    let mut expected = Vec::new();
    for (order, text, received) in [(&one, "third", 30), (&two, "first", 10), (&one, "second", 20)] {
        let mut message = given::message(order, text);
        message.received_at = at(received);
        on.apply(UnitOfWork::new().with(Change::Message(message.clone()))).await;
        expected.push(message);
    }
    expected.sort_by_key(|message| message.received_at);
    let both = on.orders.messages_of(&[one.head.id, two.head.id]).await.expect("readable");
    assert_eq!(both, expected);
    assert_eq!(on.orders.messages_of(&[two.head.id]).await.expect("readable"), [expected[0].clone()]);
}

/// And for no other service, and to no other user.
pub async fn numbers_that_were_shown_are_known_for_their_service(on: &Backend) {
    let order = waiting(on, given::id()).await;
    let (user, service, number) = (order.head.user, &order.head.ask.service, &number_of(&order));
    let shown = async |user: UserId, service: &ServiceCode, number: &PhoneNumber| {
        on.orders.was_shown(user, service, number).await.expect("readable")
    };
    assert!(shown(user, service, number).await);
    assert!(!shown(given::id(), service, number).await);
    assert!(!shown(user, &given::service("telegram"), number).await);
    assert!(!shown(user, service, &given::phone()).await);
}

/// And for no other service.
pub async fn a_reported_number_is_known_for_its_service_to_everybody(on: &Backend) {
    let order = waiting(on, given::id()).await;
    let (service, number) = (&order.head.ask.service, &number_of(&order));
    let known = async |service: &ServiceCode, number: &PhoneNumber| {
        on.orders.is_suppressed(service, number).await.expect("readable")
    };
    assert!(!known(service, number).await);
    for n in 0..2 {
        let other = given::id();
        let suppressed = SuppressedNumber {
            service: service.clone(),
            number: number.clone(),
            order: if n == 0 { order.head.id } else { other },
            at: at(30),
        };
        on.apply(UnitOfWork::new().with(Change::SuppressedNumber(suppressed.clone()))).await;
        let again = on.refuse(UnitOfWork::new().with(Change::SuppressedNumber(suppressed))).await;
        assert!(matches!(again, CommitError::Duplicate(Unique::Record)), "{again:?}");
    }
    assert!(known(service, number).await);
    assert!(!known(&given::service("telegram"), number).await);
    assert!(!known(service, &given::phone()).await);
}

/// Each from an instant on, and nobody else's.
pub async fn reports_and_late_texts_of_a_user_are_counted(on: &Backend) {
    let user = given::id();
    let order = waiting(on, user).await;
    let reports = async |user, from| on.orders.reports_since(user, at(from)).await.expect("readable");
    assert_eq!(reports(user, 20).await, 1);
    assert_eq!(reports(user, 21).await, 0);
    assert_eq!(reports(given::id(), 0).await, 0);
    for (stored, late) in [(100, true), (200, true), (300, false)] {
        let mut message = given::message(&order, "late");
        (message.received_at, message.stored_at, message.late) = (at(stored), at(stored), late);
        on.apply(UnitOfWork::new().with(Change::Message(message))).await;
    }
    let late = async |user, from| on.orders.late_texts_since(user, at(from)).await.expect("readable");
    assert_eq!([late(user, 0).await, late(user, 101).await, late(user, 201).await], [2, 1, 0]);
    assert_eq!(late(given::id(), 0).await, 0);
}

/// By number, by reservation, and the oldest of them; not those that were given up.
pub async fn expired_orders_are_found_while_they_may_show_late_texts(on: &Backend) {
    let oldest = async |since| on.orders.oldest_expired(PROVIDER, at(since)).await.expect("readable");
    assert_eq!(oldest(0).await, None);
    let reported = waiting(on, given::id()).await;
    expire(on, reported, 900).await;
    assert_eq!(oldest(0).await, None);
    let mut open = waiting(on, given::id()).await;
    open.head.report = None;
    expire(on, open.clone(), 910).await;
    assert_eq!((oldest(910).await, oldest(911).await), (Some(at(2)), None));
    let found = [UpstreamOrder { order: open.head.id, reservation: open.line.reservation.clone() }];
    let on_number =
        async |since| on.orders.expired_on(PROVIDER, &number_of(&open), at(since)).await.expect("readable");
    assert_eq!((on_number(910).await.as_slice(), on_number(911).await.len()), (found.as_slice(), 0));
    let named = [open.line.reservation.clone()];
    let of = async |since| on.orders.expired_of(PROVIDER, &named, at(since)).await.expect("readable");
    assert_eq!((of(910).await.as_slice(), of(911).await.len()), (found.as_slice(), 0));
    assert_eq!(on.orders.expired_of(PROVIDER, &[], at(0)).await.expect("readable"), []);
    assert_eq!(on.orders.orders_of(PROVIDER, &named).await.expect("readable"), []);
    let expired = on.orders.order(open.head.id).await.expect("readable").expect("there");
    on.apply(UnitOfWork::new().with(Change::Order(expired.retried(given::id())))).await;
    assert_eq!(oldest(0).await, None);
}

/// It is stored as decided, and nobody finds it by the number that it gave up.
pub async fn an_order_between_two_numbers_is_found_by_the_end_of_its_former_one(on: &Backend) {
    let order = waiting(on, given::id()).await;
    let (number, reservation) = (number_of(&order), order.line.reservation.clone());
    let swapping = order.swap(given::id());
    on.apply(UnitOfWork::new().with(Change::Order(swapping.clone().into()))).await;
    let stored = on.orders.order(swapping.head.id).await.expect("readable");
    assert_eq!(stored, Some(Order::from(swapping.clone())));
    let ending = async |seconds| on.orders.swaps_ending(at(seconds), 9).await.expect("readable");
    assert_eq!((ending(899).await, ending(900).await), (vec![], vec![swapping]));
    assert_eq!(on.orders.ending(at(900), 9).await.expect("readable"), []);
    assert_eq!(on.orders.oldest_waiting(PROVIDER).await.expect("readable"), None);
    assert_eq!(on.orders.waiting_on(PROVIDER, &number).await.expect("readable"), []);
    assert_eq!(on.orders.orders_of(PROVIDER, &[reservation]).await.expect("readable"), []);
}

/// The median is that of the completed ones, in whole seconds.
pub async fn statistics_count_ended_orders_that_had_a_number(on: &Backend) {
    let user = given::id();
    for seconds in [12, 42, 32] {
        let order = waiting(on, user).await;
        on.apply(UnitOfWork::new().with(Change::Order(order.receive(at(seconds)).0.into()))).await;
    }
    let order = waiting(on, user).await;
    expire(on, order, 900).await;
    waiting(on, user).await;
    let failed = given::requested(user);
    on.apply(UnitOfWork::new().with(Change::Order(failed.clone().into()))).await;
    let failed = failed.fail(namaskah_domain::verification::Failure::NoNumbers, at(50)).0;
    on.apply(UnitOfWork::new().with(Change::Order(failed))).await;
    let stats = async |from| on.orders.service_stats(at(from)).await.expect("readable");
    let [all] = stats(0).await.try_into().expect("one service");
    assert_eq!((all.service, all.ended, all.completed), (given::service("whatsapp"), 4, 3));
    assert_eq!(all.time_to_code_p50_s, Some(30));
    let [late] = stats(500).await.try_into().expect("one service");
    assert_eq!((late.ended, late.completed, late.time_to_code_p50_s), (1, 0, None));
    assert_eq!(stats(901).await, []);
}

/// Newest first; not when they have ended or expired.
pub async fn sessions_are_found_while_they_are_open(on: &Backend) {
    let user = given::id();
    let sessions: Vec<_> = (0..3).map(|_| given::session(user)).collect();
    for session in sessions.iter().chain([&given::session(given::id())]) {
        on.apply(UnitOfWork::new().with(Change::Session(session.clone()))).await;
    }
    let ended = sessions[1].clone().ended(SessionEnd::SignedOut, at(1));
    on.apply(UnitOfWork::new().with(Change::Session(ended))).await;
    let open = async |seconds| on.auth.open_sessions(user, at(seconds)).await.expect("readable");
    assert_eq!(open(10).await, [sessions[2].clone(), sessions[0].clone()]);
    assert_eq!(open(3_600).await, []);
}

/// Everybody but customers.
pub async fn staff_is_counted(on: &Backend) {
    for (role, staff) in Role::ALL.into_iter().zip(0..) {
        on.apply(UnitOfWork::new().with(Change::User(User { role, ..given::user() }))).await;
        assert_eq!(on.auth.staff_count().await.expect("readable"), staff);
    }
}
