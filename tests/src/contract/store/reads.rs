//! Sentences about what is found, and by what.

use namaskah_domain::{
    Change, Page, PaymentReference, PhoneNumber, ReservationId, UnitOfWork, UserId,
    auth::{Role, SessionEnd, User},
    payment::IntentState,
    verification::{
        Order, OrderFilter, OrderStatus, ProviderId, Receivable, ServiceCode, UpstreamOrder, Waiting,
    },
};

use super::{Backend, waiting};
use crate::given::{self, at};

const PROVIDER: ProviderId = ProviderId::TextVerified;

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
    let on_number = async |number| on.orders.waiting_on(PROVIDER, number).await.expect("readable");
    assert_eq!(on_number(&second.line.number).await, [upstream(&second)]);
    assert_eq!(on_number(&gone.line.number).await, []);
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
    let (user, service, number) = (order.head.user, &order.head.ask.service, &order.line.number);
    let shown = async |user: UserId, service: &ServiceCode, number: &PhoneNumber| {
        on.orders.was_shown(user, service, number).await.expect("readable")
    };
    assert!(shown(user, service, number).await);
    assert!(!shown(given::id(), service, number).await);
    assert!(!shown(user, &given::service("telegram"), number).await);
    assert!(!shown(user, service, &given::phone()).await);
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
    on.apply(UnitOfWork::new().with(Change::Order(failed.into()))).await;
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
