//! Rows that nobody can read any more, beside others whose money is due.

use namaskah_domain::{
    Change, UnitOfWork, UserId,
    verification::{Order, Requested, Waiting},
};
use namaskah_tests::given::{self, at};
use sea_orm::ConnectionTrait;

use super::{Opened, both};

async fn waiting(opened: &Opened, user: UserId) -> Waiting {
    let order = given::requested(user);
    let (purchase, bought) = (given::purchase(&order), given::bought());
    let placed = UnitOfWork::new().with(Change::Order(order.clone().into()));
    opened.backend.apply(placed.with(Change::Purchase(purchase.clone()))).await;
    let waiting = order.bind(given::line(&purchase, &bought));
    let bound = UnitOfWork::new().with(Change::Order(waiting.clone().into()));
    opened.backend.apply(bound.with(Change::Purchase(purchase.bind(bought)))).await;
    waiting
}

async fn swapping(opened: &Opened, user: UserId) -> Requested {
    let swapping = waiting(opened, user).await.swap(given::id());
    let unit = UnitOfWork::new().with(Change::Order(Order::from(swapping.clone())));
    opened.backend.apply(unit).await;
    swapping
}

/// As if its number had been lost: of the order that stands first.
async fn spoil_the_first(opened: &Opened) {
    let sql = "UPDATE orders SET number_sealed = NULL, expires_at_us = expires_at_us - 1 \
         WHERE id = (SELECT id FROM orders ORDER BY id LIMIT 1)";
    opened.database.connection().execute_unprepared(sql).await.expect("spoilt");
}

#[tokio::test]
async fn an_order_that_cannot_be_read_does_not_keep_anothers_money_past_its_end() {
    for opened in both().await {
        let user = given::id();
        waiting(&opened, user).await;
        let other = waiting(&opened, user).await;
        spoil_the_first(&opened).await;
        let ending = opened.backend.orders.ending(at(900), 9).await;
        assert_eq!(ending.expect("the others can be read"), [other]);
        opened.close().await;
    }
}

#[tokio::test]
async fn a_swapped_order_that_cannot_be_read_does_not_keep_anothers_money_past_its_end() {
    for opened in both().await {
        let user = given::id();
        swapping(&opened, user).await;
        let other = swapping(&opened, user).await;
        spoil_the_first(&opened).await;
        let ending = opened.backend.orders.swaps_ending(at(900), 9).await;
        assert_eq!(ending.expect("the others can be read"), [other]);
        opened.close().await;
    }
}
