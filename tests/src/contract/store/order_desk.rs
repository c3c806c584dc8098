//! Sentences about orders and attempts, as staff asks for them.

use namaskah_domain::{
    Change, OrderId, Page, PurchaseId, UnitOfWork,
    staff::{OrderQuery, Posted, PurchaseStatus},
    verification::{Head, Order, OrderStatus, Purchase, Requested},
    wallet::Purse,
};

use super::Backend;
use crate::given::{self, at};

const fn first<T>(limit: u32) -> Page<T> {
    Page { limit, after: None }
}

async fn stored(on: &Backend, order: Order, purchase: Purchase) -> OrderId {
    let id = order.head().id;
    on.apply(UnitOfWork::new().with(Change::Order(order)).with(Change::Purchase(purchase))).await;
    id
}

/// Of the service and of a user, first in its state: the version of a record that is stored for the first time.
fn requested(user: namaskah_domain::UserId, service: &str) -> Requested {
    let order = given::requested(user);
    let ask = namaskah_domain::verification::Ask { service: given::service(service), ..order.head.ask };
    Requested { head: Head { ask, ..order.head }, ..order }
}

/// By state, service and user, newest first, in pages.
pub async fn orders_of_everybody_are_found_by_how_they_stand(on: &Backend) {
    let (ada, bob) = (given::id(), given::id());
    let new = requested(ada, "telegram");
    let under_way = stored(on, new.clone().into(), given::purchase(&new)).await;
    let old = requested(bob, "whatsapp");
    let (purchase, bought) = (given::purchase(&old), given::bought());
    let mut waiting = old.bind(given::line(&purchase, &bought));
    waiting.head.version = namaskah_domain::Version::FIRST;
    let bound = Purchase { version: namaskah_domain::Version::FIRST, ..purchase.bind(bought) };
    let waits = stored(on, waiting.clone().into(), bound).await;
    let gone = requested(bob, "telegram");
    let absent = given::purchase(&gone).absent(at(3));
    let (mut failed, _) = gone.fail(namaskah_domain::verification::Failure::NoNumbers, at(3));
    if let Order::Failed(failed) = &mut failed {
        failed.head.version = namaskah_domain::Version::FIRST;
    }
    let absent = Purchase { version: namaskah_domain::Version::FIRST, ..absent };
    let failed = stored(on, failed, absent).await;
    let any = OrderQuery::default;
    let in_state = |status| OrderQuery { status: Some(status), ..any() };
    for (query, expected) in [
        (any(), vec![failed, waits, under_way]),
        (in_state(OrderStatus::Requested), vec![under_way]),
        (in_state(OrderStatus::Waiting), vec![waits]),
        (in_state(OrderStatus::Failed), vec![failed]),
        (in_state(OrderStatus::Completed), vec![]),
        (OrderQuery { service: Some(given::service("telegram")), ..any() }, vec![failed, under_way]),
        (OrderQuery { user: Some(bob), ..any() }, vec![failed, waits]),
        (OrderQuery { user: Some(ada), ..in_state(OrderStatus::Waiting) }, vec![]),
    ] {
        let found = on.order_desk.order_ids(&query, first(10)).await.expect("readable").rows;
        assert_eq!(found, expected, "{query:?}");
    }
    let page = on.order_desk.order_ids(&any(), Page { limit: 1, after: Some(failed) }).await;
    let page = page.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![waits], true));
}

/// Oldest first of an order, newest first of everybody's.
pub async fn attempts_are_found_by_their_order_and_by_how_they_stand(on: &Backend) {
    let (order, other) = (given::requested(given::id()), given::requested(given::id()));
    let first_version =
        |purchase: Purchase| Purchase { version: namaskah_domain::Version::FIRST, ..purchase };
    let sent = given::purchase(&order);
    let bound = first_version(given::purchase(&order).bind(given::bought()));
    let absent = first_version(given::purchase(&other).absent(at(9)));
    let orphan = first_version(given::purchase(&other).orphan(given::bought()));
    let nobodys =
        Purchase { wanted_by: None, ..first_version(given::purchase(&other).orphan(given::bought())) };
    for purchase in [&sent, &bound, &absent, &orphan, &nobodys] {
        on.apply(UnitOfWork::new().with(Change::Purchase(purchase.clone()))).await;
    }
    let of = async |id| on.order_desk.purchases_of(id).await.expect("readable");
    assert_eq!(of(order.head.id).await, [sent.clone(), bound.clone()]);
    assert_eq!(of(other.head.id).await, [absent.clone(), orphan.clone()]);
    assert_eq!(of(given::id()).await, []);
    for (status, expected) in [
        (None, vec![&nobodys, &orphan, &absent, &bound, &sent]),
        (Some(PurchaseStatus::Sent), vec![&sent]),
        (Some(PurchaseStatus::Bound), vec![&bound]),
        (Some(PurchaseStatus::Absent), vec![&absent]),
        (Some(PurchaseStatus::Orphan), vec![&nobodys, &orphan]),
    ] {
        let found = on.order_desk.purchases_in(status, first(10)).await.expect("readable").rows;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{status:?}");
    }
    let after: PurchaseId = nobodys.id;
    let page = on.order_desk.purchases_in(None, Page { limit: 1, after: Some(after) }).await;
    let page = page.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![orphan], true));
}

/// In the order of posting, whatever the order in which it is asked.
pub async fn what_was_posted_is_found_by_its_sources(on: &Backend) {
    let user = given::account().stored_in(on.store.as_ref()).await;
    let mut expected = Vec::new();
    for units in [7, 9, 11] {
        let entry = given::posting(user, Purse::Wallet, units);
        on.apply(UnitOfWork::new().post(entry.clone())).await;
        expected.extend(entry.into_transfers().into_iter().map(|transfer| Posted {
            source: transfer.source,
            kind: transfer.kind,
            debit: transfer.debit.name().to_owned(),
            credit: transfer.credit.name().to_owned(),
            amount: transfer.amount,
            at: transfer.at,
        }));
    }
    let asked = [expected[2].source.clone(), given::source(), expected[0].source.clone()];
    expected.remove(1);
    assert_eq!(on.order_desk.posted(&asked).await.expect("readable"), expected);
    assert_eq!(on.order_desk.posted(&[]).await.expect("readable"), []);
}
