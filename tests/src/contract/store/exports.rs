//! Sentences about lists that leave the system.

use namaskah_domain::{
    Change, Id, UnitOfWork,
    auth::User,
    staff::Stretch,
    verification::{Order, OrderStatus},
    wallet::Purse,
};

use super::Backend;
use crate::given::{self, TestRandom, at, usd};

/// Users and orders, each page where the last one ended.
pub async fn lists_leave_in_the_order_in_which_rows_were_made(on: &Backend) {
    let within = Stretch::try_new(at(100), at(200)).expect("a stretch");
    let (mut users, mut orders) = (Vec::new(), Vec::new());
    for seconds in [199, 100, 99, 150, 200] {
        let when = at(seconds);
        let user = User { id: Id::generate(when, &TestRandom), created_at: when, ..given::user() };
        let mut order = given::requested(user.id);
        (order.head.id, order.head.created_at) = (Id::generate(when, &TestRandom), when);
        order.head.retry_of = None;
        let order = Order::from(order);
        let unit = UnitOfWork::new().with(Change::User(user.clone())).with(Change::Order(order.clone()));
        on.apply(unit).await;
        if within.has(when) {
            users.push(user);
            orders.push(order);
        }
    }
    users.sort_by_key(|user| user.id);
    orders.sort_by_key(|order| order.head().id);
    let page = async |after, limit| on.exports.users_within(within, after, limit).await.expect("readable");
    assert_eq!(page(None, 9).await, users);
    assert_eq!(page(None, 2).await, users[..2]);
    assert_eq!(page(Some(users[1].id), 2).await, users[2..]);
    assert_eq!(page(Some(users[2].id), 2).await, []);
    let page = async |after, limit| on.exports.orders_within(within, after, limit).await.expect("readable");
    let lines = page(None, 9).await;
    let ids: Vec<_> = lines.iter().map(|line| (line.id, line.user)).collect();
    assert_eq!(ids, orders.iter().map(|o| (o.head().id, o.head().user)).collect::<Vec<_>>());
    let (line, head) = (&lines[0], orders[0].head());
    assert_eq!((line.status, line.price, line.attempt), (OrderStatus::Requested, head.price, head.attempt));
    assert_eq!((&line.ask, line.created_at, line.ended_at), (&head.ask, head.created_at, None));
    assert_eq!(page(None, 1).await, lines[..1]);
    assert_eq!(page(Some(lines[0].id), 9).await, lines[1..]);
}

/// Of wallet and promo, whoever's they are, and none of the house alone.
pub async fn movements_of_everybody_leave_in_the_order_of_posting(on: &Backend) {
    let ada = given::account().with(1_000).stored_in(on.store.as_ref()).await;
    let bob = given::account().with(50).stored_in(on.store.as_ref()).await;
    on.apply(UnitOfWork::new().post(given::posting(ada, Purse::Promo, 70))).await;
    on.apply(given::owing(bob, 30)).await;
    on.apply(UnitOfWork::new().post(given::posting(bob, Purse::Wallet, -20))).await;
    let within = Stretch::try_new(at(0), at(1)).expect("a second");
    let page = async |after, limit| on.exports.entries_within(within, after, limit).await.expect("readable");
    let all = page(None, 9).await;
    let told: Vec<_> = all.iter().map(|o| (o.user, o.entry.amount, o.entry.balance_after)).collect();
    let expected = [
        (ada, usd(1_000), usd(1_000)),
        (bob, usd(50), usd(50)),
        (ada, usd(70), usd(1_070)),
        (bob, usd(-20), usd(30)),
    ];
    assert_eq!(told, expected);
    assert_eq!(page(None, 2).await, all[..2]);
    assert_eq!(page(Some(all[1].entry.id), 9).await, all[2..]);
    let later = Stretch::try_new(at(1), at(2)).expect("a second");
    assert_eq!(on.exports.entries_within(later, None, 9).await.expect("readable"), []);
}
